"""A channel of the fake Discord with captions in it, for tests of what people read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import get_args

import discord

from bots.discord.chat import ChatPlace
from bots.discord.governor import Governor
from bots.discord.outlet import ChatPages
from bots.discord.wish import Chat
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.errors import OutletBusy
from tests.fakes.discord import Channel, FakeDiscord, Guild, Limits

ANN, BEN = Speaker("u1", "Ann", identity="discord:1"), Speaker("u2", "Ben", identity="discord:2")


@dataclass
class Room:
    """A text channel of the fake, as the world sees it and as the bot does."""

    fake: FakeDiscord
    guild: Guild
    channel: Channel
    chat: Chat
    client: discord.Client
    governor: Governor
    board: Board
    pages: ChatPages

    def say(self, text: str, speaker: Speaker = ANN, *, final: bool = True) -> None:
        self.board.show(Caption(speaker, 0, 1, text, final))

    async def show(self) -> None:
        """Until there is nothing left to write."""
        while True:
            try:
                return await self.pages.show(self.board)
            except OutletBusy as busy:
                await asyncio.sleep(busy.retry_after)

    @property
    def texts(self) -> list[str]:
        return [one.content for one in self.channel.posted]


def controls() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Stop", custom_id="stop"))
    return view


@asynccontextmanager
async def room(kind: str = "text", limits: Limits | None = None) -> AsyncIterator[Room]:
    async with FakeDiscord(limits=limits) as fake:
        guild = fake.guild()
        made = {"text": guild.text, "voice": guild.voice, "stage": guild.stage}[kind]("captions")
        governor = Governor()
        intents = discord.Intents.none()
        intents.guilds = True
        client = discord.Client(
            intents=intents, connector=fake.connector(), http_trace=governor.trace, max_messages=None
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(client.start(fake.token))
            while not client.is_ready():  # noqa: ASYNC110 - discord.py's own wait needs a login first
                await asyncio.sleep(0.01)
            chat = client.get_channel(made.id)
            assert isinstance(chat, get_args(Chat))
            pages = ChatPages(ChatPlace(chat, governor, controls()))
            try:
                yield Room(fake, guild, made, chat, client, governor, Board(), pages)
            finally:
                await client.close()
