"""What people must be told, in a place that only grows: a line when it begins and one when it ends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

SETTLE = 2.0
"""Seconds that something must stay true, or not, before it is told: what flickers is not."""

QUIET = 20.0
"""Seconds between two lines about the same thing."""

KEPT = 100
"""Things that are followed at once."""


@dataclass(slots=True)
class _Matter:
    """One thing: what was `told` of it, and what is true `now`, `since` when."""

    told: str | None = None
    now: str | None = None
    since: float = 0.0
    last: float = -inf

    @property
    def due(self) -> float:
        return inf if self.now == self.told else max(self.since + SETTLE, self.last + QUIET)


class Notices:
    """Follows the notices of a board, which are sentences by a key.

    What was told and is no longer true is told to be over; what nobody was told of ends silently.
    """

    def __init__(self) -> None:
        self._matters: dict[str, _Matter] = {}

    def update(self, notices: Mapping[str, str], now: float) -> list[str]:
        """The lines to be told `now`."""
        for key in notices:
            if key not in self._matters and len(self._matters) < KEPT:
                self._matters[key] = _Matter()
        lines = []
        for key, matter in list(self._matters.items()):
            sentence = notices.get(key)
            if sentence != matter.now:
                matter.now, matter.since = sentence, now
            if matter.due <= now:
                lines.append(matter.now or f"No longer: {matter.told}")
                matter.told, matter.last = matter.now, now
            elif matter.told is None and matter.now is None and now >= matter.last + QUIET:
                del self._matters[key]
        return lines

    def due(self, now: float) -> float | None:
        """Seconds until there may be a line though nothing changed; None: never."""
        at = min((matter.due for matter in self._matters.values()), default=inf)
        return None if at == inf else max(0.0, at - now)
