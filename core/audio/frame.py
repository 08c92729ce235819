"""What a source hears: a speaker's frames, what was lost of them, and that somebody left."""

from dataclasses import dataclass, field

RATE = 16_000
"""Samples a second, everywhere inside (Hz)."""

WIDTH = 2
"""Bytes of one sample: signed 16-bit, little-endian, one channel."""


def seconds(pcm: bytes) -> float:
    """How long `pcm` lasts, in seconds."""
    return len(pcm) / (RATE * WIDTH)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who is heard. `id` is unique in a call; `name` is what people read.

    `identity`: who this is in every call ("discord:42"), where the platform knows; it is never shown.
    """

    id: str
    name: str
    identity: str | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of one speaker's voice.

    `at`: seconds since the call began, of the first sample. `pcm`: mono, 16 kHz, s16le.
    """

    speaker: Speaker
    at: float
    pcm: bytes

    @property
    def seconds(self) -> float:
        return seconds(self.pcm)

    @property
    def end(self) -> float:
        """Seconds since the call began, just after the last sample."""
        return self.at + self.seconds


@dataclass(frozen=True, slots=True)
class Lost:
    """Audio of a speaker that existed and will never arrive: `start` to `end`, seconds of the call.

    Silence is not loss: where nothing was sent, nothing is reported.
    """

    speaker: Speaker
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Left:
    """A speaker stopped sharing: what was said is settled, and the track ends."""

    speaker: Speaker


Heard = Frame | Lost | Left
