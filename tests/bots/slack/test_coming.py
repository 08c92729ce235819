"""How many calls somebody may have that nobody speaks in."""

import asyncio
from pathlib import Path

from bots.slack.calls import REMOVED
from bots.slack.coming import MINE, OURS
from tests.bots.slack.office import Office, office
from tests.fakes.slack import Person, Place, words


def channels(acme: Office, number: int, *people: Person) -> list[Place]:
    return [acme.slack.channel(acme.team, f"room-{n}", *people) for n in range(number)]


async def start(acme: Office, person: Person, channel: Place) -> str:
    """What the person was told last."""
    await person.command("/captions", "start", channel=channel)
    await asyncio.sleep(5)
    return words(person.sees(channel)[-1])


async def test_one_person_does_not_take_every_room(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        *some, last = channels(acme, MINE + 1, acme.ann, acme.bob)
        for place in some:
            await start(acme, acme.ann, place)
        assert "You started 5 calls in which nobody shares sound" in await start(acme, acme.ann, last)
        assert len(acme.rooms.opened) == MINE
        assert not last.messages
        await start(acme, acme.bob, last)
        assert len(acme.rooms.opened) == MINE + 1, "others are not kept from anything"


async def test_whose_calls_are_spoken_in_starts_as_many_as_they_like(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        for place in channels(acme, MINE + 1, acme.ann):
            await start(acme, acme.ann, place)
            acme.rooms.opened[-1].joins("Ann")
        assert len(acme.rooms.opened) == MINE + 1
        acme.rooms.opened[0].leaves("Ann")


async def test_calls_that_are_just_being_started_count(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.slow["chat.postMessage"] = 15.0
        for place in channels(acme, MINE + 1, acme.ann):
            await acme.ann.command("/captions", "start", channel=place)
            await asyncio.sleep(2)
        assert not acme.bot.calls.running(), "no card is there yet"
        assert len(acme.rooms.opened) == MINE
        acme.slack.faults.slow.clear()
        await asyncio.sleep(20)


async def test_one_workspace_does_not_take_every_room(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        crowd = [acme.slack.person(acme.team, f"Person {n}") for n in range(OURS + 1)]
        *some, last = channels(acme, OURS + 1, *crowd)
        for person, place in zip(crowd, some, strict=False):
            await start(acme, person, place)
        assert len(acme.rooms.opened) == OURS
        told = await start(acme, crowd[-1], last)
        assert "This workspace has 20 calls in which nobody shares sound" in told
        acme.rooms.opened[0].joins("Ann")
        await start(acme, crowd[-1], last)
        assert len(acme.rooms.opened) == OURS + 1


async def test_a_stop_ends_what_is_just_being_started(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.slow["chat.postMessage"] = 4.0
        await acme.ann.command("/captions", "start", channel=acme.general)
        await asyncio.sleep(1)
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: "just being started here end at once" in acme.told(acme.bob))
        await acme.until(lambda: "Bob ended captions." in acme.told(acme.ann))
        await asyncio.sleep(20)
        assert acme.rooms.opened[0].closed == "Bob ended captions."
        assert not acme.bot.calls.running()
        assert "Bob ended captions." in words(acme.general.messages[0])
        assert "Go to the room" not in acme.told(acme.ann)
        acme.slack.faults.slow.clear()
        await start(acme, acme.ann, acme.general)
        assert acme.bot.calls.running(), "the next one is not meant"


async def test_what_is_just_coming_ends_where_the_app_is_taken_out(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        other = acme.slack.channel(acme.team, "other", acme.ann)
        await acme.start()
        code = acme.bridge.share(acme.rooms.opened[0])
        acme.slack.faults.slow["chat.postMessage"] = 4.0
        third = acme.slack.channel(acme.team, "third", acme.ann)
        await acme.ann.command("/captions", "start", channel=other)
        await acme.ann.command("/captions", f"attach {code.text}", channel=third)
        await asyncio.sleep(1)
        acme.bot.calls.removed(acme.team.id)
        await asyncio.sleep(30)
        assert [room.closed for room in acme.rooms.opened] == [REMOVED, REMOVED]
        assert not acme.bot.calls.running()
        assert not acme.bot.calls.guests.running()
