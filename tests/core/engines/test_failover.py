"""Two engines as one: no word is missing or doubled when the first goes away, comes back or refuses."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from core.audio.frame import Left, Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.engines.failover import SULK, Failover
from core.engines.pool import Pool
from core.errors import Refused
from core.metrics import Metrics
from core.session import Session
from tests.core.test_session import ANN, heard, people, utter, words
from tests.fakes.engine import Busy, Cut, Fault, Lose, Refuse, ScriptedEngine, ScriptedRecognition, speak


class Two:
    """A far engine that fails as it is told, and a near one."""

    def __init__(
        self, faults: list[Fault | None] | None = None, near: frozenset[str] | None = None, streams: int = 8
    ) -> None:
        self.far = ScriptedEngine(faults or [], lead=0.3, name="Far", streams=streams)
        self.near = ScriptedEngine(name="Near", languages=near)
        self.spent = False
        self.lender = Failover(Pool(self.far, far=True), Pool(self.near), spent=lambda: self.spent)
        self.board = Board()

    @asynccontextmanager
    async def call(self, language: str = "en") -> AsyncIterator[Session]:
        session = Session(
            self.board,
            self.lender,
            began=asyncio.get_running_loop().time(),
            language=language,
            metrics=Metrics(),
            name="call",
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run())
            yield session
            session.close()

    @property
    def engines(self) -> list[str | None]:
        """Who heard each line."""
        return [e.engine for e in self.board.entries if isinstance(e, Caption)]

    def away(self) -> None:
        """Nothing can be opened, and what is open breaks at the next word."""
        self.far.faults.extend([Lose()] * 1000)
        for stream in self.far.lent:
            stream.cut()

    def back(self) -> None:
        self.far.faults.clear()


async def test_the_first_engine_hears_as_long_as_it_works() -> None:
    two = Two()
    async with two.call() as session:
        for n in range(5):
            await utter(session, ANN, speak(words(4, 100 + 4 * n), after=1.2))
    assert set(two.engines) == {"Far"}
    assert heard(two.board) == list(words(20))
    assert two.near.opened == 0


async def test_a_call_survives_away_and_back_three_times_and_every_word_is_there_once() -> None:
    two = Two()
    number = 100
    async with two.call() as session:
        for _ in range(3):
            for change in (two.away, two.back):
                for _ in range(6):
                    await utter(session, ANN, speak(words(6, number), after=1.0))
                    number += 6
                # In the middle of a sentence.
                await utter(session, ANN, speak(words(3, number)))
                change()
                await utter(session, ANN, speak(words(3, number + 3), after=1.0))
                number += 6
        await utter(session, ANN, speak([], after=2.0))
    assert heard(two.board) == list(range(100, number))
    assert not any(isinstance(entry, Gap) for entry in two.board.entries)
    told = two.engines
    changes = [told[0], *(b for a, b in pairwise(told) if a != b)]
    assert changes[:6] == ["Far", "Near", "Far", "Near", "Far", "Near"]


async def test_the_captions_say_who_hears_instead_and_stop_saying_it_by_themselves() -> None:
    two = Two()
    async with two.call() as session:
        await utter(session, ANN, speak(words(4), after=1.0))
        assert "engine" not in two.board.notices
        two.away()
        await utter(session, ANN, speak(words(8, 104), after=1.0))
        assert two.board.notices["engine"] == "Far can't be reached. Captions come from Near."
        two.back()
        for n in range(20):
            await utter(session, ANN, speak(words(4, 112 + 4 * n), after=1.0))
        assert "engine" not in two.board.notices
    assert heard(two.board) == list(words(92))


async def test_somebody_who_never_pauses_goes_back_to_the_first_engine_too() -> None:
    two = Two([Lose(), Lose(), Lose()])
    async with two.call() as session:
        await utter(session, ANN, speak(words(250)))
    assert heard(two.board) == list(words(250))
    assert two.engines[0] == "Near"
    assert two.engines[-1] == "Far"


@pytest.mark.parametrize("seed", range(5))
async def test_no_word_is_lost_or_doubled_whatever_the_first_engine_does(seed: int) -> None:
    dice = random.Random(seed)
    faults: list[Fault | None] = [
        dice.choice([None, Cut(dice.randint(0, 12)), Lose(), Busy(), Busy(5.0)]) for _ in range(60)
    ]
    two = Two(faults, streams=3)
    everybody = people(4)
    said: dict[str, list[int]] = {speaker.id: [] for speaker in everybody}

    async def talk(session: Session, n: int) -> None:
        mine = random.Random(seed * 10 + n)
        number = 100
        for _ in range(15):
            count = mine.randint(1, 12)
            said[everybody[n].id] += words(count, number)
            await utter(
                session, everybody[n], speak(words(count, number), after=mine.choice([0.2, 1.0, 9.0]))
            )
            number += count

    async with two.call() as session, asyncio.TaskGroup() as talking:
        for n in range(4):
            talking.create_task(talk(session, n))
    for speaker in everybody:
        assert heard(two.board, speaker) == said[speaker.id]
    assert not any(isinstance(entry, Gap) for entry in two.board.entries)


async def test_when_the_first_refuses_the_second_hears_at_once_and_it_is_asked_again_later() -> None:
    two = Two([Refuse("The key is wrong.")])
    async with two.call() as session:
        await utter(session, ANN, speak(words(10), after=1.0))
        assert two.board.notices["engine"] == "The key is wrong. Captions come from Near."
        await utter(session, ANN, speak(words(10, 110), after=1.0))
        assert two.far.opened == 1
        await asyncio.sleep(SULK)
        await utter(session, ANN, speak(words(10, 120), after=1.0))
    assert heard(two.board) == list(words(30))
    assert two.engines[0] == "Near"
    assert two.engines[-1] == "Far"


async def test_when_the_days_minutes_are_used_up_the_second_takes_over_at_a_pause() -> None:
    two = Two()
    async with two.call() as session:
        await utter(session, ANN, speak(words(6), after=1.0))
        two.spent = True
        await utter(session, ANN, speak(words(6, 106), after=1.0))
        await utter(session, ANN, speak(words(6, 112), after=1.0))
        assert "used up" in two.board.notices["engine"]
        two.spent = False
        for n in range(4):
            await utter(session, ANN, speak(words(6, 118 + 6 * n), after=1.0))
    assert heard(two.board) == list(words(42))
    assert two.engines[0] == "Far"
    assert "Near" in two.engines
    assert two.engines[-1] == "Far"


async def test_who_finds_no_stream_free_is_heard_by_the_second() -> None:
    two = Two(streams=1)
    ann, bo = people(2)
    async with two.call() as session, asyncio.TaskGroup() as both:
        both.create_task(utter(session, ann, speak(words(20), after=1.0)))
        await asyncio.sleep(0.5)
        both.create_task(utter(session, bo, speak(words(20, 200), after=1.0)))
    assert heard(two.board, ann) == list(words(20))
    assert heard(two.board, bo) == list(words(20, 200))
    assert {"Far", "Near"} == set(two.engines)


async def test_a_language_that_only_the_first_knows_is_kept_until_it_is_back_and_now_is_heard_now() -> None:
    two = Two(near=frozenset({"en"}))
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(10), after=1.0))
        two.away()
        await utter(session, ANN, speak(words(100, 110), after=1.0))
        assert session.board.notices
        two.back()
        await utter(session, ANN, speak(words(60, 210), after=1.0))
    spoken = sorted(
        (e for e in two.board.entries if isinstance(e, Caption)), key=lambda caption: caption.start
    )
    said = [int(word[1:]) for caption in spoken for word in caption.text.split()]
    assert said == list(words(170))
    assert not any(isinstance(entry, Gap) for entry in two.board.entries)


async def test_what_is_paid_for_is_counted_for_each_call() -> None:
    two = Two()
    async with two.call() as session:
        await utter(session, ANN, speak(words(10), after=1.0))
        assert 2.9 < session.paid <= 3.1
        two.away()
        await utter(session, ANN, speak(words(5, 110), after=1.0))
        before = session.paid
        await utter(session, ANN, speak(words(5, 115), after=1.0))
        assert session.paid == before


async def test_an_engine_that_is_busy_is_left_alone_for_as_long_as_it_asked() -> None:
    two = Two([Busy(60.0)] * 100)
    async with two.call() as session:
        for n in range(20):
            await utter(session, ANN, speak(words(5, 100 + 5 * n), after=0.9))
        assert session.now < 60
        assert two.far.opened == 1
    assert heard(two.board) == list(words(100))


async def test_a_trial_that_finds_the_engine_busy_has_failed() -> None:
    two = Two([Lose(), Lose(), Lose(), Busy()])
    async with two.call() as session:
        for n in range(5):
            await utter(session, ANN, speak(words(5, 100 + 5 * n), after=1.0))
            await asyncio.sleep(2)
        assert two.lender.breaker.opened == 1
        assert not two.lender.breaker.closed
    assert heard(two.board) == list(words(25))


async def test_a_stream_that_is_refused_in_its_middle_is_heard_by_the_second_and_all_others_stay() -> None:
    two = Two()
    ann, bo = people(2)
    async with two.call() as session, asyncio.TaskGroup() as both:
        both.create_task(utter(session, ann, speak(words(30), after=1.0)))
        await asyncio.sleep(1)
        refuse(two.far)
        await utter(session, bo, speak(words(20, 200), after=1.0))
    assert heard(two.board, ann) == list(words(30))
    assert heard(two.board, bo) == list(words(20, 200))
    engines = {e.speaker: e.engine for e in two.board.entries if isinstance(e, Caption)}
    assert engines == {ann: "Near", bo: "Far"}


def refuse(engine: ScriptedEngine) -> None:
    """The stream that is lent takes no more of this."""
    (stream,) = engine.lent

    async def send(pcm: bytes) -> None:
        raise Refused("not this sound")

    stream.send = send  # type: ignore[method-assign]  # this stream alone


async def test_a_refusal_where_nobody_stands_in_is_said_and_asked_about_again() -> None:
    two = Two([Refuse("The account has nothing left to spend.")], near=frozenset({"en"}))
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(10), after=1.0))
        (notice,) = two.board.notices.values()
        assert notice == "The account has nothing left to spend. Person 0's words will follow."
        await asyncio.sleep(SULK)
        await utter(session, ANN, speak(words(10, 200), after=2.0))
        assert not two.board.notices
    assert sorted(heard(two.board)) == [*words(10), *words(10, 200)]


async def test_a_budget_holds_where_nobody_stands_in() -> None:
    far = ScriptedEngine(lead=0.3, name="Far")
    spent = False
    board = Board()
    loop = asyncio.get_running_loop()
    lender = Failover(Pool(far, far=True), None, spent=lambda: spent)
    session = Session(board, lender, began=loop.time(), language="en", metrics=Metrics(), name="call")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.run())
        await utter(session, ANN, speak(words(5), after=1.0))
        spent = True
        before = session.paid
        await utter(session, ANN, speak(words(50, 200), after=1.0))
        assert session.paid < before + 0.5
        assert [n for n in board.notices.values() if n.startswith("Today's minutes of Far are used up.")]
        spent = False
        await asyncio.sleep(5)
        session.close()
    assert sorted(heard(board)) == [*words(5), *words(50, 200)]


async def test_whom_the_first_can_not_hear_is_heard_by_the_second_while_all_others_are_well() -> None:
    two = Two()
    everybody = people(8)
    whole = two.far.recognize

    @asynccontextmanager
    async def recognize(
        language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        async with whole(language, vocabulary, interim=interim, known=known) as stream:
            send = stream.send

            async def careful(pcm: bytes) -> None:
                if any(0 < sample < 1000 for sample in memoryview(pcm).cast("h")):
                    stream.cut()
                await send(pcm)

            stream.send = careful  # type: ignore[method-assign]  # this stream alone
            yield stream

    two.far.recognize = recognize  # type: ignore[method-assign]  # this engine alone
    async with two.call() as session, asyncio.TaskGroup() as talking:
        for n in range(1, 8):
            talking.create_task(utter(session, everybody[n], speak(words(100, 1000 * n), pause=1.0)))
        await asyncio.sleep(20)
        await utter(session, everybody[0], speak(words(40), after=1.0))
    assert heard(two.board, everybody[0]) == list(words(40))
    assert two.lender.breaker.opened == 0


async def test_the_note_on_an_engine_stays_while_it_hears_anybody_and_ends_with_the_last_of_them() -> None:
    two = Two(streams=1)
    ann, bo = people(2)
    async with two.call() as session, asyncio.TaskGroup() as both:
        both.create_task(utter(session, ann, speak(words(100), pause=0.1, after=1.0)))
        await asyncio.sleep(0.5)
        await utter(session, bo, speak(words(10, 200), after=0.5))
        assert two.board.notices["engine"] == "Far takes no more streams now. Captions come from Near."
        session.hear(Left(bo))
        await asyncio.sleep(2)
        assert "engine" not in two.board.notices


async def test_there_is_one_backlog_of_a_speaker_however_long_the_first_is_away() -> None:
    two = Two(near=frozenset({"en"}))
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(5), after=1.0))
        for n in range(3):
            two.away()
            await utter(session, ANN, speak(words(100, 110 + 200 * n)))
            two.back()
            await utter(session, ANN, speak(words(50, 210 + 200 * n)))
            tracks = [task for task in asyncio.all_tasks() if task.get_name() == "track"]
            assert len(tracks) <= 2
    spoken = sorted(heard(two.board))
    assert spoken == [*words(5), *(w for n in range(3) for w in words(150, 110 + 200 * n))]


async def test_what_is_said_now_is_tried_before_what_was_said_then() -> None:
    two = Two(near=frozenset({"en"}))
    begins: list[bool] = []
    whole = two.far.recognize

    @asynccontextmanager
    async def recognize(
        language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        begins.append(interim)
        async with whole(language, vocabulary, interim=interim, known=known) as stream:
            yield stream

    two.far.recognize = recognize  # type: ignore[method-assign]  # this engine alone
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(5), after=1.0))
        for n in range(4):
            two.away()
            await utter(session, ANN, speak(words(80, 110 + 100 * n)))
            begins.clear()
            two.back()
            await utter(session, ANN, speak(words(20, 190 + 100 * n)))
            assert begins[:2] == [True, False]
        await utter(session, ANN, speak([], after=60))
    assert sorted(heard(two.board)) == [*words(5), *words(400, 110)]


async def test_where_nobody_stands_in_the_first_word_after_an_outage_comes_within_three_seconds() -> None:
    for length in (31, 47, 61):
        two = Two(near=frozenset({"en"}))
        async with two.call("de") as session:
            await utter(session, ANN, speak(words(5), after=1.0))
            two.away()
            await utter(session, ANN, speak(words(length * 5, 110)))
            two.back()
            await utter(session, ANN, speak(words(15, 1000)))
            assert ANN.id in session.board.partials


async def test_when_one_is_heard_again_all_who_wait_are() -> None:
    two = Two(near=frozenset({"en"}))
    everybody = people(8)
    async with two.call("de") as session:
        async with asyncio.TaskGroup() as talking:
            for speaker in everybody:
                talking.create_task(utter(session, speaker, speak(words(5), after=1.0)))
        two.away()
        async with asyncio.TaskGroup() as talking:
            for speaker in everybody:
                talking.create_task(utter(session, speaker, speak(words(100, 110))))
        two.back()
        async with asyncio.TaskGroup() as talking:
            for speaker in everybody:
                talking.create_task(utter(session, speaker, speak(words(20, 300), pause=0.05)))
        assert {e.speaker for e in session.board.entries if e.end > 22} | {
            caption.speaker for caption in session.board.partials.values()
        } == set(everybody)
        assert not [notice for key, notice in session.board.notices.items() if key.startswith("line")]


async def test_one_voice_that_breaks_its_streams_does_not_take_the_engine_from_all_others() -> None:
    two = Two(streams=20)
    whole = two.far.recognize

    @asynccontextmanager
    async def recognize(
        language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        async with whole(language, vocabulary, interim=interim, known=known) as stream:
            send = stream.send

            async def careful(pcm: bytes) -> None:
                if any(sample >= 5000 for sample in memoryview(pcm).cast("h")):
                    stream.cut()
                await send(pcm)

            stream.send = careful  # type: ignore[method-assign]  # this stream alone
            yield stream

    two.far.recognize = recognize  # type: ignore[method-assign]  # this engine alone
    bad, *others = people(5)

    async def talk(session: Session, speaker: Speaker) -> None:
        for n in range(25):
            await utter(session, speaker, speak(words(5, 100 + 5 * n), after=0.9))

    async with two.call() as session, asyncio.TaskGroup() as talking:
        for speaker in others:
            talking.create_task(talk(session, speaker))
        await asyncio.sleep(35)  # their streams were opened before what the breaker still remembers
        await utter(session, bad, speak(words(5, 5000), after=1.0))
    assert two.lender.breaker.opened == 0
    assert heard(two.board, bad) == list(words(5, 5000))
    assert {e.engine for e in two.board.entries if isinstance(e, Caption) and e.speaker != bad} == {"Far"}


async def test_an_engine_that_goes_away_is_left_alone_at_once_however_well_it_was() -> None:
    two = Two(streams=20)
    everybody = people(6)
    async with two.call() as session, asyncio.TaskGroup() as talking:
        for speaker in everybody:
            talking.create_task(utter(session, speaker, speak(words(200), pause=0.05, after=1.0)))
        await asyncio.sleep(40)
        two.away()
        await asyncio.sleep(0.5)
        assert two.lender.breaker.opened == 1
        assert two.near.opened == len(everybody)
    for speaker in everybody:
        assert heard(two.board, speaker) == list(words(200))


@pytest.mark.parametrize("why", ["refused", "spent"])
async def test_a_call_that_ends_while_a_refusal_is_waited_out_ends_at_once(why: str) -> None:
    two = Two([Refuse("The account has nothing left to spend.")] * 9, near=frozenset({"en"}))
    two.spent = why == "spent"
    loop = asyncio.get_running_loop()
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(50)))
        session.hear(Left(ANN))
        await utter(session, people(2)[1], speak(words(5), after=1.0))
        ended = loop.time()
    assert loop.time() - ended < 0.1
    marks = {e.speaker: (round(e.start), round(e.end)) for e in two.board.entries if isinstance(e, Gap)}
    assert marks == {people(2)[0]: (0, 10), people(2)[1]: (10, 12)}


async def test_a_call_that_ends_in_an_outage_waits_for_its_end() -> None:
    two = Two(near=frozenset({"en"}))
    loop = asyncio.get_running_loop()
    async with two.call("de") as session:
        await utter(session, ANN, speak(words(5), after=1.0))
        two.away()
        await utter(session, ANN, speak(words(20, 110)))
        loop.call_later(10, two.back)
    assert heard(two.board) == [*words(5), *words(20, 110)]
    assert not any(isinstance(entry, Gap) for entry in two.board.entries)
