"""Where one call is shown: the pages, and what becomes of them when their place is gone."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from bots.discord.house import CallPages, Post
from bots.discord.wish import Chat
from core.captions.board import Board
from core.errors import OutletBusy, OutletGone

SOON = 0.2
"""Seconds between two looks whether there is a place by now."""

PATIENCE = 60.0
"""Seconds for which pages are taken back that nobody shows any more."""

EARLIER = 20
"""Places that a call was shown in before, whose pages are still written when somebody takes words back."""


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
        self._earlier: deque[tuple[CallPages, Board]] = deque(maxlen=EARLIER)
        self._settling = asyncio.Lock()
        self.place: Chat | None = None

    @property
    def pace(self) -> float:
        return 1.0 if self._pages is None else self._pages.pace

    def open(self, place: Chat, first: int = 0) -> None:
        """From now on the pages stand there, beginning with entry `first` of the board."""
        self.place = place
        self._pages = self._post(place, first)

    def move(self, place: Chat, board: Board, why: str) -> None:
        """Go on in another place. What was said until now stands in the one before, with `why` below it."""
        if self._pages is not None:
            self._pages.end(why)
            self._earlier.append((self._pages, board.excerpt()))
        self._from = board.count
        self.open(place, board.count)

    def erase(self, identity: str) -> None:
        """Take back what somebody said in places of before."""
        for _, board in self._earlier:
            board.erase(identity)

    async def settle(self, board: Board) -> None:
        """Show until all of it is written, where nobody else shows it any more."""
        async with self._settling:
            with suppress(TimeoutError, OutletGone):
                async with asyncio.timeout(PATIENCE):
                    while True:
                        try:
                            return await self.show(board)
                        except OutletBusy as busy:
                            await asyncio.sleep(busy.retry_after)

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
                return await self._show_earlier()
        raise OutletGone("there is no place to show captions")

    async def _show_earlier(self) -> None:
        waits = []
        for pages, board in tuple(self._earlier):
            try:
                await pages.show(board)
            except OutletBusy as busy:
                waits.append(busy.retry_after)
            except OutletGone:
                self._earlier.remove((pages, board))
        if waits:
            raise OutletBusy(min(waits))

    def _elsewhere(self, why: str) -> None:
        if (spare := self._spare()) is not None:
            self.open(spare, self._from)
        else:
            self.close()
            self._lost(why)
