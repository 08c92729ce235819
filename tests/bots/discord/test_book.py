"""What is remembered of servers: at once in memory, and written before it is taken back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bots.discord.book import Book, Mark, VisitMark
from bots.discord.setup import GuildSetup
from core.errors import RecordAway, UserError
from core.record.database.presence import Process
from core.record.kept import Opening
from tests.fakes.memory import MemoryStore

MARK = Mark(
    1, 2, "en", "transcript", datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), 4, "k"
)


async def again(store: MemoryStore) -> Book:
    """After a restart."""
    book = Book(store)
    await book.read()
    return book


async def test_everything_is_there_after_a_restart() -> None:
    store = MemoryStore()
    book = await again(store)
    await book.set_up(1, GuildSetup(language="de"))
    await book.leave_out(1, 42)
    await book.leave_out(2, 43)
    await book.mark(1, MARK)
    book = await again(store)
    assert book.setup(1) == GuildSetup(language="de")
    assert (book.left_out(1), book.left_out(2), book.left_out(3)) == ({42}, {43}, set())
    assert book.marks == {1: MARK}
    await book.mark(1, None)
    assert (await again(store)).marks == {}


async def test_a_private_call_is_still_private_after_a_restart() -> None:
    store = MemoryStore()
    await (await again(store)).mark(1, replace(MARK, private=True))
    assert (await again(store)).marks[1].private


async def test_where_calls_of_elsewhere_are_shown_is_there_after_a_restart_until_it_is_forgotten() -> None:
    store = MemoryStore()
    shown, over = VisitMark(1, 7), VisitMark(2, 8, "The call is over.")
    for mark in (shown, over):
        await (await again(store)).visit(mark)
    store.preferred["discord:1"] |= {"visit:9": 7, "visit:what": {}}
    book = await again(store)
    assert book.visits == {7: shown, 8: over, 9: VisitMark(1, 9)}
    store.away = True
    await book.visit(over, over=True)
    assert 8 not in book.visits, "it is known here all the same"
    store.away = False
    await book.visit(shown, over=True)
    assert set((await again(store)).visits) == {8, 9}


async def test_where_a_call_was_heard_is_forgotten_with_its_record() -> None:
    store = MemoryStore()
    book = await again(store)
    for record in ("kept", "gone", "k", "theirs"):
        await book.heard(1, record, (5, 6))
    await book.mark(1, MARK)  # "k": it goes on, and its record is still to begin
    store.preferred["discord:2"] = {"call": {**replace(MARK, record="theirs").to_json(), "process": "other"}}
    store.living = {"other"}
    await store.begin(Opening("kept", "discord:1", "Home", MARK.began, "en", "whisper"))
    book = await again(store)
    assert [one for one in ("kept", "gone", "k", "theirs") if book.heard_in(one)] == ["kept", "k", "theirs"]
    assert {key for key in store.preferred["discord:1"] if key.startswith("heard in:")} == {
        "heard in:kept",
        "heard in:k",
        "heard in:theirs",
    }
    await book.mark(1, None)
    store.preferred["discord:2"]["call"] = {"what": "is this"}
    assert not (await again(store)).heard_in("k")


def test_a_call_of_an_earlier_version_is_not_private_and_one_that_may_be_is() -> None:
    kept = MARK.to_json()
    del kept["private"]
    assert Mark.from_json(kept) == MARK
    read = Mark.from_json(kept | {"private": "what is this"})
    assert read is not None
    assert read.private


async def test_somebody_is_left_out_at_once_though_it_cannot_be_written() -> None:
    store = MemoryStore()
    book = await again(store)
    store.away = True
    with pytest.raises(UserError, match="not captioned any more"):
        await book.leave_out(1, 42)
    assert book.left_out(1) == {42}


async def test_somebody_is_taken_in_only_when_that_is_written() -> None:
    store = MemoryStore()
    book = await again(store)
    await book.leave_out(1, 42)
    store.away = True
    with pytest.raises(UserError):
        await book.take_in(1, 42)
    assert book.left_out(1) == {42}
    store.away = False
    await book.take_in(1, 42)
    assert book.left_out(1) == (await again(store)).left_out(1) == set()


async def test_two_changes_at_once_are_both_written() -> None:
    store = MemoryStore()
    book = await again(store)
    await book.leave_out(1, 41)
    async with asyncio.TaskGroup() as group:
        group.create_task(book.leave_out(1, 42))
        group.create_task(book.take_in(1, 41))
        group.create_task(book.leave_out(1, 43))
    assert book.left_out(1) == (await again(store)).left_out(1) == {42, 43}


async def test_who_changes_their_mind_at_once_is_left_out_in_the_end() -> None:
    store = MemoryStore()
    book = await again(store)
    await book.leave_out(1, 42)
    async with asyncio.TaskGroup() as group:
        group.create_task(book.take_in(1, 42))
        group.create_task(book.leave_out(1, 42))
    assert book.left_out(1) == (await again(store)).left_out(1) == {42}


async def test_a_setup_that_cannot_be_written_does_not_hold() -> None:
    store = MemoryStore()
    book = await again(store)
    store.away = True
    with pytest.raises(RecordAway):
        await book.set_up(1, GuildSetup(language="de"))
    assert book.setup(1) == GuildSetup()


async def test_a_mark_that_cannot_be_written_is_no_failure() -> None:
    store = MemoryStore()
    book = await again(store)
    store.away = True
    await book.mark(1, MARK)


@pytest.mark.parametrize(
    "kept",
    [None, 5, "x", [], {}, {"keep": "all"}, MARK.to_json() | {"channel": "x"}, MARK.to_json() | {"seen": 5}],
)
async def test_what_is_no_mark_is_not_taken_for_one(kept: object) -> None:
    assert Mark.from_json(kept) is None
    store = MemoryStore()
    store.preferred["discord:1"] = {"call": kept, "setup": kept, "left_out": kept}
    store.preferred["discord:x"] = {"call": kept}
    assert (await again(store)).marks == {}


async def test_a_look_that_is_broken_off_forgets_nothing_of_what_it_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    for guild in (1, 2):
        await Book(store).mark(guild, MARK)
    store.process, book = Process(), Book(store)
    looking = iter([False, None, False])

    async def lives_elsewhere(_process: str) -> bool:
        if (lives := next(looking, False)) is None:
            raise RecordAway("The database is away.")
        return lives

    monkeypatch.setattr(store, "lives_elsewhere", lives_elsewhere)
    book.left.others = True
    with pytest.raises(RecordAway):
        await book.look_for_left()
    assert book.left.others, "it is looked again"
    assert book.marks == {}
    assert await book.look_for_left() == {1, 2}
    assert not book.left.others


async def test_of_two_who_find_what_was_left_one_alone_takes_it_up() -> None:
    killed, one, other = MemoryStore(), MemoryStore(), MemoryStore()
    left = Book(killed)
    await left.mark(1, MARK)
    await left.visit(VisitMark(2, 7, "Ann ended it."))
    one.preferred = other.preferred = killed.preferred
    one.living, other.living = {other.process.name}, {one.process.name}
    taken, living = await again(one), Book(other)
    assert (taken.marks, set(taken.visits)) == ({1: MARK}, {7})
    assert await living.look_for_left() == set()
    assert (living.marks, living.visits) == ({}, {})
    one.living.clear()
    other.living.clear()
    assert await living.look_for_left() == {1, 2}, "who took it over was killed as well"
    assert living.visits == {7: VisitMark(2, 7, "Ann ended it.")}


async def test_what_is_found_and_taken_up_by_another_at_that_moment_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed, one, other = MemoryStore(), MemoryStore(), MemoryStore()
    await Book(killed).mark(1, MARK)
    one.preferred = other.preferred = killed.preferred
    one.living, other.living = {other.process.name}, {one.process.name}
    looking, taken = Book(one), Book(other)

    async def lives_elsewhere(_process: str) -> bool:
        monkeypatch.undo()
        assert await taken.look_for_left() == {1}
        return False

    monkeypatch.setattr(one, "lives_elsewhere", lives_elsewhere)
    assert await looking.look_for_left() == set()
    assert looking.marks == {}


async def test_what_is_taken_up_is_known_though_the_answer_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    killed, store = MemoryStore(), MemoryStore()
    await Book(killed).mark(1, MARK)
    store.preferred = killed.preferred
    replaced = store.replace

    async def lost(space: str, key: str, old: object, new: object) -> bool:
        await replaced(space, key, old, new)
        raise RecordAway("The database is away.")

    monkeypatch.setattr(store, "replace", lost)
    book = await again(store)
    assert book.marks == {}
    monkeypatch.undo()
    assert await book.look_for_left() == {1}
    assert await book.look_for_left() == set()


async def test_a_call_that_another_began_after_our_start_is_found_when_that_one_is_killed() -> None:
    one, other = MemoryStore(), MemoryStore()
    other.preferred = one.preferred
    one.living = {other.process.name}
    book = await again(one)
    await Book(other).mark(1, MARK)
    one.living.clear()
    assert await book.look_for_left() == {1}


async def test_marks_that_could_not_be_deleted_are_deleted_later() -> None:
    store = MemoryStore()
    book = await again(store)
    await book.mark(1, MARK)
    await book.visit(VisitMark(1, 7))
    store.away = True
    await book.mark(1, None)
    await book.visit(VisitMark(1, 7), over=True)
    await book.write_again()
    store.away = False
    assert len(store.preferred["discord:1"]) == 2
    await book.write_again()
    assert store.preferred["discord:1"] == {}
