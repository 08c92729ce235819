"""What people must be told, in a place that only grows: a line when it begins and one when it ends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

SETTLE = 2.0
"""Seconds that something must stay true, or not, before it is told: what flickers is not."""

QUIET = 20.0
"""Seconds between two lines about the same thing."""

KEPT = 100
"""Things that are followed at once."""

ALWAYS = frozenset({"shown"})
"""What is told in any case: whoever could read along, though only for a while."""

NOWHERE = "It is shown nowhere else any more."
"""What is told when that is over."""

PASSED = 10
"""Sentences about one such thing that are told afterwards, as there was no time for them."""


@dataclass(slots=True)
class _Matter:
    """One thing: what was `told` of it, and what is true `now`, `since` when; `passed`: what was true for a
    while and is not any more, and nobody was told of it, where it is `always` told.
    """

    always: bool = False

    told: str | None = None
    now: str | None = None
    since: float = 0.0
    last: float = -inf
    passed: list[str] = field(default_factory=list)

    @property
    def due(self) -> float:
        if self.passed:
            return self.last + QUIET
        return inf if self.now == self.told else max(self.since + SETTLE, self.last + QUIET)

    def change(self, sentence: str | None, now: float) -> None:
        """Something else is true `now`."""
        before, held = self.now, now - self.since >= SETTLE
        if self.always and held and before not in (None, self.told, *self.passed):
            self.passed = [*self.passed, str(before)][-PASSED:]
        self.now, self.since = sentence, now

    def lines(self, now: float) -> list[str]:
        """What is to be told `now`, as it is due."""
        lines = [f"Until just now: {sentence}" for sentence in self.passed if sentence != self.now]
        self.last, self.passed = now, []
        if self.now != self.told and now - self.since >= SETTLE:
            lines.append(self.now or (NOWHERE if self.always else f"No longer: {self.told}"))
            self.told = self.now
        return lines


class Notices:
    """Follows the notices of a board, which are sentences by a key.

    What was told and is no longer true is told to be over; what nobody was told of ends silently, but for
    what is `ALWAYS` told: of that, people learn afterwards.
    """

    def __init__(self) -> None:
        self._matters: dict[str, _Matter] = {}

    def update(self, notices: Mapping[str, str], now: float) -> list[str]:
        """The lines to be told `now`."""
        for key in notices:
            if key not in self._matters and len(self._matters) < KEPT:
                self._matters[key] = _Matter(key in ALWAYS)
        lines = []
        for key, matter in list(self._matters.items()):
            sentence = notices.get(key)
            if sentence != matter.now:
                matter.change(sentence, now)
            if matter.due <= now:
                lines += matter.lines(now)
            elif (
                matter.told is None
                and matter.now is None
                and not matter.passed
                and now >= matter.last + QUIET
            ):
                del self._matters[key]
        return lines

    def due(self, now: float) -> float | None:
        """Seconds until there may be a line though nothing changed; None: never."""
        at = min((matter.due for matter in self._matters.values()), default=inf)
        return None if at == inf else max(0.0, at - now)
