"""What arrives on one connection to the gateway, until it ends."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from tests.fakes.discord.limits import Limits
from tests.fakes.discord.session import Line, Session

if TYPE_CHECKING:
    from tests.fakes.discord.gateway import Gateway

HEARTBEAT, IDENTIFY, RESUME, HEARTBEAT_ACK = 1, 2, 6, 11

LATE = 1.1
"""Intervals after which a heartbeat is overdue."""


class Visit:
    """What arrives on one connection."""

    def __init__(self, gateway: Gateway, ws: web.WebSocketResponse, line: Line, limits: Limits) -> None:
        self._limits = limits
        self._said: list[float] = []
        self._gateway = gateway
        self._ws = ws
        self._line = line
        self._session: Session | None = None
        self._patience: asyncio.TimerHandle | None = None

    async def read(self) -> None:
        """Until the connection ends."""
        self._wait_for_beat()
        async for message in self._ws:
            if message.type is WSMsgType.TEXT and self._line.open:
                if len(message.data.encode()) > self._limits.gateway_message:
                    self._line.close(4002)
                elif self._too_many():
                    self._line.close(4008)
                else:
                    self._heard(message.data)

    def _wait_for_beat(self) -> None:
        """Ask for a heartbeat that is overdue, as Discord may. discord.py's come from a thread, which knows
        nothing of a virtual clock; without any, its connection would seem dead to it every minute."""
        if self._patience is not None:
            self._patience.cancel()
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(self._gateway.heartbeat * LATE, self._miss_beat)

    def _miss_beat(self) -> None:
        self._line.send(HEARTBEAT)
        self._wait_for_beat()

    def _too_many(self) -> bool:
        now, window = asyncio.get_running_loop().time(), self._limits.gateway
        self._said = [one for one in self._said if one > now - window.seconds]
        self._said.append(now)
        return len(self._said) > window.count

    def _heard(self, text: str) -> None:
        try:
            message = json.loads(text)
            op, data = message["op"], message.get("d")
        except (ValueError, KeyError, TypeError):
            return self._line.close(4002)
        if op == HEARTBEAT:
            self._gateway.beat()
            self._wait_for_beat()
            return self._line.send(HEARTBEAT_ACK)
        if op in (IDENTIFY, RESUME):
            if self._session is not None:
                return self._line.close(4005)
            begin = self._gateway.identify if op == IDENTIFY else self._gateway.resume
            self._session = begin(self._line, data)
            return None
        if self._session is None:
            return self._line.close(4003)
        return self._gateway.ask(self._session, op, data)

    def end(self) -> None:
        """The connection is over; its session waits to be resumed."""
        if self._patience is not None:
            self._patience.cancel()
        if self._session is not None and self._session.line is self._line:
            self._gateway.lost(self._session, None if self._line.closing else self._ws.close_code)
