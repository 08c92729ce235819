"""From a mouth to a message: recorded speech in a voice channel, the local engine, real sockets and clock."""

import asyncio
import re
import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from unittest.mock import patch

import psutil

from bots import app
from bots.discord.bot import Parts
from bots.discord.call import DiscordCall
from core.audio.frame import RATE, WIDTH
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import MARKDOWN, words
from core.engines.hearing import open_hearing
from core.metrics import Metrics
from core.settings import Settings
from tests.bench.machine import percentile
from tests.bench.speech import Utterance, spoken
from tests.fakes.discord import Channel, FakeDiscord, Member
from tests.fakes.discord.voice.encoder import frames

PAUSES = (1.1, 0.7, 1.9, 0.9, 3.0, 1.4)
"""Seconds between two utterances of one person, in turn."""

COME_IN = 0.37
"""Seconds from one person's beginning to the next one's, so that nobody is in step."""

LAST = 6.0
"""Seconds after the last word in which everything has to be written."""


@dataclass(slots=True)
class Said:
    """One utterance as it was spoken: when its voice began and ended (the loop's clock)."""

    name: str
    begins: float
    ends: float


@dataclass(slots=True)
class Screen:
    """What could be read of one person at some moment: how many words as final, and how many in all."""

    at: float
    final: int
    all: int


@dataclass(slots=True)
class Outcome:
    """Seconds; `lost`: final words of the captions that are in no message as such."""

    first: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    said: int = 0
    unseen: int = 0
    lost: int = 0
    cpu: float = 0.0
    refused: int = 0
    edits: int = 0

    @property
    def lags(self) -> tuple[list[float], list[float]]:
        return self.first, self.final


async def talk(member: Member, turns: list[Utterance], said: list[Said]) -> None:
    """One person's utterances, each told at its beginning and end as Discord's clients do."""
    loop = asyncio.get_running_loop()
    for number, one in enumerate(turns):
        begins = loop.time() + member.person._server.faults.speaking_lead
        said.append(Said(member.name, begins + one.begins, begins + one.ends))
        await member.person.send(frames(one.pcm, RATE))
        await asyncio.sleep(PAUSES[number % len(PAUSES)])


def screens(place: Channel, name: str) -> list[Screen]:
    """Every change of what could be read of somebody."""
    changes = [(one.at, message.id, one.content) for message in place.history for one in message.versions]
    changes.sort(key=lambda change: change[0])
    contents: dict[int, tuple[int, int]] = {}
    found = []
    for at, number, content in changes:
        contents[number] = counted(content, name)
        final, everything = (sum(column) for column in zip(*contents.values(), strict=True))
        found.append(Screen(at, final, everything))
    return found


def counted(content: str, name: str) -> tuple[int, int]:
    """Words of somebody that are final, and all of theirs."""
    final = everything = 0
    head = re.escape(MARKDOWN.name(name))
    for line in re.findall(rf"^{head} (.*)$", content, re.MULTILINE):
        settled = re.sub(r"(?<!\\)\*.*?(?<!\\)\*", " ", line)
        final += len(words(settled))
        everything += len(words(line))
    return final, everything


def judge(said: list[Said], board: Board, zero: float, place: Channel, name: str, outcome: Outcome) -> None:
    """Compare when one person's words were spoken with when they could be read."""
    mine = [entry for entry in board.entries if isinstance(entry, Caption) and entry.speaker.name == name]
    seen = screens(place, name)
    upto, before, spoken_by = 0, 0, [one for one in said if one.name == name]
    cuts = [(one.ends + then.begins) / 2 for one, then in pairwise(spoken_by)] + [float("inf")]
    for one, cut in zip(spoken_by, cuts, strict=True):
        while upto < len(mine) and zero + (mine[upto].start + mine[upto].end) / 2 < cut:
            upto += 1
        count = sum(len(words(caption.text)) for caption in mine[:upto])
        outcome.said += 1
        if count == before:
            outcome.unseen += 1
            continue
        first = next((screen.at for screen in seen if screen.at > one.begins and screen.all > before), None)
        final = next((screen.at for screen in seen if screen.final >= count), None)
        if first is not None:
            outcome.first.append(first - one.begins)
        if final is not None:
            outcome.final.append(final - one.ends)
        before = count
    everything = sum(len(words(caption.text)) for caption in mine)
    outcome.lost += max(0, everything - (seen[-1].final if seen else 0))


async def measure(people: int, seconds: float, recordings: list[Utterance]) -> Outcome:
    """So many people talk at once for about so many seconds."""
    said: list[Said] = []
    calls: list[DiscordCall] = []
    outcome = Outcome()
    async with FakeDiscord() as fake:
        guild = fake.guild("Home")
        lounge, chat = guild.voice("Lounge"), guild.text("general")
        members = [guild.member(f"P{number}") for number in range(people)]
        settings = Settings(port=0, keep="never", discord_token=fake.token)
        metrics = Metrics()
        with patch.object(app, "Parts", partial(Parts, connector=fake.connector)):
            async with open_hearing(settings, metrics) as hearing, app.spokenly(settings, hearing, metrics):
                assert await fake.bell.until(lambda: "captions" in fake.commands(), 30)
                for member in members:
                    (await member.join(lounge)).listens = False
                with patch.object(DiscordCall, "begin", noted(calls)):
                    await (await members[0].command("captions start", channel=chat)).settle()
                process, wall = psutil.Process(), time.monotonic()
                spent = sum(process.cpu_times()[:2])
                async with asyncio.TaskGroup() as tasks:
                    for number, member in enumerate(members):
                        tasks.create_task(talk(member, turns(recordings, number, seconds), said))
                        await asyncio.sleep(COME_IN)
                outcome.cpu = (sum(process.cpu_times()[:2]) - spent) / (time.monotonic() - wall)
                await asyncio.sleep(LAST)
                (call,) = calls
                for member in members:
                    judge(said, call.board, call._zero, chat.threads[-1], member.name, outcome)
                outcome.refused = fake.rest.buckets.refused.total()
                outcome.edits = sum(len(one.versions) for one in chat.threads[-1].posted)
    return outcome


def noted(calls: list[DiscordCall]) -> object:
    """`DiscordCall.begin`, and the call is remembered."""
    begin = DiscordCall.begin

    async def noting(self: DiscordCall, tasks: asyncio.TaskGroup) -> None:
        calls.append(self)
        await begin(self, tasks)

    return noting


def turns(recordings: list[Utterance], number: int, seconds: float) -> list[Utterance]:
    """What one person says: everybody begins elsewhere in the recordings."""
    begin = number * 7 % len(recordings)
    chosen, length = list[Utterance](), 0.0
    for one in recordings[begin:] + recordings[:begin]:
        if length >= seconds:
            break
        chosen.append(one)
        length += len(one.pcm) / WIDTH / RATE + PAUSES[(len(chosen) - 1) % len(PAUSES)]
    return chosen


def tight(one: Utterance) -> Utterance:
    """Without the silence around it, but for what a client's voice detector leaves."""
    begin, end = max(0.0, one.begins - 0.1), one.ends + 0.3
    pcm = one.pcm[int(begin * RATE) * WIDTH : int(end * RATE) * WIDTH]
    return replace(one, pcm=pcm, begins=one.begins - begin, ends=one.ends - begin)


def figures(*, quick: bool) -> bool:
    """Prints a row for each number of people. Returns whether every word of the captions is in a message."""
    recordings = [tight(one) for one in spoken() if 2.0 < one.ends - one.begins < 12.0]
    for one in recordings:
        frames(one.pcm, RATE)  # encoded before the clock runs
    seconds = 25.0 if quick else 90.0
    print(
        f"Real clock, recorded speech, local engine, DAVE, Discord's limits; about {seconds:.0f} s a row.\n"
        "The fake Discord and the people (encryption, sockets) run in the same process, on the same cores."
    )
    print(
        "people  said  first word: p50   p95   max   final: p50   p95   max  unseen lost 429s  changes cores"
    )
    well = True
    for people in (1, 4, 10):
        row = asyncio.run(measure(people, seconds, recordings))
        first, final = ("".join(f"{percentile(lags, p):6.2f}" for p in (0.5, 0.95, 1)) for lags in row.lags)
        print(
            f"{people:>6}  {row.said:>4}            {first}       {final}  "
            f"{row.unseen:>6} {row.lost:>4} {row.refused:>4}  {row.edits:>7} {row.cpu:>5.2f}",
            flush=True,
        )
        well &= not row.lost
    return well
