"""One gateway session: what a bot is told, in order, also what it missed while its connection was away."""

import asyncio
import copy
import json
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from simcord import intents as rules

import discord
from tests.fakes.discord.backend import State


@dataclass(frozen=True, slots=True)
class Close:
    """The server closes the connection with this code; None: it drops it without a word (1006)."""

    code: int | None


class Line:
    """One connection to the gateway, as the server sees it: what is sent leaves in order."""

    def __init__(self, ws: web.WebSocketResponse, transport: asyncio.Transport, *, packed: bool) -> None:
        self._ws = ws
        self._transport = transport
        self._deflate = zlib.compressobj() if packed else None
        self._waiting: deque[str | Close] = deque()
        self._news = asyncio.Event()
        self.open = True
        self.closing = False
        """The server has something to say before the line ends."""

    def send(self, op: int, data: Any = None, *, event: str | None = None, number: int | None = None) -> None:
        """Queues a message; on a closed line it's lost."""
        if self.open:
            self._waiting.append(json.dumps({"op": op, "d": data, "s": number, "t": event}))
            self._news.set()

    def close(self, code: int | None) -> None:
        """Closes the line once what was sent before has left; None drops it at once."""
        if not self.open:
            return
        self.open, self.closing = False, True
        if code is None:
            self._waiting.clear()
            self._transport.abort()
        self._waiting.append(Close(code))
        self._news.set()

    async def write(self) -> None:
        """Sends until the line is closed, by either side."""
        try:
            await self._write()
        except ConnectionError:
            self.open = False

    async def _write(self) -> None:
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                if isinstance(message, Close):
                    if message.code is not None:
                        await self._ws.close(code=message.code)
                    return
                if self._deflate is None:
                    await self._ws.send_str(message)
                else:
                    packed = self._deflate.compress(message.encode())
                    await self._ws.send_bytes(packed + self._deflate.flush(zlib.Z_SYNC_FLUSH))
            self._news.clear()
            await self._news.wait()


class Session:
    """What READY begins and a resume continues."""

    def __init__(self, state: State, name: str, intents: int, shard: tuple[int, int], missed: int) -> None:
        self._state = state
        self.name = name
        """Discord's session_id."""
        self.intents = discord.Intents._from_value(intents)
        self.shard = shard
        self.line: Line | None = None
        self.timer: asyncio.TimerHandle | None = None
        """Runs while it has no connection: at its end the session is over."""
        self._number = 0
        self._kept: deque[tuple[int, str, dict[str, Any]]] = deque(maxlen=missed)

    def tell(self, event: str, payload: Mapping[str, Any]) -> None:
        """An event, if its intents allow it and it is this shard's; kept while the connection is away."""
        if not self._mine(event, payload):
            return
        gate = rules.required_intent(event, payload)
        if gate is not None and not getattr(self.intents, gate):
            return
        self.send(event, self._shaped(event, payload))

    def send(self, event: str, data: dict[str, Any]) -> None:
        """An event whatever the intents."""
        self._number += 1
        self._kept.append((self._number, event, data))
        if self.line is not None:
            self.line.send(0, data, event=event, number=self._number)

    def missed(self, number: int) -> bool:
        """Sends again what came after this number. False when it isn't all there any more."""
        if number > self._number or (self._kept and number < self._kept[0][0] - 1):
            return False
        assert self.line is not None
        for one, event, data in self._kept:
            if one > number:
                self.line.send(0, data, event=event, number=one)
        return True

    def _mine(self, event: str, payload: Mapping[str, Any]) -> bool:
        guild = payload.get("guild_id")
        if guild is None and event in ("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"):
            guild = payload["id"]
        known = self._state.guilds.get(int(guild or 0))
        if known is not None and self._state.bot_user.id not in known.members:
            return False
        return (0 if guild is None else (int(guild) >> 22) % self.shard[1]) == self.shard[0]

    def _shaped(self, event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Without what the bot has no intent for."""
        data: dict[str, Any] = copy.deepcopy(dict(payload))
        bot = self._state.bot_user.id
        if event == "GUILD_CREATE":
            rules.prune_guild_create(data, self.intents, bot)
            self._add_speakers(data)
        if self.intents.message_content:
            return data
        if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            rules.censor_message(data, bot, backend=self._state)
        return data

    def _add_speakers(self, data: dict[str, Any]) -> None:
        """Discord's GUILD_CREATE brings the members of its voice states along."""
        if not self.intents.voice_states:
            data["voice_states"] = []
            return
        guild = self._state.guilds[int(data["id"])]
        known = {member["user"]["id"] for member in data["members"]}
        for state in data["voice_states"]:
            if state["user_id"] not in known:
                data["members"].append(self._state.member(guild.id, int(state["user_id"])))
