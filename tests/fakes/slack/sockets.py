"""Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode), and the same by HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.fakes.slack.state import Json

if TYPE_CHECKING:
    from tests.fakes.slack.server import FakeSlack


class Unacknowledged(Exception):
    """The app did not acknowledge in time: the person sees that it did not respond."""


class Sockets:
    """The app's connections, and the deliveries over them.

    With `http` set (the app's address for requests), everything goes there instead, signed.
    """

    def __init__(self, slack: FakeSlack) -> None:
        self._slack = slack
        self.http: str | None = None
        self.acks: list[float] = []
        """Seconds until each acknowledgement."""
        self.opened = 0
        """Connections so far."""
        self.deaf = False
        """Connections are refused."""
        self.off = False
        """Socket Mode is switched off: Slack warns of it, lets the app connect, and sends nothing."""
        self._sockets: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._turn = 0
        self._client: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        self._client = aiohttp.ClientSession()

    async def close(self) -> None:
        for socket in list(self._sockets):
            await socket.close()
        if self._client is not None:
            await self._client.close()

    @property
    def connected(self) -> int:
        return len(self._sockets)

    def ticket(self, token: str) -> Json:
        """What apps.connections.open answers."""
        if token != self._slack.app_token:
            return {"ok": False, "error": "invalid_auth"}
        if self.deaf:
            return {"ok": False, "error": "internal_error"}
        if len(self._sockets) >= self._slack.limits.sockets:
            return {"ok": False, "error": "too_many_websockets"}
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        url = f"{self._slack.url.replace('http', 'ws', 1)}/link?ticket={ticket}"
        warned = {"response_metadata": {"messages": ["[WARN] Socket Mode is not turned on."]}}
        return {"ok": True, "url": url, **(warned if self.off else {})}

    async def accept(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        self.opened += 1
        self._slack.changed()
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self._sockets),
                    "connection_info": {"app_id": self._slack.app_id},
                    "debug_info": {"host": "applink-1", "approximate_connection_time": 18_060},
                }
            )
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    said = json.loads(message.data)
                    waiting = self._waiting.get(said.get("envelope_id", ""))
                    if waiting is not None and not waiting.done():
                        waiting.set_result(said)
        finally:
            if socket in self._sockets:
                self._sockets.remove(socket)
            self._slack.changed()
        return socket

    def cut(self, number: int = 0) -> None:
        """Tear a connection's line, without a goodbye."""
        socket = self._sockets.pop(number)
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.abort()

    async def refresh(self, number: int = 0) -> None:
        """End a connection as Slack does every few hours: with a word, then for good."""
        socket = self._sockets.pop(number)
        await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
        await socket.close()

    async def deliver(self, kind: str, payload: Json, **more: Any) -> Json:
        """Give the app something; returns the payload of its acknowledgement.

        `kind`: slash_commands, interactive or events_api. Raises `Unacknowledged` after three seconds.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._slack.limits.ack):
                if self.http is not None:
                    answer = await self._post(kind, payload, more)
                else:
                    answer = await self._send(kind, payload, more)
        except TimeoutError:
            raise Unacknowledged from None
        self.acks.append(loop.time() - began)
        return answer

    async def _send(self, kind: str, payload: Json, more: Json) -> Json:
        await self._slack.until(lambda: self._sockets and not self.off)
        envelope = secrets.token_hex(12)
        self._turn += 1
        socket = self._sockets[self._turn % len(self._sockets)]
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = waiting
        try:
            await socket.send_json(
                {
                    "envelope_id": envelope,
                    "type": kind,
                    "payload": payload,
                    "accepts_response_payload": kind != "events_api",
                    **more,
                }
            )
            acknowledged = await waiting
        finally:
            del self._waiting[envelope]
        return acknowledged.get("payload") or {}

    async def _post(self, kind: str, payload: Json, more: Json) -> Json:
        assert self._client is not None
        assert self.http is not None
        if kind == "slash_commands":
            body, content = urlencode(payload), "application/x-www-form-urlencoded"
        elif kind == "interactive":
            body, content = urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        else:
            body, content = json.dumps(payload), "application/json"
        headers = {"Content-Type": content, **self.signed(body)}
        if more.get("retry_attempt"):
            headers["X-Slack-Retry-Num"] = str(more["retry_attempt"])
            headers["X-Slack-Retry-Reason"] = str(more["retry_reason"])
        async with self._client.post(self.http, data=body, headers=headers) as response:
            text = await response.text()
            if response.status != 200:
                raise Unacknowledged(f"{response.status}: {text}")
            return json.loads(text) if text.startswith("{") else {"text": text} if text else {}

    def signed(self, body: str, at: int | None = None) -> dict[str, str]:
        """The headers that prove a request to be Slack's; `at`: its time, seconds since 1970."""
        stamp = str(int(datetime.now(UTC).timestamp()) if at is None else at)
        base = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self._slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def event(self, team: str, event: Json) -> None:
        """Tell the app of an event; again when it does not acknowledge, as Slack does."""
        bot = self._slack.world.teams[team].bot
        payload = {
            "token": "legacy",
            "team_id": team,
            "api_app_id": self._slack.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._slack.world.id("Ev"),
            "event_time": 1_790_000_000,
            "authorizations": [{"team_id": team, "enterprise_id": None, "is_bot": True, "user_id": bot}],
        }
        for attempt in range(4):
            more = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            try:
                await self.deliver("events_api", payload, **more)
            except Unacknowledged:
                continue
            if self._slack.faults.twice:
                await self.deliver("events_api", payload, retry_attempt=attempt + 1, retry_reason="timeout")
            return
