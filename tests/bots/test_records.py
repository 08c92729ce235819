"""`spokenly records`: what people type, what they read, and what scripts get back, on both databases."""

import asyncio
import io
import json
import os
import re
import select
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import RecordAway
from core.record.database.opening import open_store
from core.record.kept import Numbered, Opening, Unkept
from core.record.recaps.recap import Claim, Recap
from core.settings import Settings
from tests.bots.kept import (
    ANN,
    BEN,
    ESCAPES,
    OTHER_ANN,
    PLANNING,
    environment,
    keep,
    plain,
    records,
    said,
    spokenly,
)
from tests.fakes.postgres import Postgres

pytestmark = pytest.mark.real_time


@pytest.fixture
def _sqlite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    monkeypatch.setenv("SPOKENLY_DATA_DIR", str(folder))


@pytest.fixture
def _postgres(monkeypatch: pytest.MonkeyPatch, postgres_server: Postgres) -> Iterator[None]:
    name = postgres_server.migrated()
    monkeypatch.setenv("SPOKENLY_DATABASE_URL", postgres_server.url(name))
    yield
    postgres_server.drop(name)


@pytest.fixture(autouse=True)
def _database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test has a database of its own: a file, or what `both` says."""
    monkeypatch.chdir(tmp_path)
    request.getfixturevalue(f"_{getattr(request, 'param', 'sqlite')}")


both = pytest.mark.parametrize("_database", ["sqlite", "postgres"], indirect=True)
"""Where the command's own work on the record differs; the store has its tests on both."""


# list


@both
def test_calls_are_listed_newest_first_between_tabs(tmp_path: Path) -> None:
    keep("first-call-of-them-all", PLANNING)
    keep("second-call-of-them-all", said((BEN, "Hello.")), title="Tab\there\nand a line", days=1)
    result = records("list")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [row.split("\t") for row in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["second-call-of-them-all", "first-call-of-them-all"]
    assert rows[0][5] == "Tab here and a line"
    assert rows[1][2:] == ["1:00:02", "3", "ended", "Planning", "Ann, Ben"]


def test_a_list_fits_the_terminal_and_its_keys_can_be_typed() -> None:
    keep("-first-call-of-them-al", PLANNING, title="A title that is quite long and goes on for a while")
    keep("second-call-of-them-all", PLANNING, title="Another", days=1)
    result = records("list", terminal=True)
    shown = plain(result.stdout)
    assert max(map(len, shown.splitlines())) <= 80
    for key in re.findall(r"^(\S+) +20", shown, re.MULTILINE):
        assert records("show", key).exit_code == 0
    assert len(re.findall("Ann, Ben", shown)) == 2


@both
def test_a_list_is_as_long_as_asked_for_and_of_one_space() -> None:
    for number in range(3):
        keep(f"call-number-{number}", PLANNING, space=f"space {number}", days=number)
    result = records("list", "--limit", "2")
    assert len(result.stdout.splitlines()) == 2
    assert "--limit" in result.stderr
    only = records("list", "--space", "space 1", "--json")
    assert [call["key"] for call in json.loads(only.stdout)] == ["call-number-1"]
    assert records("list", "--space", "nowhere").stderr == "No call of nowhere is kept.\n"
    assert records("list", "--limit", "0").exit_code == 2


@both
def test_an_empty_record_is_no_failure() -> None:
    async def make() -> None:
        async with open_store(Settings()):
            pass

    asyncio.run(make())
    assert (records("list").exit_code, records("list").stderr) == (0, "No call is kept yet.\n")
    assert (records("people").exit_code, records("people").stderr) == (0, "Nobody is in the record.\n")
    assert json.loads(records("list", "--json").stdout) == []
    assert json.loads(records("people", "--json").stdout) == []
    assert (records("show", "last").exit_code, records("show", "last").stderr) == (
        1,
        "No call is kept yet.\n",
    )
    assert records("retention").stderr.startswith("No space has a record yet.")


# show


@both
def test_a_call_is_shown_with_its_facts_numbers_and_gaps() -> None:
    keep("planning-call", [*PLANNING, Gap(BEN, 15.0, 18.0), Unkept(18.0, 28.0)])
    result = records("show", "planning-call")
    assert (result.exit_code, result.stderr) == (0, "")
    assert re.search(r"^   0  \d\d:\d\d:00  Ann: Let us ship", result.stdout, re.MULTILINE)
    assert "(3 s of Ben could not be heard)" in result.stdout
    assert "(10 s were not kept)" in result.stdout
    for fact in ("Planning", "planning-call", "3 lines", "ended", "here", "A scripted engine"):
        assert fact in result.stdout


@both
def test_a_call_is_found_by_the_beginning_of_its_key_its_address_or_as_the_last() -> None:
    keep("-abcdefghijklmnopqrstu", PLANNING, title="Early")
    keep("abcxefghijklmnopqrstuv", PLANNING, title="Late", days=1)
    for key, title in [
        ("abcd", "Early"),
        ("-abcdefghijklmnopqrstu", "Early"),
        ("https://captions.example/records/-abcdefghijklmnopqrstu", "Early"),
        ("last", "Late"),
        ("abcxefgh", "Late"),
    ]:
        assert records("show", key).stdout.startswith(f"{title}\n")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("abc", "at least 4"),
        ("abcd", "2 calls"),
        ("zzzz", "No call has the key"),
        ("%%%%", "No call has the key"),
        ("' OR 1=1 --", "No call has the key"),
        ("\x1b[2Jxxxx", "No call has the key"),
        ("", "at least 4"),
    ],
)
def test_a_key_that_fits_none_or_several_is_one_sentence(key: str, words: str) -> None:
    keep("abcdef-one", PLANNING)
    keep("abcdef-two", PLANNING)
    for command in (["show"], ["export"], ["recap"], ["delete", "--yes"], ["correct"]):
        result = records(*command, key, *(["0", "x"] if command == ["correct"] else []))
        assert (result.exit_code, result.stdout) == (1, "")
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert "\x1b" not in result.stderr


def test_a_recap_is_shown_with_its_call_unless_it_is_not_wanted() -> None:
    call = keep("planning-call", PLANNING)
    recap = Recap("quotes", "Plain rules", summary=(Claim("Ship on Friday.", (0,)),), quoted=True)

    async def write() -> None:
        async with open_store(Settings()) as store:
            await store.keep_recap(call, recap)

    asyncio.run(write())
    whole = records("show", "last").stdout
    assert "Ship on Friday." in whole
    assert (whole.count("Planning\n"), whole.count("Began")) == (1, 1)
    assert "Ship on Friday." not in records("show", "last", "--no-recap").stdout
    shown = json.loads(records("show", "last", "--json").stdout)
    assert shown["recap"]["summary"][0]["lines"] == [0]
    assert [entry["text"] for entry in shown["entries"]] == [line.text for line in PLANNING]  # type: ignore[union-attr]  # all are lines
    assert json.loads(records("show", "last", "--json", "--no-recap").stdout)["recap"] is None


# What people say is data


@pytest.mark.parametrize("terminal", [True, False])
def test_nobodys_speech_moves_the_cursor_sets_a_title_or_makes_a_link(terminal: bool) -> None:
    speaker = Speaker("p1", f"Eve {ESCAPES}")
    keep("escape-call", [*said((speaker, f"budget {ESCAPES}")), Gap(speaker, 5, 6)], title=f"T {ESCAPES}")
    records("correct", "last", "0", f"budget corrected {ESCAPES}")
    for command in (
        ["list"],
        ["show", "last"],
        ["show", "last", "--json"],
        ["search", "budget"],
        ["search", "budget", "--json"],
        ["people"],
        ["people", "--json"],
        ["recap", "last"],
        ["recap", "last", "--format", "json"],
        ["recap", "last", "--format", "markdown"],
        *(["export", "last", "--format", form] for form in ("text", "markdown", "vtt", "srt", "json")),
        ["export", "--person", speaker.name],
        ["forget", speaker.name, "--dry-run"],
        ["delete", "last"],
        ["expire", "--dry-run"],
    ):
        if not terminal and ("json" in command or "--person" in command):
            continue
        result = records(*command, terminal=terminal)
        output = plain(result.stdout) + result.stderr
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", output.replace("\t", " ")), command
        assert "\x1b]8" not in result.stdout
        assert "\N{COLLISION SYMBOL}" not in output
    assert "[bold]loud[/bold]" in records("show", "last", terminal=terminal).stdout.replace("\n", "")


# search


def test_hits_are_in_bold_under_their_call() -> None:
    keep("planning-call", PLANNING)
    keep("other-call", said((BEN, "The budget is [bold]gone[/bold].")), title="Money", days=1)
    result = records("search", "budget", terminal=True)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("\x1b[1mbudget\x1b[0m") == 3
    shown = plain(result.stdout)
    assert shown.index("Money") < shown.index("gone") < shown.index("Planning") < shown.index("holds")
    assert "[bold]gone[/bold]" in shown


@both
def test_hits_go_into_a_pipe_between_tabs_and_into_programs_as_json() -> None:
    keep("planning-call", PLANNING)
    rows = [row.split("\t") for row in records("search", "budget").stdout.splitlines()]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("planning-call", "1", "Ben"),
        ("planning-call", "2", "Ann"),
    ]
    hits = json.loads(records("search", "budget", "friday", "OR", "holds", "--json").stdout)
    (hit,) = hits
    assert [hit["line"]["text"][first:after] for first, after in hit["marks"]] == ["budget", "holds"]


def test_words_that_are_not_wanted_and_phrases_can_be_typed() -> None:
    keep("planning-call", PLANNING)
    assert [json.loads(records("search", *words, "--json").stdout)[0]["line"]["number"] for words in (
        ["budget", "-tomorrow"],
        ["-holds", "budget"],
        ['"the release"'],
        ["releas*"],
        ["budget", "-holds", "--in", "plan"],
    )] == [1, 2, 0, 0, 2]  # fmt: skip


def test_nothing_found_exits_with_1_as_grep_does() -> None:
    keep("planning-call", PLANNING)
    keep("other-call", said((BEN, "Hello.")), days=1)
    assert [records("search", "elephant").exit_code, records("search", "elephant").stderr] == [
        1,
        "Nothing found.\n",
    ]
    assert json.loads(records("search", "elephant", "--json").stdout) == []
    assert records("search", "budget", "--in", "last").exit_code == 1
    more = records("search", "budget", "--limit", "1")
    assert (len(more.stdout.splitlines()), "--limit" in more.stderr) == (1, True)


@both
@pytest.mark.parametrize(
    "words",
    ['"', "*", "NEAR(", "NEAR(a b", "a AND", "OR", "()", "'; DROP TABLE call; --", "^", "-", "\\", "a:b"],
)
def test_hostile_search_is_answered_and_never_a_traceback(words: str) -> None:
    keep("planning-call", PLANNING)
    result = records("search", words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) == 1
    assert not re.search(r"(?i)sql|syntax error|traceback", result.stderr)


# export


@pytest.mark.parametrize(
    ("form", "begin"),
    [("text", "Planning"), ("markdown", "# Planning"), ("vtt", "WEBVTT"), ("srt", "1\n"), ("json", "{")],
)
def test_every_format_goes_to_the_standard_output(form: str, begin: str) -> None:
    keep("planning-call", PLANNING)
    result = records("export", "last", "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(begin)
    assert "budget" in result.stdout


def test_a_word_document_goes_into_a_file_or_a_pipe_but_not_into_a_terminal(tmp_path: Path) -> None:
    keep("planning-call", PLANNING)
    target = tmp_path / "call.docx"
    assert records("export", "last", "-o", str(target)).exit_code == 0
    assert zipfile.is_zipfile(target)
    piped = records("export", "last", "-f", "docx")
    assert zipfile.is_zipfile(io.BytesIO(piped.stdout_bytes))
    refused = records("export", "last", "-f", "docx", terminal=True)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "--output" in refused.stderr


def test_nothing_is_written_over_without_force(tmp_path: Path) -> None:
    keep("planning-call", PLANNING)
    target = tmp_path / "call.md"
    target.write_text("mine")
    refused = records("export", "last", "-o", str(target))
    assert (refused.exit_code, refused.stderr) == (1, f"{target} is there already: --force writes over it.\n")
    assert target.read_text() == "mine"
    assert records("export", "last", "-o", str(target), "--force").exit_code == 0
    assert target.read_text().startswith("# Planning")
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and "db" not in path.name] == [
        "call.md"
    ]


@both
def test_all_calls_go_into_a_folder_each_under_its_own_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(3):
        keep(f"key-number-{number}-of-three", PLANNING, title="a/b\\c: ../x\0" if number else "")
    keep("other", said((ANN, "Grüße")), title="ümläut 会議 " * 30, days=1)
    first = records("export", "--all", "-o", str(out), "-f", "vtt")
    assert (first.exit_code, first.stdout, first.stderr) == (0, "", f"4 files written to {out}.\n")
    names = sorted(path.name for path in out.iterdir())
    assert len(names) == 4
    assert all(re.fullmatch(r"2026-03-0\d-\d{4}-[\w-]+\.vtt", name) for name in names)
    again = records("export", "--all", "-o", str(out), "-f", "vtt")
    assert again.exit_code == 1
    assert "4 files left alone" in again.stderr
    assert records("export", "--all", "-o", str(out), "-f", "vtt", "--force").exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == names


def test_one_call_goes_into_a_folder_under_a_name_of_its_own(tmp_path: Path) -> None:
    keep("planning-call", PLANNING)
    assert records("export", "last", "-f", "srt", "-o", f"{tmp_path / 'new'}/").exit_code == 0
    (file,) = (tmp_path / "new").iterdir()
    assert file.suffix == ".srt"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["last", "--all"],
        ["last", "--person", "Ann"],
        ["--all"],
        ["--all", "-o", "-"],
        ["last", "--format", "pdf"],
        ["--person", "Ann", "--format", "vtt"],
    ],
)
def test_an_export_that_makes_no_sense_exits_with_2(arguments: list[str]) -> None:
    result = records("export", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_a_place_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    keep("planning-call", PLANNING)
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "call.txt", tmp_path / ("n" * 300)):
        result = records("export", "last", "-o", str(target))
        assert result.exit_code == 1
        assert re.fullmatch(r".* can't be written: .*\.\n", result.stderr)
    assert records("export", "--all", "-o", str(tmp_path / "file")).exit_code == 2


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_breaks_off_is_not_there_or_is_what_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, force: bool
) -> None:
    async def broken(*_: object) -> AsyncIterator[bytes]:
        yield b"half of a call"
        raise RecordAway("The database went away.")

    keep("planning-call", PLANNING)
    monkeypatch.setattr("bots.records.files.write", broken)
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "call.txt"
    if force:
        target.write_text("mine")
    result = records("export", "last", "-o", str(target), *(["--force"] if force else []))
    assert (result.exit_code, result.stderr) == (75, "The database went away.\n")
    assert [path.read_text() for path in folder.iterdir()] == (["mine"] if force else [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_sentence() -> None:
    keep("planning-call", PLANNING)
    result = records("export", "last", "-o", "/dev/full", "--force")
    assert (result.exit_code, "No space left" in result.stderr) == (1, True)
    assert Path("/dev/full").exists()


@both
def test_everything_that_one_person_said_is_taken_away_as_json(tmp_path: Path) -> None:
    keep("planning-call", PLANNING)
    keep("renamed-call", said((Speaker("x", "Annie", "discord:1"), "Me again.")), days=1)
    keep("nameless-call", said((OTHER_ANN, "By name alone."), (BEN, "Not hers.")), days=2)
    result = records("export", "--person", "ann")
    assert result.exit_code == 0
    assert "2 people were called ann" in result.stderr
    lines = json.loads(result.stdout)["said"]
    assert {line["text"] for line in lines} == {
        PLANNING[0].text,  # type: ignore[union-attr]  # a line
        PLANNING[2].text,  # type: ignore[union-attr]  # a line
        "Me again.",
        "By name alone.",
    }
    target = tmp_path / "ann.json"
    assert records("export", "--person", "Ann", "-o", str(target)).exit_code == 0
    assert json.loads(target.read_text(encoding="utf-8"))["said"] == lines
    assert records("export", "--person", "Ann", "-o", str(target)).exit_code == 1
    assert records("export", "--person", "Nobody").exit_code == 1


# recap


@both
def test_a_recap_is_made_once_and_kept() -> None:
    keep("planning-call", PLANNING)
    made = records("recap", "last")
    assert made.exit_code == 0
    assert "3 lines" in made.stderr
    again = records("recap", "last")
    assert (again.stdout, again.stderr) == (made.stdout, "")
    assert "3 lines" in records("recap", "last", "--anew").stderr
    assert json.loads(records("recap", "last", "--format", "json").stdout)["by"] == "quotes"
    assert records("recap", "last", "--format", "markdown").stdout.startswith("#")


def test_a_call_in_which_nothing_was_said_has_no_recap() -> None:
    keep("silent-call", [])
    assert (records("recap", "last").exit_code, records("recap", "last").stdout) == (1, "")
    assert records("show", "last").stderr == "Nothing was said.\n"


# correct


@both
def test_a_line_is_corrected_and_the_correction_is_taken_back() -> None:
    keep("planning-call", PLANNING)
    result = records("correct", "plan", "1", "Only if the gadget holds.")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Ben: Only if the gadget holds." in result.stdout
    assert "gadget" in records("show", "last").stdout
    shown = plain(records("show", "last", terminal=True).stdout)
    assert "(heard: Only if the budget holds.)" in " ".join(shown.split())
    assert records("correct", "plan", "1", "--take-back").exit_code == 0
    assert "gadget" not in records("show", "last").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["99", "x"], 1),
        (["0", ""], 1),
        (["0", "   "], 1),
        (["0", "x" * 2001], 1),
        (["0"], 2),
        (["0", "x", "--take-back"], 2),
        (["one", "x"], 2),
        (["-1", "x"], 2),
        (["99999999999999999999", "x"], 1),
    ],
)
def test_a_correction_that_cannot_be_is_refused(arguments: list[str], code: int) -> None:
    keep("planning-call", PLANNING)
    result = records("correct", "last", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr
    assert isinstance(result.exception, SystemExit)


# delete and forget


def test_without_a_terminal_and_without_yes_nothing_is_deleted() -> None:
    keep("planning-call", PLANNING)
    for command in (["delete", "last"], ["forget", "Ann"]):
        result = records(*command, typed="y\n")
        assert result.exit_code == 2
        assert "--yes" in result.stderr.splitlines()[-1]
    assert len(records("list").stdout.splitlines()) == 1


@pytest.mark.parametrize(("typed", "left"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_whoever_is_asked_decides(monkeypatch: pytest.MonkeyPatch, typed: str, left: int) -> None:
    monkeypatch.setattr("bots.records.changes.somebody", lambda: True)
    keep("planning-call", PLANNING)
    result = records("delete", "last", "plan", typed=typed)
    assert result.exit_code == left
    assert "Delete 3 lines in 1 call? This can't be undone." in result.stderr
    assert "planning-call" in result.stdout
    assert len(records("list").stdout.splitlines()) == left


@both
def test_calls_are_deleted_together_or_not_at_all() -> None:
    keep("planning-call", PLANNING)
    keep("other-call", PLANNING, days=1)
    assert records("delete", "planning-call", "nonsense", "--yes").exit_code == 1
    assert len(records("list").stdout.splitlines()) == 2
    result = records("delete", "planning-call", "other-call", "--yes")
    assert (result.exit_code, result.stderr) == (0, "Deleted 6 lines in 2 calls.\n")
    assert records("list").stdout == ""
    assert records("delete", "planning-call", "--yes").exit_code == 1


@both
def test_everything_somebody_said_is_forgotten_under_every_name() -> None:
    keep("planning-call", PLANNING)
    keep("renamed-call", said((Speaker("x", "Annie", "discord:1"), "Secret one.")), days=1)
    keep("nameless-call", said((OTHER_ANN, "Secret two."), (BEN, "Stays.")), days=2)
    dry = records("forget", "ann", "--dry-run")
    assert (dry.exit_code, dry.stderr) == (0, "4 lines in 3 calls would be deleted.\n")
    assert "Ann, Annie\t2\t3" in dry.stdout
    assert records("search", "secret").exit_code == 0
    result = records("forget", "ann", "--yes")
    assert (result.exit_code, result.stderr) == (0, "Deleted 4 lines in 3 calls.\n")
    assert records("search", "secret").exit_code == 1
    assert [person["names"] for person in json.loads(records("people", "--json").stdout)] == [["Ben"]]
    assert records("forget", "ann", "--yes").exit_code == 1


@both
def test_somebody_who_was_never_understood_is_forgotten_by_name_too() -> None:
    keep("planning-call", [*PLANNING, Gap(Speaker("p9", "Zaphod"), 20, 24)])
    assert "Zaphod" in records("people").stdout
    assert records("export", "--person", "Zaphod").exit_code == 1
    assert records("forget", "zaphod", "--dry-run").stderr == "0 lines in 1 call would be deleted.\n"
    result = records("forget", "Zaphod", "--in", "plan", "--yes")
    assert (result.exit_code, result.stderr) == (0, "Deleted 0 lines in 1 call.\n")
    assert "Zaphod" not in records("export", "last", "-f", "text").stdout + records("people").stdout
    assert records("forget", "Zaphod", "--yes").exit_code == 1


@both
def test_somebody_is_forgotten_in_one_call_alone() -> None:
    keep("planning-call", PLANNING)
    keep("other-call", PLANNING, days=1)
    assert records("forget", "Ann", "--in", "plan", "--yes").stderr == "Deleted 2 lines in 1 call.\n"
    people = {
        person["names"][0]: person["lines"] for person in json.loads(records("people", "--json").stdout)
    }
    assert people == {"Ann": 2, "Ben": 2}
    assert records("forget", "Ann", "--in", "plan", "--yes").exit_code == 1
    assert records("forget", "Ann", "--in", "other", "--dry-run").stdout == "Ann\n"


@both
def test_people_are_listed_without_their_identity() -> None:
    keep("planning-call", PLANNING)
    assert records("people").stdout == "Ann\t1\t2\tone person\nBen\t1\t1\tby name alone\n"
    assert "discord" not in records("people", "--json").stdout


# expire and retention


@both
def test_calls_expire_by_their_spaces_days() -> None:
    keep("old-here", PLANNING, space="here")
    keep("old-there", PLANNING, space="there")
    assert records("retention", "there", "0").exit_code == 0
    dry = records("expire", "--dry-run")
    assert (dry.exit_code, dry.stdout.split("\t")[0]) == (0, "old-here")
    assert dry.stderr == "1 call would be deleted.\n"
    assert records("expire", "--days", "0").stderr == "No call is that old.\n"
    assert records("expire").stderr == "1 call deleted.\n"
    assert [row.split("\t")[0] for row in records("list").stdout.splitlines()] == ["old-there"]
    back = records("retention", "there", "default")
    assert "1 call of there will be deleted" in back.stderr


@both
def test_the_days_of_every_space_are_shown_and_changed() -> None:
    keep("new-here", PLANNING, space="here", days=100_000 / 24)
    assert records("retention").stdout == "here\t30 days\tSPOKENLY_RETENTION_DAYS\n"
    assert records("retention", "here", "1").stdout == "here\t1 day\tits own rule\n"
    assert records("retention", "here", "0").stdout == "here\tuntil somebody deletes it\tits own rule\n"
    assert records("retention", "here").stdout.endswith("its own rule\n")
    assert records("retention", "here", "default").stdout.endswith("SPOKENLY_RETENTION_DAYS\n")


@pytest.mark.parametrize("days", ["-3", "many", "1.5", "99999999", "٣", ""])
def test_days_that_are_none_are_one_sentence(days: str) -> None:
    keep("call", PLANNING)
    result = records("retention", "here", "--", days)
    assert (result.exit_code, "number of days" in result.stderr) == (1, True)
    assert records("expire", "--days", "-3").exit_code == 2


# The whole path, as people start it


@pytest.mark.parametrize(
    "command",
    [["show", "last"], ["show", "last", "--json"], ["export", "last"], ["search", "budget", "-n", "9999"]],
    ids=" ".join,
)
def test_a_reader_who_has_seen_enough_is_no_trouble(command: list[str]) -> None:
    keep("long-call", [*said(*[(ANN, f"The budget, number {number}, again.") for number in range(3000)])])
    with subprocess.Popen(
        spokenly(*command), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (0, b"")


def finished(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        spokenly(*arguments), env=environment(), capture_output=True, text=True, check=False
    )


def test_what_programs_read_is_utf_8_whatever_the_terminal_can_write() -> None:
    keep("planning-call", said((ANN, "会議 — ümläut")))
    for command in (["show", "last"], ["search", "会議", "--json"], ["export", "last"]):
        done = subprocess.run(
            spokenly(*command),
            env=environment() | {"PYTHONIOENCODING": "latin-1"},
            capture_output=True,
            check=True,
        )
        assert "会議 — ümläut" in done.stdout.decode()


def test_a_call_that_goes_on_is_told_of_when_it_is_summed_up_and_when_somebody_is_forgotten() -> None:
    """In another process: this one is the Spokenly that keeps the call."""

    async def run() -> None:
        async with open_store(Settings()) as store:
            call = await store.begin(
                Opening("live-call", "here", "Now", datetime.now(UTC), "en", "An engine")
            )
            await store.write(call, [Numbered(number, line) for number, line in enumerate(PLANNING)])
            recap = await asyncio.to_thread(finished, "recap", "last")
            assert (recap.returncode, "is not kept" in recap.stderr) == (0, True)
            assert await store.recap(call) is None
            assert "\tlive\t" in (await asyncio.to_thread(finished, "list")).stdout
            forgotten = await asyncio.to_thread(finished, "forget", "Ann", "--yes")
            assert (forgotten.returncode, "goes on" in forgotten.stderr) == (0, True)

    asyncio.run(run())


def on_a_terminal(command: list[str], typed: bytes, stop: signal.Signals | None = None) -> tuple[int, str]:
    """The exit code and what the terminal showed, of a command that somebody sits in front of."""
    master, slave = os.openpty()
    shown, stopped = b"", False
    with subprocess.Popen(
        command, env=environment(), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as process:
        os.close(slave)
        try:
            while True:
                if stop and not stopped and b"undone." in shown:
                    process.send_signal(stop)
                    stopped = True
                if not select.select([master], [], [], 5)[0]:
                    if stop and stopped:
                        # The first fell between the question and the waiting for its answer.
                        process.send_signal(stop)
                    continue
                if not (chunk := os.read(master, 4096)):
                    break
                shown += chunk
                if typed and b"undone." in shown:
                    os.write(master, typed)
                    typed = b""
        except OSError:
            pass  # Linux tells so that the other end is closed
    os.close(master)
    return process.returncode, shown.decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
def test_in_a_terminal_it_is_asked_before_anything_is_deleted() -> None:
    keep("planning-call", PLANNING)
    code, shown = on_a_terminal(spokenly("forget", "Ann"), b"n\n")
    assert (code, "Nothing was deleted." in shown) == (1, True)
    assert "Delete 2 lines in 1 call? This can't be undone." in plain(shown)
    code, shown = on_a_terminal(spokenly("forget", "Ann"), b"", signal.SIGINT)
    assert (code != 0, "Traceback" in shown) == (True, False)
    assert records("search", "ship").exit_code == 0
    code, shown = on_a_terminal(spokenly("forget", "Ann"), b"y\n")
    assert (code, "Deleted 2 lines in 1 call." in shown) == (0, True)
    assert records("search", "ship").exit_code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of Unix")
def test_nothing_that_was_said_reaches_a_terminal_as_a_command() -> None:
    keep("escape-call", said((Speaker("p1", f"Eve {ESCAPES}"), ESCAPES)), title=ESCAPES)
    for command in (["show", "last"], ["list"], ["export", "last", "-f", "json"]):
        code, shown = on_a_terminal(spokenly(*command), b"")
        assert code == 0
        assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", plain(shown))
