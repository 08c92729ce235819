"""The page's audio frames: what is new, what came twice, what will never come. Pure; see the protocol."""

import math
import struct
from dataclasses import dataclass

from core.audio.frame import RATE, WIDTH

HEADER = struct.Struct("<Id")
"""Sequence number, and the sender's seconds of the first sample."""

LONGEST = 0.2
"""Seconds of audio that one message may carry."""

SLACK = 0.02
"""Seconds by which a sender's clock may be off between two frames before something counts as missing."""

MOST = 1e8
"""Seconds on a page's clock: three years."""


class Garbage(ValueError):
    """The message is no audio frame. `str(error)` is one sentence for whoever wrote the client."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new piece of audio, and how much before it will never come (`missing`: start and end, or None)."""

    pcm: bytes
    at: float
    missing: tuple[float, float] | None = None


class Sequence:
    """Puts one share's frames in order. A WebSocket never reorders, so a jump means thrown away."""

    def __init__(self) -> None:
        self.next = 0
        """The sequence number that is wanted next."""
        self._end: float | None = None

    def take(self, message: bytes) -> Arrival | None:
        """What `message` brings; None when it came before. Raises `Garbage`."""
        if len(message) <= HEADER.size:
            raise Garbage("An audio message needs 12 bytes of header and some samples.")
        number, at = HEADER.unpack_from(message)
        pcm = message[HEADER.size :]
        if len(pcm) % WIDTH or len(pcm) > LONGEST * RATE * WIDTH:
            raise Garbage("An audio message carries up to 3,200 samples of 16 bits.")
        if not (math.isfinite(at) and 0 <= at < MOST):
            raise Garbage("The time of an audio message makes no sense.")
        if number < self.next:
            return None
        missing = None
        if self._end is not None:
            if at < self._end - SLACK:
                raise Garbage("The time of an audio message ran backwards.")
            if number > self.next and at > self._end + SLACK:
                missing = (self._end, at)
        self.next = number + 1
        self._end = at + len(pcm) / WIDTH / RATE
        return Arrival(pcm, at, missing)
