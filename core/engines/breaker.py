"""The Breaker: whether an engine that has been failing should be tried. Arithmetic of moments, in seconds."""

from collections import deque

WINDOW = 30.0
"""Seconds that an outcome counts."""

LEAST = 3
"""Failures before anything is made of them."""

SHARE = 0.5
"""Share of failures from which on the engine is left alone."""

REST = 5.0
"""Seconds that it is left alone at first; each trial that fails doubles them."""

LONGEST = 15.0
"""Seconds that it is left alone at most: a trial costs one connection."""


class Breaker:
    """One for each engine, not for each speaker: what one of them learns holds for all.

    Closed: everybody uses the engine. Open: nobody does, until its rest is over. Then one may try
    (`admit`): when that goes well it closes, else it rests for longer. What streams report that were opened
    before it did neither helps nor harms.
    """

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._rest = REST
        self._until: float | None = None  # open until then
        self._trying = False
        self.opened = 0
        """How often it has opened."""

    @property
    def closed(self) -> bool:
        """Whether the engine is believed to work."""
        return self._until is None

    def due(self, now: float) -> bool:
        """Whether the engine may be used now: by everybody, or by one who tries it."""
        return self._until is None or (not self._trying and now >= self._until)

    def admit(self, now: float) -> bool:
        """Somebody wants to use the engine. Of an open breaker whose rest is over, one may, as a trial: it
        must report `succeeded`, `failed` or `left`."""
        if not self.due(now):
            return False
        self._trying = not self.closed
        return True

    def succeeded(self, now: float) -> None:
        """The engine did what it should."""
        if self._until is not None:
            self._outcomes.clear()
            self._until, self._rest, self._trying = None, REST, False
        self._note(now, well=True)

    def failed(self, now: float, *, trial: bool) -> None:
        """The engine failed somebody."""
        if self._until is not None:
            if trial:
                self._rest = min(LONGEST, self._rest * 2)
                self._until, self._trying = now + self._rest, False
            return
        self._note(now, well=False)
        failures = sum(not well for _, well in self._outcomes)
        if failures >= LEAST and failures >= SHARE * len(self._outcomes):
            self._until = now + self._rest
            self.opened += 1

    def left(self) -> None:
        """The trial ended before anything came of it: somebody else may try."""
        self._trying = False

    def _note(self, now: float, *, well: bool) -> None:
        self._outcomes.append((now, well))
        while self._outcomes and self._outcomes[0][0] < now - WINDOW:
            self._outcomes.popleft()
