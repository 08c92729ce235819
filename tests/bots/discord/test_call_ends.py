"""Ends that come at a bad moment: while joining, while something fails, while an engine is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.errors import LineLost, RecordAway
from tests.bots.discord.bench import Scene, scene
from tests.fakes.discord import Slow
from tests.fakes.pitch import PitchEngine, pitched

STOPPED = 60.0
"""Seconds in which it has stopped, joins that nobody answers included."""


@pytest.mark.parametrize(
    ("fault", "seconds"), [("", 0.1), ("identify", 0.3), ("discovery", 5), ("connect", 5)]
)
async def test_spokenly_stops_also_while_a_call_is_being_joined(fault: Any, seconds: float) -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        home.fake.voice.faults.silent_at = fault
        async with asyncio.timeout(STOPPED), asyncio.TaskGroup() as asking:
            async with home.running():
                asked = asking.create_task(ann.command("captions start", channel=home.chat))
                await asyncio.sleep(seconds)
                home.fake.voice.faults.silent_at = ""
            asked.cancel()
        assert home.guild.bot_in is None


async def test_spokenly_stops_also_while_a_call_is_joined_again() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        home.fake.voice.faults.silent_at = "identify"
        async with asyncio.timeout(STOPPED):
            async with home.running():
                await asyncio.sleep(3)
                home.fake.voice.faults.silent_at = ""


async def test_a_fault_while_a_call_ends_still_leaves_the_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)

            async def broken(_space: str, _key: str, _value: object) -> None:
                raise ZeroDivisionError

            with monkeypatch.context() as patch:
                patch.setattr(home.store, "prefer", broken)
                await call.stop("Ann")
            assert home.guild.bot_in is None
            assert home.calls.of(home.guild.id) is None
            await ann.say(pitched(600))
            assert "t600" not in home.everything()


async def test_nothing_that_is_said_after_stop_is_heard_however_slow_discord_is() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann, keep="transcript")
            home.fake.rest.faults.add(Slow(4), "PUT /channels/*/voice-status")
            async with asyncio.TaskGroup() as both:
                both.create_task(call.stop("Ann"))
                await asyncio.sleep(0.1)
                assert not call.welcome(ann.id)
                await ann.say(pitched(600, seconds=3))
            assert home.store.said(str(call.record)) == []


@asynccontextmanager
async def _away(_self: PitchEngine, *_args: object, **_more: object) -> AsyncIterator[None]:
    raise LineLost("away")
    yield


async def test_what_waits_for_an_engine_is_never_shown_of_somebody_who_opts_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await ann.join(home.lounge)
            await ben.join(home.lounge)
            call = await home.start(ann, keep="transcript")
            with monkeypatch.context() as patch:
                patch.setattr(PitchEngine, "recognize", _away)
                await ben.say(pitched(600, seconds=10))
                await home.calls.opt_out(home.guild.id, ben.id)
            await asyncio.sleep(60)
            await call.stop(None)
            assert "t600" not in home.everything()
            assert "could not be heard" not in home.everything(), "nor is it called a loss"
            assert home.store.said(str(call.record)) == []


async def test_a_bot_that_is_moved_while_its_call_begins_knows_where_it_is() -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        den = home.guild.voice("Den")
        async with home.running():
            await ann.join(home.lounge)
            await ben.join(den)
            home.fake.rest.faults.add(Slow(5), "POST /channels/*/threads")
            async with asyncio.TaskGroup() as asking:
                asking.create_task(ann.command("captions start", channel=home.chat))
                await asyncio.sleep(3)
                home.guild.move_bot(den)
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            assert home.call.channel.id == den.id
            await ann.leave()
            await asyncio.sleep(60)
            assert home.calls.of(home.guild.id) is not None, "somebody is there"


async def _restarted(home: Scene) -> str:
    """A kept call before and after a restart at which the record is away."""
    ann = home.guild.member("Ann")
    await ann.join(home.lounge)
    async with home.running():
        call = await home.start(ann, keep="transcript")
        await ann.say(pitched(440))
        await home.until(lambda: "t440" in home.text(home.thread))
    return str(call.record)


@pytest.mark.parametrize(("seconds", "goes_on"), [(3.0, True), (600.0, False)])
async def test_a_record_that_is_away_at_the_restart_goes_on_or_people_are_told(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, goes_on: bool
) -> None:
    async with scene() as home:
        key = await _restarted(home)
        ann, loop = home.guild.member("Ben"), asyncio.get_running_loop()
        back, call = loop.time() + seconds, home.store.call

        async def away(one: str) -> object:
            if loop.time() < back:
                raise RecordAway("The disk is full.")
            return await call(one)

        with monkeypatch.context() as patch:
            patch.setattr(home.store, "call", away)
            async with home.running():
                await home.until(lambda: home.calls.of(home.guild.id) is not None, 120)
                await ann.join(home.lounge)
                await ann.say(pitched(600))
                await home.until(lambda: "t600" in home.text(home.thread))
                told = "nothing more of it is kept" in home.text(home.thread)
                assert (home.call.record == key, told) == (goes_on, not goes_on)
                await home.call.stop("Ben")


async def test_a_bot_that_discord_did_not_hear_leave_leaves_when_it_is_back() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            guild = home.calls.house.client.get_guild(home.guild.id)
            assert guild is not None
            await guild.change_voice_state(channel=guild.get_channel(home.lounge.id))
            await home.until(lambda: home.guild.bot_in is not None)
            home.fake.gateway.drop()
            await home.until(lambda: home.guild.bot_in is None)


async def test_a_bot_that_could_not_say_good_bye_in_time_leaves_with_the_next_person() -> None:
    async with scene() as home:
        ann, elsewhere = home.guild.member("Ann"), home.fake.guild("Elsewhere")
        await ann.join(home.lounge)
        async with home.running():
            call = await home.start(ann)
            client = home.calls.house.client
            away = client.get_guild(elsewhere.id)
            assert away is not None
            while not client.is_ws_ratelimited():
                await away.change_voice_state(channel=None)
            await call.stop("Ann")
            await asyncio.sleep(120)
            assert home.guild.bot_in is not None
            await ann.leave()
            await home.until(lambda: home.guild.bot_in is None)
