"""Somebody speaks on while the call breaks: how long nothing is heard, and which words are missing after."""

import asyncio
import random
import re
import statistics
from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import inf
from typing import Any
from unittest.mock import patch

from bots.discord import notices
from bots.discord.ears import Ears
from bots.discord.voice.listener import Phase
from tests.bots.discord.bench import Scene, scene
from tests.clock import VirtualLoop
from tests.fakes.discord import Member
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.person import FRAME, Person
from tests.recordings import tone

WORD = 0.4
"""Seconds: 150 words a minute. The engine hears a word if half of it arrives."""

COUNT, PHRASE, PAUSE = 120, 8, 0.6
"""Words, words to a phrase, and seconds between phrases."""

PACKETS = round(WORD / FRAME)
"""Of each word."""

LOWEST, APART = 300, 30
"""Hz: every word of a run has a pitch of its own, so it is known which are missing and which come twice."""

BEGIN = 12.0
"""Seconds of speech before the fault."""

LOADING = 2.0
"""Seconds from the end of a process to its successor."""

TOLD = (
    *(str(notices.standing(phase)) for phase in (Phase.CONNECTING, Phase.RECONNECTING)),
    notices.RESTING,
    "but nothing can be heard",
)
"""What readers may see while nothing is heard."""


@dataclass(slots=True)
class World:
    """A call that runs, with Ann, who speaks, Ben, who doesn't, and Cem, who isn't there yet."""

    home: Scene
    ann: Member
    ben: Member
    cem: Member
    stack: AsyncExitStack
    """What runs of Spokenly."""

    def cut(self, code: int | None = None) -> None:
        self.home.fake.voice.line(self.home.fake.bot_id).drop(code)


async def dropped(world: World) -> None:
    world.cut()


async def crashed(world: World) -> None:
    world.cut(4015)


async def forgotten(world: World) -> None:
    world.home.fake.voice.faults.refuse_resume = 4006
    world.cut()


async def region(world: World) -> None:
    await world.home.fake.voice.change_region(world.home.lounge.id)


async def moved(world: World) -> None:
    den = world.home.guild.voice("Den")
    world.home.guild.move_bot(den)
    await world.ann.join(den)
    await world.ben.join(den)


async def rekeyed(world: World) -> None:
    world.home.fake.voice.rotate_key(world.home.lounge.id)


async def restarted(world: World) -> None:
    world.home.fake.voice.room(world.home.lounge.id).encryption.restart()


async def confused(world: World) -> None:
    world.home.fake.voice.room(world.home.lounge.id).encryption.confuse()


async def another_epoch(world: World) -> None:
    await world.cem.join(world.home.lounge)
    await asyncio.sleep(2)
    await world.cem.leave()


async def damaged_epoch(world: World) -> None:
    encryption = world.home.fake.voice.room(world.home.lounge.id).encryption
    encryption.spoil.add(world.home.fake.bot_id)
    await another_epoch(world)


async def dead(world: World) -> None:
    world.home.fake.voice.line(world.home.fake.bot_id).udp_dead = True


async def gateway(world: World) -> None:
    world.home.fake.gateway.drop(1006)


async def invalidated(world: World) -> None:
    world.home.fake.gateway.invalidate()


async def away(world: World) -> None:
    faults = world.home.fake.voice.faults
    faults.refuse_upgrade, faults.refuse_resume = 503, 4006
    await dead(world)
    world.cut()
    await asyncio.sleep(5)
    faults.refuse_upgrade = None


async def process(world: World) -> None:
    await world.stack.aclose()
    await asyncio.sleep(LOADING)
    await world.stack.enter_async_context(world.home.running())


async def nothing(world: World) -> None:
    """All is well."""


UNBROKEN = "the same while Ann makes no pause"

FAULTS: dict[str, Callable[[World], Awaitable[None]]] = {
    "no fault": nothing,
    "voice connection cut (1006)": dropped,
    "voice server crashed (4015)": crashed,
    "cut, and its resume refused (4006)": forgotten,
    "region changed (4022)": region,
    "everybody moved (4014)": moved,
    "transport key rotated": rekeyed,
    "DAVE begun again (op 24)": restarted,
    "DAVE: proposals of a wrong epoch": confused,
    "DAVE: Cem joins, and leaves after 2 s": another_epoch,
    "the same, commit damaged (op 31)": damaged_epoch,
    "UDP dead, and nobody says so": dead,
    UNBROKEN: dead,
    "main gateway cut, resumed": gateway,
    "main gateway's session invalidated": invalidated,
    "voice server away for 5 s": away,
    f"Spokenly restarted, {LOADING:.0f} s to load": process,
}


@dataclass(slots=True)
class Run:
    """What one fault at one moment did. Seconds by the loop's clock."""

    sent: list[float] = field(default_factory=list)
    """Every packet of Ann's."""
    heard: list[float] = field(default_factory=list)
    """Every piece of sound that reached the captions."""
    words: dict[int, tuple[float, float]] = field(default_factory=dict)
    """The words that were sent whole: when they began and ended."""
    tokens: list[int | None] = field(default_factory=list)
    """What is to be read in the end, as words' numbers; None: a mark that something could not be heard."""
    notices: list[tuple[float, float]] = field(default_factory=list)
    """When it could be read that nothing is heard."""

    @property
    def deaf(self) -> float:
        """Seconds of speech between two sounds that were heard, at most."""
        most, ends = 0, [*self.heard, self.sent[-1]]
        for before, after in pairwise(ends):
            most = max(most, bisect_right(self.sent, after) - bisect_right(self.sent, before))
        return most * FRAME

    @property
    def lost(self) -> list[int]:
        shown = set(self.tokens)
        return [number for number in self.words if number not in shown]

    @property
    def doubled(self) -> int:
        """Words that stand there longer than they were spoken, or in two places.

        A sound between two words that is taken for a third is no word twice.
        """
        runs = [(one, len(list(run))) for one, run in groupby(self.tokens)]
        places = Counter(one for one, length in runs if length > 1)
        long = {one for one, length in runs if length > 3}
        return sum(number in long or places[number] > 1 for number in self.words)

    def told(self, number: int) -> bool:
        """Whether readers learn that something is missing there: by a mark, or by a notice in its place."""
        before = [at for at, one in enumerate(self.tokens) if one is not None and one < number]
        after = [at for at, one in enumerate(self.tokens) if one is not None and one > number]
        first, last = max(before, default=-1), min(after, default=len(self.tokens))
        if None in self.tokens[first + 1 : last]:
            return True
        shown = {one: when for one, when in self.words.items() if one in self.tokens}
        since = max((end for one, (_, end) in shown.items() if one < number), default=0.0)
        upto = min((begin for one, (begin, _) in shown.items() if one > number), default=inf)
        return any(there <= upto and since <= gone for there, gone in self.notices)


def order(seed: int) -> list[int]:
    """Which pitch each word has."""
    pitches = list(range(COUNT))
    random.Random(seed).shuffle(pitches)
    return pitches


def script(seed: int) -> list[bytes]:
    """Opus of all words. Every packet is an object of its own, to be known by."""
    pcm = b"".join(tone(WORD, 48_000, LOWEST + APART * pitch).tobytes() for pitch in order(seed))
    return [bytes(bytearray(packet)) for packet in frames(pcm)]


async def talk(person: Person, packets: list[bytes], *, unbroken: bool) -> None:
    """In phrases, as Discord's clients send them: told at the beginning and the end of each (op 5)."""
    size = len(packets) if unbroken else PHRASE * PACKETS
    for at in range(0, len(packets), size):
        await person.send(packets[at : at + size])
        await asyncio.sleep(PAUSE)


def read(text: str, seed: int) -> list[int | None]:
    """The words and marks of a text."""
    place = {pitch: number for number, pitch in enumerate(order(seed))}
    found: list[int | None] = []
    for pitch, _ in re.findall(r"\bt(\d+)\b|(could not be heard)", text):
        found.append(place.get(round((int(pitch) - LOWEST) / APART)) if pitch else None)
    return found


async def run(
    fault: Callable[[World], Awaitable[None]], moment: float, seed: int, *, unbroken: bool = False
) -> Run:
    loop, one = asyncio.get_running_loop(), Run()
    packets = script(seed)
    number_of = {id(packet): number // PACKETS for number, packet in enumerate(packets)}
    sent: Counter[int] = Counter()
    hear = Ears.hear

    def heard(self: Ears, *what: Any) -> None:
        one.heard.append(loop.time())
        hear(self, *what)

    async with scene() as home, AsyncExitStack() as stack:
        ann, ben, cem = (home.guild.member(name) for name in ("Ann", "Ben", "Cem"))
        person = await ann.join(home.lounge)
        for one_of in (ann, ben, cem):
            one_of.person.listens = False
        await ben.join(home.lounge)
        frame = person._frame

        def noted(packet: bytes, step: int, *, first: bool = False) -> None:
            before = person.counters["sent"]
            frame(packet, step, first=first)
            if person.counters["sent"] > before:
                now = loop.time()
                one.sent.append(now)
                if (number := number_of.get(id(packet))) is not None:
                    sent[number] += 1
                    one.words[number] = one.words.get(number, (now, now))[0], now + FRAME

        with patch.object(Ears, "hear", heard), patch.object(person, "_frame", noted):
            await stack.enter_async_context(home.running())
            await home.start(ann)
            async with asyncio.TaskGroup() as tasks:
                talking = tasks.create_task(talk(person, packets, unbroken=unbroken))
                await asyncio.sleep(moment)
                await fault(World(home, ann, ben, cem, stack))
                await talking
            await asyncio.sleep(10)
            if (call := home.calls.of(home.guild.id)) is not None:
                await call.stop(None)
        one.words = {number: when for number, when in one.words.items() if sent[number] == PACKETS}
        one.tokens = read(home.text(home.thread), seed)
        for message in home.pages(home.thread):
            ends = [version.at for version in message.versions[1:]] + [loop.time()]
            for version, end in zip(message.versions, ends, strict=True):
                if any(sentence in version.content for sentence in TOLD):
                    one.notices.append((version.at, end))
    return one


def figures(*, quick: bool) -> bool:
    """Prints a row for each fault. Returns whether every lost word was told."""
    moments = [BEGIN + 0.37 * step for step in range(2 if quick else 5)]
    print(
        f"Virtual clock; one person speaks {COUNT} words of {WORD} s, each of them another; "
        f"each fault at {len(moments)} moments"
    )
    print(f"{'':40} s deaf: median    max   words lost  max  untold  doubled")
    normal, well = 0.0, True
    for name, fault in FAULTS.items():
        runs = []
        for number, moment in enumerate(moments):
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                runs.append(runner.run(run(fault, moment, number, unbroken=name == UNBROKEN)))
        if fault is nothing:
            normal = statistics.median(one.deaf for one in runs)
            print(f"normal: {normal:.2f} s between two sounds that are heard, taken off below")
        deaf = [max(0.0, one.deaf - normal) for one in runs]
        lost = [len(one.lost) for one in runs]
        untold = sum(not one.told(number) for one in runs for number in one.lost)
        doubled = sum(one.doubled for one in runs)
        print(
            f"{name:40} {statistics.median(deaf):>14.2f} {max(deaf):>6.2f}   {statistics.median(lost):>10g} "
            f"{max(lost):>4} {untold:>7} {doubled:>8}",
            flush=True,
        )
        well &= not untold
    return well
