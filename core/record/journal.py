"""The Journal writes what the Board commits into the record, a little behind and never in the way.

The Board is the buffer: it holds what the database could not take yet, and what it had to forget before
that is marked as not kept. So the path of the captions never waits for a disk.
"""

import logging
from asyncio import Lock
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from core.captions.board import Board
from core.captions.caption import Entry, Gap
from core.errors import NoSuchRecord, OutletBusy, OutletGone, RecordAway
from core.metrics import Metrics
from core.record.kept import Call, Line, Numbered, Opening, Unkept
from core.telemetry import fingerprint

log = logging.getLogger(__name__)

PACE = 0.3
"""Seconds between two writes: with the write itself, a final is on disk within a second."""

BATCH = 500
"""Entries of one write."""

NOTICE = "record"
"""The key under which people are told of the record."""


class Keeper(Protocol):
    """What a journal needs of the store. Each raises `RecordAway`, all but `begin` also `NoSuchRecord`."""

    async def begin(self, opening: Opening) -> Call: ...

    async def write(self, call: Call, entries: Sequence[Numbered]) -> None: ...

    async def end(self, call: Call) -> None: ...


class Journal:
    """An `Outlet` that keeps one call. `ended` is told of the call when its last line has been written."""

    pace = PACE

    def __init__(
        self,
        keeper: Keeper,
        opening: Opening,
        board: Board,
        *,
        metrics: Metrics,
        ended: Callable[[Call], object] = lambda _call: None,
        first: int = 0,
    ) -> None:
        """`first`: the number in the record of the board's first entry."""
        self._first = first
        self._keeper = keeper
        self._opening = opening
        self._board = board
        self._metrics = metrics
        self._ended = ended
        self._next = 0
        self._until = 0.0  # the last second of the call that is in the record
        self._speaking = True
        self._open = True  # the end of what is being said is not noted
        self._left_out: set[str] = set()
        self._delays = _delays()
        self.writing = Lock()
        """Whoever changes the record of a call that is being kept holds it meanwhile."""
        self.call: Call | None = None
        """The call as the record has it; None until it could be begun."""
        self.live = False
        """Whether the record has the call as going on."""
        self.over = False
        """The record was deleted: nothing is kept any more."""

    @property
    def written(self) -> int:
        """How many of the board's entries are dealt with: the number of the next one."""
        return self._next

    def go_on(self) -> None:
        """People speak (again)."""
        self._speaking = self._open = True

    def end(self) -> None:
        """Nobody speaks any more: note it after the last line. It may go on later."""
        self._speaking = False
        self._board.touch()

    def deleted(self) -> None:
        """Somebody deleted the record: people are told, and nothing is kept any more."""
        self.over, self.live = True, False
        self._board.notify(NOTICE, "The record of this call was deleted. From now on nothing is kept.")

    @property
    def behind(self) -> int:
        """How many entries wait for the database."""
        return 0 if self.over else max(0, self._board.count - self._next)

    def leave_out(self, identity: str) -> None:
        """Keep nothing more of what somebody says. The caller holds `writing`."""
        self._left_out.add(identity)

    async def show(self, board: Board) -> None:
        """Write what is new. Raises `OutletBusy` (the database is away) or `OutletGone` (it was deleted)."""
        try:
            async with self.writing:
                await self._catch_up(board)
        except RecordAway as away:
            self._metrics.record_failures.inc()
            log.warning("journal.away", extra={"call": fingerprint(self._opening.key)})
            board.notify(NOTICE, f"The record is not being kept now: {away} Captions go on.")
            raise OutletBusy(next(self._delays)) from away
        except NoSuchRecord as error:
            self.deleted()
            raise OutletGone("the record was deleted") from error
        self._delays = _delays()
        board.notify(NOTICE, None)

    async def _catch_up(self, board: Board) -> None:
        if self.call is not None and self._speaking and not self.live:
            # One that was deleted meanwhile must not begin again.
            await self._keeper.write(self.call, ())
        if self.call is None or (self._speaking and not self.live):
            self.call = await self._keeper.begin(self._opening)
            self.live = True
        while self._next < board.count:
            first = max(self._next, board.forgotten)
            entries = board.since(first)[:BATCH]
            batch = [Numbered(number, kept) for number, kept in self._kept(first, entries)]
            if first > self._next:
                # The database was away for longer than the board remembers.
                self._metrics.record_unkept.inc(first - self._next)
                batch.insert(
                    0,
                    Numbered(
                        self._first + self._next, Unkept(self._until, max(self._until, entries[0].start))
                    ),
                )
            await self._keeper.write(self.call, batch)
            self._next = first + len(entries)
            self._until = max(self._until, *(entry.end for entry in entries))
            self._metrics.record_lines.inc(len(batch))
        if not self._speaking and self._open:
            await self._keeper.end(self.call)
            self.live = self._open = False
            self._ended(self.call)

    def _kept(self, first: int, entries: Sequence[Entry]) -> Iterator[tuple[int, Line | Gap]]:
        for number, entry in enumerate(entries, self._first + first):
            if entry.speaker.identity is not None and entry.speaker.identity in self._left_out:
                continue
            if isinstance(entry, Gap):
                yield number, entry
            elif entry.text:
                yield (
                    number,
                    Line(
                        number,
                        entry.speaker,
                        entry.start,
                        entry.end,
                        heard=entry.text,
                        language=entry.language,
                        confidence=entry.confidence,
                        engine=entry.engine or self._opening.engine,
                    ),
                )


def _delays() -> Iterator[float]:
    """Seconds to leave a database alone that was away; short, because a lock is over soon."""
    delay = 0.5
    while True:
        yield delay
        delay = min(10.0, delay * 2)
