"""The record of one call: it begins with the call, and goes on after Spokenly was restarted."""

from core.captions.board import Board
from core.errors import NoSuchRecord, RecordAway
from core.record.journal import Journal
from core.record.kept import Call, Opening
from core.record.secretary import Secretary

LAST_LINE = 10.0
"""Seconds that the last lines have to be written before the recap is given up."""


class Keeping:
    """Has the secretary keep one call."""

    def __init__(self, secretary: Secretary, opening: Opening, board: Board, first: int = 0) -> None:
        """`first`: the number of the board's first entry, where the record goes on."""
        self._secretary = secretary
        self._opening = opening
        self._journal: Journal = secretary.keep(opening, board, first)

    @property
    def key(self) -> str:
        """The record's key."""
        return self._opening.key

    @property
    def over(self) -> bool:
        """The record was deleted, or a fault ended it: nothing is kept any more."""
        return self._journal.over

    def close(self) -> None:
        """The call is over."""
        self._secretary.close(self._journal)

    async def finish(self) -> Call | None:
        """The call is over. What the record has of it; None when that can't be had."""
        if not await self._secretary.finish(self._journal, LAST_LINE) or self.over:
            return None
        try:
            return await self._secretary.store.call(self.key)
        except (NoSuchRecord, RecordAway):
            return None
