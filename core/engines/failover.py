"""Failover: two engines as one. Streams come from the first while it works, from the second while not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from core.engines.breaker import Breaker
from core.engines.pool import Loan, Pool, Rewind, nothing
from core.engines.protocol import Hypothesis, Recognition
from core.errors import EngineError, LineBusy, LineLost, Refused

log = logging.getLogger(__name__)

SULK = 600.0
"""Seconds for which a refusal stands: a key, a plan or a balance may have been mended since."""

STAY = 3.0
"""Seconds that the second hears at least: one that takes over has to be let catch up."""

AGAIN = 2.0
"""Seconds after which the first engine is asked again, where the second does not know the language."""


class Failover:
    """A `Lender` over two pools. Which engine hears is decided when a stream is lent.

    When the first can't be reached, is busy or refuses, the second hears at once; a track that was in the
    middle of something replays it there. While the first is away nobody waits for it; when its breaker says
    that it may be tried, one speaker does at their next pause, and then all the others follow. Where the
    second does not know the language, what is said is kept until the first is back.

    `spent`: whether today's allowance for the first is used up.
    """

    def __init__(self, first: Pool, second: Pool, *, spent: Callable[[], bool] = lambda: False) -> None:
        self.first = first
        self.second = second
        self.breaker = Breaker()
        self._spent = spent
        self._refusal: str | None = None
        self._refused_until = 0.0

    @property
    def waiting(self) -> int:
        """As `Lender` says."""
        return self.first.waiting + self.second.waiting

    @property
    def lent(self) -> int:
        """Streams that are lent now, of both."""
        return self.first.lent + self.second.lent

    def slow(self, language: str) -> bool:
        """As `Lender` says: the second, on this machine, would take it as fast as it can."""
        return self.first.slow(language) and not self.second.hears(language)

    def full(self, call: str = "") -> bool:
        """As `Lender` says."""
        return self.second.full(call) and (self._why(call) is not None or not self.breaker.closed)

    @asynccontextmanager
    async def lend(
        self, language: str, rewind: Rewind = nothing, *, call: str = "", interim: bool = True
    ) -> AsyncIterator[Loan]:
        """As `Lender` says."""
        why = self._why(call)
        if why is None and not self.breaker.admit(self._now()):
            why = self._away
        if why is None:
            lent = False
            try:
                async with self._of_first(language, rewind, call, interim) as loan:
                    lent = True
                    yield loan
            except EngineError as error:
                if lent:
                    raise
                why = self._busy if isinstance(error, LineBusy) else self._why(call) or self._away
            else:
                return
        async with self._of_second(language, rewind, call, interim, why) as loan:
            yield loan

    @asynccontextmanager
    async def _of_first(self, language: str, rewind: Rewind, call: str, interim: bool) -> AsyncIterator[Loan]:
        watch = _Watch(self.breaker, trial=not self.breaker.closed)
        try:
            async with self.first.lend(language, rewind, call=call, interim=interim) as loan:
                yield replace(loan, recognition=_Watched(loan.recognition, watch), stale=self._spent)
        except Refused as error:
            # In the middle of a stream too: the second takes over, with what is on the tape.
            log.warning("failover.refused")
            self._refusal, self._refused_until = str(error), self._now() + SULK
            raise LineLost("the first engine refused") from error
        except LineLost:
            watch.failed()
            raise
        finally:
            watch.left()

    @asynccontextmanager
    async def _of_second(
        self, language: str, rewind: Rewind, call: str, interim: bool, why: str
    ) -> AsyncIterator[Loan]:
        if not self.second.hears(language):
            if self._refusal is not None and self._now() < self._refused_until:
                raise Refused(self._refusal)
            raise LineBusy(why, AGAIN)
        async with self.second.lend(language, rewind, call=call, interim=interim) as loan:
            until = self._now() + STAY
            yield replace(loan, note=why, stale=lambda: self._better(until))

    def _better(self, until: float) -> bool:
        """Whether the first may be used again."""
        return self._now() >= until and self._why("") is None and self.breaker.due(self._now())

    def _why(self, call: str) -> str | None:
        """Why the first is out of the question, whatever its breaker says."""
        if self._now() < self._refused_until:
            return self._refused
        if self._spent():
            return f"Today's minutes of {self._names[0]} are used up. {self._instead}"
        return self._busy if self.first.full(call) else None

    @property
    def _names(self) -> tuple[str, str]:
        return self.first.transcriber.name, self.second.transcriber.name

    @property
    def _instead(self) -> str:
        return f"Captions come from {self._names[1]}."

    @property
    def _away(self) -> str:
        return f"{self._names[0]} can't be reached. {self._instead}"

    @property
    def _busy(self) -> str:
        return f"{self._names[0]} takes no more streams now. {self._instead}"

    @property
    def _refused(self) -> str:
        return f"{self._refusal} {self._instead}"

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


class _Watch:
    """Tells the breaker, once each, how one stream of the first engine went."""

    def __init__(self, breaker: Breaker, *, trial: bool) -> None:
        self._breaker = breaker
        self._trial = trial
        self._told = False
        self._loop = asyncio.get_running_loop()

    def succeeded(self) -> None:
        if not self._told:
            self._told = True
            self._breaker.succeeded(self._loop.time())

    def failed(self) -> None:
        trial, self._trial = self._trial and not self._told, False
        self._told = True
        self._breaker.failed(self._loop.time(), trial=trial)

    def left(self) -> None:
        if self._trial and not self._told:
            self._breaker.left()


class _Watched:
    """A `Recognition` whose first final says that its engine works."""

    def __init__(self, recognition: Recognition, watch: _Watch) -> None:
        self._recognition = recognition
        self._watch = watch

    async def send(self, pcm: bytes) -> None:
        await self._recognition.send(pcm)

    async def flush(self) -> None:
        await self._recognition.flush()

    async def finish(self) -> None:
        await self._recognition.finish()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        async for hypothesis in self._recognition:
            if hypothesis.final:
                self._watch.succeeded()
            yield hypothesis
