"""When the next request would be taken: arithmetic over Slack's published rates and over its refusals.

Slack promises so many calls a minute of each method, for each workspace
(https://docs.slack.dev/apis/web-api/rate-limits). It tells of a limit only when it refuses. Times are seconds
of one clock that runs; the caller brings `now`.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from math import inf

GLANCE, PEEK = 0.1, 0.4
"""Seconds after which it is looked again whether there is something to show, or something that hurries."""

SOON = 2.0
"""Seconds that the last words of a call wait for the liveliest way at most.

No wait is longer, as the call may end meanwhile.
"""

POLITE = 0.25
"""Seconds after its time that a place in the line is held for who was told to wait."""

YIELD = 0.05
"""Seconds after which somebody asks again whose turn it was not."""

LEAST = 0.001
"""Seconds of any wait: less could be lost in the sum with the time, and then be asked for without end."""

HELD = 2.0
"""Seconds after which what people must be told goes before words: of those there are always more."""

SLOWER, SLOWEST = 1.25, 4.0
"""What a refusal makes of the interval between two calls, and what it can come to."""

RECOVERY = 0.99
"""What each call that is taken makes of an interval that grew."""

INTERVALS = {
    "chat.appendStream": 0.61,
    "chat.update": 1.5,
    "chat.delete": 1.5,
    "chat.startStream": 3.2,
    "chat.stopStream": 3.2,
    "conversations.replies": 1.5,
}
"""Seconds between two calls of captions: Slack's 100, 50 and 20 a minute, less what cards and commands need.

https://docs.slack.dev/reference/methods
"""

OTHER = 3.2
"""Of a method that isn't listed."""

CHANNEL_POSTS, ALL_POSTS = 1.1, 0.25
"""Seconds between two posts: in a channel ("about one a second"), and in a workspace (no number is told)."""


USUAL, LONGEST = 8.0, 60.0
"""Seconds for which an answer is waited for where Slack is quick, and at most."""

MORE, AGAIN = 2.5, 2.0
"""For how much longer than answers took lately, and than was waited for one that did not come."""

FADES = 0.8
"""What each answer leaves of the time that those before it took."""

SLOW, LATELY = 4.0, 60.0
"""Seconds for an answer that are worth telling of, and for how long they are."""


class Rank(IntEnum):
    """Who goes first: committed words, then what people must be told, then words of which more is to come.

    What people must be told waits for words no longer than `HELD`.
    """

    FINAL = 0
    STATE = 1
    INTERIM = 2


@dataclass(frozen=True, slots=True)
class _Claim:
    asked: float
    until: float
    rank: Rank

    def turn(self, who: str, now: float) -> tuple[bool, Rank, float, str]:
        """Its place in the line: the smaller, the sooner."""
        held = self.rank is Rank.STATE and now - self.asked >= HELD
        return not held, self.rank, self.asked, who


@dataclass(slots=True)
class Lane:
    """One limit, used at an even pace by everybody in turn: by rank, then by who asked first."""

    usual: float
    """Seconds from one call to the next."""
    interval: float = field(init=False)
    free: float = -inf
    closed: float = -inf
    """Nothing is sent before: it was refused, or Slack failed."""
    failures: int = 0
    """In a row."""
    _claims: dict[str, _Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.interval = self.usual

    def wait(self, who: str, now: float, rank: Rank) -> float:
        """Seconds until `who` should send; 0: now. Whoever waits holds a place in the line."""
        self._claims = {name: claim for name, claim in self._claims.items() if claim.until >= now}
        asked = self._claims[who].asked if who in self._claims else now
        mine = _Claim(asked, now, rank).turn(who, now)
        before = sum(claim.turn(name, now) < mine for name, claim in self._claims.items() if name != who)
        free = max(self.free, self.closed)
        at = free + before * self.interval
        if before:
            at = max(at, now + YIELD)
        if rank is Rank.STATE and asked + HELD > now:
            at = min(at, max(free, asked + HELD))
        if at <= now:
            return 0.0
        wait = max(at - now, LEAST)
        self._claims[who] = _Claim(asked, now + wait + POLITE, rank)
        return wait

    def leave(self, who: str) -> None:
        """`who` does not wait any more."""
        self._claims.pop(who, None)

    def sent(self, who: str, now: float) -> None:
        """`who` sends `now`, as `wait` allowed."""
        self._claims.pop(who, None)
        self.free = max(self.free, now) + self.interval

    def taken(self) -> None:
        """Slack took a call."""
        self.failures = 0
        self.interval = max(self.usual, self.interval * RECOVERY)

    def refused(self, now: float, seconds: float) -> None:
        """Slack asks to be left alone for so long: nothing is sent before, and less after."""
        self.closed = max(self.closed, now + seconds)
        self.interval = min(self.interval * SLOWER, self.usual * SLOWEST)

    def failed(self, now: float) -> float:
        """No answer that could be used: nothing is sent for a time that doubles. Returns it."""
        self.failures += 1
        wait = min(30.0, 0.25 * 2.0 ** min(self.failures, 10))
        self.closed = max(self.closed, now + wait)
        return wait

    def idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing."""
        return now >= max(self.free, self.closed) and self.interval == self.usual


@dataclass(slots=True)
class Answers:
    """How long Slack takes to answer, and so for how long an answer is worth waiting for.

    Whoever gives up too early never learns what came of a request, and no words are ever seen of a Slack
    that always takes longer.
    """

    _took: float = 0.0
    _at: float = -inf
    _missed: dict[str, float] = field(default_factory=dict)
    _doubt: float = -inf

    def came(self, method: str, took: float, now: float) -> None:
        """One came, be it a refusal."""
        self._missed.pop(method, None)
        self.broke(took, now)

    def broke(self, took: float, now: float) -> None:
        """The line broke while one was waited for."""
        self._took, self._at = max(took, self._took * FADES), now

    def missed(self, method: str, waited: float, now: float) -> None:
        """One did not come for so long."""
        self._missed[method], self._doubt = waited, now

    def patience(self, method: str) -> float:
        """Seconds to wait for the next."""
        wanted = max(self._took * MORE, self._missed.get(method, 0.0) * AGAIN)
        return min(LONGEST, max(USUAL, wanted))

    def slow(self, now: float) -> float | None:
        """Seconds that answers take now, where that is worth telling."""
        return self._took if self._took >= SLOW and now - self._at <= LATELY else None

    def doubtful(self, now: float) -> bool:
        """Whether answers may well be missed now."""
        return self.slow(now) is not None or now - self._doubt <= LATELY
