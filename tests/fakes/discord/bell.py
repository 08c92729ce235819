"""Waiting for the world to change, with the loop's clock."""

import asyncio
from collections.abc import Callable


class Bell:
    """Rings whenever a request was carried out or an event was told."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        for event in self._waiting:
            event.set()

    async def until(self, true: Callable[[], bool], limit: float) -> bool:
        """Waits until it's true, at most so many seconds; whether it became true."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(limit):
                while not true():
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return true()
        finally:
            self._waiting.discard(event)
        return True
