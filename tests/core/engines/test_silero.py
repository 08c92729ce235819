"""The voice detector."""

import numpy as np
import pytest

from core.engines.silero import FRAME_BYTES, Silero, Voice
from tests.core.engines.voices import beckett, noise


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero()


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[i : i + FRAME_BYTES] for i in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def test_it_knows_speech_from_noise_and_silence(silero: Silero) -> None:
    def loudest(pcm: bytes) -> float:
        voice = Voice()
        return max(silero.hear([voice], [frame])[0] for frame in frames(pcm))

    assert loudest(beckett()) > 0.9
    assert loudest(noise(3)) < 0.5
    assert loudest(bytes(FRAME_BYTES * 60)) < 0.1


def test_streams_heard_together_are_heard_as_if_alone(silero: Silero) -> None:
    speech = frames(beckett())[:100]
    hiss = frames(noise(4))[:100]
    alone = Voice()
    expected = [silero.hear([alone], [frame])[0] for frame in speech]
    one, other = Voice(), Voice()
    together = [silero.hear([one, other], [a, b])[0] for a, b in zip(speech, hiss, strict=True)]
    assert np.allclose(together, expected, atol=1e-4)


def test_a_reset_voice_is_like_a_new_one(silero: Silero) -> None:
    speech = frames(beckett())[:60]
    used, fresh = Voice(), Voice()
    for frame in speech:
        silero.hear([used], [frame])
    used.reset()
    assert silero.hear([used], [speech[40]]) == silero.hear([fresh], [speech[40]])


def test_each_frame_is_heard_with_the_end_of_the_one_before(silero: Silero) -> None:
    voice = Voice()
    frame = frames(beckett())[40]
    silero.hear([voice], [frame])
    assert np.allclose(voice.before, np.frombuffer(frame, "<i2")[-64:] / 32768)
