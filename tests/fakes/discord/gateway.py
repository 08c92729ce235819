"""The gateway: sessions, their connections, and what a bot says over them."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web
from simcord.backend import serializers

from tests.fakes.discord.backend import State
from tests.fakes.discord.bell import Bell
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.session import Line, Session
from tests.fakes.discord.visit import Visit

VOICE_STATE, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO = 4, 7, 8, 9, 10


class Rooms(Protocol):
    """Where a bot asks to be let into voice."""

    def asked(self, session: Session, wish: Mapping[str, Any]) -> None: ...

    def session_over(self, name: str) -> None: ...


class Gateway:
    """Every gateway session of the bot. Its switches are the gateway's bad days."""

    def __init__(
        self, state: State, limits: Limits, tokens: Callable[[str], bool], rooms: Rooms, bell: Bell
    ) -> None:
        self._state = state
        self._limits = limits
        self._known = tokens
        self._rooms = rooms
        self._bell = bell
        self.sessions: dict[str, Session] = {}
        self.heartbeat = 41.25
        """Seconds between a bot's heartbeats."""
        self.identified = 0
        """How many sessions were begun."""
        self.resumed = 0
        """How many sessions were continued."""
        self.heartbeats = 0
        self.refuse: deque[int] = deque()
        """For the next connections, one each: a close code, or below 1000 an HTTP status instead."""
        self.forget = False
        """A resume is answered with "invalid session"."""
        self.privileged = True
        """Whether the privileged intents are allowed; else identifying with them is closed with 4014."""
        self._closed = False
        self._told: dict[tuple[int, int], float] = {}
        state.subscribers.append(self._tell)

    def beat(self) -> None:
        """A heartbeat has come."""
        self.heartbeats += 1
        self._bell.ring()

    # Bad days

    def drop(self, code: int | None = None) -> None:
        """Every connection ends now: with a close code, or without a word (None)."""
        for session in list(self.sessions.values()):
            if session.line is not None:
                session.line.close(code)

    def reconnect(self) -> None:
        """Asks every bot to reconnect (op 7)."""
        self._all(RECONNECT, None)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tells every bot that its session is over (op 9); `resumable` ones may come back."""
        self._all(INVALID_SESSION, resumable)
        if not resumable:
            for name in list(self.sessions):
                self._end(name)

    def close(self) -> None:
        """The end: nobody comes back."""
        self._closed = True
        self.drop()
        for session in self.sessions.values():
            if session.timer is not None:
                session.timer.cancel()

    def _end(self, name: str) -> None:
        session = self.sessions.pop(name, None)
        if session is None:
            return
        if session.timer is not None:
            session.timer.cancel()
        self._rooms.session_over(name)

    def lost(self, session: Session, code: int | None) -> None:
        """A connection is over. If the bot closed it with 1000 or 1001 so is its session; else it waits."""
        session.line = None
        if code in (1000, 1001):
            self._end(session.name)
        elif session.name in self.sessions and not self._closed:
            loop = asyncio.get_running_loop()
            session.timer = loop.call_later(self._limits.resume, self._end, session.name)

    def _all(self, op: int, data: Any) -> None:
        for session in list(self.sessions.values()):
            if session.line is not None:
                session.line.send(op, data)

    # Events

    def _tell(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in list(self.sessions.values()):
            session.tell(event, payload)

    # Connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, until it ends."""
        refusal = self.refuse.popleft() if self.refuse else None
        if refusal is not None and refusal < 1000:
            return web.Response(status=refusal)
        ws = web.WebSocketResponse(compress=False, max_msg_size=0, autoclose=True)
        await ws.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        line = Line(ws, request.transport, packed=request.query.get("compress") == "zlib-stream")
        if refusal is not None:
            line.close(refusal)
        line.send(HELLO, {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": []})
        visit = Visit(self, ws, line, self._limits)
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(line.write())
            try:
                await visit.read()
            finally:
                visit.end()
                line.open = False
                if not line.closing:
                    writer.cancel()
        return ws

    # What a bot says

    def identify(self, line: Line, data: Mapping[str, Any]) -> Session | None:
        """Begins a session; None when it's refused."""
        if not self._known(data["token"].removeprefix("Bot ")):
            line.close(4004)
            return None
        intents = int(data["intents"])
        if not self.privileged and intents & (1 << 1 | 1 << 8 | 1 << 15):
            line.close(4014)
            return None
        shard = tuple(data.get("shard") or (0, 1))
        now, pace = self._state.time.loop_time(), self._limits.identifies
        if now - self._told.get(shard, -pace.seconds) < pace.seconds:
            line.send(INVALID_SESSION, False)
            return None
        self._told[shard] = now
        self.identified += 1
        session = Session(
            self._state,
            f"{self._state.snowflake():032x}",
            intents,
            (shard[0], shard[1]),
            self._limits.missed,
        )
        self.sessions[session.name] = session
        session.line = line
        self._ready(session)
        return session

    def _ready(self, session: Session) -> None:
        state = self._state
        guilds = [
            one
            for one in state.guilds.values()
            if state.bot_user.id in one.members and (one.id >> 22) % session.shard[1] == session.shard[0]
        ]
        session.send(
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(state.bot_user)),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.name,
                "session_type": "normal",
                "resume_gateway_url": "wss://gateway-us-east1-b.discord.gg",
                "shard": list(session.shard),
                "application": {"id": str(state.application_id), "flags": 0},
                "private_channels": [],
                "relationships": [],
                "user_settings": {},
                "_trace": [],
            },
        )
        for guild in guilds:
            session.tell("GUILD_CREATE", serializers.guild_create_payload(state, guild))

    def resume(self, line: Line, data: Mapping[str, Any]) -> Session | None:
        """Continues a session; None when it can't be."""
        if not self._known(data["token"].removeprefix("Bot ")):
            line.close(4004)
            return None
        session = self.sessions.get(data["session_id"])
        if session is None or self.forget:
            self._end(data["session_id"])
            line.send(INVALID_SESSION, False)
            return None
        if session.line is not None:
            session.line.close(4000)
        session.line = line
        session.timer, timer = None, session.timer
        if timer is not None:
            timer.cancel()
        if not session.missed(int(data["seq"])):
            self._end(session.name)
            line.send(INVALID_SESSION, False)
            return None
        self.resumed += 1
        session.send("RESUMED", {"_trace": []})
        return session

    def ask(self, session: Session, op: int, data: Any) -> None:
        """What only a bot with a session may say."""
        if op == VOICE_STATE:
            self._rooms.asked(session, data)
        elif op == REQUEST_MEMBERS:
            self._members(session, data)

    def _members(self, session: Session, data: Mapping[str, Any]) -> None:
        state = self._state
        guild = state.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        wanted = data.get("user_ids")
        if wanted is not None:
            ids = {int(one) for one in (wanted if isinstance(wanted, list) else [wanted])}
            found, missing = ids & guild.members.keys(), ids - guild.members.keys()
        else:
            query, missing = (data.get("query") or "").lower(), set()
            found = {
                one
                for one, member in guild.members.items()
                if (member.nick or state.users[one].name).lower().startswith(query)
            }
        chosen = sorted(found)[: int(data.get("limit") or 0) or None]
        session.send(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild.id),
                "members": [state.member(guild.id, one) for one in chosen],
                "chunk_index": 0,
                "chunk_count": 1,
                "not_found": [str(one) for one in sorted(missing)],
                "nonce": data.get("nonce"),
            },
        )
