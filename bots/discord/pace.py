"""When the next request would be taken: arithmetic over what Discord's own headers say.

Limits are read, never written down here, as Discord asks (https://docs.discord.com/developers/topics/rate-limits).
Times are seconds of one clock that runs; the caller brings `now`.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

HASTE = 0.7
"""The gap before a final, as a part of an even gap, where finals are few."""

KEPT = 0.5
"""Of one request, what interim words leave in a window for finals, where those are few."""

LEAST_GAP = 0.25
"""Seconds between two requests of one limit, however much it allows: text that jumps can't be read."""

WHOLE_BOT = 50
"""Requests in a second that a bot may make in all: the one number that no header tells."""

RESERVE = 10
"""Of those, how many captions leave to commands and to all else."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one response says about its limit. Seconds from when it came."""

    bucket: str | None = None
    limit: int | None = None
    remaining: int | None = None
    reset_after: float | None = None
    refused: float | None = None
    """Of a 429: how long to wait."""
    everything: bool = False
    """Of a 429: it was the limit of the whole bot."""


def read(status: int, headers: Mapping[str, str]) -> Answer:
    """The limits in a response. What isn't there or can't be read is None; nothing is raised."""
    reset = _number(headers.get("X-RateLimit-Reset-After"))
    refused = None
    if status == 429:
        waits = (_number(headers.get("Retry-After")), reset)
        refused = max((wait for wait in waits if wait is not None), default=5.0)
    limit, remaining = (_number(headers.get(f"X-RateLimit-{name}")) for name in ("Limit", "Remaining"))
    return Answer(
        bucket=headers.get("X-RateLimit-Bucket") or None,
        limit=int(limit) if limit is not None and limit >= 1 else None,
        remaining=None if remaining is None else int(remaining),
        reset_after=reset,
        refused=refused,
        everything=headers.get("X-RateLimit-Global", "").lower() == "true"
        or headers.get("X-RateLimit-Scope") == "global",
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) and 0 <= number < 1e6 else None


@dataclass(slots=True)
class Lane:
    """One limit of Discord's: so many requests in a window that opens with the first of them.

    Before the first answer nothing is known, and one request may be under way.
    """

    limit: int | None = None
    left: int = 0
    ends: float = -inf
    flying: int = 0
    """Sent and not answered yet: each may or may not be in `left` already."""
    last: float = -inf
    """When the last request was sent."""
    closed: float = -inf
    """Nothing is sent before: it was refused, or Discord failed."""
    failures: int = 0
    """In a row."""
    window: float = 0.0
    """Seconds from the first request of a window to its end, as far as was seen."""
    finals: deque[float] = field(default_factory=lambda: deque(maxlen=64))
    """When urgent requests were sent, the latest last."""

    def wait(self, now: float, *, urgent: bool) -> float:
        """Seconds until a request should be sent; 0: now.

        What is left of a window is spread over it. What is `urgent` may go sooner after the last, at the
        expense of what is not; the more of it there is, the less it gains, until all go at an even pace:
        otherwise a burst would empty the window and leave readers without text until it ends.
        """
        if now < self.closed:
            return self.closed - now
        if self.limit is None:
            return self._even(now, 1 - self.flying)
        if now >= self.ends:
            return self._even(now, self.limit - self.flying)
        left = self.left - self.flying
        due = self._due(left, urgent=urgent)
        return max(0.0, min(due, self.ends) - now, self._even(now, max(left, 1)))

    def _due(self, left: int, *, urgent: bool) -> float:
        if left <= 0:
            return self.ends
        rest = self.ends - self.last
        crowd = self._crowd()
        if urgent:
            return self.last + rest / (left + 1) * (HASTE + (1 - HASTE) * crowd)
        return self.last + rest / (left + 1 - KEPT * (1 - crowd))

    def _crowd(self) -> float:
        """Which part of the last two windows went to what was urgent; 1 at most."""
        recent = sum(sent > self.last - 2 * self.window for sent in self.finals)
        return min(1.0, recent / (2 * (self.limit or 1)))

    def _even(self, now: float, left: int) -> float:
        """Never two at once, and none while as many are under way as a whole window takes."""
        return max(0.0, self.last + LEAST_GAP - now) if left > 0 else LEAST_GAP

    def sent(self, now: float, *, urgent: bool = False) -> None:
        """One was sent `now`."""
        self.flying += 1
        self.last = now
        if urgent:
            self.finals.append(now)

    def answered(self, now: float, answer: Answer, sent: float | None = None) -> None:
        """Learn from a response that came `now` to a request of `sent`; None: not known, so of just now."""
        self.flying = max(0, self.flying - 1)
        if answer.refused is not None:
            if not answer.everything:
                self.closed = max(self.closed, now + answer.refused)
            return
        self.failures = 0
        if answer.limit is None or answer.remaining is None or answer.reset_after is None:
            return
        ends = now + answer.reset_after
        # Answers can overtake each other: within one window the smaller count is the later one. Only a window
        # that can't have ended by the time when the known one does is surely another.
        same = (now if sent is None else sent) + answer.reset_after <= self.ends + LEAST_GAP
        self.left = min(self.left, answer.remaining) if same and self.limit else answer.remaining
        if not same:
            self.window = answer.reset_after
        self.limit, self.ends = answer.limit, ends

    def failed(self, now: float) -> float:
        """No answer that could be used: nothing is sent for a time that doubles. Returns it."""
        self.flying = max(0, self.flying - 1)
        self.left = max(0, self.left - 1)
        self.failures += 1
        wait = min(30.0, 0.5 * 2.0 ** min(self.failures, 10))
        self.closed = max(self.closed, now + wait)
        return wait

    def idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing."""
        return not self.flying and now >= max(self.ends, self.closed)


@dataclass(slots=True)
class Everything:
    """What the whole bot sends, against Discord's limit for it."""

    sent: deque[float] = field(default_factory=lambda: deque(maxlen=WHOLE_BOT * 4))
    closed: float = -inf

    def count(self, now: float) -> None:
        self.sent.append(now)

    def wait(self, now: float) -> float:
        """Seconds until captions may send one more and leave the reserve untouched."""
        if now < self.closed:
            return self.closed - now
        most = WHOLE_BOT - RESERVE
        if len(self.sent) < most or now - self.sent[-most] >= 1.0:
            return 0.0
        return self.sent[-most] + 1.0 - now


@dataclass(frozen=True, slots=True)
class _Claim:
    until: float
    urgent: bool


POLITE = 0.25
"""Seconds after its time that a place in the line is held for who was told to wait."""


@dataclass(slots=True)
class Turns:
    """Who goes first where several want the same: finals before interim words, then who waited longest."""

    _claims: dict[str, _Claim] = field(default_factory=dict)
    _served: dict[str, float] = field(default_factory=dict)

    def first(self, who: str, now: float, *, urgent: bool) -> bool:
        """Whether nobody who was told to wait comes before `who`."""
        self._claims = {name: claim for name, claim in self._claims.items() if claim.until >= now}
        mine = self._rank(who, urgent=urgent)
        return all(
            mine < self._rank(name, urgent=claim.urgent)
            for name, claim in self._claims.items()
            if name != who
        )

    def _rank(self, who: str, *, urgent: bool) -> tuple[bool, float, str]:
        return (not urgent, self._served.get(who, -inf), who)

    def told(self, who: str, now: float, wait: float, *, urgent: bool) -> None:
        """`who` waits and will ask again."""
        self._claims[who] = _Claim(now + wait + POLITE, urgent)

    def served(self, who: str, now: float) -> None:
        self._claims.pop(who, None)
        self._served.pop(who, None)
        self._served[who] = now
        while len(self._served) > 1000:
            del self._served[next(iter(self._served))]
