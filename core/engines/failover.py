"""Failover: two engines as one. Streams come from the first while it works, from the second while not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from core.engines.breaker import LONGEST, Breaker
from core.engines.pool import Loan, Pool, Rewind, doze, nothing
from core.engines.watch import Watch, Watched
from core.errors import EngineError, LineBusy, LineLost, Refused

log = logging.getLogger(__name__)

SULK = 600.0
"""Seconds for which a refusal stands: a key, a plan or a balance may have been mended since."""

STAY = 3.0
"""Seconds that the second hears at least: one that takes over has to be let catch up."""

AGAIN = 2.0
"""Seconds after which the first engine is asked again, where nobody can stand in for it."""

BUSY = 5.0
"""Seconds for which an engine that was busy is asked for nothing, at least."""

TROUBLE = 3
"""Streams in a row of one speaker that may break, while the others' do not, before the second hears them."""

APART = 60.0
"""Seconds for which it does: others may be well heard by the first."""


class Failover:
    """A `Lender` over two pools. Which engine hears is decided when a stream is lent.

    When the first can't be reached, is busy or refuses, the second hears at once; a track that was in the
    middle of something replays it there. While the first is away nobody waits for it; when its breaker says
    that it may be tried, one speaker does at their next pause, and then all the others follow. Where there
    is no second or it does not know the language, what is said is kept until the first is back: it is tried
    more often then, by those whom somebody reads, and when it goes well for one all others are woken.

    `spent`: whether today's allowance for the first is used up.
    """

    def __init__(
        self, first: Pool, second: Pool | None, *, spent: Callable[[], bool] = lambda: False
    ) -> None:
        self.first = first
        self.second = second
        self.breaker = Breaker()
        self.spent = spent
        self._refusal = ""
        self._refused_until = 0.0
        self._busy_until = 0.0
        self._resting: list[asyncio.Event] = []  # to be set when the first is back
        self._live = 0  # of these, how many are for sound that somebody waits for
        self._trouble: dict[str, int] = {}  # streams in a row that broke, by speaker
        self._apart: dict[str, tuple[float, str]] = {}  # whom the first is not asked to hear, until when, why

    @property
    def waiting(self) -> int:
        """As `Lender` says."""
        return self.first.waiting + (self.second.waiting if self.second else 0)

    @property
    def lent(self) -> int:
        """Streams that are lent now, of both."""
        return self.first.lent + (self.second.lent if self.second else 0)

    def slow(self, language: str) -> bool:
        """As `Lender` says: the second, on this machine, would take it as fast as it can."""
        return self.first.slow(language) and self._stand_in(language) is None

    def full(self, call: str = "") -> bool:
        """As `Lender` says."""
        if self.second is None:
            return self.first.full(call)
        away = self._why(call, "", self.second) is not None or not self.breaker.closed
        return self.second.full(call) and away

    def stands_in(self, language: str) -> bool:
        """Whether the second hears the language."""
        return self._stand_in(language) is not None

    def refused(self, error: Refused) -> None:
        """The first will not hear this account."""
        self._refusal, self._refused_until = str(error), self._now() + SULK

    def away(self) -> None:
        """The first can't be reached: where the second hears, it begins."""
        self.breaker.open(self._now())

    async def rest(self, seconds: float, wake: asyncio.Event, *, interim: bool = True) -> None:
        """As `Lender` says."""
        self._resting.append(wake)
        self._live += interim
        try:
            await doze(seconds, wake)
        finally:
            self._live -= interim
            self._resting.remove(wake)

    @asynccontextmanager
    async def lend(
        self, language: str, rewind: Rewind = nothing, *, call: str = "", who: str = "", interim: bool = True
    ) -> AsyncIterator[Loan]:
        """As `Lender` says."""
        second = self._stand_in(language)
        why = self._why(call, who, second)
        if why is None and not self._admit(second, interim=interim):
            why = self._away
        if why is None:
            lent = False
            try:
                async with self._of_first(language, rewind, call, who, interim) as loan:
                    lent = True
                    yield loan
            except EngineError as error:
                if lent:
                    raise
                why = (
                    self._busy if isinstance(error, LineBusy) else self._why(call, who, second) or self._away
                )
            else:
                return
        if second is None:
            lasting = self._now() < self._refused_until or self.spent()
            raise LineBusy(why, self._patience, lasting=lasting)
        async with second.lend(language, rewind, call=call, who=who, interim=interim) as loan:
            until = self._now() + STAY
            yield replace(
                loan,
                note=f"{why} Captions come from {second.transcriber.name}.",
                stale=lambda: self._better(until, call, who, second),
            )

    @asynccontextmanager
    async def _of_first(
        self, language: str, rewind: Rewind, call: str, who: str, interim: bool
    ) -> AsyncIterator[Loan]:
        watch = Watch(self.breaker, who, self._back, trial=not self.breaker.closed)
        lent = False
        try:
            async with self.first.lend(language, rewind, call=call, who=who, interim=interim) as loan:
                lent = True
                stale = loan.stale
                yield replace(
                    loan,
                    recognition=Watched(loan.recognition, watch),
                    stale=lambda: stale() or self.spent(),
                )
        except Refused as error:
            log.warning("failover.refused")
            if lent:
                # This sound, not this account: others are heard on. What is on the tape goes elsewhere.
                watch.failed()
                self._set_apart(who, SULK, str(error))
            else:
                self.refused(error)
            raise LineLost("the first engine refused") from error
        except LineBusy as error:
            self._busy_until = self._now() + max(error.retry_after or 0.0, BUSY)
            watch.busy()
            raise
        except LineLost:
            watch.failed()
            self._broke(who, well=watch.well)
            raise
        finally:
            watch.left()

    def _admit(self, second: Pool | None, *, interim: bool) -> bool:
        if not interim and self._live and not self.breaker.closed:
            return False  # what is said now is tried first
        return self.breaker.admit(self._now(), AGAIN if second is None else LONGEST)

    def _back(self) -> None:
        """The first is back."""
        for wake in self._resting:
            wake.set()

    def _broke(self, who: str, *, well: bool) -> None:
        """A stream of this speaker's broke; `well`: after something was settled."""
        self._trouble[who] = 1 if well else self._trouble.get(who, 0) + 1
        if not self.breaker.closed:
            # It was not them.
            self._apart = {other: left for other, left in self._apart.items() if left[1] != self._away}
        elif self._trouble[who] >= TROUBLE:
            self._set_apart(who, APART, self._away)

    def _set_apart(self, who: str, seconds: float, why: str) -> None:
        now = self._now()
        self._trouble.pop(who, None)
        self._apart = {other: left for other, left in self._apart.items() if left[0] > now}
        if who:
            self._apart[who] = (now + seconds, why)

    def _stand_in(self, language: str) -> Pool | None:
        return self.second if self.second is not None and self.second.hears(language) else None

    def _better(self, until: float, call: str, who: str, second: Pool) -> bool:
        """Whether the first may be used again."""
        now = self._now()
        return now >= until and self._why(call, who, second) is None and self.breaker.due(now)

    def _why(self, call: str, who: str, second: Pool | None) -> str | None:
        """Why the first is out of the question, whatever its breaker says."""
        now = self._now()
        if now < self._refused_until:
            return self._refusal
        if self.spent():
            return f"Today's minutes of {self._name} are used up."
        if now < self._busy_until:
            return self._busy
        if second is None:
            return None  # who finds no stream free takes turns
        until, why = self._apart.get(who, (0.0, ""))
        if now < until:
            return why
        return self._busy if self.first.full(call) else None

    @property
    def _patience(self) -> float:
        """Seconds after which it makes sense to ask again."""
        return max(AGAIN, max(self._refused_until, self._busy_until) - self._now())

    @property
    def _name(self) -> str:
        return self.first.transcriber.name

    @property
    def _away(self) -> str:
        return f"{self._name} can't be reached."

    @property
    def _busy(self) -> str:
        return f"{self._name} takes no more streams now."

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
