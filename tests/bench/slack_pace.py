"""How late Slack's limits make captions: simulated hours against a fake Slack that enforces them.

    python -m tests.bench.slack_pace [--quick]

The unmodified SDK calls the fake on loopback, on a clock that jumps; a request takes 150 ms. In each call
two to four people talk in turn, 150 words a minute, now and then two at once. What is said is known 0.6 s
later and does not change then; an utterance becomes final 0.6 s after its last word. Lags are from when a
word was spoken to when somebody in the channel who did not start the captions could first read it: 0.6 s of
each are not Slack's. Streams (SPOKENLY_SLACK_STREAMS) are told for whoever started the captions as well.
"Slack failing": about every ten seconds an answer is lost or takes three seconds, a server fails or a call is
refused; the app may read the thread there. "Messages": of one call, in a minute. Exits 1 when a word is lost
or stands twice at the end, or an aim is missed.
"""

import argparse
import asyncio
import logging
import random
import re
import statistics
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from math import inf

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.governor import Governor
from bots.slack.markup import SLACK
from bots.slack.outlet import ThreadCaptions
from bots.slack.thread import Thread
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.pages import Pages
from core.captions.publisher import Publisher
from tests.bench.machine import machine
from tests.clock import VirtualLoop
from tests.fakes.slack import FakeSlack

WAY = 0.15
"""Seconds that a request takes."""

WORD, KNOWN = 0.4, 0.6
"""Seconds from one word to the next, and until a word will not change any more."""

AIMS = {1: 1.0, 3: 1.8, 10: 3.8}
"""Seconds that the median lag of a word should not exceed, by calls in the workspace."""


@dataclass(slots=True)
class Talk:
    """What was said in one call, and when each word was."""

    number: int
    board: Board = field(default_factory=Board)
    words: dict[str, float] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)


async def speak(talk: Talk, seconds: float, dice: random.Random) -> None:
    """People take turns; sometimes the next begins before the other ends."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    people = [Speaker(f"s{number}", f"Speaker {number}") for number in range(dice.randint(2, 4))]
    silent = list(people)

    async def say(speaker: Speaker, number: int, long: int) -> None:
        start = loop.time()
        words: list[str] = []
        for part in range(long + 2):
            if part < long:
                words.append(f"c{talk.number}u{number}w{part}")
                talk.words[words[-1]] = loop.time()
            if part >= long + 1:
                break
            settled = len(" ".join(words[: max(0, part)]))
            text = " ".join(words)
            talk.board.show(Caption(speaker, start, loop.time() + WORD, text, final=False, stable=settled))
            await asyncio.sleep(WORD if part < long else KNOWN)
        talk.board.show(Caption(speaker, start, loop.time(), " ".join(words), final=True))
        silent.append(speaker)

    async with asyncio.TaskGroup() as group:
        for number in count():
            if loop.time() >= end:
                break
            long = max(1, min(60, round(dice.lognormvariate(2.3, 0.8))))
            if silent:
                group.create_task(say(silent.pop(dice.randrange(len(silent))), number, long))
            await asyncio.sleep(long * WORD * (0.7 if dice.random() < 0.1 else 1.0))
    talk.over.set()
    talk.board.touch()


@dataclass(frozen=True, slots=True)
class Stage:
    """What a way to show captions gets. `calls`: in the workspace."""

    client: AsyncWebClient
    thread: Thread
    governor: Governor
    calls: int


async def spokenly(talk: Talk, stage: Stage, *, streams: bool = False) -> None:
    calls = stage.calls
    captions = ThreadCaptions(stage.client, stage.thread, stage.governor, lambda: calls, streams=streams)
    publisher = Publisher(talk.board, captions)
    async with asyncio.TaskGroup() as group:
        group.create_task(publisher.run())
        await talk.over.wait()
        await asyncio.sleep(30.0)  # what is under way comes to its end
        captions.end()
        publisher.close()


async def patiently(request: Callable[[], Coroutine[None, None, object]]) -> object:
    """Do it, and again after each 429."""
    while True:
        try:
            return await request()
        except SlackApiError as error:
            await asyncio.sleep(float(error.response.headers["Retry-After"]))


async def each_utterance(talk: Talk, stage: Stage) -> None:
    """A message for each utterance, in order, as fast as Slack takes them."""
    sent, changed = 0, asyncio.Event()
    unwatch = talk.board.watch(changed.set)
    while not talk.over.is_set() or sent < talk.board.count:
        await changed.wait()
        changed.clear()
        for entry in list(talk.board.since(sent)):
            assert isinstance(entry, Caption)
            text = f"{SLACK.name(entry.speaker.name)} {SLACK.escape(entry.text)}"
            await patiently(
                lambda text=text: stage.client.chat_postMessage(  # type: ignore[misc] # the text of now
                    channel=stage.thread.channel, thread_ts=stage.thread.ts, markdown_text=text
                )
            )
            sent += 1
    unwatch()


async def rewritten(talk: Talk, stage: Stage) -> None:
    """A message that is rewritten as often as all calls may do it in turn."""
    pages = Pages(3900, SLACK)
    loop = asyncio.get_running_loop()
    messages: dict[int, tuple[str, str]] = {}
    to, last = stage.thread, False
    while not last:
        last = talk.over.is_set()
        await asyncio.sleep(1.2 * stage.calls)
        for page in pages.update(talk.board, loop.time()):
            ts, shown = messages.get(page.number, ("", ""))
            if page.text and not ts:
                posted = await patiently(
                    lambda page=page: stage.client.chat_postMessage(  # type: ignore[misc] # the page of now
                        channel=to.channel, thread_ts=to.ts, markdown_text=page.text
                    )
                )
                ts = posted["ts"]  # type: ignore[index] # an answer of Slack's
            elif page.text and page.text != shown:
                await patiently(
                    lambda page=page, ts=ts: stage.client.chat_update(  # type: ignore[misc] # the page of now
                        channel=to.channel, ts=ts, markdown_text=page.text
                    )
                )
            messages[page.number] = ts, page.text
            pages.written(page)


async def trouble(slack: FakeSlack, seconds: float, dice: random.Random) -> None:
    """Lost answers, failing servers, refusals, answers that take long: one every ten seconds or so."""
    loop = asyncio.get_running_loop()
    faults, end = slack.faults, loop.time() + seconds
    while loop.time() < end:
        await asyncio.sleep(dice.expovariate(1 / 10))
        method = dice.choice(["chat.update", "chat.postMessage"])
        match dice.randrange(5):
            case 0:
                faults.landed[method] = dice.randint(1, 2)
            case 1:
                faults.statuses[method] = [dice.choice([500, 502, 503, 504])]
            case 2:
                faults.errors[method] = [dice.choice(["internal_error", "fatal_error"])]
            case 3:
                faults.errors[method] = ["ratelimited"]
            case 4:
                faults.slow[method] = 3.0
                await asyncio.sleep(dice.uniform(1, 10))
                faults.slow[method] = WAY


Way = Callable[[Talk, Stage], Coroutine[None, None, None]]

STREAMS = "streams, everybody else"

WAYS: dict[str, Way] = {
    "Spokenly": spokenly,
    STREAMS: partial(spokenly, streams=True),
    "a message per utterance": each_utterance,
    "plain chat.update": rewritten,
}


@dataclass(slots=True)
class Result:
    """`lags` in seconds, as everybody in the channel reads; of a word that never came there is none.

    `starter`: as whoever started the captions reads. `messages`: in a minute, of one call.
    """

    lags: list[float]
    starter: list[float]
    said: int
    lost: int
    doubled: int
    refused: int
    requests: int
    messages: float


async def run(way: Way, minutes: float, calls: int, seed: int, *, faults: bool = False) -> Result:
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        team = slack.team()
        team.scopes.add("channels:history")
        ann = slack.person(team, "Ann")
        client = AsyncWebClient(team.bot_token, base_url=slack.api, session=session, retry_handlers=[])
        governor = Governor()
        talks = [Talk(number) for number in range(calls)]
        async with asyncio.TaskGroup() as group:
            for talk in talks:
                place = slack.channel(team, f"call-{talk.number}", ann)
                posted = await client.chat_postMessage(channel=place.id, text="card")
                thread = Thread(team.id, place.id, posted["ts"], ann.id)
                group.create_task(way(talk, Stage(client, thread, governor, calls)))
                group.create_task(speak(talk, minutes * 60, random.Random(seed + talk.number)))
            slack.faults.slow = dict.fromkeys(METHODS, WAY)
            if faults:
                group.create_task(trouble(slack, minutes * 60, random.Random(seed)))
        return measure(slack, talks, minutes)


METHODS = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update", "chat.postMessage")
WORDS = re.compile(r"c\d+u\d+w\d+")


def measure(slack: FakeSlack, talks: list[Talk], minutes: float) -> Result:
    said = {word: at for talk in talks for word, at in talk.words.items()}
    stands = Counter(
        word
        for message in slack.world.messages
        if not message.deleted
        for word in WORDS.findall(message.text)
    )
    messages = sum(message.thread_ts is not None for message in slack.world.messages)
    starter, everybody = seen(slack, others=False), seen(slack, others=True)
    return Result(
        lags=[everybody[word] - at for word, at in said.items() if word in everybody],
        starter=[starter[word] - at for word, at in said.items() if word in starter],
        said=len(said),
        lost=sum(not stands[word] for word in said),
        doubled=sum(times > 1 for times in stands.values()),
        refused=sum(call.result == "ratelimited" for call in slack.calls),
        requests=len(slack.calls),
        messages=messages / minutes / len(talks),
    )


def seen(slack: FakeSlack, *, others: bool) -> dict[str, float]:
    """When each word could first be read by whoever a stream is for, or by the `others` in the channel.

    Of a stream they see what came first, and the rest when it ends (tests/fakes/slack, `Person.reads`).
    """
    live, streamed = dict[str, float](), dict[str, dict[str, float]]()
    ends = {
        message.ts: message.stream.began + slack.limits.stream
        for message in slack.world.messages
        if message.stream is not None
    }
    for call in slack.calls:
        if call.result != "ok":
            continue
        message, at = str(call.args.get("ts") or ""), call.at + WAY
        if call.method == "chat.stopStream":
            ends[message] = min(ends[message], at)
        words = WORDS.findall(str(call.args.get("markdown_text") or ""))
        later = others and call.method == "chat.appendStream" and message in streamed
        if call.method == "chat.appendStream":
            streamed.setdefault(message, {})
        for word in words:
            if later:
                streamed[message].setdefault(word, at)
            else:
                live.setdefault(word, at)
    for message, held in streamed.items():
        for word, at in held.items():
            live[word] = min(live.get(word, inf), max(at, ends[message]))
    return live


def row(name: str, result: Result, lags: list[float] | None = None) -> str:
    lags = lags or result.lags
    cuts = statistics.quantiles(lags, n=100, method="inclusive")
    seconds = f"{cuts[49]:7.2f}{cuts[94]:8.2f}{max(lags):8.2f}"
    words = f"{result.said:9}{result.lost:6}{result.doubled:9}"
    return f"{name:28}{seconds}{words}{result.refused:7}{result.requests:10}{result.messages:10.1f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="10 simulated minutes instead of an hour")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    logging.disable(
        logging.WARNING
    )  # of ten calls that end at once, some streams are left to end by themselves
    minutes = 10.0 if chosen.quick else 60.0
    print(machine())
    print(f"{minutes:.0f} simulated minutes each; a request takes {WAY * 1000:.0f} ms; seconds")
    head = f"{'':28}    p50     p95     max    words  lost  doubled   429s  requests  messages"
    met = True
    for calls, aim in AIMS.items():
        print(f"\ncalls in one workspace: {calls} (aim: p50 ≤ {aim} s)\n{head}")
        for name, way in WAYS.items():
            result = simulate(way, minutes, calls, chosen.seed)
            print(row(name, result), flush=True)
            if name == STREAMS:
                print(row("streams, whoever started", result, result.starter), flush=True)
            if way is spokenly:
                met &= whole(result) and statistics.median(result.lags) <= aim and result.refused == 0
        result = simulate(spokenly, minutes, calls, chosen.seed, faults=True)
        print(row("Spokenly, Slack failing", result), flush=True)
        met &= whole(result)
    print(f"\nAim: the medians above, no 429, no word lost or doubled: {'met' if met else 'MISSED'}")
    raise SystemExit(not met)


def whole(result: Result) -> bool:
    return result.lost == 0 and result.doubled == 0


def simulate(way: Way, minutes: float, calls: int, seed: int, *, faults: bool = False) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run(way, minutes, calls, seed, faults=faults))


if __name__ == "__main__":
    main()
