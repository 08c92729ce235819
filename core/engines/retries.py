"""Retries: when to try again for one speaker, and when their sound is not to be tried again."""

from collections.abc import Iterator

from core.backoff import backoff
from core.engines.poison import LONG_OUTAGE, OUTAGE, Poison
from core.errors import LineBusy, LineLost

LONGEST = 2.0
"""Seconds between two tries at most: somebody speaks, and whoever must not be asked says so (`LineBusy`)."""

APART = 0.25
"""Part of the time for which an engine asked that is waited in addition, so that not all come at once."""


class Retries:
    """Of one speaker: the tries since something was settled."""

    def __init__(self) -> None:
        self._delays: Iterator[float] = backoff(most=LONGEST)
        self._poison = Poison()

    def broke(self, now: float, engine: str) -> None:
        """A stream of that engine's broke."""
        self._poison.broke(now, engine)

    def delay(self, error: LineLost | LineBusy) -> float:
        """Seconds to wait before the next try."""
        delay = next(self._delays)
        if isinstance(error, LineBusy) and error.retry_after is not None:
            return error.retry_after + min(delay, error.retry_after * APART)
        return delay

    def poisoned(self, *, alone: bool) -> bool:
        """Whether it is their sound that breaks every stream; `alone`: of an engine elsewhere that nobody
        stands in for. Asked once: it counts as given up then."""
        found = self._poison.found(LONG_OUTAGE if alone else OUTAGE)
        if found:
            self._poison.clear()
        return found

    def settled(self) -> None:
        """Something was settled."""
        self._delays = backoff(most=LONGEST)
        self._poison.clear()
