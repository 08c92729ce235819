"""One reader's socket, from its first board to its last."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from bots.meet.manners import enough
from bots.meet.outlet import Viewer
from bots.meet.share import NO_ROOM
from core.captions.board import Board
from core.captions.publisher import Publisher
from core.errors import OutletGone
from core.limits import Allowances

RATE, BURST = 10.0, 200.0
"""How often readers may come from one address, where there is nothing to catch up with: behind one there may
be a lecture hall, which comes back all at once.
"""

DEAR = 250
"""Entries to catch up with that count as much as coming again."""


class Comers:
    """Readers, as they come and come again: who has much to catch up with may do so less often."""

    def __init__(self) -> None:
        self._allowances = Allowances(RATE, BURST)

    def take(self, request: web.Request, board: Board | None = None, had: int = 0) -> None:
        """Somebody comes to a board with its entries before number `had`. Raises 429."""
        missing = 0 if board is None else max(0, board.count - max(had, board.forgotten))
        enough(request, self._allowances, min(BURST, 1.0 + missing / DEAR))


async def read_along(
    socket: web.WebSocketResponse,
    publisher: Publisher,
    viewer: Viewer,
    why: Callable[[], str | None] = lambda: None,
) -> None:
    """Show the board until the reader closes the page or the publisher is closed.

    `why`: a sentence for the reader where the call they read is over; None where Spokenly stops.
    """

    async def show() -> None:
        await publisher.run()
        if (sentence := why()) is None:
            await socket.close(code=1001, message=b"Spokenly is stopping")
            return
        try:
            await viewer.over(sentence)
        except OutletGone:
            return
        await socket.close(code=NO_ROOM, message=b"The call is over")

    async def tick() -> None:
        try:
            await viewer.tick()
        except OutletGone:
            return

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show(), name="viewer")
        ticking = tasks.create_task(tick(), name="tick")
        # The page says nothing here; reading answers its pings and sees it go.
        async for _ in socket:
            pass
        publisher.close()
        ticking.cancel()
