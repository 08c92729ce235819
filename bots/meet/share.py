"""One person's share over the page's WebSocket, and the connections that it outlives."""

import asyncio
import json
from typing import Any

from aiohttp import WSCloseCode, web

from bots.meet.line import RoomVoice
from bots.meet.person import Person
from bots.meet.rooms import Room
from bots.meet.sequence import Sequence
from core.limits import Allowance

GARBAGE, BAD_TOKEN, TOO_MUCH, NO_ROOM, FULL, ELSEWHERE = 4000, 4001, 4003, 4004, 4008, 4009
"""Close codes (docs/room-protocol.md)."""


class Refusal(Exception):
    """The page can't go on; `code` closes the socket and the sentence says why."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class Connection:
    """One WebSocket of a page, which another one may replace at any moment."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self._dismissed = asyncio.Event()
        self._reason: Refusal | None = None

    def dismiss(self, reason: Refusal | None) -> None:
        """This connection is no longer wanted; without a reason, because Spokenly stops.

        Its own task says so to the page: a dead line must hold up nobody else.
        """
        self._reason = reason
        self._dismissed.set()

    async def step_aside(self) -> None:
        """Wait to be dismissed, and go."""
        await self._dismissed.wait()
        if self._reason is not None:
            await refuse(self.socket, self._reason)
        else:
            await self.socket.close(code=WSCloseCode.GOING_AWAY)


class Share:
    """One person's share: it outlives a broken connection by `patience` seconds."""

    def __init__(self, name: str, room: Room, person: Person, voice: RoomVoice) -> None:
        self.name = name
        self.room = room
        self.person = person
        self.voice = voice
        self.sequence = Sequence()
        self.acknowledged = 0
        self.connection: Connection | None = None
        self.expiry: asyncio.TimerHandle | None = None
        # The page keeps 60 s; it may send them at once, and its clock may run a little fast.
        self.audio = Allowance(rate=1.1, burst=90.0)
        self.messages = Allowance(rate=110.0, burst=9_000.0)


async def say(socket: web.WebSocketResponse, words: dict[str, Any]) -> None:
    await socket.send_str(json.dumps(words))


async def acknowledge(socket: web.WebSocketResponse, share: Share) -> None:
    share.acknowledged = share.sequence.next
    await say(socket, {"type": "ack", "next": share.sequence.next})


async def refuse(socket: web.WebSocketResponse, refusal: Refusal) -> None:
    try:
        await say(socket, {"type": "refused", "error": str(refusal)})
        await socket.close(code=refusal.code)
    except ConnectionError:
        return
