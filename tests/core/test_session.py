import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from core.audio.frame import RATE, WIDTH, Frame, Left, Lost, Speaker
from core.audio.tape import Tape
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.publisher import Outlet
from core.engines.pool import Pool
from core.engines.protocol import Transcriber
from core.errors import LineLost, OutletBusy
from core.metrics import Metrics
from core.session import Session
from tests.core.captions.test_publisher import Wall
from tests.fakes.engine import (
    Busy,
    Cut,
    Fault,
    Lose,
    Refuse,
    ScriptedEngine,
    ScriptedRecognition,
    Stall,
    numbers,
    speak,
)
from tests.holdings import holdings

STEP = 0.04
FIRST = 100  # the quietest word: far above digital silence


def people(count: int) -> list[Speaker]:
    return [Speaker(f"p{n}", f"Person {n}") for n in range(count)]


ANN, BOB = people(2)


@asynccontextmanager
async def call(
    engine: Transcriber, board: Board | None = None, outlets: Sequence[Outlet] = (), patience: float = 30.0
) -> AsyncIterator[Session]:
    loop = asyncio.get_running_loop()
    session = Session(
        board or Board(),
        Pool(engine),
        began=loop.time(),
        language="en",
        metrics=Metrics(),
        outlets=outlets,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.run())
        yield session
        session.close(patience)


async def utter(session: Session, speaker: Speaker, pcm: bytes, *, silence: bool = True) -> None:
    """Speaks in real time; with `silence=False` frames of zeros are not sent, as on some platforms."""
    size = round(STEP * RATE) * WIDTH
    for n in range(0, len(pcm), size):
        piece = pcm[n : n + size]
        if silence or any(piece):
            session.hear(Frame(speaker, session.now, piece))
        await asyncio.sleep(STEP)


def heard(board: Board, speaker: Speaker | None = None) -> list[int]:
    finals = [e for e in board.entries if isinstance(e, Caption) and speaker in (None, e.speaker)]
    return [number for caption in finals for number in numbers(caption.text)]


def words(count: int, first: int = FIRST) -> range:
    return range(first, first + count)


async def test_what_is_said_is_shown_while_it_is_said_and_stays_when_it_is_settled() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(5)))
        partial = session.board.partials[ANN.id]
        assert numbers(partial.text) == list(words(5))
        assert not partial.final
        await utter(session, ANN, speak([], after=1.0))
        assert heard(session.board) == list(words(5))
        assert not session.board.partials


FAULTS: list[Fault] = [Cut(0), Cut(1), Cut(3), Lose(), Busy(), Busy(2.0), Cut(7)]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("again", [1, 3])
@pytest.mark.parametrize("silence", [True, False])
async def test_no_word_is_lost_or_repeated_when_the_line_drops(
    fault: Fault, again: int, silence: bool
) -> None:
    spoken = list(words(40))
    async with call(ScriptedEngine([fault] * again)) as session:
        for n in range(0, 40, 8):
            await utter(session, ANN, speak(spoken[n : n + 8], after=1.2), silence=silence)
    assert heard(session.board) == spoken
    assert not session.board.partials
    assert not session.board.notices


async def test_a_line_that_drops_while_the_last_words_are_said_loses_none_of_them() -> None:
    async with call(ScriptedEngine([Cut(3), Cut(2), Lose()])) as session:
        await utter(session, ANN, speak(words(4)))
    assert heard(session.board) == list(words(4))


class Fragile(ScriptedRecognition):
    """Its line breaks when it is asked to settle."""

    async def flush(self) -> None:
        raise LineLost("the line broke")


class FragileEngine(ScriptedEngine):
    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        self.opened += 1
        kind = Fragile if self.opened == 1 else ScriptedRecognition
        yield kind(None, lag=0.0, interim=interim, language=language)


async def test_no_word_is_lost_when_the_line_breaks_while_it_is_asked_to_settle() -> None:
    async with call(FragileEngine()) as session:
        # Frames that come at once although a pause lies between them, as after a short outage.
        session.hear(Frame(ANN, 0.0, speak(words(3))))
        session.hear(Frame(ANN, 5.0, speak(words(3, 200))))
    assert heard(session.board) == [*words(3), *words(3, 200)]


async def test_no_mark_is_lost_when_the_line_breaks_while_it_is_asked_to_settle() -> None:
    async with call(FragileEngine()) as session:
        session.hear(Frame(ANN, 0.0, speak(words(3))))
        session.hear(Lost(ANN, 0.6, 5.0))
        session.hear(Frame(ANN, 5.0, speak(words(3, 200))))
    assert Gap(ANN, 0.6, 5.0) in session.board.entries


async def test_captions_carry_the_time_at_which_they_were_spoken_through_pauses_and_drops() -> None:
    async with call(ScriptedEngine([Cut(2), None, Cut(1)])) as session:
        begins = []
        for n in range(5):
            begins.append(session.now)
            await utter(session, ANN, speak(words(3, FIRST + 3 * n)), silence=False)
            await asyncio.sleep(17.0)
    captions = [e for e in session.board.entries if isinstance(e, Caption)]
    assert len(captions) == 5
    for caption, begin in zip(captions, begins, strict=True):
        assert abs(caption.start - begin) < 0.2
        assert abs(caption.end - (begin + 0.6)) < 0.3


async def test_where_no_silence_is_sent_words_are_settled_soon_after_the_last_frame() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(3)), silence=False)
        await asyncio.sleep(1.0)
        assert heard(session.board) == list(words(3))


async def test_quiet_people_hold_no_stream() -> None:
    engine = ScriptedEngine()
    async with call(engine) as session:
        await utter(session, ANN, speak(words(3)), silence=False)
        assert len(engine.lent) == 1
        await asyncio.sleep(10)
        assert not engine.lent
        await utter(session, ANN, speak(words(3, 200)), silence=False)
        assert len(engine.lent) == 1
    assert heard(session.board) == [*words(3), *words(3, 200)]


async def test_when_more_people_speak_than_can_be_heard_they_are_told_and_heard_in_turn() -> None:
    engine = ScriptedEngine(streams=1)
    async with call(engine) as session:
        await utter(session, ANN, speak(words(3)), silence=False)
        await utter(session, BOB, speak(words(3, 200)), silence=False)
        assert any(BOB.name in notice for notice in session.board.notices.values())
        await asyncio.sleep(20)
        assert not session.board.notices
    assert heard(session.board, ANN) == list(words(3))
    assert heard(session.board, BOB) == list(words(3, 200))


async def test_who_waits_too_long_keeps_the_newest_words_and_the_rest_is_shown_as_a_gap() -> None:
    engine = ScriptedEngine(streams=1)
    async with call(engine, patience=60) as session:
        session.hear(Frame(ANN, 0.0, speak(words(1))))
        await asyncio.sleep(0.1)
        async with asyncio.TaskGroup() as both:
            both.create_task(utter(session, ANN, speak(words(150, 1000))))
            both.create_task(utter(session, BOB, speak(words(150, 2000))))
        session.hear(Left(ANN))
        await asyncio.sleep(5)
    assert heard(session.board, ANN)[-150:] == list(words(150, 1000))
    kept = heard(session.board, BOB)
    assert kept == list(range(2150 - len(kept), 2150))
    assert 45 <= len(kept) <= 52
    gaps = [e for e in session.board.entries if isinstance(e, Gap)]
    assert [gap.speaker for gap in gaps] == [BOB]
    assert abs((gaps[0].end - gaps[0].start) - (30 - len(kept) * 0.2)) < 0.3


async def test_lost_audio_is_shown_as_a_gap_and_words_around_it_are_not_joined() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(3)))
        session.hear(Lost(ANN, session.now, session.now + 2))
        await asyncio.sleep(2)
        await utter(session, ANN, speak(words(3, 200)))
    shown = sorted(session.board.entries, key=lambda entry: entry.start)
    assert [type(entry) for entry in shown] == [Caption, Gap, Caption]
    assert abs(shown[1].end - shown[1].start - 2) < 0.01


async def test_a_lost_syllable_is_not_worth_a_mark() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(2)))
        session.hear(Lost(ANN, session.now, session.now + 0.04))
        await utter(session, ANN, speak(words(2, 200)))
    assert not [entry for entry in session.board.entries if isinstance(entry, Gap)]


async def test_an_engine_that_refuses_is_said_aloud_and_the_audio_is_shown_as_not_heard() -> None:
    async with call(ScriptedEngine([Refuse("The key is wrong.")] * 5)) as session:
        await utter(session, ANN, speak(words(20)))
        notices = list(session.board.notices.values())
        assert notices == ["Person 0 can't be captioned: The key is wrong."]
    assert heard(session.board) == []


async def test_a_stalled_engine_costs_the_oldest_audio_and_all_of_it_is_one_mark() -> None:
    async with call(ScriptedEngine([Stall(5)]), patience=1.0) as session:
        await utter(session, ANN, speak(words(1000)))
        shown = session.board.partials[ANN.id].end
    (gap,) = (e for e in session.board.entries if isinstance(e, Gap))
    assert gap.start <= shown
    assert gap.end == pytest.approx(200, abs=0.1)


async def test_who_is_called_otherwise_than_before_is_captioned_under_the_new_name() -> None:
    known = replace(ANN, name="Ann Lee")
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(2), after=3.0))
        await utter(session, known, speak(words(2, 200), after=3.0))
        assert heard(session.board, ANN) == list(words(2))
        assert heard(session.board, known) == list(words(2, 200))
        await utter(session, known, bytes(RATE * WIDTH * 9))
        assert [n for n in session.board.notices.values() if "No sound comes from Ann Lee" in n]


async def test_a_microphone_that_sends_nothing_but_zeros_is_named() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, bytes(RATE * WIDTH * 9))
        assert [n for n in session.board.notices.values() if "No sound comes from Person 0" in n]
        await utter(session, ANN, speak(words(2)))
        assert not session.board.notices


async def test_lateness_counts_until_the_words_are_seen_not_until_they_are_settled() -> None:
    async with call(ScriptedEngine(lag=0.3)) as session:
        await utter(session, ANN, speak(words(5), after=3.0))
        assert heard(session.board) == list(words(5))
        assert session.board.lateness == pytest.approx(0.3, abs=0.05)


async def test_after_somebody_left_and_came_back_both_are_captioned() -> None:
    async with call(ScriptedEngine()) as session:
        await utter(session, ANN, speak(words(3)))
        session.hear(Left(ANN))
        await utter(session, ANN, speak(words(3, 200)))
    assert sorted(heard(session.board)) == [*words(3), *words(3, 200)]


async def test_every_outlet_has_the_last_word_before_the_call_ends() -> None:
    walls = [Wall(pace=0.1), Wall(pace=10.0), Wall(pace=1.0, slow=3.0)]
    async with call(ScriptedEngine(lag=0.5), outlets=walls) as session:
        await utter(session, ANN, speak(words(5)))
    assert [numbers(wall.shows[-1][1]) for wall in walls] == [list(words(5))] * 3


async def test_the_end_waits_for_a_stalled_engine_no_longer_than_its_patience() -> None:
    loop = asyncio.get_running_loop()
    async with call(ScriptedEngine([Stall(0)]), patience=3.0) as session:
        await utter(session, ANN, speak(words(3)))
        begin = loop.time()
    assert loop.time() - begin == pytest.approx(3.0, abs=0.1)


async def test_what_was_read_stays_when_the_end_is_cut_short_and_the_rest_is_marked() -> None:
    async with call(ScriptedEngine([Stall(5)]), patience=1.0) as session:
        await utter(session, ANN, speak(words(10)))
        assert numbers(session.board.partials[ANN.id].text) == list(words(4))
    assert heard(session.board) == list(words(4))
    assert not session.board.partials
    gap = session.board.entries[-1]
    assert isinstance(gap, Gap)
    assert gap.start == pytest.approx(0.8, abs=0.2)
    assert gap.end == pytest.approx(2.0, abs=0.1)


async def test_an_open_microphone_in_a_quiet_room_makes_way_for_somebody_who_talks() -> None:
    async with call(ScriptedEngine(streams=1)) as session, asyncio.TaskGroup() as both:
        both.create_task(utter(session, ANN, bytes(RATE * WIDTH * 60)))
        await asyncio.sleep(5)
        await utter(session, BOB, speak(words(20), after=20))
        assert heard(session.board, BOB) == list(words(20))
        assert not [entry for entry in session.board.entries if isinstance(entry, Gap)]


class Allergic(ScriptedEngine):
    """Its streams break at the words before 200."""

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        async with super().recognize(language, vocabulary, interim=interim, known=known) as stream:
            send = stream.send

            async def careful(pcm: bytes) -> None:
                if any(0 < sample < 200 for sample in memoryview(pcm).cast("h")):
                    stream.cut()
                await send(pcm)

            stream.send = careful  # type: ignore[method-assign]  # this stream alone
            yield stream


async def test_audio_that_breaks_every_stream_is_given_up_so_that_the_rest_is_heard() -> None:
    async with call(Allergic(), patience=60) as session:
        await utter(session, ANN, speak(words(3), after=30))
        await utter(session, ANN, speak(words(3, 200), after=20))
    assert heard(session.board) == list(words(3, 200))
    assert [entry for entry in session.board.entries if isinstance(entry, Gap)]


async def test_an_engine_that_breaks_often_in_a_short_time_costs_no_word() -> None:
    async with call(ScriptedEngine([Cut(1)] * 8), patience=60) as session:
        await utter(session, ANN, speak(words(3), after=10))
    assert heard(session.board) == list(words(3))
    assert not [entry for entry in session.board.entries if isinstance(entry, Gap)]


async def test_a_smaller_patience_counts_even_when_the_end_has_begun() -> None:
    loop = asyncio.get_running_loop()
    async with call(ScriptedEngine([Stall(0)]), patience=100.0) as session:
        await utter(session, ANN, speak(words(3)))
        session.close(50.0)
        await asyncio.sleep(1.0)
        begin = loop.time()
        session.close(2.0)
    assert loop.time() - begin == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("patience", "shown"), [(60.0, True), (5.0, False)])
async def test_the_last_words_wait_for_a_busy_place_as_long_as_the_end_may_take(
    patience: float, shown: bool
) -> None:
    wall = Wall(pace=0.1, failures={2: OutletBusy(7.0), 3: OutletBusy(7.0)})
    board = Board()
    async with call(ScriptedEngine(), board, [wall], patience):
        await asyncio.sleep(1.0)
        board.show(Caption(ANN, 0, 1, "last", final=True))
        await asyncio.sleep(0.5)
    assert ("last" in [text for _, text in wall.shows]) == shown


async def test_cancelling_a_call_leaves_no_stream_lent_at_whatever_moment() -> None:
    for moment in range(40):
        engine = ScriptedEngine([Cut(2), Busy(0.5)])
        session = Session(
            Board(),
            Pool(engine),
            began=asyncio.get_running_loop().time(),
            language="en",
            metrics=Metrics(),
            outlets=[Wall()],
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(session.run())
            speaking = tasks.create_task(utter(session, ANN, speak(words(10), after=2)))
            await asyncio.sleep(moment * 0.1)
            running.cancel()
            speaking.cancel()
        assert not engine.lent


async def test_an_hour_of_five_speakers_loses_no_word_and_grows_no_buffer() -> None:
    dice = random.Random(5)
    everybody = people(5)
    engine = ScriptedEngine(
        [dice.choice([None, None, Cut(dice.randint(0, 30)), Busy(), Lose()]) for _ in range(400)]
    )
    said: dict[Speaker, list[int]] = {speaker: [] for speaker in everybody}
    wall = Wall(pace=1.0)

    async def talk(session: Session, speaker: Speaker) -> None:
        number = FIRST
        while session.now < 3600:
            count = dice.randint(1, 25)
            spoken = words(count, number)
            number = FIRST if number > 30_000 else number + count
            said[speaker] += spoken
            # 100 ms pieces here: an hour of forty-millisecond ones tests nothing more.
            pcm = speak(spoken)
            for n in range(0, len(pcm), 3200):
                session.hear(Frame(speaker, session.now, pcm[n : n + 3200]))
                await asyncio.sleep(0.1)
            await asyncio.sleep(dice.choice([1.0, 4.0, 15.0]))

    board = Board()
    async with call(engine, board, [wall]) as session, asyncio.TaskGroup() as talking:
        for speaker in everybody:
            talking.create_task(talk(session, speaker))
    assert sum(map(len, said.values())) > 10_000
    for speaker in everybody:
        assert heard(board, speaker) == said[speaker]
    assert not [entry for entry in board.entries if isinstance(entry, Gap)]
    assert engine.opened > 400


async def test_lost_audio_alone_borrows_no_stream() -> None:
    engine = ScriptedEngine()
    async with call(engine) as session:
        for _ in range(20):
            session.hear(Lost(ANN, session.now - 0.3, session.now))
            await asyncio.sleep(5)
        assert len([e for e in session.board.entries if isinstance(e, Gap)]) == 20
    assert engine.opened == 0


async def test_what_nobody_took_is_marked_too_when_the_end_is_cut_short() -> None:
    async with call(ScriptedEngine([Stall(0)], streams=1), patience=1.0) as session:
        await utter(session, ANN, speak(words(3)))
        await utter(session, BOB, speak(words(40, 1000)))
        end = session.now
    marked = [e for e in session.board.entries if isinstance(e, Gap) and e.speaker == BOB]
    assert len(marked) == 1
    assert marked[0].start == pytest.approx(end - 8, abs=0.1)
    assert marked[0].end == pytest.approx(end, abs=0.1)


async def test_what_is_said_after_a_refusal_is_marked_and_the_notice_ends_with_the_speaker() -> None:
    async with call(ScriptedEngine([Refuse("The key is wrong.")])) as session:
        await utter(session, ANN, speak(words(20)))
        session.hear(Left(ANN))
        await asyncio.sleep(1)
        assert not session.board.notices
        marked = [e for e in session.board.entries if isinstance(e, Gap)]
        assert sum(gap.end - gap.start for gap in marked) == pytest.approx(4.0, abs=0.1)


async def test_words_said_while_a_stream_is_slow_to_open_are_all_heard() -> None:
    class Slow(ScriptedEngine):
        @asynccontextmanager
        async def recognize(
            self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
        ) -> AsyncIterator[ScriptedRecognition]:
            await asyncio.sleep(25)
            async with super().recognize(language, vocabulary, interim=interim, known=known) as stream:
                yield stream

    async with call(Slow()) as session:
        await utter(session, ANN, speak(words(200)))
    assert heard(session.board) == list(words(200))
    assert not [e for e in session.board.entries if isinstance(e, Gap)]


async def test_words_said_while_a_stream_is_brought_to_its_end_are_all_heard() -> None:
    class Lingering(ScriptedRecognition):
        async def finish(self) -> None:
            await asyncio.sleep(25)
            await super().finish()

    class Engine(ScriptedEngine):
        @asynccontextmanager
        async def recognize(
            self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
        ) -> AsyncIterator[ScriptedRecognition]:
            yield Lingering(None, lag=0.0, interim=interim, language=language, known=known)

    async with call(Engine(), patience=60) as session:
        await utter(session, ANN, speak(words(3)))
        await asyncio.sleep(8.5)
        await utter(session, ANN, speak(words(100, 200)))
    assert heard(session.board) == [*words(3), *words(100, 200)]
    assert not [e for e in session.board.entries if isinstance(e, Gap)]


async def test_of_somebody_who_wants_to_be_heard_no_more_nothing_appears_that_nobody_has_read() -> None:
    async with call(ScriptedEngine([Busy(5.0)])) as session:
        await utter(session, ANN, speak(words(10)))
        session.hush(ANN)
        await asyncio.sleep(20)
        assert session.board.entries == []
        assert session.board.partials == {}
        await utter(session, ANN, speak(words(3, first=200)))
        await asyncio.sleep(5)
    assert heard(session.board, ANN) == list(words(3, first=200)), "they may change their mind"


async def test_what_was_caught_up_with_is_not_held_until_the_call_ends() -> None:
    async with call(ScriptedEngine()) as session:
        await asyncio.sleep(1)
        for number, speaker in enumerate(people(3)):
            backlog = Tape(speaker)
            backlog.write(Frame(speaker, 0.0, speak([FIRST + number], after=1.0)))
            session.catch_up(speaker, backlog)
        assert holdings()["core.track.Track"] == 3
        await asyncio.sleep(60)
        assert holdings()["core.track.Track"] == 0
        assert len(session.board.entries) == 3
