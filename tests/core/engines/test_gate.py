"""The gate: an open microphone's silence stays out, and no first syllable is cut."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import RATE, WIDTH, Frame, Lost, Speaker
from core.audio.media import read
from core.engines.gate import AFTER, BEFORE, FRESH, PAUSE, Gate, SileroEar
from core.engines.silero import FRAME, Silero
from tests.e2e.spoken import ROOT, recording

ANN = Speaker("a", "Ann")
STEP = 640


class Loud:
    """Takes whatever is not zero for speech."""

    def __init__(self) -> None:
        self.resets = 0

    def hear(self, sound: bytes) -> float:
        assert len(sound) == FRAME * WIDTH
        return 1.0 if any(sound) else 0.0

    def reset(self) -> None:
        self.resets += 1


def pcm(seconds: float, value: int) -> bytes:
    return array("h", [value] * round(seconds * RATE)).tobytes()


def through(gate: Gate, sound: bytes, at: float = 0.0) -> list[Frame | Lost]:
    frames: list[Frame | Lost] = []
    for n in range(0, len(sound), STEP * WIDTH):
        piece = sound[n : n + STEP * WIDTH]
        frames += gate.hear(Frame(ANN, at + n / WIDTH / RATE, piece))
    return frames


@given(st.lists(st.tuples(st.floats(0.05, 3), st.floats(0.05, 4)), min_size=1, max_size=8))
def test_all_speech_goes_through_with_what_lies_before_and_after_in_order(
    parts: list[tuple[float, float]],
) -> None:
    gate, sound, spoken, at = Gate(Loud()), b"", [], 0
    for quiet, loud in parts:
        sound += pcm(quiet, 0) + pcm(loud, 9)
        at += round(quiet * RATE)
        spoken.append((at / RATE, at / RATE + round(loud * RATE) / RATE))
        at += round(loud * RATE)
    whole = len(sound) // WIDTH // STEP * STEP
    frames = through(gate, sound[: whole * WIDTH] + pcm(8, 0))
    moments = [frame.at for frame in frames if isinstance(frame, Frame)]
    assert moments == sorted(set(moments))
    heard = {round(moment * RATE) for moment in moments}
    for start, end in spoken:
        first = max(0.0, start - BEFORE + 2 * STEP / RATE)
        last = min(end + AFTER - 2 * STEP / RATE, whole / RATE + 8)
        for n in range(round(first * RATE / STEP) + 1, int(last * RATE / STEP)):
            assert n * STEP in heard, (n * STEP / RATE, start, end)


def test_an_open_microphone_in_a_silent_room_costs_nothing() -> None:
    gate = Gate(Loud())
    assert through(gate, pcm(600, 0)) == []
    assert gate.dropped >= 599


def test_after_a_pause_in_the_frames_the_ear_begins_anew() -> None:
    ear = Loud()
    gate = Gate(ear)
    through(gate, pcm(1, 9))
    through(gate, pcm(1, 9), at=1.0 + PAUSE / 2)
    assert ear.resets == 1
    through(gate, pcm(1, 9), at=60.0)
    assert ear.resets == 2
    through(gate, pcm(FRESH * 3.5, 0), at=61.0)
    assert ear.resets == 5


@pytest.mark.parametrize("quiet", [0.7, 3.0, 20.0, 63.0])
def test_the_first_syllables_of_real_speech_are_whole(quiet: float) -> None:
    silero = Silero()
    read_aloud = ROOT.parent / "shared" / "speech" / "libri_clean"
    voices = [recording("beckett.wav"), recording("two_cities.wav"), *sorted(read_aloud.glob("*.flac"))[:20]]
    for voice in voices:
        sound = b"".join(read(voice))[: 8 * RATE * WIDTH]
        frames = through(Gate(SileroEar(silero)), pcm(quiet, 0) + sound)
        assert frames, voice
        assert isinstance(frames[0], Frame)
        assert frames[0].at <= quiet + first_sound(sound), voice


def first_sound(sound: bytes) -> float:
    """Seconds until a recording is a tenth as loud as it gets, for 100 ms: less is a click."""
    samples = array("h", sound)
    step = RATE // 50
    loud = [max(map(abs, samples[n : n + step])) for n in range(0, len(samples), step)]
    enough = max(loud) / 10
    return next(n for n in range(len(loud)) if min(loud[n : n + 5]) >= enough) / 50


def test_what_was_lost_comes_in_its_place_and_opens_nothing() -> None:
    gate = Gate(Loud())
    assert gate.hear(Lost(ANN, 0.0, 1.0)) == [Lost(ANN, 0.0, 1.0)]
    assert through(gate, pcm(0.4, 0), 1.0) == []
    assert gate.hear(Lost(ANN, 1.4, 1.6)) == []
    assert through(gate, pcm(0.2, 0), 1.6) == []
    spoken = through(gate, pcm(0.2, 9), 1.8)
    moments = [item.start if isinstance(item, Lost) else item.at for item in spoken]
    assert moments == sorted(moments)
    assert Lost(ANN, 1.4, 1.6) in spoken


def test_what_was_lost_in_a_silence_is_told_of_soon_and_at_the_end() -> None:
    gate = Gate(Loud())
    through(gate, pcm(0.4, 0))
    assert gate.hear(Lost(ANN, 0.4, 0.6)) == []
    assert through(gate, pcm(2, 0), 0.6) == [Lost(ANN, 0.4, 0.6)]
    assert gate.hear(Lost(ANN, 2.6, 2.8)) == []
    assert gate.end() == [Lost(ANN, 2.6, 2.8)]
    assert gate.end() == []
