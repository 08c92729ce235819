"""The Pool lends an engine's streams to whoever speaks: in turn, and fairly between calls."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from core.engines.protocol import Recognition, Transcriber
from core.errors import LineBusy

GROW = 3.0
"""Seconds after which a pool that made itself smaller, since its engine was busy, adds a stream."""

Rewind = Callable[[float], float]
"""Told how many settled seconds an engine likes to hear again; answers how many it will hear."""


_Row = dict[str, deque[asyncio.Future[None]]]
"""Who waits, by call, in the order of the calls' turns."""


def nothing(_lead: float) -> float:
    """Nothing is heard again."""
    return 0.0


def never() -> bool:
    """There is nothing better."""
    return False


async def doze(seconds: float, wake: asyncio.Event) -> None:
    """Wait so long, or until `wake` is set."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


@dataclass(frozen=True, slots=True)
class Loan:
    """A stream that is lent, and whose it is.

    `note`: what people must be told while this engine hears. `stale`: whether to give it back at the next
    pause, because a better one can be had. `paid`: whether somebody pays for what is sent.
    """

    recognition: Recognition
    engine: str
    note: str | None = None
    stale: Callable[[], bool] = never
    paid: bool = False


class Lender(Protocol):
    """Where a Track borrows its streams: a `Pool`, or two behind a `Failover`."""

    @property
    def lent(self) -> int:
        """Streams that are lent now."""

    @property
    def waiting(self) -> int:
        """How many wait for a stream."""

    def slow(self, language: str) -> bool:
        """Whether what is replayed is heard hardly faster than it was spoken."""

    def full(self, call: str = "") -> bool:
        """Whether the next of this call to ask would have to wait."""

    async def rest(self, seconds: float, wake: asyncio.Event, *, interim: bool = True) -> None:
        """Wait so long after no stream could be had, or until it makes sense to ask again: then, or when the
        caller sets it, `wake` is set. `interim` as for `lend`, which comes next."""

    def lend(
        self, language: str, rewind: Rewind = nothing, *, call: str = "", who: str = "", interim: bool = True
    ) -> AbstractAsyncContextManager[Loan]:
        """One stream, from its opening to its end. Waits for a free one; cancelling the wait is safe.

        `who` tells the speaker from all others. With `interim=False` nobody reads along: those whose words
        somebody waits for come first. `rewind` is called when it is this one's turn. Raises what
        `Transcriber.recognize` raises.
        """


class Pool:
    """A `Lender` of at most `transcriber.streams` streams at once, and of `per_call` to each call.

    Who comes later waits. Calls take turns, and within a call whoever came first comes first, so that a call
    of many speakers starves no other. When an engine elsewhere is busy, it lends what it has lent, and
    one more every few seconds.
    """

    def __init__(self, transcriber: Transcriber, *, per_call: int | None = None, far: bool = False) -> None:
        """`far`: the engine is somebody else's: it is paid for, and no faster than speech."""
        self.transcriber = transcriber
        self._far = far
        self._most = per_call or transcriber.streams
        self._limit = transcriber.streams
        self._lent: Counter[str] = Counter()
        self._waiting: _Row = {}
        self._late: _Row = {}  # those whom nobody waits for
        self._growth: asyncio.TimerHandle | None = None

    @property
    def lent(self) -> int:
        """Streams that are lent now."""
        return self._lent.total()

    @property
    def waiting(self) -> int:
        """Speakers who wait for one."""
        return sum(len(queue) for row in (self._waiting, self._late) for queue in row.values())

    @property
    def limit(self) -> int:
        """Streams that it lends at once, for now."""
        return self._limit

    def slow(self, language: str) -> bool:
        """As `Lender` says: engines elsewhere take what is sent at the pace of speech."""
        return self._far

    def hears(self, language: str) -> bool:
        """Whether the engine knows the language, as far as it tells."""
        known = self.transcriber.languages
        return known is None or language.split("-", 1)[0].lower() in known

    def full(self, call: str = "") -> bool:
        """Whether the next of this call to ask would have to wait."""
        return self.lent >= self._limit or self._lent[call] >= self._most or call in self._waiting

    async def rest(self, seconds: float, wake: asyncio.Event, *, interim: bool = True) -> None:
        """As `Lender` says; here nothing sets `wake`."""
        await doze(seconds, wake)

    @asynccontextmanager
    async def lend(
        self, language: str, rewind: Rewind = nothing, *, call: str = "", who: str = "", interim: bool = True
    ) -> AsyncIterator[Loan]:
        """As `Lender` says."""
        await self._turn(call, self._waiting if interim else self._late)
        try:
            known = rewind(self.transcriber.lead)
            opening = self.transcriber.recognize(language, interim=interim, known=known)
            async with opening as recognition:
                # Whom nobody waits for makes way for those whom somebody does.
                stale = never if interim else lambda: bool(self._waiting)
                yield Loan(recognition, self.transcriber.name, stale=stale, paid=self._far)
        except LineBusy:
            self._shrink()
            raise
        finally:
            self._give_back(call)

    async def _turn(self, call: str, row: _Row) -> None:
        """Wait until a stream is this call's; it is counted as lent then."""
        if not self.full(call) and call not in row:
            self._lent[call] += 1
            return
        place = asyncio.get_running_loop().create_future()
        row.setdefault(call, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                # It was this one's turn in the moment of giving up.
                self._give_back(call)
            else:
                _leave(row, call, place)
            raise

    def _give_back(self, call: str) -> None:
        self._lent[call] -= 1
        if not self._lent[call]:
            del self._lent[call]
        self._serve()

    def _serve(self) -> None:
        """Give free streams to those who wait: to the call that has waited longest for its turn."""
        for row in (self._waiting, self._late):
            for call in list(row):
                if self.lent >= self._limit:
                    return
                if self._lent[call] >= self._most:
                    continue
                queue = row.pop(call)
                place = next((one for one in _taken(queue) if not one.done()), None)
                if queue:
                    # To the end of the row: the other calls come first now.
                    row[call] = queue
                if place is not None:
                    self._lent[call] += 1
                    place.set_result(None)

    def _shrink(self) -> None:
        if not self._far:
            return  # an engine of our own knows its number of streams
        # The one that was refused is still counted.
        self._limit = max(1, min(self._limit, self.lent - 1))
        if self._growth is None:
            self._growth = asyncio.get_running_loop().call_later(GROW, self._grow)

    def _grow(self) -> None:
        self._limit = min(self._limit + 1, self.transcriber.streams)
        self._growth = None
        if self._limit < self.transcriber.streams:
            self._growth = asyncio.get_running_loop().call_later(GROW, self._grow)
        self._serve()


def _leave(row: _Row, call: str, place: asyncio.Future[None]) -> None:
    queue = row.get(call)
    if queue is not None and place in queue:
        queue.remove(place)
        if not queue:
            del row[call]


def _taken(queue: deque[asyncio.Future[None]]) -> Iterator[asyncio.Future[None]]:
    """Take one after the other; some may have been given up in this very moment."""
    while queue:
        yield queue.popleft()
