"""The Inbox: what a speaker's track has not yet taken. It never makes the source wait."""

import asyncio
from collections import deque

from core.audio.frame import Frame, Lost


class Inbox:
    """Holds the newest `limit` seconds of one speaker's frames; the oldest go, counted, as one `Lost`.

    `put` never waits. `take` waits for something and returns None when the inbox was closed and is empty;
    cancelling `take` loses nothing.
    """

    def __init__(self, limit: float = 10.0) -> None:
        self._limit = limit
        self._items: deque[Frame | Lost] = deque()
        self._held = 0.0
        self._gone: Lost | None = None
        self._filled = asyncio.Event()
        self._closed = False
        self.dropped = 0.0
        """Seconds of audio that were dropped because nobody took them in time."""

    @property
    def seconds(self) -> float:
        """Seconds of audio that wait."""
        return self._held

    def put(self, item: Frame | Lost) -> None:
        """Take a frame in; frames after `close` are ignored."""
        if self._closed:
            return
        self._items.append(item)
        if isinstance(item, Frame):
            self._held += item.seconds
            while self._held > self._limit and len(self._items) > 1:
                self._drop(self._items.popleft())
        elif len(self._items) > 1 and isinstance(self._items[-2], Lost):
            # A source that only reports losses must not grow the inbox either.
            last = self._items.pop()
            before = self._items.pop()
            assert isinstance(last, Lost)
            assert isinstance(before, Lost)
            self._items.append(Lost(last.speaker, before.start, max(before.end, last.end)))
        self._filled.set()

    def _drop(self, item: Frame | Lost) -> None:
        end = item.end
        if isinstance(item, Frame):
            self._held -= item.seconds
            self.dropped += item.seconds
            start = item.at
        else:
            start = item.start
        self._gone = Lost(item.speaker, min(start, self._gone.start) if self._gone else start, end)

    @property
    def loss(self) -> bool:
        """Whether the oldest item tells of lost audio."""
        return self._gone is not None or (bool(self._items) and isinstance(self._items[0], Lost))

    def pop(self) -> Frame | Lost | None:
        """The oldest item; None when there is none."""
        if self._gone is not None:
            gone, self._gone = self._gone, None
            return gone
        if not self._items:
            return None
        item = self._items.popleft()
        if isinstance(item, Frame):
            self._held = max(0.0, self._held - item.seconds) if self._items else 0.0
        return item

    async def take(self) -> Frame | Lost | None:
        """The oldest item; None when closed and empty."""
        return self.pop() if await self.waiting() else None

    async def waiting(self) -> bool:
        """Wait until there is something to take (True), or it was closed and is empty (False)."""
        while not self._items and self._gone is None:
            if self._closed:
                return False
            self._filled.clear()
            await self._filled.wait()
        return True

    def close(self) -> None:
        """Nothing comes any more; what waits can still be taken."""
        self._closed = True
        self._filled.set()
