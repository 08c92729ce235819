"""What a live stream says: in order, late when told to, and nothing at all while it is stalled."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.deepgram.ear import Said, Told
from tests.fakes.deepgram.faults import Breaking
from tests.fakes.deepgram.ledger import Visit
from tests.fakes.deepgram.messages import Message


@dataclass(frozen=True, slots=True)
class Closing:
    """The close frame, and the end."""

    code: int
    reason: str


Saying = str | bytes | Breaking | Closing
"""A fault among the messages strikes when its turn comes."""


class Mouth:
    """The sending side of one socket."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        visit: Visit,
        *,
        lag: float,
        strike: Callable[[Breaking], None],
        settled: Callable[[int], None],
    ) -> None:
        self._socket = socket
        self._visit = visit
        self._strike = strike
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, Saying, Told | None]] = deque()
        self._news = asyncio.Event()
        self._finals = 0
        self._dead = False
        self.delay = lag
        """Seconds between a message and its sending, for those to come."""
        self.voice = asyncio.Event()
        """Nothing is said while it is not set."""
        self.voice.set()
        self.closing = False
        """The close frame has had its turn."""
        self.closed = asyncio.Event()
        """The client has answered it, or had time to."""

    def say(self, what: Saying, told: Told | None = None) -> None:
        self._waiting.append((self._loop.time() + self.delay, what, told))
        self._news.set()

    def message(self, message: Message, told: Told | None = None) -> None:
        self.say(json.dumps(message), told)

    def shut(self) -> None:
        """The connection is gone: nothing is said any more."""
        self._dead = True
        self._news.set()
        self.voice.set()

    async def speak(self) -> None:
        """Say everything in its turn, until the close frame or the end of the connection."""
        while not self._dead:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
                continue
            due, what, told = self._waiting[0]
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            await self.voice.wait()
            self._waiting.popleft()
            try:
                if self._dead or await self._give(what, told):
                    return
            except ConnectionError:
                return  # the client is gone, which the reading side sees too

    async def ping(self, every: float) -> None:
        while not self._dead:
            await asyncio.sleep(every)
            await self.voice.wait()
            if self._dead or self._socket.closed:
                return
            try:
                await self._socket.ping()
            except ConnectionError:
                return
            self._visit.sent["ping"] += 1

    async def _give(self, what: Saying, told: Told | None) -> bool:
        """Says whether that was the last thing to be said."""
        match what:
            case str():
                await self._socket.send_str(what)
                self._count(what, told)
            case bytes():
                await self._socket.send_bytes(what)
                self._visit.sent["binary"] += 1
            case Closing(code, reason):
                self.closing = True
                self._visit.ended = f"server {code}"
                await self._socket.close(code=code, message=reason.encode())
                self.closed.set()
                return True
            case _:
                self._strike(what)
        return False

    def _count(self, text: str, told: Told | None) -> None:
        sent = self._visit.sent
        if isinstance(told, Said):
            sent["Results"] += 1
            sent["final" if told.final else "interim"] += 1
            if told.final:
                self._finals += 1
                self._visit.told += [word.number for word in told.words]
                self._settled(self._finals)
            return
        try:
            sent[json.loads(text)["type"]] += 1
        except ValueError:
            sent["broken"] += 1
