"""Where captions go, and who can read them there."""

import asyncio

import discord
import pytest

from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Channel, Member


async def closed(here: World) -> tuple[Channel, Member]:
    """A voice channel for who has its role, and one of them, in it."""
    here.guild.bot("administrator")
    staff, boss = here.guild.voice("Staff"), here.guild.member("Boss")
    staff.deny(here.guild.everybody, "view_channel", "connect")
    staff.allow(boss, "view_channel", "connect")
    await here.enter(boss, staff)
    return staff, boss


async def test_what_is_said_in_a_closed_channel_stays_in_its_own_chat() -> None:
    async with world() as here:
        staff, boss = await closed(here)
        told = await boss.command("captions start", channel=here.general)
        await here.until(lambda: here.page_of(staff) is not None)
        assert f"in <#{staff.id}>" in told.text
        assert not here.general.threads
        assert not here.general.posted


@pytest.mark.parametrize("where", ["here", "thread"])
async def test_whoever_asks_for_a_wider_place_is_told_who_reads_there(where: str) -> None:
    async with world() as here:
        staff, boss = await closed(here)
        told = await boss.command("captions start", {"where": where}, channel=here.general)
        assert f"People who may not enter <#{staff.id}> can read them there." in told.text


async def test_captions_of_an_open_channel_go_to_a_thread() -> None:
    async with world() as here:
        ann = await here.ann()
        told = await ann.command("captions start", channel=here.general)
        await here.until(lambda: bool(here.general.threads))
        assert "may not enter" not in told.text
        await asyncio.sleep(1)


async def test_captions_of_a_closed_channel_may_go_to_a_thread_of_a_place_as_closed() -> None:
    async with world() as here:
        _, boss = await closed(here)
        here.general.deny(here.guild.everybody, "view_channel")
        here.general.allow(boss, "view_channel")
        await here.until(lambda: not _everybody_reads(here))
        told = await boss.command("captions start", channel=here.general)
        await here.until(lambda: bool(here.general.threads))
        assert "may not enter" not in told.text


async def test_captions_go_into_a_private_thread_from_inside_alone() -> None:
    async with world() as here:
        ann = await here.ann()
        chat = here.bot.get_channel(here.general.id)
        assert isinstance(chat, discord.TextChannel)
        made = await chat.create_thread(name="Board", type=discord.ChannelType.private_thread)
        thread = here.general.threads[-1]
        told = await ann.command("captions start", {"into": thread}, channel=here.general)
        assert "You may not write in" in told.text
        assert here.calls.of(here.guild.id) is None
        await made.add_user(discord.Object(ann.id))
        told = await ann.command("captions start", {"into": thread}, channel=thread)
        assert "are on" in told.text


def _everybody_reads(here: World) -> bool:
    guild = here.bot.get_guild(here.guild.id)
    assert guild is not None
    chat = guild.get_channel(here.general.id)
    assert chat is not None
    return chat.permissions_for(guild.default_role).view_channel
