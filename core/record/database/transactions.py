"""Reading and writing the record: one transaction at a time, and what fails is told in our words."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import RecordAway
from core.record.database import sqlite
from core.record.database.trouble import telling

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_TURN = 10.0
"""Seconds that a writer waits for those before it; a disk that hangs must not gather a crowd."""

_SEARCHES = 2
"""Searches at once: a word that is everywhere keeps a processor busy."""


class Transactions:
    """The database as the store sees it. `place` names it in sentences, `file` is what SQLite opened.

    Who writes has connections of their own: no crowd of readers keeps a call from being written.

    Use as an async context: leaving it waits for what is being written.
    """

    def __init__(
        self, reading: AsyncEngine, writing: AsyncEngine, place: str, file: sqlite.File | None = None
    ) -> None:
        self._tasks = asyncio.TaskGroup()
        self._reading = reading
        self._writing = writing.execution_options(begin=sqlite.WRITE)
        self._place = place
        self._turn = asyncio.Lock()
        self._searches = asyncio.Semaphore(_SEARCHES)
        self._file = file
        self.sqlite = reading.dialect.name == "sqlite"

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        # What went wrong outside is not the tasks' business: it goes on as it is.
        await self._tasks.__aexit__(None, None, None)

    async def unbroken(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` to its end, whatever becomes of whoever asked for it.

        A driver that is cancelled between "begin" and "commit" would keep the database locked for all others.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                result = await work
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)

        self._tasks.create_task(run(), name="record")
        return await done

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A moment of the record that does not change. Raises `RecordAway`."""
        async with telling(self._place), self._reading.connect() as connection:
            yield connection

    @asynccontextmanager
    async def searching(self) -> AsyncIterator[AsyncConnection]:
        """As `reading`, for what takes long: few at once. Raises `RecordAway`."""
        try:
            async with asyncio.timeout(_TURN):
                await self._searches.acquire()
        except TimeoutError as error:
            raise RecordAway(f"{self._place} is too busy: others are searching.") from error
        try:
            async with self.reading() as connection:
                yield connection
        finally:
            self._searches.release()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing. Raises `RecordAway`.

        SQLite has one writer at a time: ours take turns here, rather than by trying again and again.
        """
        async with telling(self._place):
            if not self.sqlite:
                async with self._writing.begin() as connection:
                    yield connection
                return
            async with asyncio.timeout(_TURN):
                await self._turn.acquire()
            try:
                async with self._writing.begin() as connection:
                    yield connection
                    if self._file is not None:
                        await asyncio.to_thread(self._file.check)
            finally:
                self._turn.release()

    async def soil(self, connection: AsyncConnection) -> None:
        """What this transaction deletes must be gone from every byte: `scrub` does it after the commit."""
        if self.sqlite:
            await connection.run_sync(sqlite.soil)

    async def scrub(self) -> None:
        """Overwrite what was deleted: on SQLite in this moment, or, where another program reads all the time,
        when this is called again. On PostgreSQL its own VACUUM does, when it comes by.

        There, until autovacuum has been at a table (by default when a fifth of it has changed), deleted rows
        are in its files, where SQL can't get at them; lexemes may stay in `pg_statistic` until the next
        ANALYZE; write-ahead logs and backups keep what they keep. `VACUUM (ANALYZE)` does it at once.

        What was deleted is deleted, so nobody is told that the database is away: the next call tries again.
        """
        if not self.sqlite:
            return
        try:
            async with telling(self._place):
                await sqlite.scrub(self._writing)
        except RecordAway:
            log.warning("what was deleted from the record can't be overwritten now; it is at the next look")


class HasTransactions(Protocol):
    """Whatever writes through `Transactions`."""

    _transactions: Transactions


S = TypeVar("S", bound=HasTransactions)


def unbroken(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """A method that, once begun, is done to its end, though whoever called it is cancelled."""

    @wraps(method)
    async def whole(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._transactions.unbroken(method(self, *args, **kwargs))

    return whole
