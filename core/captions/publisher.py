"""The Publisher keeps one place showing what the Board says, at that place's own pace."""

import asyncio
from typing import Protocol

from core.captions.board import Board
from core.errors import OutletBusy, OutletGone


class Outlet(Protocol):
    """A place where people read: a browser's socket, a thread, a channel."""

    @property
    def pace(self) -> float:
        """Seconds between two shows that the place bears."""

    async def show(self, board: Board) -> None:
        """Bring the place up to date with the newest truth.

        Raises `OutletBusy` (try later) or `OutletGone` (never again). Called by one task only.
        """


class Publisher:
    """Shows the Board when it changed, never more often than the outlet's pace; states in between are
    skipped, so a slow place is never behind by more than one show and nothing queues up.
    """

    def __init__(self, board: Board, outlet: Outlet) -> None:
        self._board = board
        self._outlet = outlet
        self._dirty = asyncio.Event()
        self._dirty.set()
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        """Show until `close`, or until the place is gone; the last show after `close` is complete.

        Cancelling is safe between two shows and may cut one short.
        """
        unwatch = self._board.watch(self._dirty.set)
        try:
            while True:
                await self._dirty.wait()
                self._dirty.clear()
                closing = self._hurry.is_set()
                try:
                    await self._outlet.show(self._board)
                except OutletBusy as busy:
                    self._dirty.set()
                    await asyncio.sleep(busy.retry_after)
                    continue
                if closing:
                    return
                await self._rest()
        except OutletGone:
            return
        finally:
            unwatch()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._outlet.pace):
                await self._hurry.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """The board is complete: show it once more and end."""
        self._hurry.set()
        self._dirty.set()
