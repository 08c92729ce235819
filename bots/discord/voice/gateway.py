"""One websocket to a voice gateway: frames, heartbeats, and what its end means."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Self

import aiohttp

from bots.discord.voice import messages, reading
from bots.discord.voice.closing import After, Ended, after
from bots.discord.voice.messages import Message

log = logging.getLogger(__name__)

Connect = Callable[[str], Awaitable[aiohttp.ClientWebSocketResponse]]
"""Opens a websocket: discord.py's own, so that its connector and proxy hold for voice as well."""

_OPEN = 10.0
_CLOSE = 1.0
_BEAT = 5.0
"""Seconds between heartbeats at most: the sooner a dead connection is noticed, the less is missed."""

_UNANSWERED = 2

_KEEP = 4000
"""Closed with this code, a session can be resumed; closed with 1000, it is over."""


class Over(Exception):
    """This connection is over; `ended` says what follows."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.after.value)
        self.ended = ended


class Gateway:
    """An open websocket. `sequence`: the number of the newest message of this session, -1 for none."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, sequence: int) -> None:
        self.sequence = sequence
        self.unreadable = 0
        """Frames that were no messages."""
        self._websocket = websocket
        self._unanswered = 0

    @classmethod
    async def open(cls, connect: Connect, endpoint: str, sequence: int = -1) -> Self:
        """`endpoint` as Discord gave it, port and all. Raises `Over`."""
        try:
            async with asyncio.timeout(_OPEN):
                return cls(await connect(f"wss://{endpoint}/?v=8"), sequence)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Over(Ended(After.UNREACHABLE)) from error

    async def send(self, frame: str | bytes) -> None:
        """Raises `Over`."""
        try:
            # The voice gateway reads JSON in text frames alone.
            if isinstance(frame, str):
                await self._websocket.send_str(frame)
            else:
                await self._websocket.send_bytes(frame)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Over(self._ended()) from error

    async def receive(self) -> Message | None:
        """The next message; None for one that is not understood. Raises `Over`."""
        frame = await self._websocket.receive()
        if frame.type is aiohttp.WSMsgType.TEXT:
            envelope = reading.read(frame.data)
        elif frame.type is aiohttp.WSMsgType.BINARY:
            envelope = reading.read_binary(frame.data)
        else:
            raise Over(self._ended(frame.data if frame.type is aiohttp.WSMsgType.CLOSE else None))
        if envelope is None:
            self.unreadable += 1
            return None
        if envelope.sequence is not None:
            self.sequence = envelope.sequence
        if isinstance(envelope.message, messages.Acknowledged):
            self._unanswered = 0
        return envelope.message

    async def beat(self, interval: float) -> None:
        """Send heartbeats for ever. Raises `Over` when they are not answered any more."""
        loop = asyncio.get_running_loop()
        while True:
            if self._unanswered >= _UNANSWERED:
                raise Over(Ended(After.RESUME))
            self._unanswered += 1
            await self.send(messages.heartbeat(int(loop.time() * 1000), self.sequence))
            await asyncio.sleep(min(interval, _BEAT))

    async def close(self, *, keep: bool) -> None:
        """`keep`: the session is to be resumed."""
        try:
            async with asyncio.timeout(_CLOSE):
                await self._websocket.close(code=_KEEP if keep else 1000)
        except (aiohttp.ClientError, OSError, TimeoutError):
            log.debug("voice.close.unanswered")

    def _ended(self, code: object = None) -> Ended:
        known = code if isinstance(code, int) and code else self._websocket.close_code
        known = known or 1006
        return Ended(after(known), known)
