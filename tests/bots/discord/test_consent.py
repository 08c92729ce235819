"""Somebody's no, and somebody's stop, hold from the moment they press, whatever Discord does meanwhile."""

import asyncio

from tests.bots.discord.commands.world import world
from tests.fakes.discord.faults import Http, Slow


async def test_an_opt_out_holds_while_discord_is_slow_to_take_the_answer() -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        call = await here.start(ann)
        page = here.page_of(here.general)
        here.fake.rest.faults.add(Slow(2.5), "POST /interactions/**", times=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(ben.press(page, "spokenly:optout"))
            await asyncio.sleep(2.0)
            assert not call.welcome(ben.id)


async def test_an_opt_out_holds_and_is_written_though_discord_never_takes_the_answer() -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        await here.start(ann)
        here.fake.rest.faults.add(Http(503), "POST /interactions/**", times=20)
        async with asyncio.TaskGroup() as group:
            pressing = group.create_task(ben.press(here.page_of(here.general), "spokenly:optout"))
            await here.until(
                lambda: bool(here.shelf.kept.get(f"discord:{here.guild.id}", {}).get("left_out"))
            )
            assert here.calls.opted_out(here.guild.id) == {ben.id}
            here.fake.rest.faults.clear()
            pressing.cancel()


async def test_stop_hears_nobody_while_discord_is_slow_to_take_the_answer() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        page = here.page_of(here.general)
        here.fake.rest.faults.add(Slow(2.5), "POST /interactions/**", times=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(ann.press(page, "spokenly:stop"))
            await asyncio.sleep(2.0)
            assert not call.welcome(ann.id)


async def test_stop_hears_nobody_while_the_database_is_slow() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        here.shelf.slow = 20.0
        async with asyncio.TaskGroup() as group:
            group.create_task(call.stop("Ann"))
            await asyncio.sleep(1)
            assert not call.welcome(ann.id)


async def test_stop_while_it_is_joining_is_the_end_of_it() -> None:
    async with world(slow=5.0) as here:
        ann = await here.ann()
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(
                ann.command("captions start", {"where": "here"}, channel=here.general)
            )
            await here.until(lambda: here.calls.beginning(here.guild.id) is not None)
            told = (await ann.command("captions stop", channel=here.general)).text
        assert told == f"The captions in <#{here.lounge.id}> have ended."
        assert starting.result().text == "Ann stopped them."
        assert here.calls.of(here.guild.id) is None
        assert not here.general.posted
