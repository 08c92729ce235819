"""REST as Discord speaks it: tokens, limits and their headers, faults, uploads, and files to download."""

import asyncio
import io
import json
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from simcord.backend.errors import BackendError
from simcord.http import router
from simcord.http import routes as _routes  # noqa: F401 - importing it registers simcord's routes

from tests.fakes.discord import routes, rules
from tests.fakes.discord.backend import State
from tests.fakes.discord.bell import Bell
from tests.fakes.discord.faults import Banned, Fault, Hang, Http, Late, Plans, Reset, Slow
from tests.fakes.discord.limits import Buckets, Limits, seconds
from tests.fakes.discord.rules import Refused, Request

FEW = 100
"""Requests that are remembered where little is kept."""
VIA = {"Via": "1.1 google", "Server": "cloudflare"}
SENTENCES = {401: "401: Unauthorized", 404: "404: Not Found", 405: "405: Method Not Allowed"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a request, as simcord's routes read it."""

    filename: str
    fp: io.BytesIO
    description: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, for tests to look at. `body` is its JSON."""

    at: float
    method: str
    path: str
    body: Any
    status: int
    token: str | None


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """Discord's JSON: exactly `application/json`, without a charset."""
    text = json.dumps(body).encode()
    return web.Response(
        status=status, body=text, headers={"Content-Type": "application/json", **VIA, **(headers or {})}
    )


class Desk:
    """Every REST request arrives here."""

    def __init__(self, state: State, limits: Limits, tokens: set[str], bell: Bell) -> None:
        self._state = state
        self._limits = limits
        self._tokens = tokens
        self._bell = bell
        self.faults = Plans()
        self.buckets = Buckets(limits)
        self.latency = 0.0
        """Seconds that each request is on the way, there and back."""
        self.asked: deque[Asked] = deque(maxlen=100_000)
        """The last requests, in order."""
        self.busy = 0
        """How many requests are being served."""
        self.served = 0
        """How many requests there were."""
        self.invalid = 0
        """Answers of 401, 403 and 429: 10,000 in 10 minutes, and Discord bans the address."""
        self.over = asyncio.Event()
        """The fake closes: nobody hangs any longer."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        self.busy += 1
        try:
            return await self._serve(request)
        finally:
            self.busy -= 1
            self._bell.ring()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        fault = self.faults.strike(request.method, path)
        if isinstance(fault, Slow):
            await self._pause(fault.seconds)
            fault = None
        if isinstance(fault, Hang):
            await self.over.wait()
        if isinstance(fault, Hang) or fault == Reset():
            return self._reset(request)
        if self.latency:
            await self._pause(self.latency / 2)
        response, body = await self._answer(request, path, fault)
        if response.status in (401, 403, 429) and response.headers.get("X-RateLimit-Scope") != "shared":
            self.invalid += 1
        self.asked.append(
            Asked(
                asyncio.get_running_loop().time(),
                request.method,
                path,
                body,
                response.status,
                request.headers.get("Authorization"),
            )
        )
        if not self._state.keeps and len(self.asked) > FEW:
            self.asked.popleft()
        self.served += 1
        self._bell.ring()
        late = self.latency / 2 + (fault.seconds if isinstance(fault, Late) else 0)
        if late:
            await self._pause(late)
        return self._reset(request) if isinstance(fault, Reset) else response

    async def _pause(self, length: float) -> None:
        try:
            async with asyncio.timeout(length):
                await self.over.wait()
        except TimeoutError:
            return

    def _reset(self, request: web.Request) -> web.Response:
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.abort()
        return web.Response()

    async def _answer(self, request: web.Request, path: str, fault: Fault | None) -> tuple[web.Response, Any]:
        if isinstance(fault, Banned):
            headers = {"Retry-After": str(math.ceil(fault.seconds)), "Server": "cloudflare"}
            return web.Response(status=429, text="error code: 1015", headers=headers), None
        if not self._let_in(request, path):
            return answer(401, {"message": SENTENCES[401], "code": 0}), None
        now = asyncio.get_running_loop().time()
        verdict = self.buckets.ask(request.method, path, now)
        headers = self._dated(verdict.headers)
        if verdict.wait is not None:
            return self._too_many(verdict.wait, headers, everything=verdict.everything), None
        if isinstance(fault, Http):
            return self._refusal(fault, headers), None
        return await self._done(request, path, headers)

    async def _done(
        self, request: web.Request, path: str, headers: Mapping[str, str]
    ) -> tuple[web.Response, Any]:
        """Carries the request out; its answer, and its body."""
        body: Any = None
        try:
            body, files = await self._read(request)
            result = self._carry_out(request, path, body, files)
        except Refused as error:
            return answer(error.status, error.body, {**headers, **error.headers}), body
        except BackendError as error:
            if isinstance(error, router.RouteNotImplemented | router.UnsupportedField):
                raise
            return answer(error.status, error.to_json(), headers), body
        if result is None:
            return web.Response(status=204, headers={**VIA, **headers}), body
        return answer(200, result, headers), body

    def _dated(self, headers: Mapping[str, str]) -> dict[str, str]:
        """With the wall time at which the limit is over."""
        after = headers.get("X-RateLimit-Reset-After")
        if after is None:
            return dict(headers)
        return {**headers, "X-RateLimit-Reset": f"{self._state.time.now().timestamp() + float(after):.3f}"}

    def _let_in(self, request: web.Request, path: str) -> bool:
        """Interactions and webhooks carry their token in the path."""
        if path.startswith("/interactions/") or (path.startswith("/webhooks/") and path.count("/") > 2):
            return True
        return request.headers.get("Authorization", "").removeprefix("Bot ") in self._tokens

    def _carry_out(self, request: web.Request, path: str, body: Any, files: list[Upload]) -> Any:
        state = self._state
        rules.check(request.method, Request(state, self._limits, self.buckets, path, body, len(files)))
        again = routes.said_before(state, self._limits, request.method, path, body)
        if again is not None:
            return again
        own = routes.find(request.method, path)
        if own is not None:
            return own(state, self._limits, body)
        result = router.dispatch(
            state,
            request.method,
            path,
            json=body,
            params=dict(request.query),
            files=files,
            reason=request.headers.get("X-Audit-Log-Reason"),
        )
        routes.remember(state, self._limits, request.method, path, body, result)
        return result

    async def _read(self, request: web.Request) -> tuple[Any, list[Upload]]:
        if (request.content_length or 0) > self._limits.request:
            raise Refused(413, 40005, "Request entity too large")
        if not request.content_type.startswith("multipart/"):
            text = await request.read()
            if len(text) > self._limits.request:
                raise Refused(413, 40005, "Request entity too large")
            try:
                return (json.loads(text) if text else None), []
            except ValueError:
                raise Refused(400, 50109, "The request body contains invalid JSON.") from None
        return await self._read_parts(await request.multipart())

    async def _read_parts(self, parts: MultipartReader) -> tuple[Any, list[Upload]]:
        body: Any = None
        files: dict[int, tuple[str, bytes]] = {}
        size = 0
        async for part in parts:
            assert isinstance(part, BodyPartReader)
            data = bytes(await part.read(decode=False))
            size += len(data)
            if part.name == "payload_json":
                body = json.loads(data)
            elif part.name is not None and part.name.startswith("files["):
                files[int(part.name[6:-1])] = (part.filename or "unknown", data)
                if len(data) > self._limits.file:
                    raise Refused(413, 40005, "Request entity too large")
        if size > self._limits.request:
            raise Refused(413, 40005, "Request entity too large")
        told = body.get("data", body) if isinstance(body, dict) else {}
        described = {str(one.get("id")): one.get("description") for one in told.get("attachments") or ()}
        return body, [
            Upload(name, io.BytesIO(data), described.get(str(number)))
            for number, (name, data) in sorted(files.items())
        ]

    # Refusals

    def _too_many(self, wait: float, headers: Mapping[str, str], *, everything: bool = False) -> web.Response:
        shared = headers.get("X-RateLimit-Scope") == "shared"
        who = "The resource is" if shared else "You are"
        body = {
            "message": f"{who} being rate limited.",
            "retry_after": float(seconds(wait)),
            "global": everything,
        }
        return answer(429, body, {**headers, "Retry-After": str(math.ceil(wait))})

    def _refusal(self, fault: Http, headers: Mapping[str, str]) -> web.Response:
        if fault.status == 429:
            scope = {"X-RateLimit-Scope": "shared"}
            if fault.everything:
                scope = {"X-RateLimit-Scope": "global", "X-RateLimit-Global": "true"}
            wait = 1.0 if fault.retry_after is None else fault.retry_after
            return self._too_many(wait, {**headers, **scope}, everything=fault.everything)
        if fault.status >= 500 and fault.sentence is None:
            # What Cloudflare says when nobody is behind it: no JSON.
            return web.Response(status=fault.status, text="upstream connect error", headers=VIA)
        sentence = fault.sentence or SENTENCES.get(fault.status, "Error")
        return answer(fault.status, {"message": sentence, "code": fault.code}, headers)

    # Files

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A file of the CDN. `Reset(after=True)` breaks off in the middle."""
        fault = self.faults.strike(request.method, request.path)
        if isinstance(fault, Slow):
            await self._pause(fault.seconds)
        if isinstance(fault, Hang):
            await self.over.wait()
        if isinstance(fault, Hang) or fault == Reset():
            return self._reset(request)
        if isinstance(fault, Http):
            return web.Response(status=fault.status)
        data = self._state.cdn.get(request.raw_path.partition("?")[0])
        if data is None:
            return web.Response(status=404, text="This content is no longer available.")
        if isinstance(fault, Reset):
            half = web.StreamResponse(headers={"Content-Length": str(len(data))})
            await half.prepare(request)
            await half.write(data[: len(data) // 2])
            return self._reset(request)
        return web.Response(body=data)
