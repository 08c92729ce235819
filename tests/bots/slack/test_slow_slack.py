"""Captions in a Slack thread while Slack takes its time: words come late, none is lost, none stands twice."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from bots.slack.call import FAREWELL
from bots.slack.outlet import ThreadCaptions
from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.captions.publisher import Publisher
from tests.bots.slack.office import office, words
from tests.bots.slack.threadroom import ThreadRoom, threadroom

METHODS = (
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "chat.update",
    "chat.postMessage",
    "chat.delete",
    "conversations.replies",
)


def slow(room: ThreadRoom, seconds: float) -> None:
    room.slack.faults.slow = dict.fromkeys(METHODS, seconds)


def numbers(room: ThreadRoom) -> list[str]:
    return [word for text in room.texts for word in text.split() if re.fullmatch(r"w\d+", word)]


async def talk(room: ThreadRoom, count: int, every: float = 2.0, begin: int = 0) -> dict[str, float]:
    """Somebody says a word every so often; returns by how much each came late at most."""
    loop = asyncio.get_running_loop()
    said, came = dict[str, float](), dict[str, float]()

    async def watch() -> None:
        while len(came) < count:
            await asyncio.sleep(0.5)
            for word in numbers(room):
                if word in said:
                    came.setdefault(word, loop.time() - said[word])

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch())
        for number in range(begin, begin + count):
            said[f"w{number}"] = loop.time()
            room.say(f"w{number}")
            await asyncio.sleep(every)
        await asyncio.sleep(100)
        watching.cancel()
    return {word: came.get(word, inf) for word in said}


@asynccontextmanager
async def talking(way: str) -> AsyncIterator[ThreadRoom]:
    """A call whose thread is written in one of three ways; at the end all of it stands there.

    "mix": one of many calls, in a workspace where nothing is edited in time.
    """
    async with threadroom(streams=way == "stream", calls=10 if way == "mix" else 1) as room:
        if way == "mix":
            room.governor.refused("chat.update", 40)
        room.team.scopes.add("channels:history")
        publisher = Publisher(room.board, room.captions)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(publisher.run())
            yield room
            room.captions.end()
            publisher.close(FAREWELL)
        await asyncio.sleep(60)


async def forgetful(room: ThreadRoom, every: float) -> None:
    """Slack does what it is asked for, and now and then nobody gets its answer."""
    dice = random.Random(7)
    while True:
        room.slack.faults.landed[dice.choice(METHODS)] = 1
        await asyncio.sleep(every)


@pytest.mark.parametrize("seconds", [3, 8, 12, 20])
@pytest.mark.parametrize("way", ["stream", "update", "mix"])
async def test_words_come_late_from_a_slack_that_is_slow_and_none_is_lost_or_doubled(
    seconds: float, way: str
) -> None:
    async with talking(way) as room:
        slow(room, seconds)
        late = await talk(room, 60)
    assert numbers(room) == list(late)
    assert max(late.values()) < 3 * seconds + 5
    assert all(re.search(r"w\d", text) for text in room.texts), "nothing stands there without words"


@pytest.mark.parametrize("seconds", [8, 20])
@pytest.mark.parametrize("way", ["stream", "update"])
async def test_a_slack_that_is_slow_for_a_while_in_the_middle_of_a_call_costs_no_word(
    seconds: float, way: str
) -> None:
    async with talking(way) as room:
        before = await talk(room, 10)
        slow(room, seconds)
        meanwhile = await talk(room, 60, begin=10)
        slow(room, 0)
        after = await talk(room, 10, begin=70)
    assert sorted(numbers(room)) == sorted([*before, *meanwhile, *after])
    assert max(before.values()) < 3
    assert max(meanwhile.values()) < 5 * seconds + 5
    assert max(after.values()) < 5
    assert len(room.texts) <= 4


@pytest.mark.parametrize("seconds", [0, 3, 8, 12, 20])
@pytest.mark.parametrize("way", ["stream", "update", "mix"])
async def test_answers_that_are_lost_though_slack_did_the_work_lose_and_double_no_word(
    seconds: float, way: str
) -> None:
    async with talking(way) as room:
        slow(room, seconds)
        async with asyncio.TaskGroup() as tasks:
            forgetting = tasks.create_task(forgetful(room, every=15))
            said = await talk(room, 120)
            forgetting.cancel()
            room.slack.faults.landed.clear()
            await asyncio.sleep(2 * seconds)
    assert sorted(numbers(room)) == sorted(said)


async def test_a_thread_whose_messages_come_to_nothing_leaves_few_of_them_without_words() -> None:
    async with talking("stream") as room:
        slow(room, 20)
        for method in ("chat.startStream", "chat.postMessage"):
            room.slack.faults.landed[method] = 2
        said = await talk(room, 30)
    assert numbers(room) == list(said)
    assert sum(not re.search(r"w\d", text) for text in room.texts) <= 3


async def test_a_slow_slack_that_loses_an_answer_is_not_asked_for_streams_any_more() -> None:
    async with talking("stream") as room:
        slow(room, 12)
        room.slack.faults.landed["chat.startStream"] = 1
        said = await talk(room, 60)
    assert numbers(room) == list(said)
    assert room.methods.count("startStream ok") == 1


async def test_a_message_that_can_never_be_begun_gives_way_to_posts() -> None:
    async with threadroom() as room:
        room.slack.faults.landed["chat.postMessage"] = 4
        room.team.scopes.add("channels:history")
        room.say("w1")
        await room.show()
        assert room.texts == ["Ann: w1"]
        assert [one.split()[0] for one in room.methods].count("delete") == 3


async def test_a_slack_slower_than_half_a_minute_is_waited_for_as_well() -> None:
    async with talking("stream") as room:
        slow(room, 45)
        said = await talk(room, 20)
    assert numbers(room) == list(said)


async def test_a_quick_slack_whose_answer_hangs_once_is_not_waited_for_for_long() -> None:
    async with talking("stream") as room:
        await talk(room, 5)
        room.slack.faults.slow["chat.appendStream"] = 50
        room.say("w5")
        await asyncio.sleep(1)
        room.slack.faults.slow.clear()
        await asyncio.sleep(15)
        assert numbers(room) == [f"w{number}" for number in range(6)]
        late = await talk(room, 5, begin=6)
        assert max(late.values()) < 5
        await asyncio.sleep(40)


@pytest.mark.parametrize("seconds", [5, 12, 20])
async def test_a_slow_slack_is_told_on_the_card_and_commands_are_answered(
    tmp_path: Path, seconds: float
) -> None:
    async with office(tmp_path) as acme:
        house = acme.bot.calls.house
        acme.bot.calls.house = replace(house, post=_captions)
        acme.slack.faults.slow = dict.fromkeys(
            [*METHODS, "conversations.info", "conversations.members", "users.info"], seconds
        )
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        (room,) = acme.rooms.opened
        room.joins("Ann")
        for number in range(10):
            room.says("Ann", f"w{number}", number * 3.0)
            await asyncio.sleep(3)
        await acme.until(lambda: f"Slack takes about {seconds - seconds % 5} s" in words(acme.card))
        acme.slack.faults.slow.clear()
        await acme.ann.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: f"Slack takes about {seconds - seconds % 5} s" in acme.told(acme.ann))
        for number in range(10, 40):
            room.says("Ann", f"w{number}", number * 3.0)
            await asyncio.sleep(3)
        await acme.until(lambda: "Slack takes" not in words(acme.card))
        assert len(re.findall(r"w\d+", acme.general.text())) == 40


def _captions(
    workspace: Workspace, thread: Thread, calls: Callable[[], int], first: int = 0
) -> ThreadCaptions:
    return ThreadCaptions(workspace.client, thread, workspace.governor, calls, first=first)
