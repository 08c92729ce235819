"""Which way captions take into a thread: one that everybody there can read at once. Pure.

The caller brings the time, in seconds of any clock that runs.
"""

from dataclasses import dataclass
from enum import Enum, auto
from math import inf

CROWD, SPARSE = 12, 10
"""Calls in a workspace from which on none streams, and with which they do again.

Streams get 100 appends a minute in all: of twelve calls each has one in 7 s, and utterances come as soon.
"""

EDITORS = 4
"""Calls in a workspace up to which rewritten messages alone are soon enough: edits are 50 a minute."""


class Rung(Enum):
    """Ways to show captions, the liveliest first."""

    STREAM = auto()
    """A message that grows word by word, for the one person that it is streamed to."""
    UPDATE = auto()
    """A message that is rewritten, and followed by the next where rewriting it would take too long."""
    POST = auto()
    """A message for what was said since the last."""


class Ladder:
    """Of one thread. What Slack refused there is not tried again before its time."""

    def __init__(self, *, streams: bool = False) -> None:
        """`streams`: whether words are to be streamed where there is somebody to stream them to."""
        self._closed = {Rung.STREAM: -inf if streams else inf, Rung.UPDATE: -inf}
        self._crowded = False

    def rung(self, calls: int, now: float, *, safely: bool = False) -> Rung:
        """The way to take `now`, with so many calls in the workspace.

        `safely`: answers may be lost, so rather rewrite, which may be repeated, than stream, which may not.
        """
        self._crowded = calls >= (SPARSE + 1 if self._crowded else CROWD)
        rewrites = now >= self._closed[Rung.UPDATE]
        streams = now >= self._closed[Rung.STREAM] and not self._crowded
        if streams and not (safely and rewrites and calls <= EDITORS):
            return Rung.STREAM
        return Rung.UPDATE if rewrites else Rung.POST

    def refuse(self, rung: Rung, until: float = inf) -> None:
        """Don't take this way before `until`."""
        if rung in self._closed:
            self._closed[rung] = max(self._closed[rung], until)


class Step(Enum):
    """What to do about words that wait."""

    EDIT = auto()
    """Add them to the newest message."""
    POST = auto()
    """Begin the next message with them."""
    WAIT = auto()


FEW = 4
"""Words that are worth a message of their own while they are young."""

LATE = 6.0
"""Seconds that words wait in a workspace of very many calls, if there is room for a post then."""

BREATH = 0.5
"""Seconds for which an edit is waited for though a post could be sent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Words that will not change any more and that nobody can read yet.

    `age`: seconds that the first of them has waited. `ended`: somebody's sentence or utterance ends with
    them. `edit`: seconds until the newest message could be rewritten; inf where it can't be.
    """

    words: int
    age: float
    ended: bool
    edit: float


def late(calls: int) -> float:
    """Seconds that words may wait for an edit or for the end of the sentence, with so many calls.

    Of posts there are enough for less; but messages of a few words each can't be read.
    """
    return min(LATE, 1.0 + 0.3 * calls)


def step(waiting: Waiting, longest: float) -> Step:
    """The next step for words that should wait no longer than `longest` seconds.

    Edits are the rarer and the better read: a post is made only where the edit would come too late, and
    better at the end of a sentence than within it.
    """
    if waiting.edit <= 0:
        return Step.EDIT
    if waiting.edit <= BREATH or waiting.edit + waiting.age <= longest:
        return Step.WAIT
    if waiting.ended and waiting.words >= FEW:
        return Step.POST
    old = longest if waiting.ended or waiting.words >= FEW else 2 * longest
    return Step.POST if waiting.age >= old else Step.WAIT
