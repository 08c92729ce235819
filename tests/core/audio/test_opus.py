"""libopus by ctypes: the sound, the concealment, the copy in the next packet, and nonsense."""

import array
import ctypes
import math
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import opus
from core.audio.opus import CorruptPacket, OpusDecoder, duration
from core.errors import EngineMissing
from tests.core.audio.tones import encode, loudness, tone


def test_a_tone_comes_out_at_16_khz_in_one_channel() -> None:
    decoder = OpusDecoder()
    pcm = b"".join(decoder.decode(packet) for packet in encode(tone(1.0)))
    assert 16_000 <= len(pcm) // 2 <= 16_320
    samples = array.array("h", pcm)[4000:12_000]
    crossings = sum(a < 0 <= b for a, b in pairwise(samples))
    assert crossings / 0.5 == pytest.approx(440, abs=4)


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"", 0),
        (bytes([0 << 3]), 480),  # SILK, 10 ms
        (bytes([3 << 3]), 2880),  # SILK, 60 ms
        (bytes([13 << 3]), 960),  # hybrid, 20 ms
        (bytes([16 << 3]), 120),  # CELT, 2.5 ms
        (bytes([31 << 3 | 1]), 1920),
        (bytes([31 << 3 | 2]), 1920),
        (bytes([31 << 3 | 3, 6]), 5760),
        (bytes([31 << 3 | 3, 7]), 0),  # longer than a packet may be
        (bytes([31 << 3 | 3, 0]), 0),
        (bytes([31 << 3 | 3]), 0),
    ],
)
def test_a_packet_tells_how_long_it_is(packet: bytes, samples: int) -> None:
    assert duration(packet) == samples


@given(st.binary(max_size=80))
def test_a_decoder_says_in_its_own_words_that_bytes_are_no_packet(packet: bytes) -> None:
    decoder = OpusDecoder()
    try:
        pcm = decoder.decode(packet)
    except CorruptPacket:
        pass
    else:
        assert len(pcm) // 2 == duration(packet) // 3
    assert len(decoder.recover(packet, 960)) == 640
    assert decoder.decode(encode(tone(0.1))[0])


def test_nonsense_with_a_plausible_beginning_is_refused_by_name() -> None:
    with pytest.raises(CorruptPacket):
        OpusDecoder().decode(bytes([31 << 3 | 3, 0x82, 0xFF, 0xFF]))


def test_a_lost_packet_is_concealed_by_a_tone_that_goes_on() -> None:
    decoder = OpusDecoder()
    packets = encode(tone(0.5))
    whole = [decoder.decode(packet) for packet in packets[:20]]
    concealed = decoder.conceal(960)
    assert len(concealed) == 640
    assert loudness(concealed) > 0.3 * loudness(whole[-1])


def test_a_long_loss_is_concealed_to_the_sample() -> None:
    decoder = OpusDecoder()
    decoder.decode(encode(tone(0.1))[0])
    assert len(decoder.conceal(48_000)) == 32_000
    assert decoder.conceal(0) == b""
    assert decoder.conceal(119) == b""


def test_the_next_packet_brings_back_what_was_lost() -> None:
    quiet, burst = bytes(2 * 960 * 12), tone(0.06)
    sound = quiet + burst + quiet
    packets = encode(sound, loss=20)
    reference = OpusDecoder()
    decoded = [reference.decode(packet) for packet in packets]
    lost = max(range(len(decoded)), key=lambda n: loudness(decoded[n]))
    # Concealment alone cannot know of a tone that only begins there.
    lost = next(n for n in range(len(decoded)) if loudness(decoded[n]) > 0.3 * loudness(decoded[lost]))

    by_copy, by_guess = OpusDecoder(), OpusDecoder()
    for packet in packets[:lost]:
        by_copy.decode(packet)
        by_guess.decode(packet)
    recovered = by_copy.recover(packets[lost + 1], 960)
    guessed = by_guess.conceal(960)
    assert loudness(recovered) > 0.3 * loudness(decoded[lost])
    assert loudness(guessed) < 0.3 * loudness(recovered)


def test_a_new_stream_owes_nothing_to_the_old_one() -> None:
    decoder = OpusDecoder()
    for packet in encode(tone(0.3)):
        decoder.decode(packet)
    decoder.reset()
    assert loudness(decoder.conceal(960)) == 0


def test_a_machine_without_libopus_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "_carried", list)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    opus.load.cache_clear()
    try:
        with pytest.raises(EngineMissing, match="apt install libopus0"):
            OpusDecoder()
    finally:
        opus.load.cache_clear()


def test_stereo_from_any_encoder_becomes_one_channel() -> None:
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", av.AudioFormat("s16")
    codec.time_base = Fraction(1, 48_000)
    frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
    frame.sample_rate = 48_000
    wave = [int(9000 * math.sin(n / 10)) for n in range(960)]
    frame.planes[0].update(array.array("h", [value for each in wave for value in (each, each)]).tobytes())
    packets = [bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)]]
    assert {len(OpusDecoder().decode(packet)) for packet in packets} == {640}
