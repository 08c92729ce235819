"""The Pool lends an engine's streams to whoever speaks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from core.engines.protocol import Recognition, Transcriber


class Pool:
    """At most `transcriber.streams` streams at once; who comes later waits in turn."""

    def __init__(self, transcriber: Transcriber) -> None:
        self.transcriber = transcriber
        self._free = asyncio.Semaphore(transcriber.streams)
        self.lent = 0
        """Streams that are lent now."""
        self.waiting = 0
        """Speakers who wait for one."""

    @property
    def full(self) -> bool:
        """Whether the next to ask would have to wait."""
        return self._free.locked()

    @asynccontextmanager
    async def lend(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True
    ) -> AsyncIterator[Recognition]:
        """One stream, from its opening to its end. Waits for a free one; cancelling the wait is safe.

        Raises what `Transcriber.recognize` raises.
        """
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        self.lent += 1
        try:
            async with self.transcriber.recognize(language, vocabulary, interim=interim) as recognition:
                yield recognition
        finally:
            self.lent -= 1
            self._free.release()
