"""Which way captions take into a thread: the liveliest that the place takes and the workspace has room for.

Pure: the caller brings the time, in seconds of any clock that runs.
"""

from enum import Enum, auto
from math import inf

CROWD, SPARSE = 12, 10
"""Calls in a workspace from which on each posts whole utterances, and with which it streams again.

Streams get 100 appends a minute in all: of twelve calls each has one in 7 s, and utterances come as soon.
"""

EDITORS = 4
"""Calls in a workspace up to which rewritten messages are sooner than posts: edits are 50 a minute."""


class Rung(Enum):
    """Ways to show captions, the liveliest first."""

    STREAM = auto()
    """A message that grows word by word."""
    UPDATE = auto()
    """A message that is rewritten."""
    POST = auto()
    """A message for what was said since the last."""


class Ladder:
    """Of one thread. What Slack refused there is not tried again before its time."""

    def __init__(self, *, streams: bool = True) -> None:
        """`streams`: whether there is somebody whom a stream could be written for."""
        self._closed = {Rung.STREAM: -inf if streams else inf, Rung.UPDATE: -inf}
        self._crowded = False

    def rung(self, calls: int, now: float, *, safely: bool = False) -> Rung:
        """The way to take `now`, with so many calls in the workspace.

        `safely`: answers may be lost, so rather rewrite, which may be repeated, than stream, which may not.
        """
        self._crowded = calls >= (SPARSE + 1 if self._crowded else CROWD)
        if self._crowded:
            return Rung.POST
        rewrites = now >= self._closed[Rung.UPDATE] and calls <= EDITORS
        if now >= self._closed[Rung.STREAM] and not (safely and rewrites):
            return Rung.STREAM
        return Rung.UPDATE if rewrites else Rung.POST

    def refuse(self, rung: Rung, until: float = inf) -> None:
        """Don't take this way before `until`."""
        if rung in self._closed:
            self._closed[rung] = max(self._closed[rung], until)
