import random
from array import array

from core.audio.frame import RATE, Frame, Speaker
from core.audio.level import Deafness

ANN = Speaker("a", "Ann")


def said(deafness: Deafness, loudness: int, seconds: int, at: float) -> bool:
    dice = random.Random(1)
    deaf = False
    for n in range(seconds * 25):
        pcm = array("h", (dice.randint(-loudness, loudness) for _ in range(RATE // 25))).tobytes()
        deaf = deafness.hear(Frame(ANN, at + n / 25, pcm))
    return deaf


def test_digital_silence_is_noticed_after_some_seconds_and_a_sound_ends_it() -> None:
    deafness = Deafness(patience=8.0)
    assert not said(deafness, 0, 7, at=0)
    assert said(deafness, 0, 2, at=7)
    assert not said(deafness, 2000, 1, at=9)
    assert not said(deafness, 0, 7, at=10)


def test_a_quiet_room_is_not_a_missing_microphone() -> None:
    assert not said(Deafness(), 30, 20, at=0)


def test_an_odd_byte_or_an_empty_frame_is_no_reason_to_fail() -> None:
    assert not Deafness().hear(Frame(ANN, 0, b"\x01"))
    assert not Deafness().hear(Frame(ANN, 0, b""))
