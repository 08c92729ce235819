"""Calls of elsewhere in channels of Discord: from when they were attached, and told of whatever happens."""

import asyncio
import copy
import logging

import discord
import pytest

from bots.discord.sharing import ENDING, LEFT, OVER, SHOWN_ALREADY
from core.bridge import ENDED, LOST, RESTARTED, REVOKED, STOPPED
from core.captions.caption import Caption
from tests.bots.discord.bench import Scene, scene
from tests.core.test_bridge import ANN, Call
from tests.fakes.discord import Channel, Member
from tests.fakes.discord.faults import Http


async def attached(home: Scene, call: Call, place: Channel | None = None) -> Member:
    """Somebody attached the call in a place, and its first page is there."""
    place, ben = place or home.chat, home.guild.member("Ben", "administrator")
    code = home.bridge.share(call)
    answer = await ben.command("captions attach", {"code": code.text}, channel=place)
    await answer.settle()
    assert "can be read here now" in answer.text
    await home.until(lambda: bool(home.pages(place)))
    return ben


def kept(home: Scene) -> list[str]:
    """What is remembered of calls of elsewhere."""
    return [
        key
        for key, value in home.store.preferred.get(f"discord:{home.guild.id}", {}).items()
        if key.startswith("visit:") and value is not None
    ]


async def test_only_what_is_said_from_when_it_was_attached_is_shown() -> None:
    async with scene() as home, home.running():
        call = Call()
        call.say("A secret of before.")
        await attached(home, call)
        call.say("Welcome.")
        await home.until(lambda: "Welcome." in home.text(home.chat))
        call.say("And good-bye.")
        home.bridge.revoke(call)
        await home.until(lambda: REVOKED in home.text(home.chat))
        assert "good-bye" in home.text(home.chat)
        assert "secret" not in home.everything()


async def test_a_stop_shows_the_last_words_and_says_so_below_them(caplog: pytest.LogCaptureFixture) -> None:
    async with scene() as home:
        call = Call()
        with caplog.at_level(logging.INFO):
            async with home.running():
                await attached(home, call)
                await home.until(lambda: bool(kept(home)))
                call.say("Last words.")
        text = home.text(home.chat)
        assert 0 < text.index("Last words.") < text.index(STOPPED)
        assert LOST not in text
        assert not kept(home)
        assert not [one for one in caplog.records if one.message.endswith("bug")]


async def test_a_stop_while_discord_is_away_is_told_at_the_next_start() -> None:
    async with scene() as home:
        async with home.running():
            await attached(home, Call())
            await home.until(lambda: bool(kept(home)))
            home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 60
        assert kept(home)
        assert STOPPED not in home.everything()
        home.fake.rest.faults.clear()
        async with home.running():
            await home.until(lambda: STOPPED in home.text(home.chat))
            await home.until(lambda: not kept(home))


async def test_a_kill_is_told_at_the_next_start_once() -> None:
    async with scene() as home:
        async with home.running():
            await attached(home, Call())
            await home.until(lambda: bool(kept(home)))
            left = copy.deepcopy(home.store.preferred)
        home.store.preferred = left
        home.fake.rest.faults.add(Http(503), "POST /channels/*/messages", times=None)
        async with home.running():
            guild = home.calls.house.client.get_guild(home.guild.id)
            assert guild is not None
            await asyncio.sleep(30)
            home.calls.sharing.available(guild)  # while it is still tried
            home.fake.rest.faults.clear()
            await home.until(lambda: RESTARTED in home.text(home.chat), 120)
            await home.until(lambda: not kept(home))
            home.calls.sharing.available(guild)  # as after an outage of the server
            await asyncio.sleep(120)
            assert home.text(home.chat).count(RESTARTED) == 1


async def test_a_place_that_is_gone_by_the_next_start_is_forgotten() -> None:
    async with scene() as home:
        async with home.running():
            await attached(home, Call())
            await home.until(lambda: bool(kept(home)))
            left = copy.deepcopy(home.store.preferred)
        home.store.preferred = left
        home.guild.delete(home.chat)
        async with home.running():
            await home.until(lambda: not kept(home))


async def test_the_last_words_come_though_discord_was_away_for_half_a_minute() -> None:
    async with scene() as home, home.running():
        call = Call()
        await attached(home, call)
        home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
        call.say("The decision is no.")
        call.over = True
        home.bridge.ended(call)
        await asyncio.sleep(30)
        home.fake.rest.faults.clear()
        await home.until(lambda: ENDED in home.text(home.chat))
        assert "The decision is no." in home.text(home.chat)
        assert LOST not in home.text(home.chat)


async def test_last_words_that_discord_never_takes_are_said_to_be_missing_when_it_is_back() -> None:
    async with scene() as home, home.running():
        call = Call()
        await attached(home, call)
        home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
        call.say("The decision is no.")
        home.bridge.revoke(call)
        await asyncio.sleep(150)
        home.fake.rest.faults.clear()
        await home.until(lambda: f"{REVOKED} {LOST}" in home.text(home.chat), 120)
        await home.until(lambda: not kept(home))


async def test_what_is_said_after_it_was_taken_away_is_not_shown_however_busy_discord_is() -> None:
    async with scene() as home, home.running():
        call = Call()
        await attached(home, call)
        call.say("Before.")
        await home.until(lambda: "Before." in home.text(home.chat))
        home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
        call.board.show(Caption(ANN, 2.0, 3.0, "By the way", final=False))
        home.bridge.revoke(call)
        call.board.show(Caption(ANN, 2.0, 4.0, "By the way, a secret.", final=True))
        await asyncio.sleep(10)
        home.fake.rest.faults.clear()
        await home.until(lambda: REVOKED in home.text(home.chat))
        assert "secret" not in home.text(home.chat)


async def test_when_the_bot_alone_goes_its_pages_say_so_and_nobody_waits_for_a_discord_that_is_away() -> None:
    async with scene() as home:
        call = Call()
        async with home.running():
            await attached(home, call)
            await home.calls.sharing.close()
            await home.until(lambda: LEFT in home.text(home.chat))
            assert call.told[-1] == []
        async with home.running():
            await attached(home, call)
            home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
            call.say("Nobody reads this.")
            began = asyncio.get_running_loop().time()
            await home.calls.sharing.close()
            assert asyncio.get_running_loop().time() - began < 10
            assert home.calls.sharing.of(home.chat.id) is None
            home.fake.rest.faults.clear()


async def test_who_took_a_call_away_is_not_kept_though_discord_is_away() -> None:
    async with scene() as home:
        async with home.running():
            await attached(home, Call())
            visit = home.calls.sharing.of(home.chat.id)
            assert visit is not None
            home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
            visit.detach("Ben ended this.")
            await asyncio.sleep(90)
        assert OVER in str(home.store.preferred)
        assert "Ben" not in str(home.store.preferred)
        home.fake.rest.faults.clear()
        async with home.running():
            await home.until(lambda: OVER in home.text(home.chat))


@pytest.mark.parametrize("private", [True, False])
async def test_people_in_the_call_are_not_told_what_a_private_channel_is_called(*, private: bool) -> None:
    async with scene() as home, home.running():
        call, place = Call(), home.guild.text("secret-merger")
        if private:
            place.deny(home.guild.everybody, "view_channel")
            place.allow(None, "view_channel", "send_messages")
        await attached(home, call, place)
        expected = "a private channel on Discord" if private else "#secret-merger in Home on Discord"
        assert call.told == [[expected]]


async def test_a_private_thread_is_not_named_either() -> None:
    async with scene() as home, home.running():
        channel = home.calls.house.client.get_channel(home.chat.id)
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="merger", type=discord.ChannelType.private_thread)
        call = Call()
        found = home.bridge.find(home.bridge.share(call).text, asker="Ann")
        home.calls.sharing.attach(found, thread, channel.guild.me)
        assert call.told == [["a private channel on Discord"]]
        home.bridge.revoke(call)
        await home.until(lambda: home.calls.sharing.of(thread.id) is None)


async def test_a_call_is_attached_again_where_it_was_taken_away() -> None:
    async with scene() as home, home.running():
        call = Call()
        ben = await attached(home, call)
        answer = await ben.command("captions detach", channel=home.chat)
        await answer.settle()
        await home.until(lambda: "Ben ended this." in home.text(home.chat))
        code = home.bridge.code(call)
        assert code is not None
        answer = await ben.command("captions attach", {"code": code.text}, channel=home.chat)
        await answer.settle()
        call.say("Once more.")
        await home.until(lambda: "Once more." in home.text(home.chat))
        assert len(kept(home)) == 1


async def test_who_attaches_where_another_is_just_ending_is_told_so() -> None:
    async with scene() as home, home.running():
        call, other = Call(), Call()
        ben = await attached(home, call)
        code = {"code": home.bridge.share(other).text}
        answer = await ben.command("captions attach", code, channel=home.chat)
        await answer.settle()
        assert answer.text == SHOWN_ALREADY
        home.fake.rest.faults.add(Http(503), "* /channels/**", times=None)
        call.say("Good-bye.")
        home.bridge.revoke(call)
        await asyncio.sleep(10)
        answer = await ben.command("captions attach", code, channel=home.chat)
        await answer.settle()
        assert answer.text == ENDING
        home.fake.rest.faults.clear()
        await home.until(lambda: home.calls.sharing.of(home.chat.id) is None, 120)
        answer = await ben.command("captions attach", code, channel=home.chat)
        await answer.settle()
        assert "can be read here now" in answer.text
