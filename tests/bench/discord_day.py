"""A simulated day of two servers: people come, speak, move and go, calls begin and end, connections break."""

import asyncio
import gc
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import psutil

from tests.bench.machine import allocated
from tests.bots.discord.bench import Scene, scene
from tests.clock import VirtualLoop
from tests.fakes.discord import Channel, Guild, Member
from tests.fakes.pitch import pitched

HOUR = 3600.0
PACE = 20.0
"""Seconds between two events of one server, on average."""


@dataclass(slots=True)
class Server:
    """A server and its people. `lasting`: its call runs for the whole day; else calls begin and end."""

    home: Scene
    guild: Guild
    voice: list[Channel]
    chat: Channel
    people: list[Member]
    lasting: bool
    dice: random.Random
    did: Counter[str] = field(default_factory=Counter)

    @property
    def here(self) -> list[Member]:
        return [one for one in self.people if any(one.id in channel.speakers for channel in self.voice)]

    async def begin(self) -> None:
        """Start a call where somebody is, if none runs."""
        host = self.people[0]
        if host not in self.here:
            await self.come(host, self.voice[0])
        if self.home.calls.of(self.guild.id) is None:
            answer = await host.command("captions start", channel=self.chat)
            await answer.settle()
            self.did["calls"] += 1

    async def come(self, who: Member, channel: Channel) -> None:
        (await who.join(channel)).listens = False
        self.did["joins and moves"] += 1

    async def end(self) -> None:
        call = self.home.calls.of(self.guild.id)
        if call is not None:
            await call.stop("Somebody")

    async def event(self) -> None:
        """Something that happens on a day."""
        dice, here = self.dice, self.here
        # The first of them stays, so that the call has somebody to listen to.
        guests = self.people[1:]
        choice = dice.random()
        if choice < 0.6 and here:
            said = pitched(dice.choice((440, 600, 700, 800)), seconds=dice.choice((0.4, 0.8, 1.2, 2.0)))
            await dice.choice(here).say(said)
            self.did["utterances"] += 1
        elif choice < 0.78:
            await self.come(dice.choice(guests), dice.choice(self.voice))
        elif choice < 0.86 and here[1:]:
            await dice.choice(here[1:]).leave()
            self.did["leaves"] += 1
        elif choice < 0.93 and here:
            one = dice.choice(here)
            one.mute()
            await asyncio.sleep(5)
            one.unmute()
            self.did["mutes"] += 1
        elif choice < 0.97:
            await self.trouble()
        elif not self.lasting:
            await self.end()
            await asyncio.sleep(dice.uniform(5, 60))
        await self.begin()

    async def trouble(self) -> None:
        """A connection breaks, or the bot is moved."""
        voice, bot, room = self.home.fake.voice, self.home.fake.bot_id, self.guild.bot_in
        kind = self.dice.choice(("cut", "crash", "gateway", "region", "encryption", "move"))
        self.did[kind] += 1
        lines = [line for line in voice.lines_of(bot) if line.ticket.guild == self.guild.id]
        if kind in ("cut", "crash") and lines:
            lines[-1].drop(None if kind == "cut" else 4015)
        elif kind == "gateway":
            self.home.fake.gateway.drop(1006)
        elif kind == "region" and room is not None:
            await voice.change_region(room.id)
        elif kind == "encryption" and room is not None:
            voice.room(room.id).encryption.restart()
        elif kind == "move" and room is not None:
            other = self.voice[1] if room.id == self.voice[0].id else self.voice[0]
            await self.come(self.people[0], other)
            self.guild.move_bot(other)
        await asyncio.sleep(self.dice.uniform(2, 10))

    async def until(self, end: float) -> None:
        """Live, until then; in the end only the first is left, and says nothing."""
        loop = asyncio.get_running_loop()
        await self.begin()
        while loop.time() < end:
            await asyncio.sleep(self.dice.expovariate(1 / PACE))
            await self.event()
        for one in self.here:
            if one is not self.people[0]:
                await one.leave()
        if not self.lasting:
            await self.end()
            await self.people[0].leave()


@dataclass(slots=True)
class Sample:
    hour: float
    rss: float
    native: float
    idle: float
    files: int
    ours: int
    blocks: int
    tasks: int
    took: float
    kinds: Counter[str]


def ours(kind: type) -> bool:
    module = vars(kind).get("__module__")
    return isinstance(module, str) and module.split(".")[0] in ("bots", "core")


def sample(hour: float, began: float) -> Sample:
    gc.collect()
    types = Counter(type(one) for one in gc.get_objects())
    kinds = Counter(
        {f"{one.__module__}.{one.__qualname__}": count for one, count in types.items() if ours(one)}
    )
    process, (native, idle) = psutil.Process(), allocated()
    return Sample(
        hour,
        process.memory_info().rss / 2**20,
        native,
        idle,
        process.num_fds(),
        kinds.total(),
        sys.getallocatedblocks(),
        len(asyncio.all_tasks()),
        time.monotonic() - began,
        kinds,
    )


async def live(hours: list[float], seed: int) -> tuple[list[Sample], Counter[str], list[str]]:
    """The samples, what happened, and what went wrong."""
    samples, wrong, began = list[Sample](), list[str](), time.monotonic()
    async with scene() as home:
        home.fake.state.keeps = False
        home.fake.limits.missed = 50  # events that the gateway keeps for a resume
        other = home.fake.guild("Other")
        rooms = [home.lounge, home.guild.voice("Den")], [other.voice("Lounge"), other.voice("Den")]
        servers = [
            Server(home, home.guild, rooms[0], home.chat, [], True, random.Random(seed)),
            Server(home, other, rooms[1], other.text("general"), [], False, random.Random(seed + 1)),
        ]
        for server in servers:
            server.people = [server.guild.member(f"{server.guild.name} {number}") for number in range(5)]
        async with home.running():
            start = asyncio.get_running_loop().time()
            lasting = None
            for hour in hours:
                async with asyncio.TaskGroup() as day:
                    for server in servers:
                        day.create_task(server.until(start + hour * HOUR))
                await asyncio.sleep(120)  # what has to end has ended
                call = home.calls.of(home.guild.id)
                lasting = lasting or call
                if call is not lasting or call is None:
                    wrong.append(f"the call that was to last did not, in hour {hour:g}")
                    lasting = call
                forget(home)
                samples.append(sample(hour, began))
                show(samples[-1])
        did = sum((server.did for server in servers), Counter[str]())
    return samples, did, wrong


def forget(home: Scene) -> None:
    """What the fake keeps for tests to look at, or for ever, is none of the bot's memory."""
    home.fake.state.forget(newest=3)
    home.fake.rest.buckets.forget(asyncio.get_running_loop().time())
    home.fake.rest.asked.clear()
    home.fake.answers.clear()
    home.fake.rooms.asked_for.clear()
    voice = home.fake.voice
    voice.lines[:] = [line for line in voice.lines if not line.over]


def show(one: Sample) -> None:
    print(
        f"{one.hour:>6g} {one.rss:>9.1f} {one.native:>7.1f} {one.idle:>5.1f} {one.files:>6} {one.ours:>9} "
        f"{one.blocks:>10} {one.tasks:>6} {one.took:>7.0f}",
        flush=True,
    )


def figures(*, quick: bool) -> bool:
    """Prints a row for each moment. Returns whether the lasting call lasted and no socket is left behind."""
    hours = [0.5, 1.0, 1.5, 2.0] if quick else [1.0, 6.0, 12.0, 18.0, 24.0]
    print(
        f"Virtual clock, {hours[-1]:g} hours, two servers: in one a call lasts all day, in the other they\n"
        "begin and end. Before each row all but one in the lasting call go; two minutes later, after gc:"
    )
    print("  hour  RSS, MiB  native  idle  files   objects  allocated  tasks real s")
    print("(native: MiB that C code has; idle: that the C allocator holds free; objects: of core/ and bots/)")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        samples, did, wrong = runner.run(live(hours, 5))
    print(", ".join(f"{count} {name}" for name, count in did.most_common()))
    first, last = samples[0], samples[-1]
    more = last.kinds - first.kinds
    for name, count in more.most_common(6):
        print(f"  more at the end than at first: {name} +{count} ({first.kinds[name]} at first)")
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    return not wrong and last.files <= first.files
