"""The bot: its connection to Discord, its commands, and the calls that it captions."""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
import discord
from discord import app_commands

from bots.discord.book import Book
from bots.discord.buttons import controls
from bots.discord.calls import Calls
from bots.discord.chat import ChatPlace
from bots.discord.client import Client, connected
from bots.discord.commands import add_commands
from bots.discord.governor import Governor
from bots.discord.house import TROUBLE, CallPages, House
from bots.discord.invite import NOT_TAKEN
from bots.discord.joining import join
from bots.discord.outlet import ChatPages
from bots.discord.watching import Watch
from bots.discord.wish import Chat
from bots.discord.words import Translations
from core.backoff import backoff
from core.bridge import Bridge
from core.errors import RecordAway, UserError
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.files.recording import Dictation
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard

log = logging.getLogger(__name__)

INTENTS = discord.Intents(guilds=True, voice_states=True)
"""What the bot is told of: servers and who is in their voice channels. Neither is a privileged intent."""

LOOK = 60.0
"""Seconds between two looks whether another Spokenly with the same database still lives."""

STABLE = 300.0
"""Seconds after which a bot's earlier troubles are forgotten."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the bot is made of. `connector`: how it reaches Discord, where that is not the usual way."""

    settings: Settings
    store: Store
    secretary: Secretary | None
    switchboard: Switchboard
    metrics: Metrics
    dictation: Dictation
    engine: str
    hears: Callable[[str], bool]
    bridge: Bridge
    connector: Callable[[], aiohttp.BaseConnector] | None = None


class DiscordBot:
    """One bot. `run` it as a task."""

    def __init__(self, parts: Parts, book: Book) -> None:
        self._parts = parts
        self._book = book
        self._opened = asyncio.Event()
        self._closing = asyncio.Event()
        self.calls: Calls | None = None
        """None until Discord could be reached."""

    def open(self) -> None:
        """Calls can be taken: from now on it is there for people."""
        self._opened.set()

    def drain(self) -> None:
        """Spokenly stops: the pages of all calls say so. Their last words still come in."""
        if self.calls is not None:
            self.calls.drain()

    def close(self) -> None:
        """Leave all voice channels and Discord; `run` ends then."""
        self._closing.set()
        self._opened.set()

    async def log_in(self) -> tuple[Client, Governor] | None:
        """A client that Discord knows; None when Discord can't be reached now. Raises `UserError`."""
        assert self._parts.settings.discord_token is not None
        governor = Governor()
        client = Client(
            intents=INTENTS,
            connector=self._parts.connector() if self._parts.connector else None,
            http_trace=governor.trace,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        known = False
        try:
            await client.login(self._parts.settings.discord_token.get_secret_value())
            known = True
        except discord.LoginFailure as error:
            raise UserError(NOT_TAKEN) from error
        except TROUBLE:
            log.warning("discord.away")
            return None
        finally:
            if not known:
                await client.close()
        return client, governor

    async def run(self, known: tuple[Client, Governor] | None) -> None:
        """Be there from `open` to `close`, whatever Discord does meanwhile. `known`: what `log_in` gave."""
        try:
            await self._opened.wait()
        finally:
            if known is not None and (self._closing.is_set() or not self._opened.is_set()):
                await known[0].close()
        loop = asyncio.get_running_loop()
        waits, began = backoff(1.0, 60.0), loop.time()
        while not self._closing.is_set():
            try:
                known = known or await self.log_in()
                if known is not None:
                    client, governor = known
                    known, began = None, loop.time()
                    await self._live(client, governor)
            except UserError:
                log.error("discord.token_refused")  # noqa: TRY400 - it is no bug, so its place tells nothing
                return
            except Exception:
                # A bulkhead: the browser's rooms go on without Discord.
                log.exception("discord.bot_bug")
            if loop.time() - began > STABLE:
                waits = backoff(1.0, 60.0)
            with suppress(TimeoutError):
                async with asyncio.timeout(next(waits)):
                    await self._closing.wait()

    async def _live(self, client: Client, governor: Governor) -> None:
        """One client, from its first event to its last. Raises `UserError` when its token was taken back."""
        async with asyncio.TaskGroup() as tasks:
            try:
                async with Calls(self._house(client, governor), self._book) as calls:
                    client.calls = self.calls = calls
                    tree = app_commands.CommandTree(client)
                    add_commands(tree, calls, self._parts.dictation)
                    watch = Watch(calls)
                    _listen(client, watch)
                    calls.spawn(self._register(tree))
                    gateway = tasks.create_task(connected(client), name="discord gateway")
                    closing = tasks.create_task(self._closing.wait(), name="discord closing")
                    looking = tasks.create_task(self._look_for_left(client, watch), name="discord left")
                    await asyncio.wait([gateway, closing], return_when=asyncio.FIRST_COMPLETED)
                    closing.cancel()
                    looking.cancel()
            finally:
                self.calls = None
                await client.close()
        if (failure := gateway.result()) is not None:
            raise failure

    async def _look_for_left(self, client: Client, watch: Watch) -> None:
        """Take up what another Spokenly with the same database ran, once it is dead."""
        while True:
            await asyncio.sleep(LOOK)
            await self._book.write_again()
            with suppress(RecordAway):
                for number in await self._book.look_for_left():
                    if (guild := client.get_guild(number)) is not None:
                        watch.available(guild)

    def _house(self, client: Client, governor: Governor) -> House:
        parts = self._parts

        def post(chat: Chat, first: int) -> CallPages:
            view = controls(chat.guild.id, chat.guild.preferred_locale)
            return ChatPages(ChatPlace(chat, governor, view), first=first, inside=True)

        def visit(chat: Chat, heading: str, first: int) -> CallPages:
            return ChatPages(ChatPlace(chat, governor), heading=heading, first=first)

        return House(
            client=client,
            switchboard=parts.switchboard,
            secretary=parts.secretary,
            settings=parts.settings,
            metrics=parts.metrics,
            engine=parts.engine,
            hears=parts.hears,
            join=join,
            post=post,
            visit=visit,
            bridge=parts.bridge,
            store=parts.store,
        )

    async def _register(self, tree: app_commands.CommandTree[Client]) -> None:
        """Tell Discord of the commands, unless it knows these already."""
        await tree.set_translator(Translations())
        number = self._parts.settings.discord_guild
        guild = None if number is None else discord.Object(number)
        if guild is not None:
            tree.copy_global_to(guild=guild)
        try:
            told = await _fingerprint(tree, guild)
            space = f"discord application:{tree.client.application_id}:{number or 'everywhere'}"
            if (await self._parts.store.preferences(space)).get("commands") == told:
                return
            await tree.sync(guild=guild)
            await self._parts.store.prefer(space, "commands", told)
        except discord.Forbidden:
            log.error("discord.commands_not_allowed_in_guild")  # noqa: TRY400 - no bug: a wrong id was set
        except app_commands.CommandSyncFailure:
            log.exception("discord.commands_refused")
        except (*TROUBLE, RecordAway):
            log.warning("discord.commands_not_registered")


async def _fingerprint(tree: app_commands.CommandTree[Client], guild: discord.Object | None) -> str:
    """Of everything that Discord is told of the commands, in all languages."""
    assert tree.translator is not None
    told = [
        await command.get_translated_payload(tree, tree.translator)
        for command in tree.get_commands(guild=guild)
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _listen(client: Client, watch: Watch) -> None:
    """Have `watch` told of what happens."""

    async def on_guild_available(guild: discord.Guild) -> None:
        watch.available(guild)

    async def on_guild_join(guild: discord.Guild) -> None:
        watch.available(guild)

    async def on_guild_remove(guild: discord.Guild) -> None:
        watch.removed(guild)

    async def on_voice_state_update(
        member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        watch.voice_state(member, before, after)

    async def on_guild_channel_update(_: object, channel: discord.abc.GuildChannel) -> None:
        watch.permissions(channel.guild)

    async def on_guild_role_update(_: object, role: discord.Role) -> None:
        watch.permissions(role.guild)

    async def on_resumed() -> None:
        for guild in client.guilds:
            watch.look_for_strays(guild)

    for event in (
        on_guild_available,
        on_guild_join,
        on_guild_remove,
        on_guild_channel_update,
        on_guild_role_update,
        on_voice_state_update,
        on_resumed,
    ):
        client.event(event)


@asynccontextmanager
async def discord_bot(parts: Parts) -> AsyncIterator[DiscordBot]:
    """The bot, from its log-in to its good-bye. Leaving it, its calls stay marked for the next start.

    Raises `UserError` when Discord does not take the token, and `RecordAway`. An outage of Discord is
    waited out beside.
    """
    book = Book(parts.store)
    await book.read()
    bot = DiscordBot(parts, book)
    known = await bot.log_in()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.run(known), name="discord")
        try:
            yield bot
        finally:
            bot.close()
