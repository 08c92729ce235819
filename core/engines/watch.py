"""Watches the streams of an engine for its breaker."""

import asyncio
from collections.abc import AsyncIterator, Callable

from core.engines.breaker import Breaker
from core.engines.protocol import Hypothesis, Recognition


class Watch:
    """Tells the breaker how one stream of the first engine goes."""

    def __init__(self, breaker: Breaker, who: str, back: Callable[[], None], *, trial: bool) -> None:
        """`back`: told when the breaker closes."""
        self._breaker = breaker
        self._who = who
        self._back = back
        self._trial = trial
        self._told = False
        self.well = False
        """Whether something was settled."""
        self._loop = asyncio.get_running_loop()

    def heard(self, hypothesis: Hypothesis) -> None:
        self.well = self.well or hypothesis.final
        # Others wait for what a trial shows, and a final may be long in coming.
        enough = hypothesis.final or (self._trial and hypothesis.text)
        if self._told or not enough:
            if hypothesis.final or hypothesis.text:
                self._breaker.well(self._loop.time(), self._who)
            return
        self._told, away = True, not self._breaker.closed
        self._breaker.succeeded(self._loop.time(), self._who)
        if away:
            self._back()

    def failed(self) -> None:
        trial, self._trial = self._trial and not self._told, False
        self._told = True
        self._breaker.failed(self._loop.time(), trial=trial, who=self._who)

    def busy(self) -> None:
        """That is no failure, but no success of a trial either."""
        if self._trial:
            self.failed()

    def left(self) -> None:
        if self._trial and not self._told:
            self._breaker.left()


class Watched:
    """A `Recognition` whose words say that its engine works."""

    def __init__(self, recognition: Recognition, watch: Watch) -> None:
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
            self._watch.heard(hypothesis)
            yield hypothesis
