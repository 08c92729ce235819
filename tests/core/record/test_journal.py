"""The Journal keeps what the Board commits: behind it, never in its way, each line once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.publisher import FAREWELL, Publisher
from core.metrics import Metrics
from core.record.journal import NOTICE, Journal
from core.record.kept import Call, Line, Opening, Unkept
from tests.fakes.keeper import FakeKeeper

ANN, BO = Speaker("p1", "Ann", "web:ann"), Speaker("p2", "Bo", "web:bo")
OPENING = Opening("k" * 22, "here", "Stand-up", datetime(2026, 1, 2, 9, tzinfo=UTC), "en", "Scripted")


class Kept:
    """A call that is being kept."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.keeper = FakeKeeper()
        self.metrics = Metrics()
        self.ended: list[Call] = []
        self.journal = Journal(self.keeper, OPENING, board, metrics=self.metrics, ended=self.ended.append)
        self.publisher = Publisher(board, self.journal)
        self.said = 0

    def say(self, words: int = 1, speaker: Speaker = ANN) -> None:
        for _ in range(words):
            n = self.said
            self.said += 1
            self.board.show(Caption(speaker, n, n + 1, f"w{n}", final=True, language="en", confidence=0.9))

    @property
    def everything(self) -> str:
        return " ".join(f"w{n}" for n in range(self.said))


@asynccontextmanager
async def kept(limit: int = 20_000) -> AsyncIterator[Kept]:
    call = Kept(Board(limit))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call.publisher.run())
        yield call
        call.journal.end()
        call.publisher.close()


async def test_a_final_is_written_within_a_second_and_with_all_that_is_known_of_it() -> None:
    async with kept() as call:
        for _ in range(20):
            await asyncio.sleep(0.37)
            call.say()
            await asyncio.sleep(0.5)
            assert call.keeper.text == call.everything
    line = call.keeper.kept[0]
    assert line == Line(0, ANN, 0, 1, "w0", language="en", confidence=0.9, engine="Scripted")
    assert isinstance(line, Line)
    assert line.speaker.identity == "web:ann"


async def test_what_is_still_being_said_is_not_kept() -> None:
    async with kept() as call:
        call.board.show(Caption(ANN, 0, 1, "maybe", final=False))
        await asyncio.sleep(5)
        assert call.keeper.kept == {}


async def test_a_gap_is_kept_where_it_was() -> None:
    gap = Gap(BO, 3.0, 5.0)
    async with kept() as call:
        call.say()
        call.board.mark(gap)
        call.say()
        await asyncio.sleep(1)
        assert call.keeper.kept[1] == gap
    assert call.keeper.text == "w0 w1"


async def test_the_last_words_are_kept_before_the_end_is_noted() -> None:
    async with kept() as call:
        await asyncio.sleep(1)
        call.say(3)
        call.journal.end()
    assert call.keeper.text == "w0 w1 w2"
    assert [one.state for one in call.keeper.calls.values()] == ["ended"]
    assert len(call.ended) == 1


async def test_a_call_that_goes_on_is_live_again_and_ends_again() -> None:
    async with kept() as call:
        call.say()
        call.journal.end()
        await asyncio.sleep(1)
        assert call.keeper.calls[OPENING.key].state == "ended"
        call.journal.go_on()
        call.say()
        await asyncio.sleep(1)
        assert call.keeper.calls[OPENING.key].state == "live"
    assert call.keeper.calls[OPENING.key].state == "ended"
    assert call.keeper.text == "w0 w1"
    assert len(call.ended) == 2


async def test_people_are_told_while_the_database_is_away_and_nothing_is_lost() -> None:
    async with kept() as call:
        call.say()
        await asyncio.sleep(1)
        call.keeper.away = True
        for _ in range(60):
            call.say()
            await asyncio.sleep(1)
        told = call.board.notices[NOTICE]
        assert "not being kept now" in told
        assert "the disk is full" in told
        call.keeper.away = False
        await asyncio.sleep(11)
        assert NOTICE not in call.board.notices
        assert call.keeper.text == call.everything
    assert not any(isinstance(entry, Unkept) for entry in call.keeper.kept.values())
    assert call.metrics.record_failures._value.get() > 3


async def test_what_even_the_board_had_to_forget_is_marked_as_not_kept() -> None:
    async with kept(limit=100) as call:
        call.say(10)
        await asyncio.sleep(1)
        call.keeper.away = True
        call.say()
        await asyncio.sleep(1)
        call.say(500)
        call.keeper.away = False
        await asyncio.sleep(11)
        lost = [(n, one) for n, one in call.keeper.kept.items() if isinstance(one, Unkept)]
        first = call.board.forgotten
        assert lost == [(10, Unkept(10.0, float(first)))]
        assert call.keeper.text == " ".join(f"w{n}" for n in [*range(10), *range(first, 511)])
        assert call.metrics.record_unkept._value.get() == first - 10


async def test_a_write_whose_answer_was_lost_is_not_kept_twice() -> None:
    async with kept() as call:
        call.keeper.lost_answer = True
        call.say(5)
        await asyncio.sleep(5)
        call.say()
    assert call.keeper.text == call.everything
    assert len(call.keeper.kept) == 6


async def test_a_thousand_waiting_lines_go_in_several_writes() -> None:
    async with kept() as call:
        call.say(1_700)
        await asyncio.sleep(5)
        assert call.keeper.writes == [500, 500, 500, 200]


async def test_after_its_record_was_deleted_nothing_more_is_kept() -> None:
    async with kept() as call:
        call.say()
        await asyncio.sleep(1)
        call.keeper.deleted = True
        call.say()
        await asyncio.sleep(1)
        assert call.journal.over
        assert "deleted" in call.board.notices[NOTICE]
        call.say(5)
        await asyncio.sleep(5)
    assert call.keeper.text == "w0"
    assert call.ended == []


async def test_nothing_more_is_kept_of_somebody_who_is_left_out() -> None:
    async with kept() as call:
        call.say(1, ANN)
        call.say(1, BO)
        await asyncio.sleep(1)
        async with call.journal.writing:
            call.journal.leave_out("web:bo")
        call.say(1, ANN)
        call.say(1, BO)
        call.board.mark(Gap(BO, 9, 10))
        call.say(1, ANN)
    assert call.keeper.text == "w0 w1 w2 w4"
    assert not any(isinstance(entry, Gap) for entry in call.keeper.kept.values())


async def test_words_that_were_taken_back_before_they_were_written_never_are() -> None:
    async with kept() as call:
        call.keeper.away = True
        call.say(2, BO)
        call.say(1, ANN)
        await asyncio.sleep(1)
        call.board.erase("web:bo")
        call.keeper.away = False
        await asyncio.sleep(11)
    assert call.keeper.text == "w2"


async def test_a_database_that_never_comes_back_does_not_hold_up_the_end() -> None:
    loop = asyncio.get_running_loop()
    async with kept() as call:
        call.say()
        await asyncio.sleep(1)
        call.keeper.away = True
        call.say()
        await asyncio.sleep(60)
        end = loop.time()
    assert loop.time() - end <= FAREWELL + 0.1
    assert call.keeper.calls[OPENING.key].state == "live"


@pytest.mark.parametrize("moment", [0.05, 0.31, 0.77])
async def test_a_call_that_ends_at_once_is_whole(moment: float) -> None:
    async with kept() as call:
        call.say(2)
        await asyncio.sleep(moment)
        call.say()
    assert call.keeper.text == call.everything


async def test_a_record_that_was_deleted_after_the_call_does_not_begin_again() -> None:
    async with kept() as call:
        call.say()
        call.journal.end()
        await asyncio.sleep(1)
        call.keeper.deleted = True
        call.journal.go_on()
        call.say()
        await asyncio.sleep(1)
        assert call.journal.over
        assert "deleted" in call.board.notices[NOTICE]
        assert call.keeper.calls[OPENING.key].state == "ended"
    assert call.keeper.text == "w0"


async def test_what_waits_for_the_database_is_known() -> None:
    async with kept() as call:
        call.keeper.away = True
        call.say(7)
        await asyncio.sleep(5)
        assert call.journal.behind == 7
        call.keeper.away = False
        await asyncio.sleep(11)
        assert call.journal.behind == 0
