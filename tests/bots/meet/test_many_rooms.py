"""Spokenly runs for weeks: when rooms are forgotten, all that they took has come back."""

import asyncio

from bots.meet.rooms import FORGET
from tests.bots.meet.house import House, house
from tests.fakes.engine import numbers, speak
from tests.holdings import grown, holdings


async def one_room(h: House) -> None:
    """Somebody speaks and is read, in the room and in a browser that was given its code."""
    made = await h.open()
    room, ann = made["room"], await h.join(made["room"], "Ann")
    _, shared = await h.ask("POST", f"/api/rooms/{room}/sharing", made["owner"])
    _, there = await h.ask("POST", "/api/shared", words={"code": shared["code"]["text"]})
    async with h.reader(room) as reader, h.reader(there["seat"], of="shared") as other:
        async with h.microphone(room, ann["token"]) as microphone:
            await microphone.send(speak(3, after=1.2))
            await microphone.say("bye")
        await reader.until(lambda one: numbers(one.text) == [1, 2, 3])
        await other.until(lambda one: numbers(one.text) == [1, 2, 3])
    await h.join(room, "Ben")


async def test_rooms_that_are_forgotten_leave_nothing_behind() -> None:
    async with house(rooms_per_minute=100) as h, asyncio.TaskGroup() as tasks:
        sweeping = tasks.create_task(h.rooms.run())
        for _ in range(3):
            await one_room(h)
        await asyncio.sleep(2 * FORGET)
        before = holdings()
        for _ in range(4):
            await one_room(h)
        await asyncio.sleep(2 * FORGET)
        assert not grown(before, holdings())
        sweeping.cancel()
