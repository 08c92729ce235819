"""Discord's voice servers, on loopback: the gateway behind TLS, and the UDP that media goes by."""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.fakes.discord.tls import Doors, authority
from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.gateway import Socket, describe
from tests.fakes.discord.voice.line import Line, Ticket
from tests.fakes.discord.voice.person import Person
from tests.fakes.discord.voice.room import Room
from tests.fakes.discord.voice.udp import Udp

Announce = Callable[[int, int, str, str | None], None]
"""VOICE_SERVER_UPDATE for one member: guild, user, token, endpoint. An endpoint of None: wait."""


class FakeVoice:
    """The voice servers of every region, and what tests may ask of them. `voice()` opens one."""

    def __init__(self, faults: Faults, doors: Doors | None, host: str | None) -> None:
        self.faults = faults
        self.counters: Counter[str] = Counter()
        """Identifies and resumes, and how they were refused."""
        self.lines: list[Line] = []
        """Every session that there has been, the newest last."""
        self.people: dict[int, Person] = {}
        self.announce: Announce = lambda _guild, _user, _token, _endpoint: None
        """Whoever runs the main gateway sets this, and hears of changed servers."""
        self.moved: Callable[[Person], None] = lambda _person: None
        """The same for people: one has joined or left, or changed mute or camera (VOICE_STATE_UPDATE)."""
        self.deaf: Callable[[int, int], bool] = lambda _guild, _user: False
        """Whether a user has deafened themselves in a guild: nothing is relayed to them."""
        self.port = 0
        self.doors = doors or Doors(0)
        self.host = host
        """One name for all of the servers ("localhost" for clients of another process)."""
        self._hosts: dict[int, str] = {}
        self._ssrcs = itertools.count(100_001, 7)
        self._regions = itertools.count(101)
        self._ids = itertools.count(900_000_000_000_000_001)
        self._used: set[str] = set()
        self._tickets: dict[tuple[int, int], Ticket] = {}
        self._rooms: dict[int, Room] = {}
        self._sockets: set[Socket] = set()
        self._idle = asyncio.Event()
        self._udp = Udp(faults, self.lines)

    # The seam to the main gateway

    def expect(
        self, guild_id: int, channel_id: int, user_id: int, session_id: str, stage: bool = False
    ) -> tuple[str, str]:
        """Somebody may join: the token and the endpoint for their VOICE_SERVER_UPDATE.

        A session that the user has in another channel of the guild is closed with 4014: they were moved.
        For the same channel the promise is renewed, with the same endpoint.
        """
        old = self._tickets.get((guild_id, user_id))
        if old and old.channel != channel_id:
            self.dismiss(guild_id, user_id)
        token = secrets.token_hex(8)
        host = self._hosts.get(channel_id) or self._new_host(channel_id)
        ticket = Ticket(guild_id, channel_id, user_id, session_id, token, host, stage)
        self._tickets[guild_id, user_id] = ticket
        return token, f"{host}:{self.port}"

    def dismiss(self, guild_id: int, user_id: int, code: int = 4014) -> None:
        """Somebody is no longer in a voice channel (they left, or were kicked): their session is closed."""
        self._tickets.pop((guild_id, user_id), None)
        for line in self.lines_of(user_id):
            if line.ticket.guild == guild_id:
                line.close(code)

    def delete(self, channel_id: int) -> None:
        """The channel is gone: everybody is closed with 4022."""
        for person in self.people_in(channel_id):
            person.vanish()
        for line in self.lines_in(channel_id):
            self._tickets.pop((line.ticket.guild, line.user), None)
            line.close(4022)

    async def change_region(self, channel_id: int, gap: float = 0.5, *, code: int = 4022) -> None:
        """Another server takes the call over: the endpoint is null, and after `gap` seconds the new one.

        Keys, SSRCs and the MLS group are new; everybody joins again.
        """
        room, lines, people = self.room(channel_id), self.lines_in(channel_id), self.people_in(channel_id)
        for line in lines:
            self.announce(line.ticket.guild, line.user, line.ticket.token, None)
        for person in people:
            person.vanish()
        for line in lines:
            line.close(code)
        self._new_host(channel_id)
        await asyncio.sleep(gap)
        for person in people:
            await person.join(channel_id, stage=room.stage)
        for line in lines:
            old = line.ticket
            token, endpoint = self.expect(old.guild, channel_id, old.user, old.session, old.stage)
            self.announce(old.guild, old.user, token, endpoint)

    def rotate_key(self, channel_id: int) -> None:
        """Op 4 again in mid-call: another secret key on the same connection."""
        for line in self.lines_in(channel_id):
            if line.down:
                describe(line, line.down.mode)

    def _new_host(self, channel_id: int) -> str:
        host = self.host or f"c-fra{next(self._regions)}-{secrets.token_hex(3)}.discord.media"
        self._hosts[channel_id] = host
        self.doors.own[host] = self.port
        return host

    # Who is there

    def person(self, name: str, user_id: int | None = None, *, guild: int = 0) -> Person:
        """Somebody who can join calls."""
        person = Person(self, user_id or next(self._ids), name, guild)
        self.people[person.user] = person
        return person

    def room(self, channel_id: int, *, stage: bool = False) -> Room:
        """The call of a channel; it begins with whoever asks first."""
        room = self._rooms.get(channel_id)
        if room is None:
            room = self._rooms[channel_id] = Room(channel_id, self.faults, stage=stage)
        return room

    def new_ssrc(self) -> int:
        """The next SSRC. Audio has this one, video and its RTX the two after it."""
        return next(self._ssrcs)

    def line(self, user_id: int) -> Line:
        """The newest session of a client."""
        return next(line for line in reversed(self.lines) if line.user == user_id)

    def lines_of(self, user_id: int) -> list[Line]:
        return [line for line in self.lines if line.user == user_id and not line.over]

    def lines_in(self, channel_id: int) -> list[Line]:
        return [line for line in self.lines if line.ticket.channel == channel_id and not line.over]

    def people_in(self, channel_id: int) -> list[Person]:
        return [person for person in self.people.values() if person.channel == channel_id]

    # Desk

    @property
    def udp(self) -> tuple[str, int]:
        return self._udp.address

    def identified(self, data: dict[str, Any], host: str) -> Line | int:
        self.counters["identify"] += 1
        if self.faults.refuse_identify:
            return self.faults.refuse_identify
        ticket = self._ticket(data, host)
        if isinstance(ticket, int):
            return ticket
        if not ticket.stage and not data.get("max_dave_protocol_version"):
            return 4017
        if ticket.token in self._used and self.faults.tokens_once:
            return 4006
        self._used.add(ticket.token)
        for old in self.lines_of(ticket.user):
            if old.ticket.guild == ticket.guild:
                old.evicted()
        room = self.room(ticket.channel, stage=ticket.stage)
        line = Line(
            ticket,
            self.new_ssrc(),
            room,
            self._udp.send,
            lambda: self.deaf(ticket.guild, ticket.user),
        )
        self.lines.append(line)
        return line

    def resumed(self, data: dict[str, Any], host: str) -> Line | int:
        self.counters["resume"] += 1
        if self.faults.refuse_resume:
            return self.faults.refuse_resume
        ticket = self._ticket(data, host)
        if isinstance(ticket, int):
            return ticket
        if "seq_ack" not in data:
            return 4020
        lines = [line for line in self.lines_of(ticket.user) if line.ticket == ticket]
        return lines[-1] if lines else 4006

    def _ticket(self, data: Any, host: str) -> Ticket | int:
        try:
            guild, token, session = int(data["server_id"]), data["token"], data["session_id"]
            mine = [ticket for ticket in self._tickets.values() if ticket.token == token]
            if token in self._used and not mine:
                return 4006
            if not mine or mine[0].guild != guild:
                return 4004
            if mine[0].session != session or int(data.get("user_id", mine[0].user)) != mine[0].user:
                return 4006
        except (KeyError, TypeError, ValueError):
            return 4020
        if host != f"{mine[0].host}:{self.port}":
            return 4011
        return mine[0]

    # Doors

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("v") != "8":
            return web.Response(status=400)
        if self.faults.refuse_upgrade:
            self.counters["upgrade refused"] += 1
            return web.Response(status=self.faults.refuse_upgrade)
        socket = Socket(self, request)
        self._sockets.add(socket)
        try:
            return await socket.run()
        finally:
            self._sockets.discard(socket)
            self._idle.set()

    async def _open(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/", self._connected)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority().server)
        await site.start()
        self.port = runner.addresses[0][1]
        await self._udp.open()
        return runner

    async def _close(self, runner: web.AppRunner) -> None:
        for person in self.people.values():
            person.vanish()
        for line in self.lines:
            line.end()
        for room in self._rooms.values():
            room.encryption.close()
        while self._sockets:
            self._idle.clear()
            for socket in self._sockets:
                socket.end(None)
            await self._idle.wait()
        self._udp.close()
        await runner.cleanup()


@asynccontextmanager
async def voice(
    faults: Faults | None = None, *, doors: Doors | None = None, host: str | None = None
) -> AsyncIterator[FakeVoice]:
    """Open the voice servers.

    `doors`: where their names are to be found by clients of this process. `host`: one name for all of them
    ("localhost" for clients of another process).
    """
    fake = FakeVoice(faults or Faults(), doors, host)
    runner = await fake._open()
    try:
        yield fake
    finally:
        await fake._close(runner)
