"""How much of an engine that is paid for may be used in a day. Arithmetic; the day comes from outside."""

from collections.abc import Callable
from datetime import date

LOOK = 1.0
"""Seconds for which an answer holds: it is asked for with every frame."""


class Daily:
    """Call it: is today's allowance used up?

    `minutes`: of sound, a day; None is no limit. `used`: seconds of sound so far, since the program began.
    `today` and `now`: the calendar's day, and seconds of any clock.
    """

    def __init__(
        self,
        minutes: float | None,
        *,
        used: Callable[[], float],
        today: Callable[[], date],
        now: Callable[[], float],
    ) -> None:
        self._minutes = minutes
        self._used = used
        self._today = today
        self._now = now
        self._day = today()
        self._before = 0.0  # seconds used until today
        self._looked: float | None = None
        self._answer = False

    def __call__(self) -> bool:
        if self._minutes is None:
            return False
        now = self._now()
        if self._looked is None or now - self._looked >= LOOK:
            self._looked = now
            if (day := self._today()) != self._day:
                self._day, self._before = day, self._used()
            self._answer = self._used() - self._before >= self._minutes * 60
        return self._answer
