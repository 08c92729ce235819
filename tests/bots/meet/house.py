"""A room on loopback with the scripted engine, and a page that speaks its protocol."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bots.meet.doors import Rooms
from bots.meet.elsewhere import Elsewhere
from bots.meet.guard import guard, strict_headers
from bots.meet.records import Records
from bots.meet.shown import Ear
from bots.meet.web import MeetingRoom
from core.audio.frame import RATE, WIDTH
from core.bridge import Bridge
from core.engines.pool import Pool
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.recaps.quotes import Quotes
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from tests.fakes.engine import ScriptedEngine

STEP = 640


class Visitor:
    """What somebody with a browser can do at a running Spokenly."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client = client
        self.url = url

    async def open(self, **wanted: str | bool) -> dict[str, str]:
        """A new room: `room`, `owner` and what it keeps."""
        async with self.client.post(f"{self.url}/api/rooms", json=wanted) as answer:
            assert answer.status == 201, await answer.text()
            return dict(await answer.json())

    async def room(self, **wanted: str | bool) -> str:
        return (await self.open(**wanted))["room"]

    async def get(self, path: str, token: str | None = None) -> Any:
        """What is there, as JSON."""
        status, words = await self.ask("GET", path, token)
        assert status == 200, words
        return words

    async def ask(
        self, method: str, path: str, token: str | None = None, words: object = None
    ) -> tuple[int, Any]:
        """Any request: the status, and the answer's JSON."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.client.request(method, f"{self.url}{path}", headers=headers, json=words) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    async def join(self, room: str, name: str, **more: str) -> dict[str, str]:
        url = f"{self.url}/api/rooms/{room}/people"
        async with self.client.post(url, json={"name": name, **more}) as answer:
            assert answer.status == 201, await answer.text()
            return dict(await answer.json())

    @asynccontextmanager
    async def reader(self, room: str, after: int = 0, *, of: str = "rooms") -> AsyncIterator["Reader"]:
        url = f"{self.url}/api/{of}/{room}/captions?after={after}"
        async with self.client.ws_connect(url) as socket, asyncio.TaskGroup() as tasks:
            reader = Reader(socket)
            following = tasks.create_task(reader.follow())
            yield reader
            following.cancel()

    @asynccontextmanager
    async def microphone(
        self, room: str, token: str, share: str = "s", clock: float | None = None
    ) -> AsyncIterator["Microphone"]:
        # A line that a test has cut can't even be closed any more.
        with suppress(aiohttp.ClientConnectionResetError):
            async with self.client.ws_connect(f"{self.url}/api/rooms/{room}/audio") as socket:
                hello = {"type": "hello", "token": token, "source": "microphone", "share": share}
                await socket.send_json(hello if clock is None else hello | {"clock": clock})
                microphone = Microphone(socket, await socket.receive_json())
                async with asyncio.TaskGroup() as tasks:
                    following = tasks.create_task(microphone.follow())
                    yield microphone
                    following.cancel()


class Listening:
    """Takes every message of a socket as it comes, as a page does; tests wait for what they want to see."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.over = False
        self.messages: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    async def follow(self) -> None:
        with suppress(aiohttp.ClientConnectionResetError):
            async for message in self.socket:
                news = json.loads(message.data)
                self.messages.append(news)
                self.take(news)
                self._news.set()
        self.over = True
        self._news.set()

    def take(self, news: dict[str, Any]) -> None: ...

    async def until(self, seen: Callable[[Self], object]) -> Self:
        """Waits until `seen(self)`; fails when the socket closes first."""
        while not seen(self):
            assert not self.over, "the socket closed first"
            self._news.clear()
            await self._news.wait()
        return self

    async def closed(self) -> int | None:
        """Waits for the end; the close code."""
        while not self.over:
            self._news.clear()
            await self._news.wait()
        return self.socket.close_code


class Reader(Listening):
    """Reads a room the way the page does."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(socket)
        self.entries: list[dict[str, Any]] = []
        self.partials: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self.room: dict[str, Any] = {}
        self.ticks = 0
        self.why = ""

    def take(self, news: dict[str, Any]) -> None:
        if news["type"] == "tick":
            self.ticks += 1
            return
        if news["type"] == "over":
            self.why = news["text"]
            return
        if self.entries:
            assert news["first"] == len(self.entries)
        self.entries += news["entries"]
        self.partials, self.notices = news["partials"], [notice["text"] for notice in news["notices"]]
        self.room = news.get("room", self.room)

    @property
    def text(self) -> str:
        shown = sorted((e for e in self.entries if e["kind"] == "caption"), key=lambda e: e["start"])
        return " ".join(e["text"] for e in shown)


class Microphone(Listening):
    """Speaks into a room the way the page does; `answer` is what its hello was answered with."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, answer: dict[str, Any]) -> None:
        super().__init__(socket)
        self.answer = answer

    async def send(self, pcm: bytes, first: int = 0, *, pace: float = STEP / RATE) -> int:
        """Sends `pcm` as frames from number `first` on, in real time. Returns the next number."""
        size = STEP * WIDTH
        for n in range(0, len(pcm), size):
            await self.frame(first, pcm[n : n + size])
            first += 1
            await asyncio.sleep(pace)
        return first

    async def frame(self, number: int, pcm: bytes, at: float | None = None) -> None:
        moment = number * STEP / RATE if at is None else at
        await self.socket.send_bytes(struct.pack("<Id", number, moment) + pcm)

    async def say(self, kind: str) -> None:
        await self.socket.send_json({"type": kind})

    def cut(self) -> None:
        """The network is gone, without a goodbye."""
        connection = self.socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()


class House(Visitor):
    """A room's server in this process, with everything behind it."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        engine: ScriptedEngine,
        chosen: Settings,
        metrics: Metrics,
        secretary: Secretary | None,
        bridge: Bridge,
    ) -> None:
        super().__init__(client, "")
        self.engine = engine
        self.metrics = metrics
        self.switchboard = Switchboard(
            Pool(engine), calls=chosen.rooms, drain=chosen.drain, metrics=self.metrics
        )
        self.bridge = bridge
        self.rooms = Rooms(
            self.switchboard,
            chosen,
            self.metrics,
            secretary=secretary,
            engine=engine.name,
            over=self.bridge.ended,
        )
        self.elsewhere = Elsewhere(self.rooms, self.bridge, chosen, self.metrics)
        self.records = None if secretary is None else Records(secretary, self.rooms, chosen)
        self.meet = MeetingRoom(
            self.rooms,
            chosen,
            self.metrics,
            ear=Ear(engine.name),
            sample=None,
            records=self.records,
        )


@asynccontextmanager
async def house(
    engine: ScriptedEngine | None = None,
    *,
    store: Store | None = None,
    bridge: Bridge | None = None,
    **settings: Any,
) -> AsyncIterator[House]:
    """The room alone (no WHIP), on the loop's own clock; with a store, its records too.

    `bridge`: one that somebody else has opened and leaves.
    """
    chosen = Settings(_env_file=None, **settings)
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(aiohttp.ClientSession())
        secretary = None
        if store is not None:
            secretary = await stack.enter_async_context(
                Secretary(store, Quotes(), days=chosen.retention_days, patience=5.0, metrics=metrics)
            )
        h = House(client, engine or ScriptedEngine(), chosen, metrics, secretary, bridge or Bridge())
        app = web.Application(middlewares=[guard(chosen)], client_max_size=64 * 1024)
        app.on_response_prepare.append(strict_headers)
        app.add_routes([*h.meet.routes(), *h.elsewhere.routes()])
        if h.records is not None:
            app.add_routes(h.records.routes())
        async with TestServer(app) as server:
            h.url = str(server.make_url("")).rstrip("/")
            h.rooms.address = h.bridge.address = h.url
            async with h.bridge if bridge is None else nullcontext(), h.switchboard:
                yield h
            h.meet.close()
