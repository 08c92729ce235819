"""Who may stop, pause and read what others say."""

import asyncio

import pytest

from bots.discord.buttons import controls
from bots.discord.wish import Wish
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Answer, Channel, Member


async def staff_room(here: World) -> tuple[Channel, Member]:
    """A voice channel for one alone, and who that is: they are in it."""
    here.guild.bot("administrator")
    staff, boss = here.guild.voice("Staff"), here.guild.member("Boss")
    staff.deny(here.guild.everybody, "view_channel", "connect")
    staff.allow(boss, "view_channel", "connect")
    await here.enter(boss, staff)
    return staff, boss


def outsider(here: World, *closed: Channel) -> Member:
    """Somebody who is nowhere, and may not enter what is closed."""
    eve = here.guild.member("Eve")
    for channel in closed:
        channel.deny(eve, "view_channel", "connect")
    return eve


async def old_button(here: World, by: Member, name: str) -> Answer:
    """They press a button of a page that was left behind."""
    chat = here.bot.get_channel(here.general.id)
    page = await chat.send("old", view=controls(here.guild.id))  # type: ignore[union-attr]  # a text channel
    return await by.press(here.fake.message(page.id), f"spokenly:{name}")


async def test_who_may_not_enter_a_channel_learns_nothing_of_its_call() -> None:
    async with world() as here:
        staff, boss = await staff_room(here)
        eve = outsider(here, staff)
        await boss.command("captions start", {"where": "voice"}, channel=here.general)
        here.say(boss, "We will dismiss Carl on Friday because the budget was cut last week.")
        answers = [await old_button(here, eve, name) for name in ("catchup", "pause", "stop")]
        answers.append(await eve.command("captions status", channel=here.general))
        answers.append(await eve.command("captions share", channel=here.general))
        assert {answer.text for answer in answers} == {"No captions are running in this server."}
        assert not here.call.paused
        await here.enter(eve, here.lounge)
        told = (await eve.command("captions start", channel=here.general)).text
        assert "Captions are running in another voice channel" in told
        assert "dismiss Carl" in (await old_button(here, boss, "catchup")).text


async def test_who_can_read_the_place_of_the_captions_may_ask_what_was_said() -> None:
    async with world() as here:
        ann, eve = await here.ann(), outsider(here, here.lounge)
        await here.start(ann)
        here.say(ann, "We decided to ship the release on Friday, after the last review.")
        assert "Friday" in (await old_button(here, eve, "catchup")).text


async def test_who_came_with_the_bot_reads_nothing_of_where_it_was_before() -> None:
    async with world() as here:
        staff, boss = await staff_room(here)
        eve = outsider(here, staff)
        await boss.command("captions start", {"where": "voice"}, channel=here.general)
        here.say(boss, "We will dismiss Carl on Friday.")
        lounge = here.bot.get_channel(here.lounge.id)
        here.calls.moved(here.call, lounge)  # type: ignore[arg-type]  # a voice channel
        await here.enter(eve, here.lounge)
        assert "Carl" not in (await old_button(here, eve, "catchup")).text


@pytest.mark.parametrize("control", ["pause", "stop"])
async def test_who_started_a_call_has_no_say_in_it_where_it_was_moved_away_from_them(control: str) -> None:
    async with world() as here:
        staff, boss = await staff_room(here)
        ann = await here.ann()
        staff.deny(ann, "view_channel", "connect")
        await ann.command("captions start", {"where": "voice"}, channel=here.general)
        call = here.call
        here.calls.moved(call, here.bot.get_channel(staff.id))  # type: ignore[arg-type]  # a voice channel
        told = [
            (await ann.command(f"captions {name}", channel=here.general)).text for name in ("share", control)
        ]
        assert set(told) == {"No captions are running in this server."}
        assert here.calls.house.bridge.code(here.calls.sharing.source(call)) is None
        assert not call.over
        assert not call.paused
        await boss.command(f"captions {control}", channel=here.general)
        assert call.over or call.paused


@pytest.mark.parametrize("back", [False, True])
async def test_who_started_a_call_shares_it_only_if_they_may_enter_where_it_was(*, back: bool) -> None:
    async with world() as here:
        await staff_room(here)
        staff = here.bot.get_channel(here.guild.channels[-1].id)
        ann, cleo = await here.ann(), await here.person("Cleo", "manage_channels")
        call = await here.start(ann)
        here.calls.moved(call, staff)  # type: ignore[arg-type]  # a voice channel
        call.showing.open(here.bot.get_channel(here.general.id))  # type: ignore[arg-type]  # where she can read it
        if back:
            here.calls.moved(call, here.bot.get_channel(here.lounge.id))  # type: ignore[arg-type]  # the same
        told = (await ann.command("captions share", channel=here.general)).text
        assert "may enter every channel that they come from" in told
        told = (await cleo.command("captions share", channel=here.general)).text
        assert ("The code is" in told) is back


@pytest.mark.parametrize("control", ["pause", "stop"])
async def test_who_is_not_there_ends_nothing_though_who_started_it_has_left(control: str) -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        call = await here.start(ann)
        await here.go(ann)
        eve = outsider(here)
        told = (await eve.command(f"captions {control}", channel=here.general)).text
        assert "everybody in" in told
        assert not call.over
        assert not call.paused
        await ben.command(f"captions {control}", channel=here.general)
        assert call.over or call.paused


async def test_a_call_that_nobody_asked_for_is_paused_by_who_is_in_it_alone() -> None:
    async with world() as here:
        ann = await here.ann()
        voice = here.bot.get_channel(here.lounge.id)
        call = await here.calls.start(Wish(voice))  # type: ignore[arg-type]  # a voice channel
        await outsider(here).command("captions pause", channel=here.general)
        assert not call.paused
        await ann.command("captions pause", channel=here.general)
        assert call.paused
        await asyncio.sleep(1)
