"""What a voice channel says of itself in the list: ours only where people have set nothing."""

import asyncio

from bots.discord.notices import STATUS
from tests.bots.discord.bench import scene

OURS = "Board games, everybody welcome"


async def test_what_people_have_set_at_a_channel_stays_through_a_whole_call() -> None:
    async with scene() as home:
        home.guild.bot("administrator")
        ann, den = home.guild.member("Ann"), home.guild.voice("Den")
        async with home.running():
            await ann.join(home.lounge)
            home.lounge.say_of_itself(OURS)
            await asyncio.sleep(1)
            call = await home.start(ann)
            await asyncio.sleep(1)
            assert home.lounge.status == OURS
            home.guild.move_bot(den)
            await home.until(lambda: den.status == STATUS)
            assert home.lounge.status == OURS
            home.guild.move_bot(home.lounge)
            await home.until(lambda: den.status is None)
            await call.stop("Ann")
        assert home.lounge.status == OURS


async def test_what_people_set_within_a_call_stays_after_it() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        home.guild.bot("administrator")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            await home.until(lambda: home.lounge.status == STATUS)
            home.lounge.say_of_itself(OURS)
            await asyncio.sleep(1)
            await call.stop("Ann")
        assert home.lounge.status == OURS


async def test_where_people_have_cleared_theirs_captions_are_shown_to_be_on_and_off_again() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        home.guild.bot("administrator")
        async with home.running():
            await ann.join(home.lounge)
            for cleared in ("", None):
                home.lounge.say_of_itself(OURS)
                home.lounge.say_of_itself(cleared)
                await asyncio.sleep(1)
                call = await home.start(ann)
                await home.until(lambda: home.lounge.status == STATUS)
                await call.stop("Ann")
                await home.until(lambda: home.lounge.status is None)


async def test_a_bot_that_is_stopped_leaves_what_people_have_set() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        home.guild.bot("administrator")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann)
            await home.until(lambda: home.lounge.status == STATUS)
            home.lounge.say_of_itself(OURS)
            await asyncio.sleep(1)
        assert home.lounge.status == OURS
