"""The fake Discord: one TLS front on loopback for REST, the gateway and files."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from simcord.backend import models

from tests.fakes.discord import tls
from tests.fakes.discord.answers import Answer
from tests.fakes.discord.backend import State
from tests.fakes.discord.bell import Bell
from tests.fakes.discord.calls import Calls
from tests.fakes.discord.clock import paced
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.messages import Message
from tests.fakes.discord.people import Member
from tests.fakes.discord.places import Channel, Guild, Role, permissions
from tests.fakes.discord.rest import Desk
from tests.fakes.discord.rooms import Rooms
from tests.fakes.discord.voice import FakeVoice, voice


class FakeDiscord:
    """Discord for one bot, over real sockets.

        async with FakeDiscord() as discord:
            client = Client(intents=…, connector=discord.connector())
            await client.start(discord.token)

    It follows the loop's clock, virtual or not.
    """

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.bell = Bell()
        self.state = State()
        self.state.bot_user.name = "Spokenly"
        self.token = _token(self.state.bot_user.id)
        """The bot's."""
        self.tokens = {self.token}
        """Who may come in; without one a token was revoked."""
        self.rooms = Rooms(self.state, self.bell)
        self.gateway = Gateway(self.state, self.limits, self.tokens.__contains__, self.rooms, self.bell)
        self.rest = Desk(self.state, self.limits, self.tokens, self.bell)
        self.answers: list[Answer] = []
        """Every interaction there was."""
        self.bugs: list[Exception] = []
        """What went wrong in the fake itself; raised when it closes."""
        self.doors = tls.Doors(0)
        self.calls: Calls
        self._stack = AsyncExitStack()
        self.state.subscribers.append(lambda event, payload: self.bell.ring())

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def _open(self, stack: AsyncExitStack) -> None:
        stack.enter_context(paced())
        app = web.Application(client_max_size=1 << 28, middlewares=[self._loud])
        app.router.add_route("*", "/api/v10{path:/.*}", self.rest.serve)
        app.router.add_get("/", self.gateway.serve)
        app.router.add_get("/attachments/{path:.*}", self.rest.download)
        runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None, keepalive_timeout=1e6
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.authority().server)
        await site.start()
        self.doors.front = runner.addresses[0][1]
        servers = await stack.enter_async_context(voice(doors=self.doors))
        self.calls = self.rooms.server = Calls(self, servers)
        self.rooms.changed = self.calls.hush

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.rest.over.set()
        self.gateway.close()
        await self.bell.until(lambda: not self.rest.busy, 1.0)
        await self._stack.aclose()
        for _ in range(5):
            # Who waited for an answer learns that there is none, and ends.
            await asyncio.sleep(0)
        if error is None and self.bugs:
            raise ExceptionGroup("the bot asked for what the fake lacks, or the fake is wrong", self.bugs)
        if error is not None:
            for bug in self.bugs:
                error.add_note(f"in the fake Discord: {bug!r}")

    @web.middleware
    async def _loud(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """A route that isn't there, or a mistake of the fake's own, must not look like a bad day."""
        try:
            return await handler(request)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - kept, and raised when the fake closes
            self.bugs.append(error)
            return web.Response(status=501)

    @property
    def voice(self) -> FakeVoice:
        """The voice servers, with their own faults."""
        return self.calls.servers

    @property
    def port(self) -> int:
        """Of loopback, where the front is."""
        return self.doors.front

    @property
    def pem(self) -> str:
        """The certificate that a client of another process has to trust."""
        return tls.authority().pem

    def connector(self) -> aiohttp.TCPConnector:
        """For one client: it reaches this fake and nothing else."""
        return tls.connector(self.doors)

    @property
    def bot_id(self) -> int:
        return self.state.bot_user.id

    # The world

    def guild(self, name: str = "Home", *, locale: str = "en-US") -> Guild:
        """A new server with the bot in it. The bot has every permission but "administrator"."""
        return Guild(self, self.state.create_guild(name, preferred_locale=locale))

    def home(self, name: str = "Home") -> Guild:
        """A server that is there already, by its name."""
        found = next(one for one in self.state.guilds.values() if one.name == name)
        return Guild(self, found)

    def invite(
        self,
        guild: Guild,
        name: str,
        names: tuple[str, ...],
        *,
        locale: str,
        nick: str | None,
        roles: tuple[Role, ...],
        bot: bool,
    ) -> Member:
        """Somebody joins a server; `Guild.member` is the short way."""
        user: models.User = self.state.make_user(name, bot=bot)
        self.state.locales[user.id] = locale
        given = [role.id for role in roles]
        if names:
            given.append(self.state.create_role(guild.id, f"{name}'s", permissions=permissions(names)).id)
        self.state.add_member(guild.id, user.id, roles=given, nick=nick, announce=True)
        return Member(self, guild, user.id)

    def message(self, number: int) -> Message:
        """Any message, by its id."""
        return Message(self.state, number)

    def channel(self, number: int) -> Channel:
        """Any channel, by its id."""
        return Channel(self.state, number)

    def commands(self, guild: Guild | None = None) -> dict[str, dict[str, object]]:
        """What the bot registered, with its translations, by name: for everywhere, or for one server."""
        scope = self.state.commands.get(guild.id if guild else None, {})
        return {name: one for (name, _), one in scope.items()}

    # Bad days

    def revoke(self) -> None:
        """The bot's token is no longer good: 401 over REST, and the gateway closes with 4004."""
        self.tokens.discard(self.token)
        self.gateway.drop(4004)


def _token(user: int) -> str:
    """Shaped like a bot's token."""
    first = base64.b64encode(str(user).encode()).decode().rstrip("=")
    return f"{first}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
