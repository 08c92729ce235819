"""Unmodified discord.py against the fake Discord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
from discord import app_commands

from tests.fakes.discord import FakeDiscord


class Bot(discord.Client):
    """A small bot with two commands."""

    def __init__(self, fake: FakeDiscord) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.voice_states = intents.guild_messages = True
        super().__init__(intents=intents, connector=fake.connector())
        self.tree = app_commands.CommandTree(self)


@asynccontextmanager
async def running(bot: Bot, fake: FakeDiscord) -> AsyncIterator[Bot]:
    async with asyncio.TaskGroup() as group:
        group.create_task(bot.start(fake.token))
        await bot.wait_until_ready() if False else await _ready(bot)
        try:
            yield bot
        finally:
            await bot.close()


async def _ready(bot: Bot) -> None:
    while not bot.is_ready():
        await asyncio.sleep(0.01)


async def test_a_bot_logs_in_answers_a_command_and_posts() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild("Home")
        chat, ann = guild.text("general"), guild.member("Ann", locale="de")
        bot = Bot(fake)

        @bot.tree.command()
        async def hello(interaction: discord.Interaction, name: str) -> None:
            """Says hello."""
            await interaction.response.defer(ephemeral=True)
            assert isinstance(interaction.channel, discord.TextChannel)
            message = await interaction.channel.send(f"hello {name}")
            await message.edit(content=f"hello, {name}!")
            await interaction.followup.send(f"done, {interaction.locale}")

        async with running(bot, fake):
            await bot.tree.sync()
            assert [one.name for one in bot.guilds] == ["Home"]
            answer = await ann.command("hello", {"name": "world"}, channel=chat)
            assert answer.text == "done, de"
            assert answer.ephemeral
            assert answer.late is not None
            assert answer.late < 3
            assert [one.content for one in chat.posted] == ["hello, world!"]
            assert [one.content for one in chat.posted[0].versions] == ["hello world", "hello, world!"]
