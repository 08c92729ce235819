"""A voice channel is closed to a part of the server while its captions stand where all of it reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bots.discord.book import Mark
from bots.discord.call import EXPLAIN
from bots.discord.notices import KEPT_IN, SHUT_OUT
from core.audio.frame import Speaker
from core.captions.caption import Caption
from tests.bots.discord.bench import Scene, scene
from tests.fakes.discord import Channel, Member


def say(home: Scene, words: str, at: float) -> None:
    home.call.board.show(Caption(Speaker("u1", "Ann"), at, at + 1, words, True, language="en"))


@asynccontextmanager
async def lounge(*, closed: bool = False) -> AsyncIterator[tuple[Scene, Member]]:
    """Somebody who manages the server is in the lounge."""
    async with scene() as home:
        home.guild.bot("administrator")
        if closed:
            by_itself(home)
        ann = home.guild.member("Ann", "administrator")
        await ann.join(home.lounge)
        yield home, ann


def shown(home: Scene) -> int:
    place = home.call.showing.place
    assert place is not None
    return place.id


def by_itself(home: Scene) -> None:
    home.lounge.deny(home.guild.everybody, "connect")


def by_the_role(home: Scene) -> None:
    home.chat.allow(home.guild.everybody, "view_channel")
    home.guild.everyone("view_channel", allow=False)


def while_discord_was_away(home: Scene) -> None:
    home.fake.gateway.forget = True  # so that no event comes later
    home.fake.gateway.drop()
    by_itself(home)


@pytest.mark.parametrize("where", ["thread", "here"])
@pytest.mark.parametrize("close", [by_itself, by_the_role, while_discord_was_away])
async def test_captions_of_a_channel_that_is_closed_go_into_its_own_chat(
    close: Callable[[Scene], None], where: str
) -> None:
    async with lounge() as (home, ann), home.running():
        await home.start(ann, where=where)
        old = home.thread if where == "thread" else home.chat
        say(home, "Good morning.", 0.0)
        await home.until(lambda: "Good morning." in home.text(old))
        close(home)
        await home.until(lambda: shown(home) == home.lounge.id)
        say(home, "We will dismiss Carl.", 2.0)
        await home.until(lambda: "Carl" in home.text(home.lounge) and KEPT_IN in home.text(home.lounge))
        await home.until(lambda: home.pages(old)[-1].content.endswith(KEPT_IN))
        assert "Carl" not in home.text(old)
        assert "Good morning." not in home.text(home.lounge)
        await asyncio.sleep(EXPLAIN + 5)
        assert KEPT_IN not in home.text(home.lounge)


async def test_captions_that_somebody_sent_out_of_a_closed_channel_stay_until_it_was_open_again() -> None:
    async with lounge(closed=True) as (home, ann), home.running():
        await home.start(ann, where="here")
        guests = home.guild.role("Guests")
        home.lounge.deny(guests, "connect", "view_channel")
        home.lounge.deny(home.guild.everybody, "connect", "view_channel")
        home.lounge.rename("Staff")
        await home.until(lambda: home.call.channel.name == "Staff")
        say(home, "Friends may read this.", 1.0)
        await home.until(lambda: "Friends may read this." in home.text(home.chat))
        home.lounge.allow(guests, "connect", "view_channel")
        home.lounge.allow(home.guild.everybody, "connect", "view_channel")
        await asyncio.sleep(1)
        by_itself(home)
        await home.until(lambda: shown(home) == home.lounge.id)


async def test_captions_that_only_those_read_who_may_enter_still_stay_where_they_are() -> None:
    async with lounge() as (home, ann):
        staff = home.guild.role("Staff")
        home.chat.deny(home.guild.everybody, "view_channel")
        home.chat.allow(staff, "view_channel")
        home.lounge.allow(staff, "connect", "view_channel")
        async with home.running():
            await home.start(ann, where="here")
            by_itself(home)
            await asyncio.sleep(1)
            assert shown(home) == home.chat.id
            home.lounge.deny(staff, "connect")
            await home.until(lambda: shown(home) == home.lounge.id)


async def test_a_channel_that_was_closed_while_spokenly_was_away_is_read_inside() -> None:
    async with lounge() as (home, ann):
        async with home.running():
            await home.start(ann, where="here")
        by_itself(home)
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            assert shown(home) == home.lounge.id
            say(home, "We will dismiss Carl.", 9.0)
            await home.until(lambda: "Carl" in home.text(home.lounge) and KEPT_IN in home.text(home.chat))
            assert "Carl" not in home.text(home.chat)


async def test_what_somebody_sent_out_of_a_closed_channel_goes_on_there_after_a_restart() -> None:
    async with lounge(closed=True) as (home, ann):
        async with home.running():
            await home.start(ann, where="here")
        kept = home.store.preferred[f"discord:{home.guild.id}"]["call"]
        mark = Mark.from_json(kept)
        assert mark is not None
        assert mark.wide
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            say(home, "Friends may read this.", 9.0)
            await home.until(lambda: "Friends may read this." in home.text(home.chat))
        del kept["wide"]  # as of an earlier version: what nobody is known to have opened is closed
        assert not (Mark.from_json(kept) or mark).wide


async def test_after_a_move_nobody_has_sent_its_captions_out_of_the_new_channel() -> None:
    async with lounge(closed=True) as (home, ann):
        den: Channel = home.guild.voice("Den")
        async with home.running():
            await home.start(ann, where="here")
            home.guild.move_bot(den)
            await ann.join(den)
            await home.until(lambda: home.call.channel.id == den.id)
            assert shown(home) == home.chat.id
            den.deny(home.guild.everybody, "connect")
            await home.until(lambda: shown(home) == den.id)


async def test_where_the_bot_cannot_post_inside_people_are_told_outside_that_it_has_ended() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann, where="here")
            home.lounge.deny(home.guild.everybody, "connect", "view_channel", "send_messages")
            await home.until(lambda: SHUT_OUT in home.text(home.chat))
            await home.until(lambda: home.calls.of(home.guild.id) is None and home.guild.bot_in is None)


async def test_after_a_move_behind_a_closed_door_those_outside_do_not_read_its_name() -> None:
    async with lounge() as (home, ann):
        staff: Channel = home.guild.voice("Staff")
        staff.deny(home.guild.everybody, "connect", "view_channel")
        async with home.running():
            await home.start(ann, where="here")
            home.guild.move_bot(staff)
            await ann.join(staff)
            await home.until(lambda: shown(home) == staff.id)
            await home.until(lambda: KEPT_IN in home.text(home.chat))
            assert "Staff" not in home.text(home.chat)


async def test_moved_to_where_the_bot_cannot_post_it_ends_and_says_so_where_people_read() -> None:
    async with scene() as home:
        ann, staff = home.guild.member("Ann"), home.guild.voice("Staff")
        staff.deny(home.guild.everybody, "view_channel", "send_messages")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann, where="here")
            home.guild.move_bot(staff)
            await home.until(lambda: SHUT_OUT in home.text(home.chat))
            await home.until(lambda: home.calls.of(home.guild.id) is None and home.guild.bot_in is None)


async def test_what_was_closed_to_the_same_people_meanwhile_is_no_reason_to_go() -> None:
    async with lounge() as (home, ann), home.running():
        await home.start(ann, where="here")
        home.fake.gateway.forget = True
        home.fake.gateway.drop()
        home.chat.deny(home.guild.everybody, "view_channel")
        home.lounge.deny(home.guild.everybody, "view_channel")
        await asyncio.sleep(60)
        assert not home.call.channel.permissions_for(home.call.channel.guild.default_role).view_channel
        assert shown(home) == home.chat.id


async def test_a_thread_whose_channel_is_deleted_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async with lounge() as (home, ann), home.running():
        await home.start(ann, where="thread")
        home.guild.delete(home.chat)
        by_itself(home)
        await asyncio.sleep(5)
        assert not [one for one in caplog.records if one.exc_info]
        say(home, "Good morning.", 1.0)
        await home.until(lambda: "Good morning." in home.text(home.lounge))
