"""The doctor looks at the record and at whoever sums it up, and makes or changes nothing."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from bots.doctor import summary
from bots.doctor.finding import Finding
from bots.doctor.report import look
from core.record.database.opening import open_store
from core.settings import Settings
from tests.bots.kept import PLANNING, keep
from tests.fakes.postgres import Postgres

pytestmark = pytest.mark.real_time


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    new = tmp_path / "records"
    new.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOKENLY_DATA_DIR", str(new))
    return new


def found(what: str, check: str = "Record", **settings: object) -> Finding:
    findings = look(Settings(**settings), check)  # type: ignore[arg-type]  # as given by each test
    return next(finding for finding in findings if finding.what == what)


def migrated() -> None:
    async def make() -> None:
        async with open_store(Settings()):
            pass

    asyncio.run(make())


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "spokenly.db")) as database:
        database.execute(statement)
        database.commit()


def test_no_record_yet_is_no_trouble_and_none_is_made(folder: Path) -> None:
    finding = found("Record")
    assert finding == Finding(
        "Record", "good", f"There is no record yet; it will be at {folder / 'spokenly.db'}."
    )
    assert list(folder.iterdir()) == []


def test_nor_is_a_folder_made_in_the_place_of_programs_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    assert "There is no record yet" in found("Record").sentence
    assert not (tmp_path / "home").exists()


def test_a_record_is_told_with_its_place_calls_and_revision(folder: Path) -> None:
    keep("planning-call", PLANNING)
    sentence = found("Record").sentence
    assert sentence.startswith(f"SQLite, {folder / 'spokenly.db'}: 1 call, revision ")
    assert sentence.endswith(", up to date.")


@pytest.mark.parametrize(
    ("statement", "state", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "missing", "newer Spokenly"),
        ("DELETE FROM alembic_version", "missing", "no database of Spokenly's"),
        ("DROP TABLE recap", "missing", "recap missing"),
        ("ALTER TABLE line DROP COLUMN confidence", "missing", "line.confidence missing"),
    ],
)
def test_tables_that_do_not_fit_are_told(folder: Path, statement: str, state: str, words: str) -> None:
    migrated()
    change(folder, statement)
    before = (folder / "spokenly.db").read_bytes()
    finding = found("Record")
    assert (finding.state, words in finding.sentence) == (state, True)
    assert (folder / "spokenly.db").read_bytes() == before


def test_a_file_of_somebody_else_is_told(folder: Path) -> None:
    file = folder / "spokenly.db"
    file.write_text("the diary of somebody else, which is long enough to be looked at" * 9)
    before = file.read_bytes()
    assert found("Record").state == "missing"
    assert file.read_bytes() == before
    file.unlink()
    change(folder, "CREATE TABLE diary (day TEXT)")
    assert "no database of Spokenly's" in found("Record").sentence


def test_a_place_that_cannot_be_is_told(folder: Path) -> None:
    assert "no directory" in found("Record", data_dir=folder / "none").sentence
    (folder / "spokenly.db").mkdir()
    assert "is no file" in found("Record").sentence
    assert found("Record", database_url=SecretStr("mysql://me:secret@host/calls")).state == "missing"


def test_room_on_the_disk_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(12_000_000_000))
    assert found("Disk") == Finding("Disk", "good", "12.0 GB are free for the record.")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(12_000_000))
    assert (found("Disk").state, "12 MB" in found("Disk").sentence) == ("missing", True)


@pytest.mark.parametrize(("days", "words"), [(30, "30 days"), (1, "1 day,"), (0, "until somebody deletes")])
def test_how_long_calls_are_kept_is_told(folder: Path, days: int, words: str) -> None:
    assert words in found("Retention", retention_days=days).sentence


def test_where_nothing_is_ever_kept_no_database_is_looked_at(folder: Path) -> None:
    (finding,) = look(Settings(keep="never", data_dir=folder / "none"), "Record")
    assert finding.state == "unneeded"


def test_a_server_is_asked_and_its_password_never_told(postgres_server: Postgres) -> None:
    names = [postgres_server.empty(), postgres_server.migrated()]
    empty, full = (found("Record", database_url=SecretStr(postgres_server.url(name))) for name in names)
    assert (empty.state, "the first start makes the tables" in empty.sentence) == ("good", True)
    assert (full.state, ": 0 calls, revision " in full.sentence) == ("good", True)
    assert full.sentence.startswith("PostgreSQL at ")
    none = found("Record", database_url=SecretStr(postgres_server.url("nowhere")))
    assert none.state == "missing"
    for name in names:
        postgres_server.drop(name)
    away = found("Record", database_url=SecretStr("postgresql://me:secretword@127.0.0.1:9/x?sslmode=disable"))
    assert (away.state, "secretword" in away.sentence) == ("missing", False)


# The recap


@contextmanager
def endpoint(status: int, body: str) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """An endpoint that gives everybody the same answer; what it was asked, and with which key."""
    asked: list[tuple[str, str | None]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", asked
        finally:
            server.shutdown()
            thread.join()


MODELS = json.dumps({"object": "list", "data": [{"id": "qwen3:8b"}, {"id": "small"}]})


@pytest.mark.parametrize(
    ("model", "status", "body", "state", "words"),
    [
        ("small", 200, MODELS, "good", "it gets what was said"),
        ("qwen3", 200, MODELS, "good", "answers"),
        ("large", 200, MODELS, "missing", "does not list the model large"),
        ("small", 200, "<html>hello</html>", "missing", "no endpoint for language models"),
        ("small", 200, '{"data": [1, 2]}', "missing", "no endpoint for language models"),
        ("small", 200, "[]", "missing", "no endpoint for language models"),
        ("small", 401, "{}", "missing", "SPOKENLY_LLM_KEY"),
        ("small", 404, "{}", "good", "lists no models"),
        ("small", 503, "{}", "missing", "(503)"),
    ],
)
def test_a_language_model_is_asked_whether_it_is_there(
    model: str, status: int, body: str, state: str, words: str
) -> None:
    with endpoint(status, body) as (address, asked):
        finding = found(
            "Recap", "Recap", recap="llm", llm_model=model, llm_url=address, llm_key=SecretStr("the-key")
        )
    assert (finding.state, words in finding.sentence) == (state, True)
    assert "the-key" not in finding.sentence
    assert asked == [("/v1/models", "Bearer the-key")]


def test_a_language_model_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "ANSWER", 0.5)
    finding = found("Recap", "Recap", recap="llm", llm_model="m", llm_url="http://127.0.0.1:9/v1")
    assert (finding.state, "does not answer" in finding.sentence) == ("missing", True)


def test_nobody_is_asked_where_nothing_leaves_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with endpoint(200, MODELS) as (address, asked):
        assert found("Recap", "Recap", llm_url=address).state == "good"
        assert found("Recap", "Recap", recap="deepgram", deepgram_api_key=SecretStr("k")).state == "good"
    assert asked == []


def test_deepgram_sums_up_english_only() -> None:
    settings = {"recap": "deepgram", "deepgram_api_key": SecretStr("k"), "language": "de"}
    assert found("Recap", "Recap", **settings).state == "missing"
    settings["language"] = "en-GB"
    assert found("Recap", "Recap", **settings).state == "good"


def test_mood_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "find_spec", lambda _: None)
    assert "spokenly[mood]" in found("Mood", "Recap", mood=True).sentence
    assert [finding.what for finding in look(Settings(), "Recap")] == ["Recap"]
