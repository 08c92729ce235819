"""Where one call is shown: the pages, and what becomes of them when their place is gone."""

from collections.abc import Callable

from bots.discord.house import CallPages, Post
from bots.discord.wish import Chat
from core.captions.board import Board
from core.errors import OutletBusy, OutletGone

SOON = 0.2
"""Seconds between two looks whether there is a place by now."""


class Showing:
    """An `Outlet` over the pages of a place that can change while the call goes on.

    When the place is gone, `spare` gives another, or None: then `lost` is told why, and it is over.
    """

    def __init__(self, post: Post, spare: Callable[[], Chat | None], lost: Callable[[str], None]) -> None:
        self._post = post
        self._spare = spare
        self._lost = lost
        self._closed = False
        self._pages: CallPages | None = None
        self._from = 0  # the board's entry that the pages begin with
        self.place: Chat | None = None

    @property
    def pace(self) -> float:
        return 1.0 if self._pages is None else self._pages.pace

    def open(self, place: Chat, first: int = 0) -> None:
        """From now on the pages stand there, beginning with entry `first` of the board."""
        self.place = place
        self._pages = self._post(place, first)

    def end(self, sentence: str) -> None:
        """The call is over: the open page's controls go, and `sentence` is its foot."""
        if self._pages is not None:
            self._pages.end(sentence)

    def close(self) -> None:
        """There is no place, and there won't be."""
        self.place, self._pages, self._closed = None, None, True

    async def show(self, board: Board) -> None:
        """Raises `OutletBusy` or `OutletGone`."""
        if self._pages is None and not self._closed:
            raise OutletBusy(SOON)
        while (pages := self._pages) is not None:
            count = board.count
            try:
                await pages.show(board)
            except OutletGone as gone:
                if pages is self._pages:
                    self._elsewhere(str(gone))
            else:
                self._from = count
                return
        raise OutletGone("there is no place to show captions")

    def _elsewhere(self, why: str) -> None:
        if (spare := self._spare()) is not None:
            self.open(spare, self._from)
        else:
            self.close()
            self._lost(why)
