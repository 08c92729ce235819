"""A plain client of the fake's live streams, for its own tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.fakes.deepgram.server import KEY, FakeDeepgram
from tests.fakes.engine import numbers

ASKED = {
    "model": "nova-3",
    "language": "multi",
    "encoding": "linear16",
    "sample_rate": "16000",
    "interim_results": "true",
    "endpointing": "300",
}

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}

STEP = 640


class Client:
    """Speaks to a live stream in real time and keeps what it is told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.arrived: list[float] = []
        self.raw: list[str | bytes] = []
        self.pongs = 0

    async def follow(self) -> None:
        """Read until the socket closes."""
        async for message in self.socket:
            self.raw.append(message.data)
            try:
                told = json.loads(message.data)
            except ValueError:
                continue
            self.messages.append(told)
            self.arrived.append(asyncio.get_running_loop().time())

    async def say(self, pcm: bytes, *, speed: float = 1.0) -> None:
        for start in range(0, len(pcm), STEP):
            await self.socket.send_bytes(pcm[start : start + STEP])
            await asyncio.sleep(0.02 / speed)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    @property
    def finals(self) -> list[dict[str, Any]]:
        return [message for message in self.of("Results") if message["is_final"]]

    @property
    def interims(self) -> list[dict[str, Any]]:
        return [message for message in self.of("Results") if not message["is_final"]]

    @property
    def words(self) -> list[int]:
        return [number for final in self.finals for number in numbers(text(final))]


def text(results: dict[str, Any]) -> str:
    return str(results["channel"]["alternatives"][0]["transcript"])


@asynccontextmanager
async def client(
    fake: FakeDeepgram, query: dict[str, str] | str | None = None, key: str = f"Token {KEY}"
) -> AsyncIterator[Client]:
    asked = query if isinstance(query, str) else urlencode(ASKED | (query or {}))
    async with (
        aiohttp.ClientSession(headers={"Authorization": key}) as session,
        session.ws_connect(f"{fake.ws}/v1/listen?{asked}") as socket,
        asyncio.TaskGroup() as tasks,
    ):
        each = Client(socket)
        following = tasks.create_task(each.follow())
        yield each
        async with asyncio.timeout(300):
            await following


async def hear(
    fake: FakeDeepgram, pcm: bytes, query: dict[str, str] | None = None, *, speed: float = 1.0
) -> Client:
    """All that is told about `pcm` until the stream has ended."""
    async with client(fake, query) as each:
        await each.say(pcm, speed=speed)
        await each.socket.send_json({"type": "CloseStream"})
    return each


async def refusal(
    fake: FakeDeepgram, query: dict[str, str] | str | None = None, key: str = f"Token {KEY}"
) -> tuple[int, str, dict[str, Any]]:
    """Status, dg-error and body of a refused upgrade."""
    asked = query if isinstance(query, str) else urlencode(ASKED | (query or {}))
    headers = {"Authorization": key} | UPGRADE
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{fake.url}/v1/listen?{asked}", headers=headers) as answer,
    ):
        body = await answer.json()
        assert answer.headers["dg-request-id"] == body["request_id"]
        assert answer.headers["dg-error"] == body["err_msg"]
        return answer.status, answer.headers.get("Retry-After", ""), body
