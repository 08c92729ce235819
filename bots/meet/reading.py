"""One reader's socket, from its first board to its last."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from bots.meet.outlet import Viewer
from bots.meet.share import NO_ROOM
from core.captions.publisher import Publisher
from core.errors import OutletGone


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
