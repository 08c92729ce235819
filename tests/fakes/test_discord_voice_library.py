"""Unmodified discord.py joins the same encrypted call: its own voice connection speaks and is sent all."""

import asyncio
from collections.abc import Callable

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.voice import LibDave
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import SILENCE
from tests.recordings import tone

HALF = tone(0.5, 48_000).tobytes()

# It reads UDP and plays in threads of its own.
pytestmark = pytest.mark.real_time


class Packets(discord.AudioSource):
    """Opus packets to be played."""

    def __init__(self, packets: tuple[bytes, ...]) -> None:
        self._left = list(packets)

    def read(self) -> bytes:
        return self._left.pop(0) if self._left else b""

    def is_opus(self) -> bool:
        return True


async def until(true: Callable[[], bool], what: str) -> None:
    """Waits for a thread; long enough for the slowest machine."""
    try:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110 - nothing of a thread can be waited for
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise AssertionError(f"it never happened: {what}") from error


async def test_discord_py_joins_is_heard_and_gets_everything() -> None:
    async with FakeDiscord() as fake, asyncio.TaskGroup() as tasks:
        guild = fake.guild()
        lounge, ann, ben = guild.voice("Lounge"), guild.member("Ann"), guild.member("Ben")
        ben.person.library = LibDave
        await ann.join(lounge)
        await ben.join(lounge)
        intents = discord.Intents(guilds=True, voice_states=True)
        client = discord.Client(intents=intents, connector=fake.connector())
        await client.login(fake.token)
        tasks.create_task(client.connect())
        await client.wait_until_ready()
        channel = client.get_channel(lounge.id)
        assert isinstance(channel, discord.VoiceChannel)
        call: discord.VoiceClient = await channel.connect(timeout=20)
        encryption = fake.voice.room(lounge.id).encryption
        await until(lambda: encryption.settled, "it is in the group")
        assert encryption.epoch == 2

        sent: list[bytes] = []
        call._connection.add_socket_listener(sent.append)
        await ann.say(HALF)
        session = call._connection.dave_session
        await until(lambda: len(sent) >= 30, "it is sent what Ann says")
        assert session is not None
        assert session.ready
        call.play(Packets(frames(HALF)))
        said = [*frames(HALF), *[SILENCE] * 5]
        await until(lambda: len(ben.person.heard[fake.bot_id]) == 30, "Ben hears it")
        assert list(ben.person.heard[fake.bot_id]) == list(ann.person.heard[fake.bot_id]) == said

        await ann.leave()
        await until(lambda: encryption.epoch == 3 and encryption.settled, "the group goes on")
        await call.disconnect()
        await client.close()
