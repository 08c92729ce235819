"""Deepgram's own servers, on loopback: live and pre-recorded listening, reading, grants and projects."""

import asyncio
import json
import ssl
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.deepgram import faults, file, messages, query
from tests.fakes.deepgram.faults import Http, Refusing, Script
from tests.fakes.deepgram.ledger import Ledger, Visit
from tests.fakes.deepgram.live import Live, Manner, reset
from tests.fakes.deepgram.query import Asked, Rejected

KEY = "0123456789abcdef0123456789abcdef01234567"
"""The key that is let in unless others are given."""

SECRETS = frozenset({"authorization", "cookie", "sec-websocket-protocol"})


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may do."""

    member: bool = True
    """May list projects and grant tokens; without it a key may only listen and read."""
    models: frozenset[str] | None = None
    """The models it may use; None: all."""
    credit: bool = True


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
        self.keys = dict(keys)
        self.files = dict(files)
        """What lies at the URLs that POST /v1/listen may be given."""
        self.ledger = Ledger()
        self.url = ""
        """http://127.0.0.1:port"""
        self._grants: dict[str, tuple[float, str]] = {}
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

    def strike(self, fault: faults.Breaking) -> None:
        """The fault befalls every open stream now, whatever its own moment."""
        for live in list(self._lives.values()):
            live.strike(fault)

    # Doors

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/listen", self._counted(self._live)),
            web.post("/v1/listen", self._rest(self._file)),
            web.post("/v1/read", self._rest(self._read)),
            web.post("/v1/auth/grant", self._rest(self._grant)),
            web.get("/v1/auth/token", self._rest(self._token)),
            web.get("/v1/projects", self._rest(self._projects)),
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
        reset(request.transport)
        return web.Response()

    def _key(self, request: web.Request, *, grants: bool = True) -> Key:
        """Whose request it is. Raises `Rejected`."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not value:
            scheme, _, value = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
        value = value.strip()
        if scheme.lower() == "bearer" and grants:
            expires, value = self._grants.get(value, (0.0, ""))
            if asyncio.get_running_loop().time() >= expires:
                raise Rejected(401)
        elif scheme.lower() != "token":
            raise Rejected(401)
        if value not in self.keys:
            raise Rejected(401)
        return self.keys[value]

    def _let_in(self, request: web.Request, *, live: bool) -> Asked:
        """Raises `Rejected`."""
        key = self._key(request)
        given = {name: request.query.getall(name) for name in request.query}
        asked = query.read(given, live=live, keyterms=self.manner.keyterms)
        if key.models is not None and asked.model not in key.models:
            raise Rejected(403)
        if not key.credit:
            raise Rejected(402)
        if live and self.ledger.open >= self.limit:
            raise Rejected(429)
        return asked

    # Live

    async def _live(self, request: web.Request) -> web.StreamResponse:
        ledger, request_id = self.ledger, self._request_id()
        ledger.asked += 1
        script = self._away or (self.script.popleft() if self.script else None)
        if isinstance(script, Refusing):
            answer = await self._refuse(script, request, request_id)
            if answer is not None:
                refused = script.status if isinstance(script, Http) else type(script).__name__
                ledger.refused[str(refused)] += 1
                return answer
            script = None
        try:
            asked = self._let_in(request, live=True)
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

    async def cut_all(self) -> None:
        """The end: nobody waits for anything any more."""
        self._over.set()
        for live in list(self._lives.values()):
            live.cut("Reset")
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
                refused = await self._refuse(fault, request, request_id)
                if refused is not None:
                    kind = fault.status if isinstance(fault, Http) else type(fault).__name__
                    self.ledger.requests[f"{door} {kind}"] += 1
                    return refused
            try:
                body = await answer(request, request_id)
            except Rejected as error:
                self.ledger.requests[f"{door} {error.status}"] += 1
                return self._refusal(error, request_id)
            self.ledger.requests[f"{door} 200"] += 1
            return web.json_response(body, headers={"dg-request-id": request_id})

        return self._counted(handle)

    async def _file(self, request: web.Request, request_id: str) -> dict[str, Any]:
        asked = self._let_in(request, live=False)
        body = await request.read()
        if request.content_type == "application/json":
            url = _json(body).get("url")
            if url not in self.files:
                sentence = "The remote server hosting the media returned a client error: 404 Not Found"
                raise Rejected(400, "REMOTE_CONTENT_ERROR", sentence)
            body = self.files[url]
        self.ledger.bodies.append(len(body))
        now = asyncio.get_running_loop().time()
        seconds, answer = file.transcript(
            body, asked, request_id=request_id, now=now, style=self.manner.style
        )
        self.ledger.posted += seconds
        return answer

    async def _read(self, request: web.Request, request_id: str) -> dict[str, Any]:
        key = self._key(request)
        if not key.credit:
            raise Rejected(402)
        if not request.query.get("language", "").startswith("en"):
            raise Rejected(400, "Bad Request", "Bad Request: language is required and must be English.")
        text = _json(await request.read()).get("text")
        if not isinstance(text, str) or not text:
            raise Rejected(400, "Bad Request", "Bad Request: the text is empty.")
        on = frozenset(name for name, value in request.query.items() if value == "true")
        return file.analysis(text, request_id=request_id, now=asyncio.get_running_loop().time(), on=on)

    async def _grant(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._key(request, grants=False)
        if not key.member:
            raise Rejected(403, "FORBIDDEN", "Insufficient permissions.")
        body = await request.read()
        lasts = (_json(body) if body else {}).get("ttl_seconds") or 30
        if not 0 < lasts <= 3600:
            raise Rejected(400, "Bad Request", "Bad Request: ttl_seconds must be between 1 and 3600.")
        value = request.headers["Authorization"].partition(" ")[2].strip()
        token = f"jwt.{len(self._grants)}.{uuid.uuid5(uuid.NAMESPACE_OID, str(len(self._grants))).hex}"
        self._grants[token] = (asyncio.get_running_loop().time() + lasts, value)
        return {"access_token": token, "expires_in": float(lasts)}

    async def _token(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._key(request, grants=False)
        scopes = ["member"] if key.member else ["usage:write"]
        return {"api_key_id": "6f1d2c3b-0000-4000-8000-000000000001", "comment": "fake", "scopes": scopes}

    async def _projects(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._key(request, grants=False)
        if not key.member:
            sentence = "User does not have the required scope to view projects."
            raise Rejected(403, "INSUFFICIENT_PERMISSIONS", sentence)
        return {"projects": [{"project_id": "7f2e3d4c-0000-4000-8000-000000000002", "name": "Captions"}]}


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(400, "INVALID_JSON", "Invalid JSON submitted.")
    return found


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
