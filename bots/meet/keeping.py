"""A room whose call is kept: when its record begins, pauses and ends."""

from dataclasses import replace
from datetime import datetime

from core.captions.board import Board
from core.record.journal import Journal
from core.record.kept import Opening
from core.record.secretary import Secretary

PATIENCE = 10.0
"""Seconds that the last lines may take to be written."""


class Keeping:
    """Has the secretary keep one room's call. The record begins with the first sound, not before."""

    def __init__(self, secretary: Secretary, opening: Opening) -> None:
        self._secretary = secretary
        self._opening = opening
        self._journal: Journal | None = None

    @property
    def key(self) -> str:
        """The record's."""
        return self._opening.key

    @property
    def over(self) -> bool:
        """The record was deleted, or a fault ended it: nothing is kept any more."""
        return self._journal is not None and self._journal.over

    @property
    def behind(self) -> bool:
        """Something of the call is not in the record yet."""
        return self._journal is not None and (self._journal.behind > 0 or self._journal.live)

    def go_on(self, board: Board, began: datetime) -> None:
        """Somebody shares; `began` is the moment at second 0 of the call."""
        if self._journal is None:
            self._journal = self._secretary.keep(replace(self._opening, began=began), board)
        else:
            self._journal.go_on()

    def end(self) -> None:
        """Nobody shares any more; it may go on later."""
        if self._journal is not None:
            self._journal.end()

    def close(self) -> None:
        """The room is gone."""
        if self._journal is not None:
            self._secretary.close(self._journal)

    async def finish(self) -> None:
        """Wait until the last line is written, as long as that may take."""
        if self._journal is not None:
            await self._secretary.finish(self._journal, PATIENCE)
