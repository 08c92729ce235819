"""Where the record is; and that nothing is overwritten where it can't be."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from core.errors import NoSuchRecord, RecordAway, RecordError, RecordUnusable
from core.record.database import writing
from core.record.database.opening import FILE, open_store, place
from core.record.database.presence import STALE
from core.record.kept import Line
from core.settings import Settings
from tests.fakes.postgres import Postgres
from tests.fakes.record import ANN, BEGAN, BOB, kept, numbered, opening, said

pytestmark = pytest.mark.real_time
ROOT = Path(__file__).parents[4]


def url(text: str) -> Settings:
    return Settings(database_url=SecretStr(text))


async def refusal(settings: Settings, kind: type[RecordError] = RecordUnusable) -> str:
    """The sentence with which a record is not opened."""
    with pytest.raises(kind) as caught:
        async with open_store(settings):
            pass
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def everything(folder: Path) -> dict[str, bytes | None]:
    """Each file and directory, with its bytes."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_the_place_is_a_file_in_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place(Settings(data_dir=tmp_path)) == f"sqlite:///{tmp_path / FILE}"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    assert place(Settings()).endswith(f"spokenly/{FILE}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://ann:s%40ecret@db.example:5433/calls?sslmode=require", None),
        ("postgres://ann@db/calls", "postgresql://ann@db/calls"),
        ("postgresql+asyncpg://ann@db/calls", "postgresql://ann@db/calls"),
        ("sqlite:////var/lib/spokenly/x.db", None),
        ("sqlite+aiosqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_another_place_is_an_address(given: str, expected: str | None) -> None:
    assert place(url(given)) == (expected or given)


@pytest.mark.parametrize(
    "given",
    ["mysql://ann:hunter2@db/calls", "hunter2", "postgresql", "sqlite://", "sqlite:///:memory:", "sqlite://host/x",
     "postgresql://ann:hunter2@db:port/calls", "http://ann:hunter2@db", "sqlite:///file::memory:?uri=true"],
)  # fmt: skip
async def test_an_address_that_names_no_database_is_told_without_its_password(given: str) -> None:
    sentence = await refusal(url(given))
    assert "SPOKENLY_DATABASE_URL" in sentence
    assert "hunter2" not in sentence


async def test_the_default_directory_is_made_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "a" / "b"))
    async with open_store(Settings()) as store:
        await kept(store, (ANN, "Hello."))
        file = Path(store.name.removeprefix("SQLite, "))
        assert file.parent.name == "spokenly"
        found = [file.parent, *file.parent.iterdir()]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in found}
    if os.name == "posix":
        assert modes.pop("spokenly") == 0o700
        assert set(modes) == {FILE, f"{FILE}-wal", f"{FILE}-shm"}
        assert set(modes.values()) == {0o600}


@pytest.mark.skipif(os.name != "posix", reason="this system has no such modes")
async def test_a_file_that_others_could_read_is_closed_to_them(sqlite_settings: Settings) -> None:
    assert sqlite_settings.data_dir is not None
    async with open_store(sqlite_settings):
        pass
    file = sqlite_settings.data_dir / FILE
    file.chmod(0o644)
    async with open_store(sqlite_settings) as store:
        await kept(store, (ANN, "Hello."))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "100% 'mine' #1? ü;&x=y"
    folder.mkdir()
    for _ in range(2):
        async with open_store(Settings(data_dir=folder)) as store:
            await kept(store, (ANN, "Hello."))
            assert store.name == f"SQLite, {folder / FILE}"
    assert everything(tmp_path).keys() == {str(folder), str(folder / FILE)}


async def test_a_record_that_is_damaged_while_it_is_used_is_away(sqlite_settings: Settings) -> None:
    assert sqlite_settings.data_dir is not None
    file = sqlite_settings.data_dir / FILE
    async with open_store(sqlite_settings) as store:
        call = await kept(store, *[(ANN, f"Hello {n}.") for n in range(500)], live=True)
    async with open_store(sqlite_settings) as store:
        with file.open("r+b") as raw:
            raw.seek(4096)
            raw.write(b"\xff" * (file.stat().st_size - 4096))
        with pytest.raises(RecordAway, match="damaged"):
            await store.write(call, numbered(said((ANN, "Still here.")), 1_000))


@pytest.mark.skipif(os.name != "posix", reason="an open file can't be taken away there")
@pytest.mark.parametrize("by", ["nothing", "an empty file", "another record"])
async def test_a_record_that_is_taken_away_while_it_is_used_is_away_and_not_made_anew(
    tmp_path: Path, by: str
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with open_store(Settings(data_dir=there)):
        pass
    async with open_store(Settings(data_dir=here)) as store:
        call = await kept(store, (ANN, "Before."), live=True)
        for file in here.iterdir():
            file.unlink()
        if by == "an empty file":
            (here / FILE).touch()
        elif by == "another record":
            (there / FILE).rename(here / FILE)
        with pytest.raises(RecordAway, match="was removed or replaced"):
            await store.write(call, numbered(said((ANN, "After.")), 1))
        async with AsyncExitStack() as readers:
            # The connections that are open see what they saw; new ones see what is there.
            await readers.enter_async_context(store._transactions.reading())
            if by == "another record":
                with pytest.raises(NoSuchRecord):
                    await store.call(call.key)
            else:
                with pytest.raises(RecordAway, match="was replaced" if by == "an empty file" else "opened"):
                    await store.call(call.key)
        assert by != "nothing" or everything(here) == {}


async def test_a_directory_with_a_typo_is_told_and_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "daat"
    assert str(missing) in await refusal(Settings(data_dir=missing))
    assert str(missing) in await refusal(url(f"sqlite:///{missing / 'x.db'}"))
    assert everything(tmp_path) == {}


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    before = everything(folder)
    yield
    assert everything(folder) == before


def sqlite_file(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


async def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    for number, statements in enumerate(
        [
            ("CREATE TABLE diary (day)", "INSERT INTO diary VALUES ('x')"),
            ("PRAGMA application_id = 7",),
            ("PRAGMA application_id = 7", "CREATE TABLE space (id)"),
            ("PRAGMA journal_mode = WAL", "CREATE TABLE diary (day)"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        sqlite_file(folder / FILE, *statements)
        with untouched(tmp_path):
            sentence = await refusal(Settings(data_dir=folder))
        assert str(folder / FILE) in sentence


@pytest.mark.parametrize("data", [b"hello, I am a diary\n" * 100, b"x", b"SQLite format 3\0", b"\0" * 5_000])
async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    with untouched(tmp_path):
        assert str(tmp_path / FILE) in await refusal(Settings(data_dir=tmp_path))


async def test_an_empty_file_becomes_a_record(tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    async with open_store(Settings(data_dir=tmp_path)) as store:
        await kept(store, (ANN, "Hello."))
    head = (tmp_path / FILE).read_bytes()[:100]
    assert head[68:72] == b"Spok"


async def test_a_damaged_record_is_told_and_left_as_it_is(sqlite_settings: Settings) -> None:
    assert sqlite_settings.data_dir is not None
    file = sqlite_settings.data_dir / FILE
    async with open_store(sqlite_settings) as store:
        await kept(store, *[(ANN, f"Hello {n}.") for n in range(200)])
    data = bytearray(file.read_bytes())
    data[100:4096] = os.urandom(3996)
    file.write_bytes(data)
    sentence = await refusal(sqlite_settings)
    assert "damaged" in sentence
    assert str(file) in sentence
    assert file.read_bytes() == data


async def test_a_place_that_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert str(tmp_path / FILE) in await refusal(Settings(data_dir=tmp_path))
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in await refusal(Settings(data_dir=tmp_path / "file"))


OPEN = """
import asyncio, os, sys, tempfile
from pathlib import Path
from core.errors import RecordUnusable
from core.record.database import writing
from core.record.database.opening import open_store
from core.settings import Settings

async def start(folder):
    async with open_store(Settings(data_dir=Path(folder))):
        pass

with tempfile.TemporaryDirectory() as folder:
    asyncio.run(start(folder))  # everything is imported before nobody may read it
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere
try:
    asyncio.run(start(sys.argv[1]))
except RecordUnusable as error:
    print(error)
"""


def close(folder: Path, mode: int, files: int) -> None:
    for file in folder.iterdir():
        file.chmod(files)
    folder.chmod(mode)


@pytest.mark.skipif(os.name != "posix", reason="this system has no such modes")
@pytest.mark.parametrize("what", ["directory", "empty directory", "file", "no entry"])
async def test_a_read_only_place_is_told_and_left_as_it_is(what: str, short_folder: Path) -> None:
    settings = Settings(data_dir=short_folder)
    if what != "empty directory":
        async with open_store(settings) as store:
            await kept(store, (ANN, "Hello."))
    modes = {"file": (0o777, 0o444), "no entry": (0o000, 0o666)}
    await asyncio.to_thread(close, short_folder, *modes.get(what, (0o555, 0o666)))
    with untouched(short_folder):
        done = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN, str(short_folder), cwd=ROOT, stdout=subprocess.PIPE
        )
        output, _ = await done.communicate()
    sentence = output.decode()
    assert done.returncode == 0
    assert str(short_folder) in sentence
    assert len(sentence.splitlines()) == 1


async def test_a_server_that_is_not_there_is_away() -> None:
    sentence = await refusal(url("postgresql://ann:hunter2@127.0.0.1:1/calls"), RecordAway)
    assert "calls" in sentence
    assert "127.0.0.1:1" in sentence
    assert "hunter2" not in sentence


async def test_a_database_that_is_not_there_is_told(postgres_server: Postgres) -> None:
    sentence = await refusal(url(postgres_server.url("nowhere")))
    assert "nowhere" in sentence
    assert "does not exist" in sentence


async def test_a_part_of_an_address_that_the_server_does_not_know_is_told(postgres_server: Postgres) -> None:
    await refusal(url(f"{postgres_server.url('postgres')}&colour=blue"), RecordError)
    await refusal(url(f"{postgres_server.url('postgres')}&sslmode=maybe"), RecordError)


async def test_the_name_of_a_store_tells_the_place_and_no_password(postgres_settings: Settings) -> None:
    async with open_store(postgres_settings) as store:
        assert store.name.startswith("PostgreSQL at ")
        assert "postgres:@" not in store.name


async def test_a_server_that_dies_and_comes_back_is_used_again(
    postgres_server: Postgres, postgres_settings: Settings
) -> None:
    async with open_store(postgres_settings) as store:
        call = await kept(store, (ANN, "Before."), live=True)
        reader = store.entries(call)
        postgres_server.stop()
        try:
            for act in (store.write(call, numbered(said((ANN, "Lost?")), 1)), store.calls(), anext(reader)):
                with pytest.raises(RecordAway, match="can't be reached"):
                    await act
        finally:
            postgres_server.start()
        await store.write(call, numbered(said((ANN, "Lost?")), 1))
        lines = [entry.text async for entry in store.entries(call) if isinstance(entry, Line)]
        assert sorted(lines) == ["Before.", "Lost?"]


async def test_a_server_that_hangs_is_away_after_some_seconds(
    postgres_server: Postgres, postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.record.database.opening._ANSWER", 0.3)
    monkeypatch.setattr("core.record.database.opening._CONNECT", 0.3)
    async with open_store(postgres_settings) as store:
        call = await kept(store, (ANN, "Before."), live=True)
        parent = psutil.Process(postgres_server.pid)
        processes = [parent, *parent.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            with pytest.raises(RecordAway, match="does not answer"):
                await store.write(call, numbered(said((ANN, "After.")), 1))
        finally:
            for process in processes:
                process.resume()
        async with asyncio.timeout(60):
            while True:
                try:
                    await store.write(call, numbered(said((ANN, "After.")), 1))
                    break
                except RecordAway:
                    await asyncio.sleep(0.1)
        assert (await store.call(call.key)).lines == 2


async def test_a_file_that_another_program_locks_is_away_until_it_lets_go(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.record.database.sqlite.PATIENCE", 0.2)
    assert sqlite_settings.data_dir is not None
    file = sqlite_settings.data_dir / FILE
    async with open_store(sqlite_settings) as store:
        call = await kept(store, (ANN, "Before."), live=True)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RecordAway, match="locked by another program"):
                await store.write(call, numbered(said((ANN, "After.")), 1))
            assert (await store.call(call.key)).lines == 1, "what is there can be read meanwhile"
            other.execute("ROLLBACK")
        await store.write(call, numbered(said((ANN, "After.")), 1))
        assert (await store.call(call.key)).lines == 2


async def test_a_full_disk_is_told_and_loses_nothing_that_was_there(sqlite_settings: Settings) -> None:
    async with open_store(sqlite_settings) as store:
        call = await kept(store, (ANN, "Before."), live=True)
        many = numbered([Line(n, BOB, n, n + 1, f"Line {n} " * 20) for n in range(1, 2_000)], 1)
        async with store._transactions.reading() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()

        async def limited(most: int) -> None:
            async with store._transactions._writing.execution_options(begin=None).connect() as connection:
                await connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

        await limited(pages + 3)
        with pytest.raises(RecordAway, match="the disk is full"):
            await store.write(call, many)
        assert (await store.call(call.key)).lines == 1
        await limited(1 << 30)
        await store.write(call, many)
        assert (await store.call(call.key)).lines == 2_000


async def test_calls_of_a_process_that_died_are_interrupted(
    record_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(record_settings) as first:
        spoken = await kept(first, (ANN, "One."), (BOB, "Two."), live=True)
        silent = await first.begin(opening())
        over = await kept(first, (ANN, "Done."))
        assert await first.interrupted() == 0, "one's own calls go on"
        async with open_store(record_settings) as second:
            call = await second.call(spoken.key)
            assert (call.state, call.ended) == ("interrupted", BEGAN + timedelta(seconds=3.5))
            empty = await second.call(silent.key)
            assert empty.state == "interrupted"
            assert empty.ended is not None
            assert abs(empty.ended - datetime.now(UTC)) < timedelta(minutes=5)
            assert (await second.call(over.key)).state == "ended"
            # Whoever was taken for dead and writes is alive.
            await first.write(spoken, [])
            call = await second.call(spoken.key)
            assert (call.state, call.ended) == ("live", None)
            await first.write(over, [])
            assert (await second.call(over.key)).state == "ended"


@pytest.mark.parametrize(
    ("host", "age", "dead"),
    [
        ("elsewhere/1/aa", 10, False),
        ("elsewhere/1/aa", 100, True),
        ("here/{dead}/aa", 1, os.name == "posix"),
        ("here/{alive}/aa", 10, False),
        ("here/{alive}/aa", 100, True),
        ("here/{own}/other", 10, True),
        ("here/{own}/other", -1, False),
        ("nonsense", 1, False),
        ("here/x/aa", 100, True),
    ],
)
async def test_whose_process_is_dead(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str, age: float, dead: bool
) -> None:
    monkeypatch.setattr("core.record.database.presence.socket.gethostname", lambda: "here")
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    numbers = {"dead": gone.pid, "alive": os.getppid(), "own": os.getpid()}
    async with open_store(sqlite_settings) as store:
        now = store.process.started
        seen = now - timedelta(seconds=age)
        assert store.process.dead(host.format(**numbers), seen, now) is dead
        assert not store.process.dead(store.process.name, store.process.started, now)


async def test_a_call_of_our_own_that_nobody_keeps_any_more_is_interrupted(
    record_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(record_settings) as store:
        call = await kept(store, (ANN, "One."), live=True)
        later = datetime.now(UTC) + STALE + timedelta(seconds=1)
        monkeypatch.setattr("core.record.database.store._now", lambda: later)
        assert await store.interrupted() == 1
        assert (await store.call(call.key)).state == "interrupted"


async def test_another_process_of_our_name_and_number_that_writes_after_we_started_is_alive(
    record_settings: Settings,
) -> None:
    """Two containers may have the same name, and Spokenly is process 1 in both."""
    async with open_store(record_settings) as first, open_store(record_settings) as second:
        call = await kept(first, (ANN, "One."), live=True)
        assert await second.interrupted() == 0
        assert (await second.call(call.key)).state == "live"


async def test_a_call_that_ends_or_gives_a_sign_of_life_while_others_look_goes_on(
    postgres_settings: Settings,
) -> None:
    class Slow:
        """A connection whose answers take as long as calls need to go on."""

        async def execute(self, statement: Any) -> Any:
            answer = await connection.execute(statement)
            await store.write(going, [])
            await store.end(ended)
            return answer

    async with open_store(postgres_settings) as store:
        going, ended = [await kept(store, (ANN, "One."), live=True) for _ in range(2)]
        async with store._transactions.writing() as connection:
            slow: Any = Slow()
            assert await writing.interrupted(slow, datetime.now(UTC), lambda *_: True) == 0
        assert (await store.call(going.key)).state == "live"
        assert (await store.call(ended.key)).state == "ended"


WRITE = """
import asyncio, os, sys
from pathlib import Path
from core.audio.frame import Speaker
from core.record.database import writing
from core.record.database.opening import open_store
from core.record.kept import Line, Numbered, Opening
from core.settings import Settings
from datetime import UTC, datetime
from pydantic import SecretStr

async def main(address, folder):
    settings = Settings(database_url=SecretStr(address)) if address else Settings(data_dir=Path(folder))
    async with open_store(settings) as store:
        call = await store.begin(Opening("the call", "s", "t", datetime.now(UTC), "en", "e"))
        number = 0
        while True:
            line = Line(number, Speaker("a", "Ann"), number, number + 1.0, f"Line {number}.")
            await store.write(call, [Numbered(number, line)])
            print(number, flush=True)
            number += 1
asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_was_written_before_a_kill_is_there_and_the_call_is_interrupted(
    record_settings: Settings,
) -> None:
    address = record_settings.database_url.get_secret_value() if record_settings.database_url else ""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITE, address, str(record_settings.data_dir), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        acknowledged = -1
        while acknowledged < 40:
            acknowledged = int(await child.stdout.readline())
        child.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        rest = await child.stdout.read()
        await child.wait()
    told = [int(line) for line in rest.decode().split("\n")[:-1] if line]
    acknowledged = max([acknowledged, *told])
    async with open_store(record_settings) as store:
        call = await store.call("the call")
        numbers = [entry.number async for entry in store.entries(call) if isinstance(entry, Line)]
        assert numbers[: acknowledged + 1] == list(range(acknowledged + 1))
        assert len(numbers) <= acknowledged + 2, "at most one was on its way"
        assert call.state == "interrupted"
        assert call.ended == call.began + timedelta(seconds=len(numbers))
        assert call.lines == len(numbers)
        assert len(await store.search(f"line {acknowledged}")) == 1
        await store.end(await store.begin(opening("the call")))
