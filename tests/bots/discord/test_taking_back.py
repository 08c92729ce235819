"""What somebody takes back goes from every page, of calls that are moved or are just ending too."""

import asyncio
from pathlib import Path

import pytest

from bots.discord import ending
from core.audio.frame import Speaker
from core.captions.caption import Caption
from core.record import ended
from tests.bots.discord.commands.world import World, keeping, world
from tests.fakes.discord import Channel, Member


async def forget(here: World, by: Member) -> str:
    asked = await by.command("privacy forget", channel=here.general)
    done = await by.press(asked.message, f"spokenly:forget:{by.id}")
    await done.settle()
    return done.text


def texts(*places: Channel) -> str:
    return "\n".join(message.content for place in places for message in place.posted)


def move(here: World, channel: Channel) -> None:
    """Somebody drags the bot there."""
    there = here.bot.get_channel(channel.id)
    here.calls.moved(here.call, there)  # type: ignore[arg-type]  # a voice channel


async def test_what_somebody_is_just_saying_is_taken_back_and_stays_away() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        speaker = Speaker(f"u{ann.id}", "Ann", f"discord:{ann.id}")
        call.board.show(Caption(speaker, 0, 3, "my pin is", final=False))
        await here.until(lambda: "pin" in texts(here.general))
        await forget(here, ann)
        call.board.show(Caption(speaker, 0, 4, "my pin is four two.", final=True))
        await here.until(lambda: "pin" not in texts(here.general))


async def test_what_is_taken_back_while_a_call_ends_goes_from_its_pages() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        here.say(ann, "my secret is pineapple")
        await here.until(lambda: "pineapple" in texts(here.general))
        gate, finish = asyncio.Event(), call.finish

        async def slow() -> object:
            await gate.wait()
            return await finish()

        call.finish = slow  # type: ignore[method-assign, assignment]  # the last words take their time
        async with asyncio.TaskGroup() as group:
            group.create_task(call.stop("Ann"))
            await asyncio.sleep(0.5)
            await forget(here, ann)
            gate.set()
        assert "pineapple" not in texts(here.general)


@pytest.mark.real_time
async def test_what_is_taken_back_while_the_recap_is_made_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, made = asyncio.Event(), ended.transcripts

    async def slow(*args: object) -> dict[str, bytes]:
        await gate.wait()
        return await made(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(ending, "transcripts", slow)
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann, ben = await here.ann(), await here.person("Ben")
        await here.start(ann, {"where": "here", "keep": "transcript"})
        here.say(ann, "We decided that the pineapple secret is twelve.", 0)
        here.say(ben, "Fine by me, let us decide the rest on Friday.", 5)
        await here.until(lambda: "pineapple" in texts(here.general))
        async with asyncio.TaskGroup() as group:
            group.create_task(here.call.stop("Ann"))
            await here.until(lambda: here.calls.of(here.guild.id) is None)
            await asyncio.sleep(1.0)
            await forget(here, ann)
            gate.set()
        assert "Friday" in here.general.posted[-1].content
        assert "pineapple" not in here.general.posted[-1].content
        await here.until(lambda: "pineapple" not in texts(here.general))


async def test_words_of_just_before_a_move_stand_where_they_were_said() -> None:
    async with world() as here:
        staff, ann = here.guild.voice("Staff"), await here.ann()
        await ann.command("captions start", {"where": "voice"}, channel=here.general)
        here.say(ann, "the first words")
        await here.until(lambda: "first" in texts(here.lounge))
        here.say(ann, "the VERY last words")
        move(here, staff)
        here.say(ann, "and now elsewhere", at=9)
        await here.until(lambda: "elsewhere" in texts(staff) and "VERY" in texts(here.lounge))
        assert "VERY" not in texts(staff)
        assert "elsewhere" not in texts(here.lounge)


async def test_the_page_that_a_move_leaves_has_no_buttons_and_what_is_taken_back_goes_from_it() -> None:
    async with world() as here:
        staff, ann = here.guild.voice("Staff"), await here.ann()
        await ann.command("captions start", {"where": "voice"}, channel=here.general)
        here.say(ann, "my secret is pineapple")
        await here.until(lambda: "pineapple" in texts(here.lounge))
        move(here, staff)
        await here.until(lambda: here.page_of(here.lounge) is None and here.page_of(staff) is not None)
        assert "moved to “Staff”" in texts(here.lounge)
        await forget(here, ann)
        await here.until(lambda: "pineapple" not in texts(here.lounge))


async def test_captions_in_a_thread_do_not_follow_the_bot_into_a_closed_channel() -> None:
    async with world() as here:
        here.guild.bot("administrator")
        staff, ann = here.guild.voice("Staff"), await here.ann()
        staff.deny(here.guild.everybody, "view_channel", "connect")
        await here.start(ann)
        move(here, staff)
        here.say(ann, "only for the staff")
        await here.until(lambda: "only for the staff" in texts(staff))
        assert "only for the staff" not in texts(here.general)


async def test_whoever_takes_words_back_is_told_what_stays() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        here.say(ann, "my secret is pineapple")
        await here.until(lambda: "pineapple" in texts(here.general))
        told = await ann.command("privacy optout", channel=here.general)
        assert "messages of calls that are over stay until somebody deletes them" in told.text
        await call.stop("Ann")
        assert "Messages of calls that are over" in await forget(here, ann)
        assert "pineapple" in texts(here.general)
