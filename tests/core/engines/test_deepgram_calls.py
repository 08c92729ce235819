"""A whole call over Deepgram, with everything that can go wrong: it ends with every word once, in order.

The stand-in of this machine is a scripted engine that hears the same numbered words.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.failover import Failover
from core.engines.pool import Pool
from core.metrics import Metrics
from core.session import Session
from tests.core.test_session import ANN, heard, people, utter, words
from tests.fakes.deepgram import (
    BROKEN,
    KEY,
    Breaking,
    Close,
    Cut,
    Drain,
    Drop,
    FakeDeepgram,
    Fault,
    HalfOpen,
    Hang,
    Http,
    Late,
    Manner,
    Moment,
    NoPong,
    Opening,
    Pace,
    Reset,
    Say,
    Script,
    Seconds,
    Silence,
    Stall,
    Style,
    Words,
    deepgram,
)
from tests.fakes.engine import ScriptedEngine, speak


class Called:
    """One call, its board and both engines."""

    def __init__(self, fake: FakeDeepgram, far: Deepgram, near: ScriptedEngine) -> None:
        self.fake = fake
        self.far = far
        self.near = near
        self.board = Board()
        self.session: Session

    def spoken(self, speaker: Speaker | None = None) -> list[int]:
        """The words of the captions, in the order of their time."""
        captions = [
            entry
            for entry in self.board.entries
            if isinstance(entry, Caption) and speaker in (None, entry.speaker)
        ]
        captions.sort(key=lambda caption: caption.start)
        return [int(word[1:]) for caption in captions for word in caption.text.split()]

    @property
    def engines(self) -> list[str | None]:
        return [entry.engine for entry in self.board.entries if isinstance(entry, Caption)]


@asynccontextmanager
async def a_call(
    script: Sequence[Script] = (),
    *,
    language: str = "en",
    near: frozenset[str] | None = None,
    manner: Manner | None = None,
) -> AsyncIterator[Called]:
    async with deepgram(list(script), manner=manner or Manner()) as fake:
        options = DeepgramOptions(url=fake.ws, multilingual=False)
        async with Deepgram(SecretStr(KEY), options) as far:
            called = Called(fake, far, ScriptedEngine(name="Near", languages=near))
            called.session = Session(
                called.board,
                Failover(Pool(far, far=True), Pool(called.near)),
                began=asyncio.get_running_loop().time(),
                language=language,
                metrics=Metrics(),
                name="call",
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(called.session.run())
                yield called
                called.session.close()


MOMENTS: dict[str, Moment] = {
    "first word": Words(1),
    "mid-sentence": Words(5),
    "silence": Silence(0.3),
    "drain": Drain(),
    "last results": Drain(told=True),
    "replay": Seconds(0.4),
}

BREAKS: dict[str, Callable[[Moment], Breaking]] = {
    "cut": Cut,
    "reset": Reset,
    "1000": lambda at: Close(1000, at=at),
    "1008": lambda at: Close(1008, "DATA-0000", at=at),
    "1011": lambda at: Close(1011, "NET-0001", at=at),
    "stall": Stall,
    "half-open": HalfOpen,
    "no pong": NoPong,
    "late": lambda at: Late(1.5, at),
    "unknown": lambda at: Say(at=at),
    "broken": lambda at: Say(BROKEN, at=at),
}

OPENINGS: dict[str, Fault] = {
    **{str(status): Http(status) for status in (400, 401, 402, 403, 429, 500, 503)},
    "429, later": Http(429, retry_after="3"),
    "hang": Hang(),
    "drop": Drop(),
}


async def sentence(session: Session) -> list[int]:
    """The same sentence in each case: three parts, a breath and a long pause."""
    said: list[int] = []
    for count, after in ((7, 0.4), (9, 1.2), (3, 9.0), (6, 0.0)):
        part = list(words(count, 100 + len(said)))
        said += part
        await utter(session, ANN, speak(part, after=after))
    return said


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", BREAKS)
async def test_every_word_is_there_once_and_in_order_when_a_stream_breaks(kind: str, moment: str) -> None:
    fault: Breaking = BREAKS[kind](MOMENTS[moment])
    # A replay is broken as well: the first stream ends, and the second ends while it catches up.
    script: list[Script] = [Reset(Words(6)), fault] if moment == "replay" else [fault]
    async with a_call(script) as called:
        said = await sentence(called.session)
    assert called.spoken() == said
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)
    assert not called.board.partials


@pytest.mark.parametrize("kind", OPENINGS)
@pytest.mark.parametrize("again", [1, 4])
async def test_every_word_is_there_once_and_in_order_when_no_stream_can_be_opened(
    kind: str, again: int
) -> None:
    async with a_call([OPENINGS[kind]] * again) as called:
        said = await sentence(called.session)
    assert called.spoken() == said
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)
    if kind in ("400", "401", "402", "403"):
        assert set(called.engines) == {"Near"}


async def test_a_call_survives_deepgram_away_and_back_three_times_in_a_row() -> None:
    async with a_call() as called:
        said: list[int] = []

        async def talk(seconds: float) -> None:
            until = called.session.now + seconds
            while called.session.now < until:
                part = list(words(6, 100 + len(said)))
                said.extend(part)
                await utter(called.session, ANN, speak(part, after=0.5))

        await talk(10)
        for _ in range(3):
            await called.fake.unplug()
            await talk(20)
            assert called.board.notices["engine"].startswith("Deepgram nova-3 can't be reached.")
            await called.fake.back()
            await talk(60)
            assert "engine" not in called.board.notices
    assert called.spoken() == said
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)
    assert called.engines[0] == called.engines[-1] == "Deepgram nova-3"


async def test_where_nobody_can_stand_in_what_is_said_now_does_not_wait_for_what_was_said_then() -> None:
    async with a_call(language="tr", near=frozenset({"en"})) as called:
        await utter(called.session, ANN, speak(words(5), after=1.0))
        await called.fake.unplug()
        await utter(called.session, ANN, speak(words(150, 105), after=1.0))
        assert called.board.notices
        await called.fake.back()
        await utter(called.session, ANN, speak(words(120, 255), after=1.0))
        newest = max(heard(called.board))
        assert newest > 350, "what is said now is not behind what was said then"
    assert called.spoken() == list(words(275))
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


@pytest.mark.parametrize(
    "manner",
    [Manner(varied=True, pace=1.25, lag=0.3), Manner(style=Style(jitter=0.06), pace=1.25, lag=0.3)],
    ids=["exact", "jitter"],
)
@pytest.mark.parametrize("seed", range(6))
async def test_where_two_streams_share_what_was_said_each_word_is_told_once_and_in_its_place(
    seed: int, manner: Manner
) -> None:
    """Nobody stands in, so each outage leaves a backlog; two streams never agree on when a word was."""
    dice = random.Random(seed)
    async with a_call(language="tr", near=frozenset({"en"}), manner=manner) as called:
        said: list[int] = []

        async def talk(seconds: float) -> None:
            until = called.session.now + seconds
            while called.session.now < until:
                part = list(words(dice.randint(3, 25), 100 + len(said)))
                said.extend(part)
                sound = speak(part, pause=dice.choice([0.03, 0.05, 0.1]), after=dice.choice([0.1, 0.3, 0.6]))
                await utter(called.session, ANN, sound)

        await talk(dice.uniform(3, 8))
        for _ in range(3):
            await called.fake.unplug()
            await talk(dice.uniform(11, 30))
            await called.fake.back()
            await talk(dice.uniform(5, 30))
        await asyncio.sleep(60)  # a backlog is worked off hardly faster than it was spoken
    assert called.spoken() == said
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


async def test_a_minute_in_which_every_connection_breaks_costs_no_word_where_nobody_stands_in() -> None:
    script: list[Script] = [Close(1011, "NET-0000", at=Opening()), Stall(Opening())] * 7
    async with a_call(script, language="tr", near=frozenset({"en"})) as called:
        await utter(called.session, ANN, speak(words(300)))
        assert not called.spoken()
        await utter(called.session, ANN, speak(words(300, 400), after=3.0))
        assert called.fake.ledger.asked > len(script)
        await asyncio.sleep(60)
    assert called.spoken() == list(words(600))
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


async def test_an_outage_longer_than_what_is_kept_is_one_mark() -> None:
    async with a_call(language="tr", near=frozenset({"en"})) as called:
        await utter(called.session, ANN, speak(words(5), after=1.0))
        await called.fake.unplug()
        await utter(called.session, ANN, speak(words(900, 200)))
        await called.fake.back()
        await utter(called.session, ANN, speak(words(50, 2000), after=1.0))
    (gap,) = (entry for entry in called.board.entries if isinstance(entry, Gap))
    kept = called.spoken()
    assert kept == [*words(5), *range(kept[5], 1100), *words(50, 2000)]
    assert gap.end == pytest.approx(2.0 + (kept[5] - 200) * 0.2, abs=0.3)
    assert 1100 - kept[5] > 115 * 5


@pytest.mark.parametrize("seed", range(4))
async def test_a_hundred_faults_of_all_kinds_lose_and_double_no_word(seed: int) -> None:
    dice = random.Random(seed)

    def fault() -> Script:
        kind = dice.choice(["well", "opening", "break", "break"])
        if kind == "well":
            return None
        if kind == "opening":
            openings: list[Script] = [Http(429), Http(503), Drop(), Http(500)]
            return dice.choice(openings)
        moments: list[Moment] = [
            Words(dice.randint(1, 15)),
            Seconds(dice.uniform(0.1, 4)),
            Silence(0.2),
            Drain(),
        ]
        kinds = [kind for kind in BREAKS if kind not in ("no pong", "late", "1008")]
        return BREAKS[dice.choice(kinds)](dice.choice(moments))

    async with a_call([fault() for _ in range(100)]) as called:
        said: dict[str, list[int]] = {}

        async def talk(speaker: Speaker, mine: random.Random) -> None:
            said[speaker.id] = []
            while len(said[speaker.id]) < 250:
                part = list(words(mine.randint(1, 14), 100 + len(said[speaker.id])))
                said[speaker.id] += part
                await utter(called.session, speaker, speak(part, after=mine.choice([0.2, 1.0, 9.0])))

        async with asyncio.TaskGroup() as talking:
            for n, speaker in enumerate(people(3)):
                talking.create_task(talk(speaker, random.Random(seed * 10 + n)))
    for speaker in people(3):
        assert called.spoken(speaker) == said[speaker.id]
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


async def test_what_was_streamed_is_little_more_than_what_was_said() -> None:
    async with a_call() as called:
        await sentence(called.session)
        paid = called.session.paid
    counted = called.fake.ledger.audio
    assert abs(paid - counted) < 0.5


async def test_a_stream_that_falls_ever_further_behind_is_given_up_in_time() -> None:
    async with a_call([Pace(0.7)]) as called:
        for n in range(60):
            await utter(called.session, ANN, speak(words(5, 100 + 5 * n), after=0.5))
        assert called.board.lateness is not None
        assert called.board.lateness < 5
    assert called.spoken() == list(words(300))
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


@pytest.mark.parametrize("quiet", [8.0, 8.05, 8.2])
async def test_a_cable_pulled_while_a_stream_is_given_back_costs_no_word(quiet: float) -> None:
    async with a_call([HalfOpen(Drain()), *[Hang()] * 4]) as called:
        await utter(called.session, ANN, speak(words(5)))
        await asyncio.sleep(quiet)
        await utter(called.session, ANN, speak(words(150, 200), after=2.0))
    assert called.spoken() == [*words(5), *words(150, 200)]
    assert not any(isinstance(entry, Gap) for entry in called.board.entries)


async def test_pauses_in_which_no_silence_is_sent_are_paid_for_by_nobody() -> None:
    async with a_call() as called:
        for n in range(10):
            await utter(called.session, ANN, speak(words(4, 100 + 4 * n)))
            await asyncio.sleep(9)
        assert called.session.paid == pytest.approx(8.0, abs=0.1)
    assert called.spoken() == list(words(40))
