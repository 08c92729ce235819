"""A channel that is closed to a part of the server while its call is shown elsewhere."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bots.discord import notices
from bots.discord.call import EXPLAIN
from bots.discord.notices import NOW_CLOSED
from core.audio.frame import Speaker
from core.bridge import CLOSED
from core.captions.caption import Caption
from tests.bots.discord.bench import Scene, scene
from tests.fakes.discord import Channel, Member


def say(home: Scene, words: str, at: float) -> None:
    home.call.board.show(Caption(Speaker("u1", "Ann"), at, at + 1, words, True, language="en"))


async def code(home: Scene, by: Member) -> str:
    told = (await by.command("captions share", channel=home.chat)).text
    found = re.search(r"\*\*([A-Z2-9]{4}-[A-Z2-9]{4})\*\*", told)
    assert found, told
    return found[1]


async def attach(home: Scene, by: Member, place: Channel, shared: str) -> str:
    answer = await by.command("captions attach", {"code": shared}, channel=place)
    await answer.settle()
    return answer.text


@asynccontextmanager
async def captioned() -> AsyncIterator[tuple[Scene, Member, Channel]]:
    """Captions run in the lounge; who started them, and another text channel."""
    async with scene() as home:
        home.guild.bot("administrator")
        other, ann = home.guild.text("other"), home.guild.member("Ann", "administrator")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann, where="voice")
            yield home, ann, other


def by_itself(home: Scene) -> None:
    home.lounge.deny(home.guild.everybody, "connect")


def by_the_role(home: Scene) -> None:
    home.guild.everyone("view_channel", allow=False)


def while_discord_was_away(home: Scene) -> None:
    home.fake.gateway.forget = True  # so that no event comes later
    home.fake.gateway.drop()
    by_itself(home)


@pytest.mark.parametrize("close", [by_itself, by_the_role, while_discord_was_away])
async def test_a_call_whose_channel_is_closed_is_shown_nowhere_else(close: Callable[[Scene], None]) -> None:
    async with captioned() as (home, ann, other):
        old = await code(home, ann)
        await attach(home, ann, other, old)
        say(home, "Good morning.", 0.0)
        await home.until(lambda: "Good morning." in home.text(other))
        close(home)
        await home.until(lambda: NOW_CLOSED in home.call.board.notices.values())
        say(home, "We will dismiss Carl.", 2.0)
        await home.until(lambda: CLOSED in home.text(other))
        await home.until(lambda: NOW_CLOSED in home.text(home.lounge) and "Carl" in home.text(home.lounge))
        assert "Carl" not in home.text(other)
        assert NOW_CLOSED not in home.text(other)
        assert "shows no call" in await attach(home, ann, home.chat, old)
        await asyncio.sleep(EXPLAIN)
        assert NOW_CLOSED not in home.call.board.notices.values()


async def test_what_is_shared_from_behind_a_closed_door_goes_on_whatever_else_changes_there() -> None:
    async with captioned() as (home, ann, other):
        await attach(home, ann, other, await code(home, ann))
        by_itself(home)
        await home.until(lambda: CLOSED in home.text(other))
        await attach(home, ann, home.chat, await code(home, ann))
        home.lounge.rename("Staff")
        home.guild.everyone("view_channel", allow=False)
        await home.until(lambda: home.call.channel.name == "Staff")
        say(home, "Friends may hear this.", 9.0)
        await home.until(lambda: "Friends may hear this." in home.text(home.chat))
        home.guild.everyone("view_channel")
        home.lounge.allow(home.guild.everybody, "connect", "view_channel")
        await asyncio.sleep(1)
        assert home.bridge.places(home.calls.sharing.source(home.call))
        by_itself(home)
        await home.until(lambda: CLOSED in home.text(home.chat))


async def test_a_channel_that_stays_open_to_everybody_is_shown_on() -> None:
    async with captioned() as (home, ann, other):
        guests = home.guild.role("Guests")
        await attach(home, ann, other, await code(home, ann))
        home.lounge.deny(guests, "connect", "view_channel")
        home.lounge.rename("Den")
        home.chat.deny(home.guild.everybody, "view_channel")
        await home.until(lambda: home.call.channel.name == "Den")
        say(home, "Here we are.", 1.0)
        await home.until(lambda: "Here we are." in home.text(other))


async def test_nothing_is_said_of_sharing_where_nothing_was_shared() -> None:
    async with captioned() as (home, ann, _):
        await code(home, ann)
        home.bridge.revoke(home.calls.sharing.source(home.call))
        by_itself(home)
        await asyncio.sleep(1)
        assert notices.CLOSED not in home.call.board.notices
