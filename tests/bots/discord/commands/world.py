"""A bot with all its commands in the fake Discord. Nobody is heard: tests put words on the board."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bots.discord.book import Book
from bots.discord.buttons import controls
from bots.discord.call import DiscordCall
from bots.discord.calls import Calls
from bots.discord.chat import ChatPlace
from bots.discord.commands import add_commands
from bots.discord.governor import Governor
from bots.discord.house import House
from bots.discord.outlet import ChatPages
from bots.discord.voice.listener import Listener
from bots.discord.wish import Chat, Voice
from bots.discord.words import Translations
from core.audio.frame import Speaker
from core.bridge import Bridge
from core.captions.caption import Caption
from core.engines.pool import Pool
from core.errors import RecordAway
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.database.presence import Process
from core.record.database.store import Store
from core.record.files.recording import Dictation, ears
from core.record.recaps.quotes import Quotes
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from tests.fakes.discord import Channel, FakeDiscord, Guild, Member
from tests.fakes.engine import ScriptedEngine


class MemoryShelf:
    """Preferences in memory; each write takes `slow` seconds, and none works while it is `away`."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.slow = 0.0
        self.away = False
        self.process = Process()
        self.living: set[str] = set()
        """Other processes that use it."""

    async def lives_elsewhere(self, process: str) -> bool:
        return process in self.living

    async def shared(self) -> bool:
        return bool(self.living)

    async def replace(self, space: str, key: str, old: object, new: object) -> bool:
        if self.kept.get(space, {}).get(key) != old:
            return False
        await self.prefer(space, key, new)
        return True

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]:
        return {name: dict(kept) for name, kept in self.kept.items() if name.startswith(beginning)}

    async def prefer(self, space: str, key: str, value: object) -> None:
        await asyncio.sleep(self.slow)
        if self.away:
            raise RecordAway("The disk is full.")
        self.kept.setdefault(space, {})[key] = value

    async def call(self, key: str) -> object:
        """Whatever record is asked for is there."""
        return key


class DeafLine:
    """A voice connection on which nobody says anything."""

    def hush(self, user: int) -> None:
        """Nothing waits."""

    async def disconnect(self) -> None:
        """There is nothing to leave."""


class Bot(discord.Client):
    """The client, as the buttons want it."""

    calls: Calls


@dataclass
class World:
    """`general` is for texts, `lounge` for talk. The guild prefers German."""

    fake: FakeDiscord
    guild: Guild
    general: Channel
    lounge: Channel
    bot: Bot
    calls: Calls
    shelf: MemoryShelf
    engine: ScriptedEngine
    tree: app_commands.CommandTree[Any]

    @property
    def call(self) -> DiscordCall:
        found = self.calls.of(self.guild.id)
        assert found is not None, "no call runs"
        return found

    async def ann(self, *permissions: str, locale: str = "en-US", there: bool = True) -> Member:
        """Somebody in the server, in the lounge if they are `there`."""
        return await self.person("Ann", *permissions, locale=locale, there=there)

    async def person(
        self, name: str, *permissions: str, locale: str = "en-US", there: bool = True, nick: str | None = None
    ) -> Member:
        somebody = self.guild.member(name, *permissions, locale=locale, nick=nick)
        if there:
            await self.enter(somebody, self.lounge)
        return somebody

    async def enter(self, somebody: Member, channel: Channel) -> None:
        """They go into a voice channel, and the bot has heard of it."""
        self.fake.rooms.place(self.guild.id, somebody.id, channel.id)
        await self.until(lambda: self._where(somebody) == channel.id)

    async def go(self, somebody: Member) -> None:
        """They leave voice."""
        self.fake.rooms.leave(self.guild.id, somebody.id)
        await self.until(lambda: self._where(somebody) is None)

    def _where(self, somebody: Member) -> int | None:
        guild = self.bot.get_guild(self.guild.id)
        assert guild is not None
        for channel in guild.voice_channels:
            if somebody.id in channel.voice_states:
                return channel.id
        return None

    async def until(self, true: Callable[[], bool], patience: float = 30.0) -> None:
        async with asyncio.timeout(patience):
            while not true():  # noqa: ASYNC110 - what the bot knows rings no bell
                await asyncio.sleep(0.01)

    async def start(self, by: Member, options: Mapping[str, Any] | None = None) -> DiscordCall:
        """Captions run, and their first page is there."""
        answer = await by.command("captions start", options or {"where": "here"}, channel=self.general)
        assert "are on" in answer.text, answer.text
        await self.until(lambda: bool(self.page_of(self.general) or self.general.threads))
        return self.call

    def page_of(self, channel: Channel) -> Any:
        """The open page in a channel."""
        return next((one for one in reversed(channel.posted) if "spokenly:stop" in one.controls), None)

    def say(self, by: Member, words: str, at: float = 0.0, *, name: str | None = None) -> None:
        """Words of theirs are committed."""
        speaker = Speaker(f"u{by.id}", name or by.name, f"discord:{by.id}")
        self.call.board.show(Caption(speaker, at, at + 1, words, True, language="en"))


@asynccontextmanager
async def world(
    *,
    settings: Settings | None = None,
    secretary: Secretary | None = None,
    engine: ScriptedEngine | None = None,
    shelf: MemoryShelf | None = None,
    fake: FakeDiscord | None = None,
    guild: Guild | None = None,
    slow: float = 0.0,
    store: Store | None = None,
) -> AsyncIterator[World]:
    """Everything is up and the commands are registered. With a `fake`: the bot is started (again) in it.

    `slow`: seconds that joining a voice channel takes. `store`: what was kept before nothing was any more.
    """
    settings = settings or Settings()
    engine = engine or ScriptedEngine()
    shelf = shelf or MemoryShelf()
    async with AsyncExitStack() as stack:
        new = fake is None or guild is None  # else the commands are registered already
        if fake is None:
            fake = await stack.enter_async_context(FakeDiscord())
        guild = guild or fake.guild("Home", locale="de")
        rooms = {channel.name: channel for channel in guild.channels}
        general = rooms.get("general") or guild.text("general")
        lounge = rooms.get("Lounge") or guild.voice("Lounge")
        metrics, pool = Metrics(), Pool(engine)
        switchboard = Switchboard(pool, calls=10, drain=1.0, metrics=metrics)
        governor = Governor()
        intents = discord.Intents.none()
        intents.guilds = intents.voice_states = True
        bot = Bot(
            intents=intents,
            connector=fake.connector(),
            http_trace=governor.trace,
            max_messages=None,
            guild_ready_timeout=0.1,
        )

        def post(chat: Chat, first: int) -> ChatPages:
            view = controls(chat.guild.id, chat.guild.preferred_locale)
            return ChatPages(ChatPlace(chat, governor, view), first=first, inside=True)

        def visit(chat: Chat, heading: str, first: int) -> ChatPages:
            return ChatPages(ChatPlace(chat, governor), heading=heading, first=first)

        async def join(
            channel: Voice, listener: Listener, tasks: asyncio.TaskGroup, broken: Callable[[], None]
        ) -> DeafLine:
            await asyncio.sleep(slow)
            return DeafLine()

        bridge = Bridge()
        house = House(
            bot,
            switchboard,
            secretary,
            settings,
            metrics,
            engine.name,
            pool.hears,
            join,
            post,
            visit,
            bridge,
            store,
        )
        book = Book(shelf)
        await book.read()
        bot.calls = Calls(house, book)
        tree = app_commands.CommandTree(bot)
        await tree.set_translator(Translations())
        add_commands(tree, bot.calls, Dictation(lambda: ears(pool)))
        running = await stack.enter_async_context(asyncio.TaskGroup())
        running.create_task(bot.start(fake.token), name="bot")
        stack.push_async_callback(bot.close)
        async with asyncio.timeout(30):
            while not bot.is_ready():  # noqa: ASYNC110 - discord.py's own wait needs a login first
                await asyncio.sleep(0.01)
        if new:
            await tree.sync()
        await stack.enter_async_context(switchboard)
        await stack.enter_async_context(bot.calls)
        await stack.enter_async_context(bridge)
        here = World(fake, guild, general, lounge, bot, bot.calls, shelf, engine, tree)
        yield here
        # Discord has an answer before the bot knows that it has: let it come back.
        await here.until(lambda: not any(map(_answers, asyncio.all_tasks())))


def _answers(task: asyncio.Task[Any]) -> bool:
    """Whether a task of discord.py's answers somebody."""
    return task.get_name().startswith(("CommandTree-invoker", "discord-ui-"))


@asynccontextmanager
async def keeping(folder: Path, days: int = 30) -> AsyncIterator[Secretary]:
    """Somebody who keeps records, in a database of its own. With threads: for tests in real time."""
    async with (
        open_store(Settings(data_dir=folder)) as store,
        Secretary(store, Quotes(), days=days, patience=1.0, metrics=Metrics()) as secretary,
    ):
        yield secretary
