"""The Publisher keeps one place showing what the Board says, at that place's own pace."""

import asyncio
import logging
from typing import Protocol

from core.captions.board import Board
from core.errors import OutletBusy, OutletGone

log = logging.getLogger(__name__)


class Outlet(Protocol):
    """A place where people read: a browser's socket, a thread, a channel."""

    @property
    def pace(self) -> float:
        """Seconds between two shows that the place bears."""

    async def show(self, board: Board) -> None:
        """Bring the place up to date with the newest truth.

        Raises `OutletBusy` (try later) or `OutletGone` (never again). Called by one task only.
        """


FAREWELL = 5.0
"""Seconds that a place which is busy is still tried for after `close`, where nothing else is said."""


class Publisher:
    """Shows the Board when it changed, never more often than the outlet's pace; states in between are
    skipped, so a slow place is never behind by more than one show and nothing queues up.
    """

    def __init__(self, board: Board, outlet: Outlet) -> None:
        self._board = board
        self._outlet = outlet
        self._farewell = FAREWELL
        self._dirty = asyncio.Event()
        self._dirty.set()
        self._hurry = asyncio.Event()
        self._end: float | None = None  # when a place that stays busy is given up

    async def run(self) -> None:
        """Show until `close`, or until the place is gone; the last show after `close` is complete.

        A place that stays busy after `close` is given up in the end. Cancelling is safe between two shows
        and may cut one short.
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
                    if await self._patience(busy.retry_after):
                        continue
                    log.warning("publisher.given_up")
                    return
                if closing:
                    return
                await self._rest()
        except OutletGone:
            return
        finally:
            unwatch()

    async def _patience(self, seconds: float) -> bool:
        """Leave the place alone for so long. False when it was closed and there is no time left."""
        loop = asyncio.get_running_loop()
        if not self._hurry.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._hurry.wait()
            except TimeoutError:
                return True
        self._end = self._end or loop.time() + self._farewell
        left = self._end - loop.time()
        await asyncio.sleep(max(0.0, min(seconds, left)))
        return left > 0

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._outlet.pace):
                await self._hurry.wait()
        except TimeoutError:
            return

    def close(self, farewell: float = FAREWELL, last: Board | None = None) -> None:
        """The board is complete: show it once more and end. A busy place is tried for `farewell` seconds.

        `last`: what is shown then, where the board itself goes on.
        """
        self._farewell = farewell
        self._board = last or self._board
        self._hurry.set()
        self._dirty.set()
