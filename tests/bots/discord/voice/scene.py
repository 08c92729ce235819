"""A scene for tests: the fake Discord with its voice servers, unmodified discord.py, and a listener."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import discord

from bots.discord.voice.connection import VoiceLine
from bots.discord.voice.listener import Gone, Standing
from core.audio.frame import RATE, WIDTH
from tests.fakes.discord import Channel, FakeDiscord, Guild
from tests.fakes.discord.voice import FakeVoice, Faults
from tests.fakes.discord.voice.line import Line
from tests.recordings import tone

SPEECH = tone(1.0, 48_000).tobytes()
"""A second of sound."""


@dataclass
class Ears:
    """A listener that keeps what it is told."""

    pcm: dict[int, list[tuple[float, bytes]]] = field(default_factory=dict)
    gaps: list[tuple[int, float, float]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    deafness: list[tuple[int | None, bool]] = field(default_factory=list)
    """Each change."""
    stood: list[Standing] = field(default_factory=list)
    unwelcome: set[int] = field(default_factory=set)
    asked: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def welcome(self, user: int | None, packets: int = 0) -> bool:
        self.asked += 1
        return user not in self.unwelcome

    def hear(self, user: int, pcm: bytes, at: float, late: float = 0.0) -> None:
        self.pcm.setdefault(user, []).append((at, pcm))

    def lost(self, user: int, start: float, end: float) -> None:
        self.gaps.append((user, start, end))

    def left(self, user: int) -> None:
        self.gone.append(user)

    def deaf(self, user: int | None, deaf: bool) -> None:
        if deaf == (user in self.deaf_to):
            return
        self.deafness.append((user, deaf))
        self.news.set()

    @property
    def deaf_to(self) -> set[int | None]:
        """Who is said to be unheard now."""
        return {user for user, deaf in dict(self.deafness).items() if deaf}

    def standing(self, standing: Standing) -> None:
        self.stood.append(standing)
        self.news.set()

    @property
    def now(self) -> Standing | None:
        return self.stood[-1] if self.stood else None

    def seconds(self, user: int) -> float:
        """How much sound of somebody's was heard."""
        return sum(len(pcm) for _, pcm in self.pcm.get(user, [])) / (RATE * WIDTH)

    async def until(self, standing: Standing | type[Gone], patience: float = 120.0) -> None:
        """Wait until it stands like this."""
        async with asyncio.timeout(patience):
            while not (
                self.now == standing or (isinstance(standing, type) and isinstance(self.now, standing))
            ):
                self.news.clear()
                await self.news.wait()


@dataclass
class Scene:
    """A server with a lounge, and a bot that is logged in."""

    fake: FakeDiscord
    client: discord.Client
    guild: Guild
    lounge: Channel
    tasks: asyncio.TaskGroup
    ears: Ears = field(default_factory=Ears)

    @property
    def voice(self) -> FakeVoice:
        return self.fake.voice

    @property
    def faults(self) -> Faults:
        return self.fake.voice.faults

    @property
    def session(self) -> Line:
        """The bot's newest session on the voice server."""
        return self.voice.line(self.fake.bot_id)

    async def channel(self, channel: Channel | None = None) -> discord.VoiceChannel | discord.StageChannel:
        """A channel as the bot knows it."""
        await asyncio.sleep(0.1)
        found = self.client.get_channel((channel or self.lounge).id)
        assert isinstance(found, discord.VoiceChannel | discord.StageChannel)
        return found

    async def join(self, channel: Channel | None = None, *, patience: float = 60.0) -> VoiceLine:
        """The bot joins and hears."""
        line: VoiceLine = await (await self.channel(channel)).connect(
            cls=lambda client, where: VoiceLine(client, where, self.ears, self.tasks),
            timeout=patience,
            self_mute=True,
        )
        return line


@contextlib.asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        lounge = guild.voice("Lounge")
        intents = discord.Intents(guilds=True, voice_states=True)
        client = discord.Client(intents=intents, connector=fake.connector())
        async with asyncio.TaskGroup() as tasks:
            await client.login(fake.token)
            tasks.create_task(client.connect())
            await client.wait_until_ready()
            try:
                yield Scene(fake, client, guild, lounge, tasks)
            finally:
                await client.close()
