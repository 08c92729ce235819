"""Whole calls over the fake Deepgram on the virtual clock: faults by the thousand, an hour of many people.

On this clock an hour takes as long as its work does; nothing here says anything about the machine.
"""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import psutil
from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH, Frame, Speaker
from core.backoff import _DICE
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.failover import SULK, Failover
from core.engines.pool import Pool
from core.metrics import Metrics
from core.session import Session
from tests.fakes import deepgram as fakes
from tests.fakes.engine import ScriptedEngine, speak

STEP = 0.04
"""Seconds of a frame."""

AWAY: tuple[fakes.Refusing, ...] = (fakes.Http(503), fakes.Drop(), fakes.Hang())
GONE: tuple[fakes.Breaking, ...] = (fakes.Reset(), fakes.HalfOpen())
"""What an outage answers, and what it does to open streams."""

QUIET = 120.0
"""Seconds of silence at the end of a call, for a backlog that only Deepgram can hear."""

MANNERS = {
    "plain": fakes.Manner(),
    "varied": fakes.Manner(varied=True),
    "late": fakes.Manner(varied=True, lag=0.3, pace=1.25),
    "uneven": fakes.Manner(varied=True, style=fakes.Style(jitter=0.03, punctuation=True, unsure=1)),
}
"""How Deepgram behaves when all is well: from call to call another."""

ENDS: tuple[Callable[[fakes.Moment], fakes.Breaking], ...] = (
    fakes.Cut,
    fakes.Reset,
    lambda at: fakes.Close(1000, at=at),
    lambda at: fakes.Close(1000, at=at, metadata=True),
    lambda at: fakes.Close(1011, "NET-0000", at=at),
    lambda at: fakes.Close(1012, at=at),
    fakes.Stall,
    fakes.HalfOpen,
)
"""After these a stream must be replayed."""

BENDS: tuple[Callable[[fakes.Moment], fakes.Breaking], ...] = (
    fakes.NoPong,
    lambda at: fakes.Late(1.5, at),
    lambda at: fakes.Pace(0.8, at),
    lambda at: fakes.Stall(at, 3.0),
    lambda at: fakes.Gap(0.6, at),
    lambda at: fakes.Say(at=at),
    lambda at: fakes.Say(fakes.BROKEN, at=at),
)
"""With these it may go on."""

OPENINGS: tuple[fakes.Refusing, ...] = (
    fakes.Http(429),
    fakes.Http(429, retry_after="3"),
    fakes.Http(500),
    fakes.Http(503),
    fakes.Hang(),
    fakes.Drop(),
)

REFUSALS: tuple[fakes.Refusing, ...] = tuple(fakes.Http(status) for status in (400, 401, 402, 403))
"""After one of these, and after 1008, Deepgram is left alone for ten minutes."""


def moment(dice: random.Random) -> fakes.Moment:
    """First word, mid-sentence, in silence, during a replay, at a final, on the clock, during the drain."""
    moments: list[fakes.Moment] = [
        fakes.Words(1),
        fakes.Words(dice.randint(2, 30)),
        fakes.Words(dice.randint(2, 30)),
        fakes.Silence(dice.uniform(0.05, 0.9)),
        fakes.Seconds(dice.uniform(0.05, 2.0)),
        fakes.Finals(dice.randint(1, 3)),
        fakes.Clock(dice.uniform(0.0, 8.0)),
        fakes.Opening(),
        fakes.Drain(),
        fakes.Drain(told=True),
    ]
    return dice.choice(moments)


def fault(dice: random.Random, *, stand_in: bool, well: float) -> fakes.Script:
    """What the next connection gets; a share of them goes `well`. Where nobody stands in there are no
    refusals: one of them ends the captions of a call."""
    if dice.random() < well:
        return None
    share = dice.random()
    if stand_in and share < 0.08:
        return dice.choice([*REFUSALS, fakes.Close(1008, "DATA-0000", at=moment(dice))])
    if share < 0.25:
        return dice.choice(OPENINGS)
    if share < 0.7:
        return dice.choice(ENDS)(moment(dice))
    # A stream that goes on after the first of them ends by the second.
    return dice.choice(BENDS)(moment(dice)), dice.choice(ENDS)(moment(dice))


@dataclass(slots=True)
class Outcome:
    """What became of some calls."""

    calls: int = 0
    words: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    """Faults that struck, by their names."""
    lost: int = 0
    unmarked: int = 0
    """Words of these that no gap mark tells of."""
    doubled: int = 0
    strange: int = 0
    disorder: int = 0
    gaps: int = 0
    guilty: list[str] = field(default_factory=list)
    """The calls with which something was wrong."""
    near: int = 0
    """Captions of the stand-in."""
    captions: int = 0
    errors: list[float] = field(default_factory=list)
    """Seconds by which captions' starts were off, where Deepgram's own times were exact."""

    @property
    def faults(self) -> int:
        return self.struck.total()


def refusals(ledger: fakes.Ledger) -> int:
    """How often Deepgram has said that it never will."""
    asked = sum(ledger.refused[str(status)] for status in (400, 401, 402, 403))
    return asked + sum(visit.ended == "server 1008" for visit in ledger.visits)


async def faulty(
    seed: int, outcome: Outcome, *, stand_in: bool, well: float, people: int = 3, words: int = 240
) -> None:
    """One call with a fault on every connection but a share that goes `well`; `outcome` has what became of
    it."""
    _DICE.seed(seed)  # pauses before another try come from it: so a call can be had again
    dice = random.Random(seed)
    manner = list(MANNERS)[seed % len(MANNERS)]
    script = [fault(dice, stand_in=stand_in, well=well) for _ in range(2000)]
    board = Board()
    begins: dict[str, dict[int, float]] = {}
    near = ScriptedEngine(name="Near", languages=None if stand_in else frozenset({"en"}))
    async with (
        fakes.deepgram(script, manner=MANNERS[manner]) as fake,
        Deepgram(SecretStr(fakes.KEY), DeepgramOptions(url=fake.ws, multilingual=False)) as far,
    ):
        session = Session(
            board,
            Failover(Pool(far, far=True), Pool(near)),
            began=asyncio.get_running_loop().time(),
            language="en" if stand_in else "tr",
            metrics=Metrics(),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run())
            going = tasks.create_task(_go_and_come(fake, random.Random(f"{seed} away"), outcome))
            async with asyncio.TaskGroup() as talking:
                for number in range(people):
                    speaker = Speaker(f"p{number}", f"Person {number}")
                    begins[speaker.id] = {}
                    mine = random.Random(f"{seed} {number}")
                    talking.create_task(_talk(session, speaker, begins[speaker.id], words, mine, fake))
            going.cancel()
            await fake.back()
            await asyncio.sleep(QUIET)
            session.close()
    outcome.calls += 1
    for visit in fake.ledger.visits:
        outcome.struck.update(visit.faults)
    outcome.struck.update(fake.ledger.refused)
    name = f"seed {seed} ({manner}, stand-in: {stand_in}, well: {well})"
    _judge(board, begins, outcome, name, exact=manner != "uneven")


async def _go_and_come(fake: fakes.FakeDeepgram, dice: random.Random, outcome: Outcome) -> None:
    """Deepgram is away now and then, for everybody at once."""
    while True:
        await asyncio.sleep(dice.uniform(20, 120))
        if not fake.ledger.open:
            continue
        before = fake.ledger.refused.copy()
        upgrade = dice.choice(AWAY)
        live = dice.choice(GONE)
        await fake.outage(dice.uniform(2, 40), upgrade, live)
        # An outage is one fault, whatever it refuses, besides those of the streams that it breaks.
        outcome.struck["away"] += 1
        outcome.struck.subtract(fake.ledger.refused - before)


async def _talk(
    session: Session,
    speaker: Speaker,
    begins: dict[int, float],
    words: int,
    dice: random.Random,
    fake: fakes.FakeDeepgram,
) -> None:
    known, breath = 0, session.now
    while len(begins) < words:
        first = 100 + len(begins)
        part = range(first, first + dice.randint(1, 14))
        after = dice.choice([0.2, 0.5, 1.0, 9.0])
        if session.now - breath > 8:
            # The stand-in cuts speech without a pause after 15 s, in the middle of a word at that, and of a
            # word in two halves it hears both.
            after = max(after, 1.0)
        if after >= 1.0:
            breath = session.now
        pcm = speak(part, after=after)
        begins |= {word: session.now + n * 0.2 for n, word in enumerate(part)}
        size = round(STEP * RATE) * WIDTH
        for n in range(0, len(pcm), size):
            session.hear(Frame(speaker, session.now, pcm[n : n + size]))
            await asyncio.sleep(STEP)
        if (now := refusals(fake.ledger)) > known:
            known = now
            await asyncio.sleep(SULK)  # else Deepgram would hear no more of this call


def _judge(
    board: Board, begins: dict[str, dict[int, float]], outcome: Outcome, name: str, *, exact: bool
) -> None:
    before = (outcome.lost, outcome.doubled, outcome.strange, outcome.disorder, outcome.gaps)
    outcome.gaps += sum(isinstance(entry, Gap) for entry in board.entries)
    detail: list[str] = []
    for who, said in begins.items():
        captions = [e for e in board.entries if isinstance(e, Caption) and e.speaker.id == who]
        captions.sort(key=lambda caption: caption.start)
        spoken = [
            (caption, int(word.strip("w.").lower().removeprefix("w")))
            for caption in captions
            for word in caption.text.split()
        ]
        kept = Counter(number for _, number in spoken)
        outcome.words += len(said)
        outcome.lost += len(said.keys() - kept.keys())
        gaps = [e for e in board.entries if isinstance(e, Gap) and e.speaker.id == who]
        outcome.unmarked += sum(
            not any(gap.start - 0.1 <= said[word] + 0.1 <= gap.end + 0.1 for gap in gaps)
            for word in said.keys() - kept.keys()
        )
        outcome.strange += len(kept.keys() - said.keys())
        outcome.doubled += sum(count - 1 for count in kept.values())
        row = [number for _, number in spoken]
        outcome.disorder += sum(a > b for a, b in pairwise(row))
        outcome.captions += len(captions)
        outcome.near += sum(caption.engine == "Near" for caption in captions)
        twice = sorted(number for number, count in kept.items() if count > 1)
        if lost := sorted(said.keys() - kept.keys()):
            detail.append(f"{who} lost {lost[:12]} from {said[lost[0]]:.1f} s")
        if twice:
            detail.append(f"{who} doubled {twice[:12]} from {said.get(twice[0], 0):.1f} s")
        if exact:
            firsts = {caption: number for caption, number in reversed(spoken)}
            outcome.errors += [
                caption.start - said[number] for caption, number in firsts.items() if number in said
            ]
    if before != (outcome.lost, outcome.doubled, outcome.strange, outcome.disorder, outcome.gaps):
        marks = [
            f"gap of {e.speaker.id} {e.start:.1f}-{e.end:.1f}" for e in board.entries if isinstance(e, Gap)
        ]
        outcome.guilty.append(f"{name}: {'; '.join(detail + marks)}")


async def hour(
    people: int, minutes: int, calls: int = 10, every: int = 10
) -> tuple[list[tuple[int, float]], fakes.Ledger, int]:
    """So many people on so many streams, in `calls` calls: (minute, MiB) as time goes by.

    Each talks for 1.6 s out of every 8, so no stream is ever handed back. Boards keep only the last
    captions here, and the fake forgets what it heard, so that what grows is the client.
    """
    rows: list[tuple[int, float]] = []
    process, loop = psutil.Process(), asyncio.get_running_loop()
    boards = [Board(limit=100) for _ in range(calls)]
    async with (
        fakes.deepgram(limit=people) as fake,
        Deepgram(
            SecretStr(fakes.KEY), DeepgramOptions(url=fake.ws, multilingual=False), streams=people
        ) as far,
    ):
        pool, metrics = Pool(far, far=True), Metrics()
        sessions = [
            Session(board, pool, began=loop.time(), language="en", metrics=metrics, name=f"call {n}")
            for n, board in enumerate(boards)
        ]

        async def talk(number: int) -> None:
            session, speaker = sessions[number % calls], Speaker(f"p{number}", f"Person {number}")
            await asyncio.sleep(number * 8 / people)
            word = 100
            while session.now < minutes * 60:
                pcm = speak(range(word, word + 8))
                word = 100 if word > 30_000 else word + 8
                for n in range(0, len(pcm), 3200):
                    session.hear(Frame(speaker, session.now, pcm[n : n + 3200]))
                    await asyncio.sleep(0.1)
                await asyncio.sleep(6.4)

        async with asyncio.TaskGroup() as tasks:
            for session in sessions:
                tasks.create_task(session.run())
            async with asyncio.TaskGroup() as talking:
                for number in range(people):
                    talking.create_task(talk(number))
                for minute in range(1, minutes + 1):
                    await asyncio.sleep(60)
                    for visit in fake.ledger.visits:
                        visit.heard.clear()
                        visit.told.clear()
                    if minute % every == 0:
                        gc.collect()
                        rows.append((minute, process.memory_info().rss / 2**20))
            for session in sessions:
                session.close()
    return rows, fake.ledger, sum(board.count for board in boards)
