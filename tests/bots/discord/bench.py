"""A whole bot in the fake Discord, with people who speak: only the engine and the store are stand-ins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiohttp

from bots.discord.bot import DiscordBot, Parts, discord_bot
from bots.discord.call import DiscordCall
from bots.discord.calls import Calls
from core.bridge import Bridge
from core.engines.pool import Pool
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.files.recording import Dictation, ears
from core.record.recaps.quotes import Quotes
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from tests.fakes.discord import Channel, FakeDiscord, Guild, Member, Message
from tests.fakes.memory import MemoryStore
from tests.fakes.pitch import PitchEngine


@dataclass
class Scene:
    """A server with a lounge and a place to write; what is kept outlives the bot."""

    fake: FakeDiscord
    guild: Guild
    lounge: Channel
    chat: Channel
    store: MemoryStore = field(default_factory=MemoryStore)
    engine: PitchEngine = field(default_factory=PitchEngine)
    keep: str = "captions"
    drain: float = 3.0
    bot: DiscordBot | None = None
    bridge: Bridge = field(default_factory=Bridge)

    @property
    def calls(self) -> Calls:
        assert self.bot is not None
        assert self.bot.calls is not None
        return self.bot.calls

    @property
    def call(self) -> DiscordCall:
        """The one that runs."""
        call = self.calls.of(self.guild.id)
        assert call is not None, "no call runs"
        return call

    async def until(self, true: Callable[[], bool], patience: float = 60.0) -> None:
        """Wait until it is true, in the fake's world or in the bot's."""
        try:
            async with asyncio.timeout(patience):
                while not true():  # noqa: ASYNC110 - not everything rings the fake's bell
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(self.everything()) from None

    def everything(self) -> str:
        """All that can be read in the server."""
        channels = [*self.guild.channels, *(one for chat in self.guild.channels for one in chat.threads)]
        return "\n".join(f"#{one.name}: {message.content}" for one in channels for message in one.posted)

    @property
    def thread(self) -> Channel:
        """The newest thread for captions."""
        return self.chat.threads[-1]

    def pages(self, place: Channel) -> list[Message]:
        """The bot's messages there that are captions or were."""
        return [one for one in place.posted if one.author_id == self.fake.bot_id]

    def text(self, place: Channel) -> str:
        """All that the bot's messages in a place say now."""
        return "\n".join(message.content for message in self.pages(place))

    async def start(self, asker: Member, **options: str | bool) -> DiscordCall:
        """`/captions start`, in the chat."""
        answer = await asker.command("captions start", options, channel=self.chat)
        await answer.settle()
        await self.until(lambda: self.calls.of(self.guild.id) is not None)
        return self.call

    @asynccontextmanager
    async def running(self, *, token: str | None = None) -> AsyncIterator[DiscordBot]:
        """The bot runs."""
        settings = Settings(
            keep=self.keep,
            drain=self.drain,
            discord_token=token or self.fake.token,
        )
        metrics, pool = Metrics(), Pool(self.engine)
        store = cast(Store, self.store)
        switchboard = Switchboard(pool, calls=10, drain=self.drain, metrics=metrics)
        secretary = Secretary(store, Quotes(), days=30, patience=self.drain, metrics=metrics)

        def connector() -> aiohttp.BaseConnector:
            return self.fake.connector()

        self.bridge = Bridge()
        parts = Parts(
            settings=settings,
            store=store,
            secretary=None if self.keep == "never" else secretary,
            switchboard=switchboard,
            metrics=metrics,
            dictation=Dictation(lambda: ears(pool)),
            engine=self.engine.name,
            hears=pool.hears,
            bridge=self.bridge,
            connector=connector,
        )
        async with secretary, discord_bot(parts) as bot, self.bridge, switchboard:
            self.bot = bot
            bot.open()
            await self.until(lambda: bot.calls is not None and bot.calls.house.client.is_ready())
            yield bot
            bot.drain()
        self.bot = None


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with FakeDiscord() as fake:
        guild = fake.guild("Home")
        yield Scene(fake, guild, guild.voice("Lounge"), guild.text("general"))
