"""The Secretary: who owns journals and recaps, and how it leaves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.publisher import FAREWELL
from core.errors import RecapFailed
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.kept import Call, Kept, Opening, Removed
from core.record.recaps.quotes import quote
from core.record.recaps.recap import Conversation, Recap
from core.record.secretary import BEAT, Secretary
from tests.fakes.keeper import FakeKeeper

ANN = Speaker("p1", "Ann", "web:ann")


class FakeStore(FakeKeeper):
    """As much of a store as a secretary needs, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.recaps: dict[str, Recap] = {}
        self.forgotten: list[str] = []
        self.beats = 0

    async def interrupted(self) -> int:
        self.beats += 1
        return 0

    async def expire(self, _now: datetime, _days: int) -> list[Call]:
        return []

    async def entries(self, _call: Call) -> AsyncIterator[Kept]:
        for _, entry in sorted(self.kept.items()):
            yield entry

    async def recap(self, call: Call) -> Recap | None:
        return self.recaps.get(call.key)

    async def keep_recap(self, call: Call, recap: Recap) -> None:
        self.recaps[call.key] = recap

    async def forget(self, *, identity: str) -> Removed:
        self._fail()
        self.forgotten.append(identity)
        return Removed(1, 1)


class Slow:
    """A summariser that takes its time, or fails."""

    name = "Slow"

    def __init__(self, seconds: float, *, fails: bool = False) -> None:
        self.seconds = seconds
        self.fails = fails
        self.made = 0

    async def summarise(self, conversation: Conversation) -> Recap:
        await asyncio.sleep(self.seconds)
        if self.fails:
            raise RecapFailed("It did not answer.")
        self.made += 1
        return replace(quote(conversation), name=self.name)


def opening(key: str) -> Opening:
    return Opening(key, "here", "Stand-up", datetime(2026, 1, 2, 9, tzinfo=UTC), "en", "Scripted")


def say(board: Board, number: int, text: str = "We decided to ship the release on Friday.") -> None:
    board.show(Caption(ANN, number, number + 1, text, final=True))


def secretary(store: FakeStore, summariser: Slow | None = None, patience: float = 5.0) -> Secretary:
    return Secretary(
        cast(Store, store), summariser or Slow(0.1), days=30, patience=patience, metrics=Metrics()
    )


async def test_when_a_call_ends_its_recap_is_made_and_kept() -> None:
    store, board = FakeStore(), Board()
    async with secretary(store) as keeping:
        journal = keeping.keep(opening("a"), board)
        say(board, 0)
        await asyncio.sleep(1)
        journal.end()
        await asyncio.sleep(2)
        assert store.recaps["a"].name == "Slow"


async def test_a_call_that_goes_on_is_summed_up_anew_at_its_next_end() -> None:
    store, board, summariser = FakeStore(), Board(), Slow(3.0)
    async with secretary(store, summariser) as keeping:
        journal = keeping.keep(opening("a"), board)
        say(board, 0)
        journal.end()
        await asyncio.sleep(2)
        journal.go_on()
        say(board, 1, "The budget for the second quarter is twelve thousand.")
        journal.end()
        await asyncio.sleep(6)
        assert summariser.made == 1, "the first was given up: more had been said"
        assert store.recaps["a"].talk[0].words == 17


async def test_leaving_gives_a_recap_some_seconds_and_then_goes_without() -> None:
    loop = asyncio.get_running_loop()
    for seconds, made in ((3.0, True), (60.0, False)):
        store, board = FakeStore(), Board()
        async with secretary(store, Slow(seconds), patience=5.0) as keeping:
            journal = keeping.keep(opening("a"), board)
            say(board, 0)
            await asyncio.sleep(1)
            journal.end()
            begin = loop.time()
        assert loop.time() - begin <= 6
        assert ("a" in store.recaps) is made
        assert store.calls["a"].state == "ended"


async def test_a_recap_that_fails_leaves_the_record_as_it_is() -> None:
    store, board = FakeStore(), Board()
    async with secretary(store, Slow(0.1, fails=True)) as keeping:
        journal = keeping.keep(opening("a"), board)
        say(board, 0)
        journal.end()
        await asyncio.sleep(2)
        call = replace(store.calls["a"], lines=1)
        recap, making = await keeping.recap(call)
        assert (recap is not None and recap.quoted, making) == (True, False)
    assert store.recaps == {}


async def test_many_records_whose_database_is_away_do_not_hold_up_the_end() -> None:
    loop = asyncio.get_running_loop()
    store = FakeStore()
    async with secretary(store, patience=5.0) as keeping:
        boards = [Board() for _ in range(12)]
        for number, board in enumerate(boards):
            keeping.keep(opening(str(number)), board)
            say(board, 0)
        await asyncio.sleep(1)
        store.away = True
        for board in boards:
            say(board, 1)
        await asyncio.sleep(30)
        begin = loop.time()
    assert loop.time() - begin <= FAREWELL + 0.5


async def test_who_is_forgotten_is_kept_no_more_unless_nothing_was_deleted() -> None:
    store, board = FakeStore(), Board()
    async with secretary(store) as keeping:
        keeping.keep(opening("a"), board)
        say(board, 0)
        await asyncio.sleep(1)
        await keeping.forget("web:ann")
        say(board, 1)
        await asyncio.sleep(1)
        assert store.forgotten == ["web:ann"]
        assert sorted(store.kept) == [0], "the fake forgets nothing, but nothing new is written"


async def test_calls_that_are_silent_give_signs_of_life_and_a_deletion_is_noticed() -> None:
    store, board = FakeStore(), Board()
    async with secretary(store) as keeping:
        journal = keeping.keep(opening("a"), board)
        say(board, 0)
        await asyncio.sleep(1)
        written = len(store.writes)
        await asyncio.sleep(BEAT * 3)
        assert len(store.writes) == written + 3
        store.deleted = True
        await asyncio.sleep(BEAT)
        assert journal.over
        assert "deleted" in board.notices["record"]


async def test_a_bug_of_the_record_takes_no_captions_away() -> None:
    store, board = FakeStore(), Board()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    store.write = broken  # type: ignore[assignment]  # a bug, as it were
    async with secretary(store) as keeping:
        journal = keeping.keep(opening("a"), board)
        say(board, 0)
        await asyncio.sleep(1)
        assert journal.over
        assert "fault" in board.notices["record"]
        say(board, 1)
    assert board.count == 2


async def test_a_call_that_goes_on_after_a_restart_is_written_behind_what_was_kept() -> None:
    store = FakeStore()
    for first in (0, 2):
        board = Board()
        async with secretary(store) as keeping:
            journal = keeping.keep(opening("a"), board, first)
            say(board, 0, f"word {first}")
            say(board, 1, f"word {first + 1}")
            assert await keeping.finish(journal, 5.0)
            assert store.calls["a"].state == "ended"
    assert store.text == "word 0 word 1 word 2 word 3"
    assert list(store.kept) == [0, 1, 2, 3]


async def test_whoever_finishes_a_record_waits_no_longer_than_they_want() -> None:
    store, board = FakeStore(), Board()
    loop = asyncio.get_running_loop()
    async with secretary(store) as keeping:
        journal = keeping.keep(opening("a"), board)
        await asyncio.sleep(1)
        store.away = True
        say(board, 0)
        before = loop.time()
        assert not await keeping.finish(journal, 2.0)
        assert loop.time() - before == 2.0
        store.away = False
        assert await keeping.finish(journal, 10.0)
        assert await keeping.finish(journal, 10.0), "asked again, it is done already"
