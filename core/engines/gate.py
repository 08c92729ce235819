"""The Gate lets through what may be speech, so that nobody pays for the silence of an open microphone."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from core.audio.frame import Frame, Lost
from core.engines.silero import FRAME_BYTES, Silero, Voice

THRESHOLD = 0.3
"""Probability from which sound may be speech: low, for a lost word costs more than a second of silence."""

BEFORE = 0.5
"""Seconds before the first speech that go through with it: soft consonants and breath go undetected."""

AFTER = 1.2
"""Seconds that go through after the last speech: an engine settles a sentence by the silence behind it."""

FRESH = 2.0
"""Seconds without speech after which the ear forgets: one that has listened to silence for long is slow to
hear the first word."""

PAUSE = 0.3
"""Seconds without a frame after which the sound begins anew."""


class Ear(Protocol):
    """Hears whether somebody speaks."""

    def hear(self, sound: bytes) -> float:
        """The probability of speech, 0 to 1, in the next 32 ms (512 samples, s16le)."""

    def reset(self) -> None:
        """What comes next does not go on from what came before."""


class SileroEar:
    """An `Ear` of one speaker over the detector that all share."""

    def __init__(self, silero: Silero) -> None:
        self._silero = silero
        self._voice = Voice()

    def hear(self, sound: bytes) -> float:
        return self._silero.hear([self._voice], [sound])[0]

    def reset(self) -> None:
        self._voice.reset()


class Gate:
    """Takes each frame of one speaker and gives those that are to be heard, whole and in order.

    What is held back for too long is dropped and counted: it was silence. What was lost on the way there is
    told of in its place, and does not open the gate.
    """

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._rest = b""
        self._held: deque[Frame | Lost] = deque()
        self._seconds = 0.0  # held
        self._until = 0.0  # the gate is open until then, seconds of the call
        self._end: float | None = None
        self._fresh = 0.0  # when the ear last heard speech, or forgot
        self.dropped = 0.0
        """Seconds that did not go through."""

    def hear(self, item: Frame | Lost) -> list[Frame | Lost]:
        """What goes through now: nothing, this item, or with it those just before."""
        if isinstance(item, Frame):
            return self._hear(item)
        self._held.append(item)
        return self._old()

    def end(self) -> list[Lost]:
        """Nothing comes any more: the losses that were not told of yet."""
        rest = [item for item in self._held if isinstance(item, Lost)]
        self._held.clear()
        self._seconds = 0.0
        return rest

    def _hear(self, frame: Frame) -> list[Frame | Lost]:
        if self._end is None or abs(frame.at - self._end) > PAUSE:
            self._rest = b""
            self._reset(frame.at)
        self._end = frame.end
        if self._speech(frame.pcm):
            self._until = frame.end + AFTER
            self._fresh = frame.end
        elif frame.end - self._fresh > FRESH:
            self._reset(frame.end)
        if frame.at >= self._until:
            self._held.append(frame)
            self._seconds += frame.seconds
            return self._old()
        through = [*self._held, frame]
        self._held.clear()
        self._seconds = 0.0
        return through

    def _reset(self, at: float) -> None:
        self._ear.reset()
        self._fresh = at

    def _speech(self, pcm: bytes) -> bool:
        self._rest += pcm
        found = False
        while len(self._rest) >= FRAME_BYTES:
            sound, self._rest = self._rest[:FRAME_BYTES], self._rest[FRAME_BYTES:]
            # Every piece is heard: the ear has a memory.
            found = self._ear.hear(sound) >= THRESHOLD or found
        return found

    def _old(self) -> list[Frame | Lost]:
        """Drop what was held for long enough; the losses among it go through."""
        through: list[Frame | Lost] = []
        while self._held:
            first = self._held[0]
            if isinstance(first, Lost):
                through.append(first)
            elif self._seconds - first.seconds >= BEFORE:
                self._seconds -= first.seconds
                self.dropped += first.seconds
            else:
                break
            self._held.popleft()
        return through


MakeGate = Callable[[], Gate]
"""Makes the gate of one speaker."""
