"""What somebody in the channel reads who did not start the captions."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.governor import Governor
from bots.slack.ladder import FEW
from bots.slack.outlet import ThreadCaptions
from bots.slack.thread import Thread
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.publisher import Publisher
from tests.fakes.slack import FakeSlack, Message, Person, Place, Team

WORD, TURN = 0.4, 12
"""Seconds between two words, and words until the next person speaks."""

METHODS = ("chat.update", "chat.postMessage")


@dataclass
class Talk:
    """A call: when each word was said, and when a reader first saw it."""

    place: Place
    card: Message
    board: Board = field(default_factory=Board)
    said: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)

    async def speak(self, number: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end, turn = loop.time() + seconds, 0
        while loop.time() < end:
            speaker, start, words = Speaker(f"u{turn % 3}", f"Speaker {turn % 3}"), loop.time(), list[str]()
            for word in range(TURN):
                words.append(f"c{number}t{turn}w{word}")
                self.said[words[-1]] = loop.time()
                text, stable = " ".join(words), len(" ".join(words[:-1]))
                self.board.show(Caption(speaker, start, loop.time(), text, final=False, stable=stable))
                await asyncio.sleep(WORD)
            self.board.show(Caption(speaker, start, loop.time(), " ".join(words), final=True))
            turn += 1

    async def read(self, reader: Person) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.5)
            for word in words(reader.reads(self.place, self.card)):
                self.seen.setdefault(word, loop.time())

    @property
    def late(self) -> list[float]:
        return sorted(self.seen.get(word, float("inf")) - at for word, at in self.said.items())


def words(text: str) -> list[str]:
    return re.findall(r"c\d+t\d+w\d+", text)


async def put_up(slack: FakeSlack, team: Team, client: AsyncWebClient, number: int) -> Talk:
    place = slack.channel(team, f"call-{number}")
    posted = await client.chat_postMessage(channel=place.id, text="card")
    await asyncio.sleep(1)
    return Talk(place, next(message for message in place.messages if message.ts == posted["ts"]))


async def fail(slack: FakeSlack, seconds: float) -> None:
    """Every few seconds Slack refuses, fails, forgets to answer or takes its time."""
    dice, faults, loop = random.Random(3), slack.faults, asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(dice.uniform(4, 12))
        method = dice.choice(METHODS)
        match dice.randrange(4):
            case 0:
                faults.errors[method] = ["ratelimited"]
            case 1:
                faults.statuses[method] = [503]
            case 2:
                faults.landed[method] = 1
            case 3:
                faults.slow[method] = 3.0
                await asyncio.sleep(4)
                faults.slow.clear()


async def hold(calls: int, seconds: float, *, failing: bool = False, streams: bool = False) -> list[Talk]:
    """So many calls at once in one workspace; each is read by somebody who did not start it."""
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        team = slack.team()
        team.scopes.add("channels:history")
        ann, rob = slack.person(team, "Ann"), slack.person(team, "Rob")
        client = AsyncWebClient(team.bot_token, base_url=slack.api, session=session, retry_handlers=[])
        governor = Governor()
        talks = [await put_up(slack, team, client, number) for number in range(calls)]
        async with asyncio.TaskGroup() as tasks:
            outlets, publishers = list[ThreadCaptions](), list[Publisher]()
            for talk in talks:
                thread = Thread(team.id, talk.place.id, talk.card.ts, ann.id)
                outlets.append(ThreadCaptions(client, thread, governor, lambda: calls, streams=streams))
                publishers.append(Publisher(talk.board, outlets[-1]))
                tasks.create_task(publishers[-1].run())
            reading = [tasks.create_task(talk.read(rob)) for talk in talks]
            async with asyncio.TaskGroup() as speaking:
                for number, talk in enumerate(talks):
                    speaking.create_task(talk.speak(number, seconds))
                if failing:
                    speaking.create_task(fail(slack, seconds - 20))
            await asyncio.sleep(60)
            for captions, publisher in zip(outlets, publishers, strict=True):
                captions.end()
                publisher.close()
            for task in reading:
                task.cancel()
        refused = sum(call.result == "ratelimited" for call in slack.calls)
        assert failing or not refused
        for talk in talks:
            stands = Counter(words(rob.reads(talk.place, talk.card)))
            assert stands == dict.fromkeys(talk.said, 1)
    return talks


@pytest.mark.parametrize(("calls", "median", "most"), [(1, 1.5, 3.0), (3, 2.3, 5.0), (10, 3.8, 9.0)])
async def test_everybody_reads_each_word_once_and_within_seconds(
    calls: int, median: float, most: float
) -> None:
    for talk in await hold(calls, 120):
        assert talk.late[len(talk.late) // 2] < median
        assert talk.late[-1] < most
        sizes = [len(words(message.text)) for message in talk.place.thread(talk.card)]
        assert sum(sizes) / len(sizes) >= 9, "messages that people can read"
        assert sum(size < FEW for size in sizes) <= 2


@pytest.mark.parametrize("calls", [1, 3, 10])
async def test_everybody_reads_each_word_once_while_slack_fails(calls: int) -> None:
    for talk in await hold(calls, 180, failing=True):
        assert talk.late[len(talk.late) // 2] < 4.5
        assert talk.late[-1] < 35


async def test_what_is_streamed_to_one_person_comes_minutes_late_to_everybody_else() -> None:
    (talk,) = await hold(1, 300, streams=True)
    assert talk.late[-1] > 200
