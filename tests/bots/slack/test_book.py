"""What is remembered of workspaces, and of deliveries."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.slack.book import Book, Mark
from bots.slack.scopes import SCOPES, missing
from bots.slack.seen import Seen
from bots.slack.setup import Setup
from bots.slack.starting import filled, form
from core.errors import RecordAway
from core.record.database.presence import Process
from tests.bots.slack.office import Shelf

MARK = Mark("T1", "C1", "1.2", "Weekly", datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "U1", "key")


async def test_setups_and_marks_are_there_again_after_a_restart() -> None:
    shelf = Shelf()
    book = Book(shelf)
    await book.set_up("T1", None, Setup(language="de", huddles=True))
    await book.set_up("T1", "C1", Setup(keep="transcript", huddles=False))
    await book.mark("T1", "C1", MARK)
    again = Book(shelf)
    await again.read()
    assert again.setup("T1", "C1") == Setup(language="de", keep="transcript", huddles=False)
    assert again.setup("T1", "C2") == Setup(language="de", huddles=True)
    assert again.setup("T2", "C1") == Setup()
    assert again.marks == {("T1", "C1"): MARK}
    await again.mark("T1", "C1", None)
    assert again.marks == {}
    assert f"call:{MARK.channel}" not in shelf.spaces["slack:T1"]


async def test_a_setup_that_cant_be_kept_is_none() -> None:
    shelf = Shelf()
    book = Book(shelf)
    shelf.away = True
    with pytest.raises(RecordAway):
        await book.set_up("T1", "C1", Setup(language="de"))
    assert book.setup("T1", "C1") == Setup()
    await book.mark("T1", "C1", MARK)
    assert book.marks, "it is known here all the same"


@pytest.mark.parametrize(
    "kept", [None, 7, {}, {"language": 7, "keep": "all", "guests": "yes"}, {"huddles": 1}, {"private": "yes"}]
)
def test_what_cant_be_understood_is_no_choice(kept: object) -> None:
    assert Setup.from_json(kept) == Setup()


def test_what_was_kept_before_there_were_private_calls_is_understood() -> None:
    assert Setup.from_json({"language": "de", "guests": True}) == Setup(language="de", guests=True)


@given(
    st.builds(
        Setup,
        st.none() | st.text(min_size=1),
        st.sampled_from([None, "captions", "transcript"]),
        st.none() | st.integers(0, 36_500),
        st.none() | st.booleans(),
        st.none() | st.booleans(),
        st.none() | st.booleans(),
    )
)
def test_a_setup_is_the_same_when_it_was_kept(setup: Setup) -> None:
    assert Setup.from_json(setup.to_json()) == setup


@pytest.mark.parametrize("kept", [None, [], {}, {"ts": "1"}, {**MARK.to_json(), "began": "yesterday"}])
def test_a_mark_that_cant_be_understood_is_none(kept: object) -> None:
    assert Mark.from_json("T1", "C1", kept) is None


def test_a_delivery_is_first_once_and_the_oldest_are_forgotten() -> None:
    seen = Seen(limit=2)
    assert [seen.first(name) for name in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
    assert seen.repeated == 1
    assert seen.first("")
    assert seen.first(""), "what has no name is always new"


def test_a_workspace_where_very_much_happens_makes_no_other_forget_its_deliveries() -> None:
    seen = Seen(limit=50, together=60)
    assert seen.first("start", "T1")
    for number in range(1000):
        assert seen.first(f"huddle {number}", "T2")
    for number in range(15):
        seen.first("one", f"T3{number}")
    assert not seen.first("start", "T1")
    assert seen.first("start", "T2"), "what two workspaces call the same is not the same"
    assert sum(map(len, seen._seen.values())) == seen._count <= 60


def test_a_delivery_comes_again_though_five_thousand_came_between() -> None:
    seen = Seen()
    seen.first("start", "T1")
    for number in range(5000):
        seen.first(f"huddle {number}", "T1")
    assert not seen.first("start", "T1")


def test_vital_scopes_are_named_first() -> None:
    names = frozenset(scope.name for scope in SCOPES)
    assert missing(names) == ()
    assert [scope.name for scope in missing(names - {"canvases:write", "commands"})] == [
        "commands",
        "canvases:write",
    ]


def test_the_form_gives_back_what_was_filled_in() -> None:
    assert form()["callback_id"] == "captions_start"
    values = {
        "channel": {"channel": {"selected_conversation": "C1"}},
        "title": {"title": {"value": " Weekly "}},
        "keep": {"keep": {"selected_option": {"value": "transcript"}}},
    }
    assert vars_of(filled({"state": {"values": values}})) == ("C1", "Weekly", "transcript")
    bare = {"channel": values["channel"], "title": {"title": {"value": None}}, "keep": {"keep": {}}}
    assert vars_of(filled({"state": {"values": bare}})) == ("C1", "", None)


def vars_of(given: object) -> tuple[object, ...]:
    return tuple(getattr(given, name) for name in ("channel", "title", "keep"))


async def test_a_look_that_is_broken_off_forgets_nothing_of_what_it_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, other = Shelf(), Mark("T1", "C2", "1.3", "Weekly", MARK.began, "U1")
    for mark in (MARK, other):
        await Book(store).mark("T1", mark.key, mark)
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
    assert await book.look_for_left() == [MARK, other]
    assert not book.left.others


def beside(*shelves: Shelf) -> None:
    """Programs that live and share the database of the first."""
    for shelf in shelves:
        shelf.spaces = shelves[0].spaces
        shelf.living = {other.process.name for other in shelves if other is not shelf}


async def test_of_two_who_find_a_call_that_was_left_one_alone_tells_of_it() -> None:
    killed, one, other = Shelf(), Shelf(), Shelf()
    await Book(killed).mark("T1", MARK.key, MARK)
    one.spaces = killed.spaces
    beside(one, other)
    again, living = Book(one), Book(other)
    await again.read()
    assert again.marks == {("T1", MARK.key): MARK}
    assert await living.look_for_left() == []
    assert living.marks == {}
    one.living.clear()
    other.living.clear()
    assert await living.look_for_left() == [MARK], "who took it over was killed as well"


async def test_of_two_who_find_a_call_at_the_same_time_one_alone_tells_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed, one, other = Shelf(), Shelf(), Shelf()
    await Book(killed).mark("T1", MARK.key, MARK)
    one.spaces = killed.spaces
    beside(one, other)
    looking, taken = Book(one), Book(other)

    async def lives_elsewhere(_process: str) -> bool:
        monkeypatch.undo()
        assert await taken.look_for_left() == [MARK]
        return False

    monkeypatch.setattr(one, "lives_elsewhere", lives_elsewhere)
    assert await looking.look_for_left() == []


async def test_a_call_that_is_taken_over_is_told_of_though_the_answer_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed, store = Shelf(), Shelf()
    second = Mark("T1", "C2", "1.3", "Weekly", MARK.began, "U1")
    for mark in (MARK, second):
        await Book(killed).mark("T1", mark.key, mark)
    store.spaces, book = killed.spaces, Book(store)
    replace = store.replace

    async def lost(*given: object) -> bool:
        if await replace(*given) and given[1] == f"call:{second.key}":  # type: ignore[arg-type]  # it hands on
            raise RecordAway("The database is away.")
        return True

    monkeypatch.setattr(store, "replace", lost)
    await book.read()
    assert book.marks == {("T1", MARK.key): MARK}
    monkeypatch.undo()
    assert await book.look_for_left() == [second]
    assert await book.look_for_left() == []


async def test_a_call_that_another_began_after_our_start_is_found_when_that_one_is_killed() -> None:
    one, other = Shelf(), Shelf()
    beside(one, other)
    book = Book(one)
    await book.read()
    await Book(other).mark("T1", MARK.key, MARK)
    one.living.clear()
    assert await book.look_for_left() == [MARK]


async def test_who_is_alone_with_the_database_does_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Shelf()
    book = Book(store)
    await book.read()
    monkeypatch.delattr(Shelf, "all_preferences")
    assert await book.look_for_left() == []


async def test_a_mark_that_could_not_be_deleted_is_deleted_later() -> None:
    store = Shelf()
    book = Book(store)
    await book.mark("T1", MARK.key, MARK)
    store.away = True
    await book.mark("T1", MARK.key, None)
    await book.write_again()
    assert store.spaces["slack:T1"]
    store.away = False
    await book.write_again()
    assert not store.spaces["slack:T1"]
