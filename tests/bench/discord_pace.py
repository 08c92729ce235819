"""How late Discord's limits make captions: simulated hours against a fake Discord that enforces them.

    python -m tests.bench.discord_pace [--quick]

Unmodified discord.py sends over TLS to the fake on loopback, on a clock that jumps; requests take 80 ms to
get there. People speak at random (Poisson), several at once; words appear one by one, then the utterance
becomes final. "Final" is the time from a final on the board to the first version of a message that holds it;
"word" is the same for each word, from when it was first heard. The engine's own time is not in it.
"""

import argparse
import asyncio
import random
import re
import statistics
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import discord

from bots.discord.chat import ChatPlace
from bots.discord.governor import Governor
from bots.discord.outlet import ChatPages
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import MARKDOWN
from core.captions.pages import Pages
from core.captions.publisher import Publisher
from tests.bench.machine import machine
from tests.clock import VirtualLoop
from tests.fakes.discord import Channel, FakeDiscord, Slow

WAY = 0.08
"""Seconds that a request takes to Discord."""

WORD = 0.35
"""Seconds from one word to the next."""


@dataclass(slots=True)
class Talk:
    """What was said in one call, and when each piece of it was ready to be shown."""

    board: Board = field(default_factory=Board)
    words: dict[str, float] = field(default_factory=dict)
    finals: dict[str, float] = field(default_factory=dict)
    closed: bool = False


async def speak(talk: Talk, rate: float, seconds: float, dice: random.Random) -> None:
    """Utterances of 2 to 14 words, begun at random by somebody who is silent, `rate` a minute in all."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    silent = [Speaker(f"s{number}", f"Speaker {number}") for number in range(12)]

    async def say(speaker: Speaker, number: int) -> None:
        now = loop.time()
        words: list[str] = []
        for part in range(max(2, min(14, round(dice.gauss(7, 3))))):
            words.append(f"u{number}w{part}")
            talk.words[words[-1]] = loop.time()
            talk.board.show(Caption(speaker, now, now, " ".join(words), final=False))
            await asyncio.sleep(WORD)
        final = f"u{number}end"
        talk.finals[final] = loop.time()
        talk.board.show(Caption(speaker, now, now, " ".join([*words, final]), final=True))
        silent.append(speaker)

    async with asyncio.TaskGroup() as group:
        for number in count():
            await asyncio.sleep(dice.expovariate(rate / 60))
            if loop.time() >= end:
                break
            if silent:
                group.create_task(say(silent.pop(0), number))
    talk.closed = True
    talk.board.touch()


async def spokenly(talk: Talk, chat: discord.TextChannel, governor: Governor) -> None:
    pages = ChatPages(ChatPlace(chat, governor))
    publisher = Publisher(talk.board, pages)
    async with asyncio.TaskGroup() as group:
        group.create_task(publisher.run())
        await _over(talk)
        publisher.close()


async def each_utterance(talk: Talk, chat: discord.TextChannel, governor: Governor) -> None:
    """A message for each utterance, in order, as fast as discord.py lets them through."""
    sent = 0
    changed = asyncio.Event()
    unwatch = talk.board.watch(changed.set)
    while not talk.closed or sent < talk.board.count:
        await changed.wait()
        changed.clear()
        while sent < talk.board.count:
            (caption,) = talk.board.since(sent)[:1]
            assert isinstance(caption, Caption)
            await chat.send(f"**{caption.speaker.name}:** {caption.text}")
            sent += 1
    unwatch()


async def every_five_seconds(talk: Talk, chat: discord.TextChannel, governor: Governor) -> None:
    """One message, edited every five seconds when there is something new."""
    pages = Pages(2000, MARKDOWN, 50 * 60)
    messages: dict[int, discord.Message] = {}
    loop = asyncio.get_running_loop()
    last = False
    while not last:
        last = talk.closed
        await asyncio.sleep(5.0 - (loop.time() % 5.0))
        for page in pages.update(talk.board, loop.time()):
            message = messages.get(page.number)
            if not page.text:
                continue
            if message is None:
                messages[page.number] = await chat.send(page.text)
            elif message.content != page.text:
                messages[page.number] = await message.edit(content=page.text)
            pages.written(page)


async def _over(talk: Talk) -> None:
    over = asyncio.Event()
    unwatch = talk.board.watch(lambda: over.set() if talk.closed else None)
    await over.wait()
    unwatch()


Way = Callable[[Talk, discord.TextChannel, Governor], Coroutine[None, None, None]]

WAYS: dict[str, Way] = {
    "Spokenly": spokenly,
    "a message per utterance": each_utterance,
    "an edit every 5 s": every_five_seconds,
}


@asynccontextmanager
async def connected(fake: FakeDiscord, governor: Governor) -> AsyncIterator[discord.Client]:
    intents = discord.Intents.none()
    intents.guilds = True
    client = discord.Client(
        intents=intents, connector=fake.connector(), http_trace=governor.trace, max_messages=None
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(client.start(fake.token))
        while not client.is_ready():  # noqa: ASYNC110 - discord.py's own wait needs a login first
            await asyncio.sleep(0.1)
        try:
            yield client
        finally:
            await client.close()


@dataclass(slots=True)
class Result:
    """Lags in seconds; `refused`: 429s; `requests`: of all calls."""

    words: list[float]
    finals: list[float]
    refused: int
    requests: int


async def run(way: Way, rate: float, minutes: float, calls: int, seed: int) -> Result:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        channels = [guild.text(f"captions-{number}") for number in range(calls)]
        governor = Governor()
        talks = [Talk() for _ in channels]
        async with connected(fake, governor) as client:
            fake.rest.faults.add(Slow(WAY), "* /channels/**", times=None)
            async with asyncio.TaskGroup() as group:
                for number, (channel, talk) in enumerate(zip(channels, talks, strict=True)):
                    chat = client.get_channel(channel.id)
                    assert isinstance(chat, discord.TextChannel)
                    group.create_task(way(talk, chat, governor))
                    group.create_task(speak(talk, rate, minutes * 60, random.Random(seed + number)))
        result = Result([], [], fake.rest.buckets.refused.total(), len(fake.rest.asked))
        for channel, talk in zip(channels, talks, strict=True):
            seen = first_seen(channel)
            result.finals += [seen[word] - at for word, at in talk.finals.items()]
            result.words += [seen[word] - at for word, at in talk.words.items()]
        return result


def first_seen(channel: Channel) -> dict[str, float]:
    """When each word first stood in any message."""
    seen: dict[str, float] = {}
    for message in channel.history:
        for version in message.versions:
            for word in re.findall(r"u\d+(?:w\d+|end)", version.content):
                seen[word] = min(version.at, seen.get(word, version.at))
    return seen


def row(name: str, result: Result) -> str:
    def three(lags: list[float]) -> str:
        cuts = statistics.quantiles(lags, n=100, method="inclusive")
        return f"{cuts[49]:7.2f}{cuts[94]:8.2f}{max(lags):8.2f}"

    return f"{name:28}{three(result.finals)}   {three(result.words)}   {result.refused:5}{result.requests:9}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="10 simulated minutes instead of an hour")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    minutes = 10.0 if chosen.quick else 60.0
    print(machine())
    print(f"{minutes:.0f} simulated minutes each; a request takes {WAY * 1000:.0f} ms to Discord; seconds")
    head = f"{'':26}  final p50   p95     max   word p50    p95     max    429s requests"
    met = True
    for rate in (20, 35, 60):
        print(f"\none call, {rate} utterances a minute\n{head}")
        for name, way in WAYS.items():
            result = simulate(way, rate, minutes, 1, chosen.seed)
            print(row(name, result), flush=True)
            met &= way is not spokenly or good(result)
    print(f"\ncalls at once, one bot, 35 utterances a minute in each, {minutes / 4:.0f} minutes\n{head}")
    for calls in (1, 5, 20):
        result = simulate(spokenly, 35, minutes / 4, calls, chosen.seed)
        print(row(f"Spokenly, {calls} calls", result), flush=True)
        met &= good(result)
    print(f"\nAim: p95 ≤ 1.2 s, max ≤ 4 s, no 429: {'met' if met else 'MISSED'}")
    raise SystemExit(not met)


def good(result: Result) -> bool:
    return all(
        statistics.quantiles(lags, n=100)[94] <= 1.2 and max(lags) <= 4.0
        for lags in (result.finals, result.words)
    ) and (result.refused == 0)


def simulate(way: Way, rate: float, minutes: float, calls: int, seed: int) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run(way, rate, minutes, calls, seed))


if __name__ == "__main__":
    main()
