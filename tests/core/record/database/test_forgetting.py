"""What is deleted is gone: from every answer, and on SQLite from every byte of every file."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import NoSuchRecord
from core.record.database import sqlite
from core.record.database.opening import FILE, open_store
from core.record.database.store import Store
from core.record.kept import Call, Line, Numbered, Removed
from core.record.recaps.recap import Claim, Recap, Talk
from core.settings import Settings
from tests.fakes.postgres import Postgres
from tests.fakes.record import ANN, BEGAN, BOB, EVE, kept, numbered, opening, said

pytestmark = pytest.mark.real_time

SECRET = "Xylophonquark"
RECAP = Recap("llm", "gpt", summary=(Claim(f"{SECRET} was said.", (0,)),), talk=(Talk("Ann", 1.5, 1),))


def traces(folder: Path, *words: str) -> list[str]:
    """Which files hold one of the words, in any case, also as the index writes them."""
    found = []
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes().lower() if path.is_file() else b""
        found += [f"{path.name}: {word}" for word in words if word.lower().encode() in data]
    return found


# The index shortens a word by what it has in common with the one before it.
TRACES = (SECRET, SECRET[3:], SECRET[6:])


async def test_forgetting_somebody_leaves_the_others(store: Store) -> None:
    call = await kept(store, (ANN, f"{SECRET} one."), (BOB, "Two."), (ANN, "Three."), live=True)
    await store.write(call, [Numbered(3, Gap(ANN, 6, 7)), Numbered(4, Gap(BOB, 7, 8))])
    other = await kept(store, (ANN, "Four."), (EVE, "Five."), space="other")
    await store.keep_recap(call, RECAP)
    counted = await store.forget(identity=ANN.identity, dry=True)
    assert counted == Removed(calls=2, lines=3, recaps=1)
    assert (await store.call(call.key)).lines == 3
    assert await store.forget(identity=ANN.identity) == counted
    entries = [entry async for entry in store.entries(call)]
    assert [entry.speaker.name for entry in entries if isinstance(entry, Line | Gap)] == ["Bob", "Bob"]
    assert (await store.call(call.key)).speakers == ("Bob",)
    assert (await store.call(other.key)).lines == 1
    assert await store.recap(call) is None
    assert await store.search(SECRET) == []
    assert [line async for line in store.said_by("discord:1")] == []
    assert await store.people("Ann") == []
    assert await store.forget(identity=ANN.identity) == Removed()


async def test_forgetting_in_one_call_leaves_the_other_calls(store: Store) -> None:
    here, there = await kept(store, (ANN, "Here.")), await kept(store, (ANN, "There."))
    await store.keep_recap(there, Recap("quotes", "Quotes"))
    assert await store.forget(identity=ANN.identity, call=here) == Removed(1, 1)
    assert (await store.call(here.key)).lines == 0
    assert (await store.call(there.key)).lines == 1
    assert await store.recap(there) is not None


async def test_forgetting_a_name_is_of_everybody_who_has_it_in_any_case(store: Store) -> None:
    await kept(
        store, (Speaker("a", "Zoë"), "One."), (Speaker("b", "ZOË"), "Two."), (Speaker("c", "Zo"), "Three.")
    )
    assert await store.forget(name="zoë") == Removed(1, 2)
    assert [person.names for person in await store.people()] == [("Zo",)]


async def test_somebody_is_named_one_way(store: Store) -> None:
    with pytest.raises(ValueError, match="by identity or by name"):
        await store.forget()
    with pytest.raises(ValueError, match="by identity or by name"):
        await store.forget(identity="x", name="y")


async def test_whoever_speaks_on_after_being_forgotten_is_kept_from_then_on(store: Store) -> None:
    call = await kept(store, (ANN, "Before."), (BOB, "Other."), live=True)
    await store.forget(identity=ANN.identity)
    await store.write(call, numbered(said((ANN, "After."), start=8.0), 2))
    assert [line.text async for line in store.entries(call) if isinstance(line, Line)] == ["Other.", "After."]
    assert (await store.call(call.key)).speakers == ("Bob", "Ann")


async def test_somebody_may_be_forgotten_while_they_speak_in_many_calls(record_settings: Settings) -> None:
    """A call in which they begin to speak meanwhile is not left with lines of nobody."""
    async with open_store(record_settings) as server, open_store(record_settings) as other:

        async def speak(n: int) -> None:
            for turn in range(12):
                call = await server.begin(opening(f"{n} {turn}"))
                for number in range(4):
                    await server.write(call, numbered(said((ANN, "Hello."), (BOB, "Hi.")), 2 * number))

        async def forget() -> None:
            while speaking:
                await other.forget(identity=ANN.identity)

        speaking = True
        async with asyncio.TaskGroup() as group:
            group.create_task(forget())
            async with asyncio.TaskGroup() as speakers:
                for n in range(3):
                    speakers.create_task(speak(n))
            speaking = False
        await other.forget(identity=ANN.identity)
        assert {person.names: person.lines for person in await server.people()} == {("Bob",): 3 * 12 * 4}


async def test_a_deleted_call_is_gone_with_its_lines_and_its_recap(store: Store) -> None:
    call, other = await kept(store, (ANN, SECRET), (BOB, "Two.")), await kept(store, (ANN, "Other."))
    await store.keep_recap(call, RECAP)
    assert await store.delete(call) == Removed(1, 2, 1)
    with pytest.raises(NoSuchRecord):
        await store.call(call.key)
    assert await store.search(SECRET) == []
    assert [person.lines for person in await store.people()] == [1]
    assert [found.key for found in await store.calls()] == [other.key]


NOW = BEGAN + timedelta(days=100)


Over = Callable[..., Awaitable[Call]]


@pytest.fixture
def over(store: Store, monkeypatch: pytest.MonkeyPatch) -> Over:
    """Makes a call that was over so many days before `NOW`."""

    async def make(days: float, key: str, space: str = "machine") -> Call:
        call = await kept(store, (ANN, SECRET), space=space, key=key, live=True)
        with monkeypatch.context() as patch:
            patch.setattr("core.record.database.store._now", lambda: NOW - timedelta(days=days))
            await store.end(call)
        return call

    return make


async def test_calls_expire_by_the_rule_of_their_space_else_by_the_default(store: Store, over: Over) -> None:
    await store.set_retention("short", 7)
    await store.set_retention("for ever", 0)
    ages = {"young": 29.9, "old": 30.1, "short young": 6.9, "short old": 7.1, "for ever": 99}
    for key, days in ages.items():
        space = "short" if key.startswith("short") else "for ever" if key == "for ever" else "machine"
        await over(days, key, space)
    live = await kept(store, (ANN, "Still going on."), live=True, began=BEGAN - timedelta(days=400))
    expected = {"old", "short old"}
    assert {call.key for call in await store.expire(NOW, 30, dry=True)} == expected
    assert len(await store.calls()) == len(ages) + 1
    assert {call.key for call in await store.expire(NOW, 30)} == expected
    assert {call.key for call in await store.calls()} == {*ages, live.key} - expected
    assert await store.expire(NOW, 30) == []


async def test_a_call_that_goes_on_after_all_does_not_expire(
    store: Store, over: Over, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may begin again between the look at the calls and the deletion."""
    call = await over(99, "again")
    looked = await store.expire(NOW, 30, dry=True)
    await store.begin(opening("again"))

    async def earlier(*_: object) -> list[Call]:
        return looked

    monkeypatch.setattr("core.record.database.forgetting.expired", earlier)
    assert await store.expire(NOW, 30) == []
    assert (await store.call("again")).id == call.id


async def test_nothing_expires_where_everything_is_kept(store: Store, over: Over) -> None:
    await over(5_000, "very old")
    assert await store.expire(NOW, 0) == []
    assert len(await store.calls()) == 1


async def test_what_was_changed_is_on_record_without_names_and_words(
    record_settings: Settings, request: pytest.FixtureRequest
) -> None:
    async with open_store(record_settings) as store:
        call = await kept(store, (ANN, SECRET), (BOB, "Two."))
        await store.correct(call, 1, "Second.")
        await store.forget(name="Ann")
        await store.delete(call)
        async with store._transactions.reading() as connection:
            rows = (await connection.exec_driver_sql("SELECT * FROM audit ORDER BY id")).all()
    assert [(row.action, row.space, row.calls, row.lines) for row in rows] == [
        ("correct", "machine", 1, 1),
        ("forget", None, 1, 1),
        ("delete", "machine", 1, 1),
    ]
    assert not [row for row in rows if any(name in str(row) for name in ("Ann", SECRET, call.key))]


@pytest.mark.parametrize("how", ["forget", "name", "delete", "expire", "correct"])
async def test_no_byte_of_what_was_deleted_is_left(
    sqlite_settings: Settings, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A small index too is cleaned in many steps then.
    monkeypatch.setattr(
        "core.record.database.sqlite._SCRUB", 2
    )  # so that a small index too is cleaned in many steps
    folder = sqlite_settings.data_dir
    assert folder is not None
    speaker = Speaker("p1", f"{SECRET}son", f"{SECRET}:1")
    async with open_store(sqlite_settings) as store:
        # Enough for an index of several parts, so that the words are deep in it.
        call = await kept(store, (speaker, f"The {SECRET} is here."), (BOB, "Hello."), key="the call")
        for number in range(30):
            await kept(store, *[(BOB, f"Line {number} {n} xylophone xylose {n * 7}") for n in range(40)])
        await store.write(call, numbered([Line(2, speaker, 9, 10, SECRET.upper() * 40, SECRET)], 2))
        await store.end(call)
        await store.keep_recap(call, Recap("llm", "gpt", summary=(Claim(f"{SECRET}!", (0,)),)))
        assert traces(folder, *TRACES)
        if how == "forget":
            await store.forget(identity=speaker.identity)
        elif how == "name":
            await store.forget(name=speaker.name.upper())
        elif how == "delete":
            await store.delete(call)
        elif how == "expire":
            await store.expire(datetime.now(UTC) + timedelta(days=2), 1)
        else:
            other = (await store.calls())[-1]
            await store.correct(other, 0, f"Hello, {SECRET}.")
            await store.correct(other, 0, None)
            await store.delete(call)
        assert traces(folder, *TRACES) == []
        assert len(await store.search("xylophone", limit=2_000)) == (0 if how == "expire" else 1_200)
    assert traces(folder, *TRACES) == []


async def test_what_could_not_be_cleaned_at_once_is_cleaned_at_the_next_start(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed between the deletion and the cleaning."""
    folder = sqlite_settings.data_dir
    assert folder is not None

    class Killed(Exception):
        """Nothing more is done."""

    async def killed(_: object) -> None:
        raise Killed

    async with open_store(sqlite_settings) as store:
        for number in range(20):
            await kept(store, (BOB, f"Line {number}."), (ANN, f"{SECRET} {number}"))
        with monkeypatch.context() as patch:
            patch.setattr("core.record.database.sqlite.scrub", killed)
            with pytest.raises(Killed):
                await store.forget(identity=ANN.identity)
    assert traces(folder, *TRACES)
    async with open_store(sqlite_settings):
        pass
    assert traces(folder, *TRACES) == []


def another(folder: Path) -> sqlite3.Connection:
    """Another program that has the record open."""
    return sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)


@pytest.mark.parametrize("how", ["forget", "delete", "expire"])
async def test_what_was_deleted_is_not_said_to_be_there_because_it_can_not_be_cleaned_now(
    sqlite_settings: Settings, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = sqlite_settings.data_dir
    assert folder is not None
    monkeypatch.setattr("core.record.database.sqlite.PATIENCE", 0.2)
    clean = sqlite.scrub

    async def locked(engine: AsyncEngine) -> None:
        """Another program takes the lock right after the commit."""
        with closing(another(folder)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            await clean(engine)

    async with open_store(sqlite_settings) as store:
        call = await kept(store, (ANN, SECRET), (BOB, "Two."))
        with monkeypatch.context() as patch:
            patch.setattr("core.record.database.sqlite.scrub", locked)
            if how == "forget":
                assert await store.forget(identity=ANN.identity) == Removed(1, 1)
            elif how == "delete":
                assert await store.delete(call) == Removed(1, 2)
            else:
                assert [old.key for old in await store.expire(datetime.now(UTC) + timedelta(2), 1)] == [
                    call.key
                ]
        assert "overwritten" in caplog.text
        assert traces(folder, *TRACES)
        await store.expire(NOW, 0)
        assert traces(folder, *TRACES) == []


async def test_what_is_deleted_while_others_are_cleaned_is_cleaned_too(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.record.database.sqlite.PATIENCE", 0.2)
    folder = sqlite_settings.data_dir
    assert folder is not None
    empty_log = sqlite.empty_log
    async with open_store(sqlite_settings) as store:
        first, second = [await kept(store, (ANN, "One."), (BOB, text)) for text in ("Two.", SECRET)]
        with closing(another(folder)) as reader:

            async def deleting(engine: AsyncEngine) -> bool:
                """The log is empty; now more is deleted, which can't be cleaned while somebody reads."""
                done = await empty_log(engine)
                monkeypatch.setattr("core.record.database.sqlite.empty_log", empty_log)
                await asyncio.to_thread(reader.execute, "BEGIN")
                await asyncio.to_thread(reader.execute, "SELECT id FROM line")
                await store.delete(second)
                return done

            monkeypatch.setattr("core.record.database.sqlite.empty_log", deleting)
            await store.delete(first)
            assert traces(folder, *TRACES)
        await store.expire(NOW, 0)
        assert traces(folder, *TRACES) == []


async def test_a_vacuum_is_all_that_postgresql_needs(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    assert postgres_settings.database_url is not None
    name = postgres_settings.database_url.get_secret_value().partition("?")[0].rpartition("/")[2]
    async with open_store(postgres_settings) as store:
        call = await kept(store, (ANN, f"{SECRET} one."), (BOB, "Two."))
        await store.forget(identity=ANN.identity)
        postgres_server.run("VACUUM (ANALYZE)", name)
        dead = postgres_server.run("SELECT sum(n_dead_tup) AS dead FROM pg_stat_user_tables", name)
        assert dead[0]["dead"] in (0, None)
        assert (await store.call(call.key)).lines == 1
