"""Running an unmodified discord.py client against the fake, for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord
from discord import app_commands
from tests.fakes.discord.server import FakeDiscord


class Bot(discord.Client):
    """A small bot with commands of its own and no privileged intent."""

    def __init__(self, fake: FakeDiscord, **more: Any) -> None:
        intents = discord.Intents(guilds=True, voice_states=True, guild_messages=True)
        super().__init__(intents=intents, connector=fake.connector(), **more)
        self.tree = app_commands.CommandTree(self)


C = TypeVar("C", bound=discord.Client)


@asynccontextmanager
async def running(client: C, fake: FakeDiscord) -> AsyncIterator[C]:
    """Logs in, waits until it is ready, and closes it at the end."""
    async with asyncio.TaskGroup() as group:
        await client.login(fake.token)
        group.create_task(client.connect())
        await client.wait_until_ready()
        try:
            yield client
        finally:
            await client.close()
