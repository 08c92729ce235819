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
from tests.fakes.discord.voice import FakeVoice, Faults, voice


@dataclass
class Ears:
    """A listener that keeps what it is told."""

    pcm: dict[int, list[tuple[float, bytes]]] = field(default_factory=dict)
    gaps: list[tuple[int, float, float]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    deafness: list[tuple[int, bool]] = field(default_factory=list)
    stood: list[Standing] = field(default_factory=list)
    unwelcome: set[int] = field(default_factory=set)
    asked: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def welcome(self, user: int) -> bool:
        self.asked += 1
        return user not in self.unwelcome

    def hear(self, user: int, pcm: bytes, at: float) -> None:
        self.pcm.setdefault(user, []).append((at, pcm))

    def lost(self, user: int, start: float, end: float) -> None:
        self.gaps.append((user, start, end))

    def left(self, user: int) -> None:
        self.gone.append(user)

    def deaf(self, user: int, deaf: bool) -> None:
        self.deafness.append((user, deaf))
        self.news.set()

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


class _Bridge:
    """The voice servers, as the rest of the fake Discord sees them."""

    def __init__(self, voice: FakeVoice, stages: set[int]) -> None:
        self._voice = voice
        self._stages = stages

    def expect(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> tuple[str, str | None]:
        return self._voice.expect(guild_id, channel_id, user_id, session_id, channel_id in self._stages)

    def gone(self, guild_id: int, user_id: int) -> None:
        self._voice.dismiss(guild_id, user_id)


@dataclass
class Scene:
    """A server with a lounge, a bot that is logged in, and people who can come."""

    discord: FakeDiscord
    voice: FakeVoice
    client: discord.Client
    guild: Guild
    lounge: Channel
    tasks: asyncio.TaskGroup
    stages: set[int]
    ears: Ears = field(default_factory=Ears)

    @property
    def bot(self) -> int:
        return self.discord.bot_id

    def channel(self, channel: Channel | None = None) -> "discord.VoiceChannel | discord.StageChannel":
        found = self.client.get_channel((channel or self.lounge).id)
        assert isinstance(found, discord.VoiceChannel | discord.StageChannel)
        return found

    async def join(self, channel: Channel | None = None, *, timeout: float = 60.0) -> VoiceLine:
        """The bot joins and hears."""
        return await self.channel(channel).connect(
            cls=lambda client, where: VoiceLine(client, where, self.ears, self.tasks),
            timeout=timeout,
            self_mute=True,
        )


@contextlib.asynccontextmanager
async def scene(faults: Faults | None = None) -> AsyncIterator[Scene]:
    async with FakeDiscord() as fake, voice(faults, doors=fake.doors) as servers:
        stages: set[int] = set()
        fake.rooms.server = _Bridge(servers, stages)
        guild = fake.guild()
        lounge = guild.voice("Lounge")

        def announce(guild_id: int, _user: int, token: str, endpoint: str | None) -> None:
            fake.state.emit(
                "VOICE_SERVER_UPDATE", {"guild_id": str(guild_id), "token": token, "endpoint": endpoint}
            )

        servers.announce = announce
        intents = discord.Intents(guilds=True, voice_states=True)
        client = discord.Client(intents=intents, connector=fake.connector())
        async with asyncio.TaskGroup() as tasks:
            await client.login(fake.token)
            tasks.create_task(client.connect())
            await client.wait_until_ready()
            try:
                yield Scene(fake, servers, client, guild, lounge, tasks, stages)
            finally:
                await client.close()
