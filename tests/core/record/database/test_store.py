"""The record keeps what it is given, on both databases alike."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import NoSuchRecord, UserError
from core.record.database.opening import open_store
from core.record.database.store import Store
from core.record.kept import Kept, Line, Numbered, Unkept
from core.record.recaps.recap import Claim, Mood, Recap, Talk
from core.settings import Settings
from tests.fakes.record import ANN, BEGAN, BOB, EVE, kept, numbered, opening, said

pytestmark = pytest.mark.real_time


async def test_what_was_written_is_read(store: Store) -> None:
    call = await store.begin(opening())
    lines = said((ANN, "Good morning."), (BOB, "Morning, Ann."))
    entries: list[Kept] = [*lines, Gap(ANN, 4.0, 5.5), Unkept(6.0, 9.0)]
    await store.write(call, numbered(entries))
    await store.end(call)
    assert [entry async for entry in store.entries(call)] == entries
    read = await store.call(call.key)
    assert (read.state, read.lines, read.speakers) == ("ended", 2, ("Ann", "Bob"))


async def test_a_line_comes_back_with_everything_it_had(store: Store) -> None:
    speaker = Speaker("p9", "Zoë 🎈", "slack:T1:U1")
    line = Line(7, speaker, 1.25, 2.5, "Grüße — <b>&amp;\n\t👍🏽", "Grüße", "de", 0.75, "deepgram")
    call = await store.begin(opening())
    await store.write(call, [Numbered(7, line)])
    read = await store.line(call, 7)
    assert read == line
    assert read.speaker.identity == speaker.identity


async def test_a_call_comes_back_with_everything_it_had(store: Store) -> None:
    began = datetime(2026, 3, 2, 11, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    given = opening("key", space="guild", title="Überblick", began=began, language="de", owner="ab" * 32)
    call = await store.begin(given)
    assert (call.key, call.space, call.title, call.language) == ("key", "guild", "Überblick", "de")
    assert (call.began, call.began.utcoffset()) == (began, timedelta(0))
    assert (call.ended, call.state, call.lines, call.speakers) == (None, "live", 0, ())
    assert call.owner == given.owner
    assert await store.call("key") == call


async def test_a_time_without_a_zone_is_a_bug(store: Store) -> None:
    with pytest.raises(StatementError, match="zone"):
        await store.calls(before=datetime(2026, 3, 2))  # noqa: DTZ001 - that is the bug


async def test_a_call_ends_when_it_ends(store: Store) -> None:
    call = await store.begin(opening())
    before = datetime.now(UTC)
    await store.end(call)
    ended = (await store.call(call.key)).ended
    assert ended is not None
    assert before <= ended <= datetime.now(UTC)


async def test_the_same_key_goes_on_with_the_same_call(store: Store) -> None:
    first = await kept(store, (ANN, "Before the break."), key="again")
    later = opening("again", title="Another", began=BEGAN + timedelta(hours=1))
    again = await store.begin(later)
    assert (again.id, again.title, again.began, again.lines) == (first.id, first.title, first.began, 1)
    assert (again.state, again.ended) == ("live", None)
    assert await store.next_number(again) == 1


async def test_trying_again_writes_nothing_twice(store: Store) -> None:
    call = await store.begin(opening())
    entries = numbered(said((ANN, "One."), (BOB, "Two."), (ANN, "Three.")))
    await store.write(call, entries[:2])
    await store.write(call, entries)
    await store.write(call, [Numbered(1, said((EVE, "Somebody else's words."))[0])])
    assert [line.text async for line in store.entries(call) if isinstance(line, Line)] == [
        "One.",
        "Two.",
        "Three.",
    ]
    assert (await store.call(call.key)).lines == 3
    assert [hit.line.number for hit in await store.search("two")] == [1]


async def test_the_next_number_comes_after_gaps_too(store: Store) -> None:
    call = await store.begin(opening())
    assert await store.next_number(call) == 0
    await store.write(call, [Numbered(4, Gap(ANN, 0, 1)), Numbered(2, Unkept(1, 2))])
    assert await store.next_number(call) == 5


async def test_entries_come_by_start_and_by_number_where_they_start_together(store: Store) -> None:
    call = await store.begin(opening())
    starts = [5.0, 1.0, 3.0, 1.0]
    await store.write(call, [Numbered(n, Line(n, ANN, at, at + 1, f"{n}")) for n, at in enumerate(starts)])
    assert [line.number async for line in store.entries(call) if isinstance(line, Line)] == [1, 3, 2, 0]


async def test_a_long_call_is_read_in_pages_and_whole(store: Store) -> None:
    call = await store.begin(opening())
    # Many that start together stand across the edge of a page.
    entries = [
        Line(n, (ANN, BOB)[n % 2], float(n // 700), n // 700 + 1.0, f"Line {n}.") for n in range(2_100)
    ]
    await store.write(call, numbered(entries))
    assert [entry async for entry in store.entries(call)] == entries
    assert (await store.call(call.key)).lines == 2_100


async def test_a_part_of_a_call_is_what_starts_in_it(store: Store) -> None:
    call = await kept(store, *[(ANN, f"Line {n}.") for n in range(6)])
    part = [entry.start async for entry in store.entries(call, after=2.0, until=8.0)]
    assert part == [2.0, 4.0, 6.0]
    assert [entry.start async for entry in store.entries(call, after=9.0)] == [10.0]


async def test_reading_keeps_no_transaction_open(store: Store) -> None:
    """Whoever reads slowly must not stop others."""
    call = await kept(store, *[(ANN, f"Line {n}.") for n in range(1_200)])
    readers = [store.entries(call) for _ in range(30)]
    for reader in readers:
        await anext(reader)
    await store.write(call, numbered(said((BOB, "In between.")), 5_000))
    for reader in readers:
        await reader.aclose()  # type: ignore[attr-defined]  # it is a generator


async def test_calls_come_newest_first_and_page_by_page(store: Store) -> None:
    for day in (2, 1, 3):
        await kept(store, key=f"day {day}", began=BEGAN + timedelta(days=day))
    await kept(store, key="elsewhere", space="other", began=BEGAN)
    assert [call.key for call in await store.calls()] == ["day 3", "day 2", "day 1", "elsewhere"]
    assert [call.key for call in await store.calls(space="other")] == ["elsewhere"]
    page = await store.calls(limit=2)
    assert [call.key for call in await store.calls(before=page[-1].began, limit=2)] == ["day 1", "elsewhere"]
    assert await store.spaces() == ["machine", "other"]


async def test_speakers_stand_as_they_first_spoke(store: Store) -> None:
    call = await store.begin(opening())
    lines = said((BOB, "First."), (ANN, "Second."))
    await store.write(call, [Numbered(0, Gap(ANN, 0, 1)), *numbered([*lines, Gap(EVE, 9, 10)], 1)])
    read = await store.call(call.key)
    assert read.speakers == ("Bob", "Ann"), "who was not heard did not speak"


async def test_what_is_not_there_is_no_such_record(store: Store) -> None:
    call = await kept(store, (ANN, "Hello."), live=True)
    await store.write(call, [Numbered(1, Gap(ANN, 3, 4))])
    for number in (1, 2, -1, 1 << 30):
        with pytest.raises(NoSuchRecord):
            await store.line(call, number)
    with pytest.raises(NoSuchRecord):
        await store.call("nothing")
    with pytest.raises(NoSuchRecord):
        await store.correct(call, 2, "x")


async def test_a_deleted_call_is_no_such_record_for_whoever_still_has_it(store: Store) -> None:
    call = await kept(store, (ANN, "Hello."), live=True)
    await store.delete(call)
    for act in (
        store.write(call, numbered(said((ANN, "Still here.")))),
        store.write(call, []),
        store.end(call),
        store.delete(call),
        store.correct(call, 0, "x"),
        store.line(call, 0),
        store.call(call.key),
        store.keep_recap(call, Recap("quotes", "Quotes")),
    ):
        with pytest.raises(NoSuchRecord):
            await act
    with pytest.raises(NoSuchRecord):
        await anext(store.entries(call))
    another = await store.begin(opening())
    assert another.id != call.id, "what is still written to the old one must not land in a new one"


async def test_a_correction_keeps_what_was_heard(store: Store) -> None:
    call = await kept(store, (ANN, "The wether is nice."))
    line = await store.correct(call, 0, "  The weather\n is nice. ")
    assert (line.heard, line.corrected) == ("The wether is nice.", "The weather is nice.")
    assert await store.line(call, 0) == line
    assert [hit.line.text for hit in await store.search("weather")] == ["The weather is nice."]
    assert await store.search("wether") == []
    again = await store.correct(call, 0, None)
    assert (again.text, again.corrected) == ("The wether is nice.", None)
    assert [hit.line.text for hit in await store.search("wether")] == ["The wether is nice."]


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "x" * 2_001])
async def test_a_correction_is_a_line(store: Store, text: str) -> None:
    call = await kept(store, (ANN, "As it was."))
    with pytest.raises(UserError):
        await store.correct(call, 0, text)
    assert (await store.line(call, 0)).corrected is None


async def test_a_correction_that_changes_nothing_is_none(store: Store) -> None:
    call = await kept(store, (ANN, "As it was."))
    assert (await store.correct(call, 0, "As it was.")).corrected is None


async def test_text_that_a_database_would_refuse_is_kept_without_it(store: Store) -> None:
    half = Speaker("p\0\ud800", "Name\0\udfff", "id\0")
    call = await store.begin(opening("k\0", title="T\ud83d", space="s\0"))
    await store.write(call, numbered([Line(0, half, 0, 1, "a\0b \ud800 c", None, "e\0")]))
    line = await store.line(call, 0)
    assert (line.heard, line.speaker.name) == ("a\ufffdb \ufffd c", "Name\ufffd\ufffd")
    await store.write(call, numbered([Line(1, half, 2, 3, "again")], 1))
    assert (await store.call(call.key)).speakers == ("Name\ufffd\ufffd",)


async def test_somebody_who_takes_another_name_is_called_by_it(store: Store) -> None:
    call = await kept(store, (Speaker("p1", "Ann"), "Hello."), live=True)
    await store.write(call, numbered(said((Speaker("p1", "Ann B.", "discord:1"), "Again.")), 1))
    assert (await store.call(call.key)).speakers == ("Ann B.",)
    assert [(person.identity, person.names) for person in await store.people()] == [
        ("discord:1", ("Ann B.",))
    ]


RECAP = Recap(
    "llm",
    "gpt",
    summary=(Claim("They greet.", (0, 1)),),
    decisions=(Claim("None.", (1,)),),
    actions=(Claim("Write it up.", (0,), "Ann", "tomorrow"),),
    questions=(Claim("How are you?", (1,)),),
    phrases=("good morning",),
    talk=(Talk("Ann", 1.5, 2), Talk("Bob", 1.5, 2)),
    mood=Mood(0.5, Claim("Nice.", (0,))),
    note="A note.",
    quoted=True,
)


async def test_a_recap_comes_back_as_it_was(store: Store) -> None:
    call = await kept(store, (ANN, "Good morning."), (BOB, "How are you?"))
    assert await store.recap(call) is None
    await store.keep_recap(call, Recap("quotes", "Quotes"))
    await store.keep_recap(call, RECAP)
    assert await store.recap(call) == RECAP


async def test_a_recap_of_what_was_deleted_meanwhile_is_not_kept(store: Store) -> None:
    call = await kept(store, (ANN, "Good morning."), (BOB, "How are you?"))
    await store.forget(identity=BOB.identity)
    with pytest.raises(NoSuchRecord, match="deleted"):
        await store.keep_recap(call, Recap("llm", "gpt", summary=(Claim("They greet.", (0, 1)),)))
    with pytest.raises(NoSuchRecord, match="deleted"):
        await store.keep_recap(call, Recap("llm", "gpt", talk=(Talk("Bob", 1.5, 2),)))
    assert await store.recap(call) is None


async def test_a_space_has_a_rule_of_its_own_or_none(store: Store) -> None:
    await kept(store, space="guild")
    assert await store.retention("guild") is None
    assert await store.retention("nobody's") is None
    await store.set_retention("guild", 7)
    await store.set_retention("new", 0)
    assert (await store.retention("guild"), await store.retention("new")) == (7, 0)
    await store.set_retention("guild", None)
    assert await store.retention("guild") is None
    with pytest.raises(ValueError, match="before"):
        await store.set_retention("guild", -1)


async def test_people_are_known_by_identity_else_by_name(store: Store) -> None:
    other = Speaker("p7", "ANN")
    await kept(store, (ANN, "One."), (EVE, "Two."), (other, "Three."))
    await kept(store, (Speaker("x", "Annie", ANN.identity), "Four."), (Speaker("y", "ann"), "Five."))
    people = [(p.identity, p.names, p.calls, p.lines) for p in await store.people()]
    assert people == [
        (None, ("ANN", "ann"), 2, 2),
        ("discord:1", ("Ann", "Annie"), 2, 2),
        (None, ("Eve",), 1, 1),
    ]
    assert [p.names for p in await store.people("annIE")] == [("Ann", "Annie")]
    assert [p.names for p in await store.people("Ann")] == [("ANN", "ann"), ("Ann", "Annie")]
    assert await store.people("An") == []


async def test_everything_somebody_said_is_found_in_all_calls(store: Store) -> None:
    first = await kept(store, *[(ANN, f"Old {n}.") for n in range(700)], (BOB, "Not hers."), key="old")
    await kept(store, (EVE, "Nobody."), (ANN, "New."), key="new", began=BEGAN + timedelta(days=1))
    said_by = [(call.key, line.text) async for call, line in store.said_by("discord:1")]
    assert said_by[0] == ("new", "New.")
    assert said_by[1:] == [(first.key, f"Old {n}.") for n in range(700)]
    assert [x async for x in store.said_by("discord:9")] == []


async def test_many_write_and_read_at_once(store: Store) -> None:
    calls = [await store.begin(opening(f"call {n}")) for n in range(12)]

    async def talk(n: int) -> None:
        for turn in range(10):
            await store.write(calls[n], numbered(said((ANN, f"call {n} turn {turn}")), turn))
            await store.search("turn", limit=5)

    async with asyncio.TaskGroup() as group:
        for n in range(12):
            group.create_task(talk(n))
    assert [call.lines for call in await store.calls()] == [10] * 12


async def test_a_write_that_is_cancelled_leaves_the_store_whole(record_settings: Settings) -> None:
    async with open_store(record_settings) as store:
        call = await store.begin(opening())
        entries = numbered([Line(n, ANN, n, n + 1, f"Line {n}.") for n in range(500)])
        for delay in (0.0, 0.001, 0.003, 0.01, 0.02):
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    for _ in range(1_000):
                        await store.write(call, entries)
        await store.write(call, entries)
        assert (await store.call(call.key)).lines == 500
