"""Running an unmodified discord.py client against the fake, for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import discord
from tests.fakes.discord.server import FakeDiscord

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
