"""The tables come up and go down again on both databases, whoever starts, and are those of the models."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import RecordUnusable
from core.record.database import sqlite
from core.record.database.migrations import migrate, scripts
from core.record.database.opening import FILE, open_store, place, postgres_engine
from core.record.database.tables import Base
from core.settings import Settings
from tests.fakes.postgres import Postgres
from tests.fakes.record import ANN, kept

pytestmark = pytest.mark.real_time
ROOT = Path(__file__).parents[4]


@pytest.fixture
def empty_postgres(postgres_server: Postgres) -> Iterator[Settings]:
    name = postgres_server.empty()
    yield postgres_server.settings(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite_settings", "empty_postgres"])
def empty(request: pytest.FixtureRequest) -> Settings:
    """Settings of a database without anything."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Settings)
    return found


def engine(settings: Settings) -> AsyncEngine:
    url = make_url(place(settings))
    if url.drivername == "sqlite":
        return sqlite.engine(Path(str(url.database)))
    return postgres_engine(url, 60.0)


@asynccontextmanager
async def transaction(settings: Settings) -> AsyncIterator[AsyncConnection]:
    made = await asyncio.to_thread(engine, settings)
    try:
        async with made.execution_options(begin=sqlite.WRITE).begin() as connection:
            yield connection
    finally:
        await made.dispose()


def tables(connection: Connection) -> set[str]:
    return {name for name in inspect(connection).get_table_names() if not name.startswith("line_words")}


def differences(connection: Connection) -> list[object]:
    """What Alembic would change to make the tables those of the models."""

    def compared(_: object, name: str | None, kind: str, *rest: object) -> bool:
        # On SQLite the words have FTS5's tables, which no model knows, in the place of an index.
        return not (
            connection.dialect.name == "sqlite" and f"{name}".startswith(("line_words", "ix_line_words"))
        )

    options = {"include_object": compared, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    return [*compare_metadata(context, Base.metadata)]


async def test_up_and_down_and_up_again(empty: Settings) -> None:
    revisions = await asyncio.to_thread(scripts)
    expected = {"alembic_version", *Base.metadata.tables}
    async with open_store(empty) as store:
        await kept(store, (ANN, "Hello."))
    for _ in range(2):
        async with transaction(empty) as connection:
            await connection.run_sync(migrate, revisions, "place")
            assert await connection.run_sync(tables) == expected
        async with transaction(empty) as connection:
            await connection.run_sync(migrate, revisions, "place", "base")
            assert await connection.run_sync(tables) == {"alembic_version"}
            if connection.dialect.name == "sqlite":
                left = await connection.exec_driver_sql(
                    "SELECT name FROM sqlite_master WHERE name LIKE 'line%'"
                )
                assert left.all() == []
    async with open_store(empty) as store:
        call = await kept(store, (ANN, "Hello."))
        assert len(await store.search("hello")) == call.lines


async def test_the_migrations_make_what_the_models_say(empty: Settings) -> None:
    async with open_store(empty):
        pass
    async with transaction(empty) as connection:
        assert await connection.run_sync(differences) == []


async def test_the_comparison_would_see_a_difference(empty: Settings) -> None:
    async with open_store(empty):
        pass
    async with transaction(empty) as connection:
        await connection.execute(text("ALTER TABLE recap ADD COLUMN other TEXT"))
        await connection.execute(text("DROP INDEX ix_line_speaker_id"))
        assert len(await connection.run_sync(differences)) == 2


async def test_starting_again_changes_nothing(empty: Settings) -> None:
    for _ in range(3):
        async with open_store(empty) as store:
            await kept(store, (ANN, "Hello."))
    async with open_store(empty) as store:
        assert len(await store.calls()) == 3


async def test_many_start_at_once_in_one_process(empty: Settings) -> None:
    async def start(number: int) -> None:
        async with open_store(empty) as store:
            await kept(store, (ANN, "Hello."), key=f"call {number}")

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(start(number))
    async with open_store(empty) as store:
        assert len(await store.calls()) == 4


START = """
import asyncio, sys
from pathlib import Path
from pydantic import SecretStr
from core.record.database.opening import open_store
from core.settings import Settings

async def start(address, folder):
    settings = Settings(database_url=SecretStr(address)) if address else Settings(data_dir=Path(folder))
    sys.stdin.read(1)
    async with open_store(settings) as store:
        await store.set_retention(sys.argv[3], 1)
asyncio.run(start(*sys.argv[1:3]))
"""


async def test_many_processes_start_at_once(empty: Settings) -> None:
    address = empty.database_url.get_secret_value() if empty.database_url else ""
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", START, address, str(empty.data_dir), f"space {number}"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
        )
        for number in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.close()
    assert [await child.wait() for child in children] == [0] * 4
    async with open_store(empty) as store:
        assert len(await store.spaces()) == 4


async def test_a_record_of_a_newer_spokenly_is_told_and_left_as_it_is(empty: Settings) -> None:
    async with open_store(empty) as store:
        await kept(store, (ANN, "Hello."))
    async with transaction(empty) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    file = empty.data_dir / FILE if empty.data_dir else None
    before = file.read_bytes() if file else b""
    with pytest.raises(RecordUnusable, match=r"newer Spokenly.*\.$"):
        async with open_store(empty):
            pass
    assert (file.read_bytes() if file else b"") == before
    async with transaction(empty) as connection:
        versions = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert versions.scalars().all() == ["9999"]


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, *rest: object) -> None:
        migrate(connection, *rest)  # type: ignore[arg-type]  # passed on as it came
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("core.record.database.opening.migrate", fail)
        with pytest.raises(KeyboardInterrupt):
            async with open_store(empty):
                pass
    async with transaction(empty) as connection:
        assert await connection.run_sync(tables) == set()
    async with open_store(empty) as store:
        await kept(store, (ANN, "Hello."))


def test_a_lines_place_is_checked_by_the_database_too(sqlite_settings: Settings) -> None:
    assert sqlite_settings.data_dir is not None

    async def make() -> None:
        async with open_store(sqlite_settings) as store:
            await kept(store, (ANN, "Hello."))

    asyncio.run(make())
    with (
        closing(sqlite3.connect(sqlite_settings.data_dir / FILE)) as database,
        pytest.raises(sqlite3.IntegrityError, match="ck_line_id"),
    ):
        database.execute("UPDATE line SET number = 7")
