"""`spokenly records` where there is no record or none that can be used; and what is said of what is kept."""

import json
import socket
from pathlib import Path

import pytest

from bots.records.keeping import keeping
from core.settings import Settings
from tests.bots.kept import records

pytestmark = pytest.mark.real_time


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for a record in a file, without one."""
    new = tmp_path / "new"
    new.mkdir()
    monkeypatch.setenv("SPOKENLY_DATA_DIR", str(new))
    return new


COMMANDS = [
    ["list"],
    ["show", "last"],
    ["search", "budget"],
    ["export", "last"],
    ["export", "--person", "Ann"],
    ["recap", "last"],
    ["correct", "last", "0", "x"],
    ["delete", "last", "--yes"],
    ["forget", "Ann", "--yes"],
    ["people"],
    ["expire"],
    ["retention", "here", "3"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_reading_makes_no_record_where_there_is_none(folder: Path, command: list[str]) -> None:
    result = records(*command)
    assert result.exit_code == (0 if command in (["list"], ["people"]) else 1)
    assert result.stdout == ""
    assert str(folder / "spokenly.db") in result.stderr
    assert list(folder.iterdir()) == []
    if command[0] in ("list", "people", "search"):
        assert json.loads(records(*command, "--json").stdout) == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_of_somebody_else_is_one_sentence_and_stays_as_it_is(folder: Path, command: list[str]) -> None:
    file = folder / "spokenly.db"
    file.write_text("the diary of somebody else, which is long enough to be looked at" * 9)
    before = file.read_bytes()
    result = records(*command)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (78, "", 1)
    assert str(file) in result.stderr
    assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_one_sentence(folder: Path) -> None:
    folder.rmdir()
    result = records("list")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (78, "", 1)


def test_a_server_that_cannot_be_reached_is_one_sentence_and_worth_another_try(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv(
            "SPOKENLY_DATABASE_URL", f"postgresql://me:secretpassword@127.0.0.1:{port}/calls?sslmode=disable"
        )
        result = records("list")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (75, "", 1)
    assert "secretpassword" not in result.stderr


def test_an_address_that_is_none_is_one_sentence(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("SPOKENLY_DATABASE_URL", "mysql://me:secretpassword@host/calls")
    result = records("show", "last")
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (78, "", 1)
    assert "secretpassword" not in result.stderr


def test_help_needs_no_settings_and_no_record(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("SPOKENLY_PORT", "eighty")
    for command in ("list", "show", "search", "export", "recap", "correct", "delete", "forget", "people"):
        result = records(command, "--help")
        assert (result.exit_code, result.stderr) == (0, "")
    result = records("list")
    assert (result.exit_code, result.stderr.split()[0]) == (78, "SPOKENLY_PORT")


# What `spokenly run` says


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"keep": "never"}, "New calls keep captions only: nothing is written."),
        (
            {"keep": "transcript", "retention_days": 30},
            "New calls keep a transcript, for 30 days, in SQLite, /data/spokenly.db.",
        ),
        (
            {"keep": "transcript", "retention_days": 1},
            "New calls keep a transcript, for 1 day, in SQLite, /data/spokenly.db.",
        ),
        (
            {"keep": "transcript", "retention_days": 0},
            "New calls keep a transcript, until somebody deletes it, in SQLite, /data/spokenly.db.",
        ),
        (
            {"keep": "captions"},
            "New calls keep captions only: nothing is written. Whoever opens one may choose a transcript; "
            "it is kept for 30 days, in SQLite, /data/spokenly.db.",
        ),
    ],
)
def test_whoever_starts_spokenly_reads_what_new_calls_keep(
    settings: dict[str, object], sentence: str
) -> None:
    assert keeping(Settings(**settings), "SQLite, /data/spokenly.db") == sentence  # type: ignore[arg-type]  # as given
