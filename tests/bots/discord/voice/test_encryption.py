"""End-to-end encryption through the changes of a call, as a listener lives through them."""

import asyncio
from typing import Literal

import pytest

from bots.discord.voice.listener import Phase
from tests.bots.discord.voice.scene import Scene, scene
from tests.bots.discord.voice.test_connection import speech
from tests.bots.discord.voice.test_troubles import in_a_call
from tests.fakes.discord.voice import LibDave
from tests.fakes.discord.voice.encryption import Encryption


def encryption(s: Scene) -> Encryption:
    return s.voice.room(s.lounge.id).encryption


@pytest.mark.parametrize("when", ["before", "after"])
async def test_the_servers_key_may_come_before_or_after_the_description(
    when: Literal["before", "after"],
) -> None:
    async with scene() as s:
        s.faults.external_sender = when
        await in_a_call(s)


async def test_people_with_discords_own_encryption_are_heard() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        s.voice.person("Ann", ann.id).library = LibDave
        await ann.join(s.lounge)
        assert await speech(s, ann) >= 1


async def test_everybody_is_heard_while_people_come_and_go() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        others = [s.guild.member(f"Number {number}") for number in range(4)]

        async def bustle() -> None:
            for one in others:
                await one.join(s.lounge)
                await asyncio.sleep(0.3)
            for one in others:
                await one.leave()
                await asyncio.sleep(0.3)

        before = s.ears.seconds(ann.id)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(bustle())
            for _ in range(4):
                await ann.say(bytes(96_000))
        await asyncio.sleep(0.5)
        assert s.ears.seconds(ann.id) - before >= 4
        assert s.ears.gaps == []


async def test_proposals_for_another_epoch_are_survived() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        encryption(s).confuse()
        await asyncio.sleep(0.5)
        assert await speech(s, ann) >= 1
        ben = s.guild.member("Ben")
        await ben.join(s.lounge)
        assert await speech(s, ben) >= 1


async def test_proposals_for_others_while_the_bot_is_not_yet_let_in_are_survived() -> None:
    async with scene() as s:
        s.faults.proposals_to_pending = True
        people = [s.guild.member(name) for name in ("Ann", "Ben")]
        await people[0].join(s.lounge)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(s.join())
            tasks.create_task(people[1].join(s.lounge))
        await asyncio.sleep(3)
        assert [await speech(s, one) >= 1 for one in people] == [True, True]


@pytest.mark.parametrize("alone", ["reset", "version 0"])
async def test_people_who_all_leave_and_return_are_heard(alone: Literal["reset", "version 0"]) -> None:
    async with scene() as s:
        s.faults.alone = alone
        ann = await in_a_call(s)
        await ann.leave()
        await asyncio.sleep(5)
        await ann.join(s.lounge)
        if alone == "version 0":
            encryption(s).upgrade()
            await asyncio.sleep(1)
        assert await speech(s, ann) >= 1


async def test_a_call_that_loses_its_encryption_and_gets_it_back_is_heard_throughout() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        before = s.ears.seconds(ann.id)

        async def change() -> None:
            await asyncio.sleep(0.5)
            encryption(s).downgrade()
            await asyncio.sleep(2)
            encryption(s).upgrade()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(change())
            await ann.say(bytes(96_000 * 6))
        await asyncio.sleep(0.5)
        assert s.ears.seconds(ann.id) - before >= 5.5
        line = s.client.voice_clients[0]
        assert s.ears.now is Phase.HEARING
        # What is not encrypted is believed for a while after an upgrade, and not for ever.
        await asyncio.sleep(15)
        assert not line._hearing.dave.takes_plain(asyncio.get_running_loop().time())  # type: ignore[attr-defined]  # it is ours


async def test_a_first_transition_without_confirmation_is_taken() -> None:
    async with scene() as s:
        s.faults.first_transition_zero = True
        await in_a_call(s)


async def test_a_new_group_in_mid_call_is_joined() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        encryption(s).restart()
        await asyncio.sleep(2)
        assert await speech(s, ann) >= 1


async def test_a_bot_whose_keys_do_not_fit_is_let_in_again_and_hears() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        line = s.client.voice_clients[0]
        # As if a commit had been missed: the group goes on without us.
        dave = line._hearing.dave  # type: ignore[attr-defined]  # it is ours
        dave._session.reset()
        ben = s.guild.member("Ben")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ben.join(s.lounge))
            for _ in range(12):
                await ann.say(bytes(96_000))
        assert await speech(s, ann) >= 1
        assert await speech(s, ben) >= 1
        assert dave.counts.recoveries + s.voice.counters["identify"] > 1
