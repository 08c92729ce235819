"""The Secretary owns whatever happens to records while Spokenly runs: journals, recaps, expiry."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from core.captions.board import Board
from core.captions.publisher import FAREWELL, Publisher
from core.errors import NoSuchRecord, RecapFailed, RecordAway
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.journal import NOTICE, Journal
from core.record.kept import Call, Line, Opening, Removed
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation, Recap, Summariser
from core.telemetry import fingerprint

log = logging.getLogger(__name__)

BEAT = 30.0
"""Seconds between two signs of life that a call which is kept gives, though nobody speaks."""

EXPIRY = 3600.0
"""Seconds between two looks for records that are too old."""

AT_ONCE = 2
"""Recaps that are made at the same time."""


class Secretary:
    """Keeps the calls that are to be kept. Use as an async context: leaving it writes the last lines.

    `days`: after how many a record is deleted, where its space has no rule of its own; 0 keeps it.
    `patience`: seconds that recaps under way may take when it is left.
    """

    def __init__(
        self, store: Store, summariser: Summariser, *, days: int, patience: float, metrics: Metrics
    ) -> None:
        self.store = store
        self.days = days
        self.forgets = 0
        """How often somebody took back what they said: what was made before that may have it still."""
        self._summariser = summariser
        self._patience = patience
        self._metrics = metrics
        self._tasks = asyncio.TaskGroup()
        self._tending: asyncio.Task[None] | None = None
        self._journals: dict[Journal, Publisher] = {}
        self._writers: dict[Journal, asyncio.Task[None]] = {}
        self._recaps: dict[str, asyncio.Task[None]] = {}
        self._seats = asyncio.Semaphore(AT_ONCE)
        self._leaving = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tending = self._tasks.create_task(self._tend(), name="secretary")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._tending is not None:
            self._tending.cancel()
        for journal in list(self._journals):
            self.close(journal)
        # A recap that is not made in time is made when somebody asks for it; a database that is away must not
        # hold up the end.
        loop = asyncio.get_running_loop()
        deadlines = [
            loop.call_later(self._patience, self._hurry),
            loop.call_later(max(self._patience, FAREWELL), self._give_up),
        ]
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            for deadline in deadlines:
                deadline.cancel()

    def _hurry(self) -> None:
        self._leaving = True
        for task in self._recaps.values():
            task.cancel()

    def _give_up(self) -> None:
        for task in self._writers.values():
            task.cancel()

    def keep(self, opening: Opening, board: Board, first: int = 0) -> Journal:
        """Begin to keep a call; `close` ends it.

        `first`: the number of the board's first entry in the record, where a call goes on that was kept
        before (`Store.next_number`).
        """
        journal = Journal(self.store, opening, board, metrics=self._metrics, ended=self._sum_up, first=first)
        publisher = Publisher(board, journal)
        self._journals[journal] = publisher
        task = self._tasks.create_task(self._write(journal, publisher, board), name="journal")
        self._writers[journal] = task
        task.add_done_callback(lambda _: self._writers.pop(journal, None))
        return journal

    def close(self, journal: Journal) -> None:
        """The call is over for good: after its last line nothing is written any more."""
        journal.end()
        if (publisher := self._journals.get(journal)) is not None:
            publisher.close()

    async def finish(self, journal: Journal, patience: float) -> bool:
        """`close` it, and wait until its last line is written, `patience` seconds at most. False: not yet."""
        self.close(journal)
        task = self._writers.get(journal)
        if task is None:
            return True
        done, _ = await asyncio.wait([task], timeout=patience)
        return bool(done)

    async def _write(self, journal: Journal, publisher: Publisher, board: Board) -> None:
        try:
            await publisher.run()
        except Exception:
            # A bug of the record must not take the captions away.
            log.exception("journal.bug")
            board.notify(NOTICE, "A fault in Spokenly ended the record of this call. Captions go on.")
            journal.over = True
        finally:
            del self._journals[journal]
            if journal.behind:
                self._metrics.record_unkept.inc(journal.behind)
                log.error("journal.lost", extra={"lines": journal.behind})

    async def recap(self, call: Call) -> tuple[Recap | None, bool]:
        """The recap of a call, and whether a better one is being made. None: nobody said anything.

        Quotes stand in for what is not there yet. Raises `RecordAway`.
        """
        live = call.state == "live"
        # The recap of a call that goes on again is that of its first part.
        recap = None if live else await self.store.recap(call)
        making = live or call.key in self._recaps
        if recap is None and not making:
            await self.sum_up_anew(call)
            recap = await self.store.recap(call)
            making = call.key in self._recaps
        if recap is None and call.lines:
            recap = await Quotes().summarise(await self._conversation(call))
        return recap, making

    async def cited(self, call: Call, recap: Recap) -> list[Line]:
        """The lines that a recap cites, as far as they are still there. Raises `RecordAway`."""
        numbers = {number for claim in recap.claims for number in claim.lines}
        lines = []
        for number in sorted(numbers):
            with suppress(NoSuchRecord):
                lines.append(await self.store.line(call, number))
        return lines

    async def sum_up_anew(self, call: Call, wait: float = 5.0) -> None:
        """Make the recap of a call again; returns when it is there, after `wait` seconds at most."""
        task = self._recaps.get(call.key) or self._sum_up(call)
        if task is not None:
            await asyncio.wait([task], timeout=wait)

    def _sum_up(self, call: Call) -> asyncio.Task[None] | None:
        if self._leaving:
            return None
        if (before := self._recaps.get(call.key)) is not None:
            # More has been said since that one began.
            before.cancel()
        task = self._tasks.create_task(self._make_recap(call), name="recap")
        self._recaps[call.key] = task
        task.add_done_callback(lambda done: self._forget_task(call.key, done))
        return task

    def _forget_task(self, key: str, done: asyncio.Task[None]) -> None:
        if self._recaps.get(key) is done:
            del self._recaps[key]

    async def _make_recap(self, call: Call) -> None:
        try:
            async with self._seats:
                conversation = await self._conversation(call)
                if conversation.lines:
                    await self.store.keep_recap(call, await self._summariser.summarise(conversation))
        except (RecapFailed, RecordAway, NoSuchRecord) as error:
            log.warning("recap.failed", extra={"call": fingerprint(call.key), "reason": type(error).__name__})
        except Exception:
            log.exception("recap.bug")

    async def _conversation(self, call: Call) -> Conversation:
        lines = [entry async for entry in self.store.entries(call) if isinstance(entry, Line)]
        return Conversation(call.title, call.language, lines)

    async def forget(self, identity: str) -> Removed:
        """Delete everything somebody said, everywhere; in calls that go on, keep nothing more of them.

        Raises `RecordAway`: then nothing is deleted.
        """
        async with AsyncExitStack() as pause:
            for journal in list(self._journals):
                # A write under way would bring back what is being deleted.
                await pause.enter_async_context(journal.writing)
            removed = await self.store.forget(identity=identity)
            self.forgets += 1
            for journal in list(self._journals):
                journal.leave_out(identity)
        return removed

    async def _tend(self) -> None:
        """Signs of life for the calls that are kept, and the end of what is too old."""
        beats = 0
        while True:
            await self._quietly(self._look_around(old=beats * BEAT % EXPIRY == 0))
            beats += 1
            await asyncio.sleep(BEAT)

    async def _look_around(self, *, old: bool) -> None:
        for journal in list(self._journals):
            if journal.live and journal.call is not None:
                try:
                    await self.store.write(journal.call, ())
                except NoSuchRecord:
                    journal.deleted()
        await self.store.interrupted()
        if old:
            expired = await self.store.expire(datetime.now(UTC), self.days)
            if expired:
                log.info("record.expired", extra={"calls": len(expired)})

    async def _quietly(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except RecordAway:
            log.warning("record.away")
        except Exception:
            # The next look may be better; what is kept now must not end for it.
            log.exception("record.bug")
