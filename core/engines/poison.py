"""Whether it is the sound that breaks every stream, and not the engine. Arithmetic of moments, in seconds."""

from collections import deque

STREAMS = 5
"""Streams that may break over the same sound before that sound is given up, so that the rest is heard."""

OUTAGE = 30.0
"""Seconds that they must have taken, unless several engines broke: an engine that is away is no poison."""

LONG_OUTAGE = 120.0
"""The same where an engine elsewhere is the only one: such go away for longer, and until then a tape keeps
what would be given up."""

DOSE = 5.0
"""Seconds after those that broke an engine which are given up with them, where the sound is at fault."""


class Poison:
    """Of one speaker: the streams that broke since something was settled."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._engines: deque[str] = deque(maxlen=STREAMS)
        self._last = 0.0

    def found(self, outage: float = OUTAGE) -> bool:
        """Whether the sound is to be given up; `outage`: seconds that one engine may be away."""
        if self._first is None or len(self._engines) < STREAMS:
            return False
        return len(set(self._engines)) > 1 or self._last - self._first >= outage

    def broke(self, now: float, engine: str) -> None:
        """A stream of that engine's broke over it."""
        self._first = now if self._first is None else self._first
        self._last = now
        self._engines.append(engine)

    def clear(self) -> None:
        """Something was settled, or given up."""
        self._first = None
        self._engines.clear()
