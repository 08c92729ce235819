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
    book.others = True
    with pytest.raises(RecordAway):
        await book.look_for_left()
    assert book.others, "it is looked again"
    assert book.marks == {}
    assert await book.look_for_left() == [MARK, other]
    assert not book.others
