"""Deepgram's own servers, on loopback: live and pre-recorded listening, reading, grants and projects."""

import asyncio
import ssl
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.fakes.deepgram import faults, messages, wire
from tests.fakes.deepgram.faults import Http, Refusing, Script
from tests.fakes.deepgram.keys import Key, Keys
from tests.fakes.deepgram.ledger import Ledger, Visit
from tests.fakes.deepgram.live import Live
from tests.fakes.deepgram.manner import Manner
from tests.fakes.deepgram.query import Asked, Rejected
from tests.fakes.deepgram.rest import Desk, let_in

KEY = "0123456789abcdef0123456789abcdef01234567"
"""The key that is let in unless others are given."""

SECRETS = frozenset({"authorization", "cookie", "sec-websocket-protocol"})


class FakeDeepgram:
    """The server, and what tests may ask of it. `deepgram()` opens one."""

    def __init__(
        self,
        script: Iterable[Script],
        *,
        rest: Iterable[Refusing | None],
        manner: Manner,
        limit: int,
        keys: Mapping[str, Key],
        files: Mapping[str, bytes],
    ) -> None:
        self.script: deque[Script] = deque(script)
        """What the next connections get, in turn; then all is well."""
        self.rest: deque[Refusing | None] = deque(rest)
        """The same for requests over REST."""
        self.manner = manner
        self.limit = limit
        """Live streams at once; one more is refused with 429."""
        self.ledger = Ledger()
        self._keys = Keys(keys)
        self._desk = Desk(self._keys, files, manner, self.ledger)
        self.url = ""
        """http://127.0.0.1:port"""
        self._requests = 0
        self._lives: dict[int, Live] = {}
        self._away: Refusing | None = None
        self._over = asyncio.Event()
        self._busy = 0
        self._idle = asyncio.Event()
        self._site: web.BaseSite | None = None
        self._open: Callable[[int], Awaitable[web.TCPSite]]

    @property
    def ws(self) -> str:
        """The same address for WebSockets."""
        return "ws" + self.url.removeprefix("http")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    # Bad days

    def away(self, upgrade: Refusing | None = None, live: faults.Breaking | None = None) -> None:
        """From now on every request gets `upgrade` (503), and every open stream `live` (a reset)."""
        self._away = upgrade or Http(503)
        self.strike(live or faults.Reset())

    async def unplug(self, live: faults.Breaking | None = None) -> None:
        """From now on connections are refused by the operating system; open streams get `live` (a reset)."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        self.strike(live or faults.Reset())

    async def back(self) -> None:
        """All is well again, at the same address."""
        self._away = None
        if self._site is None:
            self._site = await self._open(self.port)

    async def outage(
        self, seconds: float, upgrade: Refusing | None = None, live: faults.Breaking | None = None
    ) -> None:
        """Away for so long, then back."""
        self.away(upgrade, live)
        await asyncio.sleep(seconds)
        await self.back()

    def strike(self, fault: faults.Breaking) -> None:
        """The fault befalls every open stream now, whatever its own moment."""
        for live in list(self._lives.values()):
            live.strike(fault)

    # Doors

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/listen", self._counted(self._live)),
            web.post("/v1/listen", self._rest(self._desk.file)),
            web.post("/v1/read", self._rest(self._desk.read)),
            web.post("/v1/auth/grant", self._rest(self._desk.grant)),
            web.get("/v1/auth/token", self._rest(self._desk.token)),
            web.get("/v1/projects", self._rest(self._desk.projects)),
        ]

    def _counted(
        self, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._busy += 1
            try:
                return await answer(request)
            finally:
                self._busy -= 1
                self._idle.set()

        return handle

    def _request_id(self) -> str:
        self._requests += 1
        return str(uuid.UUID(int=self._requests, version=4))

    def _refusal(self, error: Rejected, request_id: str, retry_after: str | None = None) -> web.Response:
        headers = {"dg-error": error.sentence, "dg-request-id": request_id}
        if retry_after is not None:
            headers["Retry-After"] = retry_after
        body = messages.refusal(error.code, error.sentence, request_id)
        return web.json_response(body, status=error.status, headers=headers)

    async def _refuse(self, fault: Refusing, request: web.Request, request_id: str) -> web.Response | None:
        """The answer of a refusing fault; None when it only took its time."""
        match fault:
            case Http(status, code, sentence, retry_after):
                return self._refusal(Rejected(status, code, sentence), request_id, retry_after)
            case faults.Hang(seconds):
                try:
                    async with asyncio.timeout(seconds):
                        await self._over.wait()
                except TimeoutError:
                    return None
            case faults.Drop():
                pass
        wire.reset(request.transport)
        return web.Response()

    # Live

    async def _live(self, request: web.Request) -> web.StreamResponse:
        ledger, request_id = self.ledger, self._request_id()
        ledger.asked += 1
        script = self._away or (self.script.popleft() if self.script else None)
        if isinstance(script, Refusing):
            ledger.refused.update(_refused(script))
            answer = await self._refuse(script, request, request_id)
            if answer is not None:
                return answer
            script = None
        try:
            asked = let_in(request, self._keys, self.manner, live=True)
            if ledger.open >= self.limit:
                raise Rejected(429)
        except Rejected as error:
            ledger.refused[str(error.status)] += 1
            return self._refusal(error, request_id)
        struck = script if isinstance(script, tuple) else () if script is None else (script,)
        return await self._serve(request, asked, struck, request_id)

    async def _serve(
        self, request: web.Request, asked: Asked, struck: tuple[faults.Breaking, ...], request_id: str
    ) -> web.StreamResponse:
        ledger = self.ledger
        ledger.open += 1
        ledger.most = max(ledger.most, ledger.open)
        visit = Visit(
            number=len(ledger.visits),
            request_id=request_id,
            query={name: request.query.getall(name) for name in request.query},
            headers={name: value for name, value in request.headers.items() if name.lower() not in SECRETS},
            opened=asyncio.get_running_loop().time(),
        )
        ledger.visits.append(visit)
        try:
            answer = web.WebSocketResponse(
                autoping=False, compress=False, max_msg_size=1 << 26, protocols=("token", "bearer")
            )
            answer.headers["dg-request-id"] = request_id
            await answer.prepare(request)
            assert isinstance(request.transport, asyncio.Transport)
            live = Live(
                answer, request.transport, asked=asked, struck=struck, manner=self.manner, visit=visit
            )
            self._lives[visit.number] = live
            await live.run()
            return answer
        finally:
            self._lives.pop(visit.number, None)
            ledger.open -= 1
            visit.ended = visit.ended or "lost"
            visit.closed = asyncio.get_running_loop().time()

    async def cut_all(self) -> None:
        """The end: nobody waits for anything any more."""
        self._over.set()
        for live in list(self._lives.values()):
            live.cut("fake closed", True)
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
        for _ in range(5):
            # The web server forgets its own tasks with their connections: let them end.
            await asyncio.sleep(0)

    # REST

    def _rest(
        self, answer: Callable[[web.Request, str], Awaitable[dict[str, Any]]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            request_id = self._request_id()
            door = f"{request.method} {request.path}"
            fault = self._away or (self.rest.popleft() if self.rest else None)
            if fault is not None:
                self.ledger.requests.update(f"{door} {kind}" for kind in _refused(fault))
                refused = await self._refuse(fault, request, request_id)
                if refused is not None:
                    return refused
            try:
                body = await answer(request, request_id)
            except Rejected as error:
                self.ledger.requests[f"{door} {error.status}"] += 1
                return self._refusal(error, request_id)
            self.ledger.requests[f"{door} 200"] += 1
            return web.json_response(body, headers={"dg-request-id": request_id})

        return self._counted(handle)


def _refused(fault: Refusing) -> list[str]:
    """The name of a refusal; none when it only takes its time."""
    if isinstance(fault, Http):
        return [str(fault.status)]
    return [] if isinstance(fault, faults.Hang) and fault.seconds is not None else [type(fault).__name__]


@asynccontextmanager
async def deepgram(
    script: Iterable[Script] = (),
    *,
    rest: Iterable[Refusing | None] = (),
    manner: Manner | None = None,
    limit: int = 150,
    keys: Mapping[str, Key] | None = None,
    files: Mapping[str, bytes] | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[FakeDeepgram]:
    """A fake Deepgram on a free port of loopback, until the context is left.

    `script` has a fault (or several, or None) for each live connection, in turn; `rest` for each request
    over REST. After that all is well.
    """
    fake = FakeDeepgram(
        script,
        rest=rest,
        manner=manner or Manner(),
        limit=limit,
        keys=keys or {KEY: Key()},
        files=files or {},
    )
    app = web.Application(client_max_size=1 << 28)
    app.add_routes(fake.routes())
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()

    async def open_at(port: int) -> web.TCPSite:
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True, ssl_context=tls)
        await site.start()
        return site

    fake._open = open_at
    fake._site = await open_at(0)
    fake.url = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await fake.cut_all()
        await runner.cleanup()
