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

FRESH = 10.0
"""Seconds for which a final says that its speaker is well heard."""


class Breaker:
    """One for each engine, not for each speaker: what one of them learns holds for all.

    Closed: everybody uses the engine. Open: nobody does, until its rest is over. Then one may try
    (`admit`): when that goes well it closes, else it rests for longer. What streams report that were opened
    before it did neither helps nor harms.

    A stream reports its first success and every failure, and these are weighed; that it goes on well (`well`)
    is not, for then an engine that goes away would have to fail for as long as it was there. But while as
    many speakers are well heard as are not, the engine is not what is wrong.
    """

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._rest = REST
        self._until: float | None = None  # open until then
        self._since = 0.0  # when it opened, or the last trial failed
        self._trying = False
        self._well: dict[str, float] = {}  # when each speaker was last heard well
        self._ill: dict[str, float] = {}  # when those were last failed who were not since
        self.opened = 0
        """How often it has opened."""

    @property
    def closed(self) -> bool:
        """Whether the engine is believed to work."""
        return self._until is None

    def due(self, now: float, longest: float = LONGEST) -> bool:
        """Whether the engine may be used now: by everybody, or by one who tries it. Who has no other is let
        try after a rest of `longest`."""
        if self._until is None:
            return True
        return not self._trying and now >= min(self._until, self._since + longest)

    def admit(self, now: float, longest: float = LONGEST) -> bool:
        """Somebody wants to use the engine. Of an open breaker whose rest is over, one may, as a trial: it
        must report `succeeded`, `failed` or `left`."""
        if not self.due(now, longest):
            return False
        self._trying = not self.closed
        return True

    def open(self, now: float) -> None:
        """The engine is known to be away."""
        self._until, self._since = now + self._rest, now
        self.opened += 1

    def well(self, now: float, who: str = "") -> None:
        """A stream goes on well."""
        self._ill.pop(who, None)
        self._well[who] = now

    def succeeded(self, now: float, who: str = "") -> None:
        """A stream did for the first time what it should."""
        self.well(now, who)
        if self._until is not None:
            self._outcomes.clear()
            self._until, self._rest, self._trying = None, REST, False
        self._note(now, well=True)

    def failed(self, now: float, *, trial: bool, who: str = "") -> None:
        """The engine failed somebody."""
        self._well.pop(who, None)
        self._ill[who] = now
        if self._until is not None:
            if trial:
                self._rest = min(LONGEST, self._rest * 2)
                self._until, self._since, self._trying = now + self._rest, now, False
            return
        self._note(now, well=False)
        failures = sum(not well for _, well in self._outcomes)
        if failures >= LEAST and failures >= SHARE * len(self._outcomes) and not self._few(now):
            self.open(now)

    def left(self) -> None:
        """The trial ended before anything came of it: somebody else may try."""
        self._trying = False

    def _few(self, now: float) -> bool:
        """Whether those whom it fails are no more than those whom it hears well."""
        self._well = {who: at for who, at in self._well.items() if at >= now - FRESH}
        self._ill = {who: at for who, at in self._ill.items() if at >= now - WINDOW}
        return len(self._well) >= len(self._ill)

    def _note(self, now: float, *, well: bool) -> None:
        self._outcomes.append((now, well))
        while self._outcomes and self._outcomes[0][0] < now - WINDOW:
            self._outcomes.popleft()
