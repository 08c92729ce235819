"""The command line: what people type, what they read, and what scripts get back."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import docx
import pytest
from typer.testing import CliRunner

import bots.app
import bots.transcribe
from bots.cli import app
from core.engines import models
from core.engines.protocol import Transcriber
from core.errors import EngineMissing, Refused
from core.settings import Settings
from tests.fakes.engine import Cut, ScriptedEngine, speak
from tests.recordings import silent_film

ROOT = Path(__file__).parent.parent.parent
run = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}).invoke


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_file_of_settings_that_is_no_utf_8_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, encoding: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SPOKENLY_RECORDS_KEY=geheimnisträger\n", encoding=encoding)
    result = run(app, [command])
    assert not isinstance(result.exception, UnicodeError)
    assert result.exit_code == (1 if command == "doctor" else 78)
    assert "The file .env is not UTF-8 text" in " ".join(result.output.split())


def wav(path: Path, pcm: bytes) -> str:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(pcm)
    return str(path)


def said(content: str) -> str:
    return " ".join(re.findall(r"\bw\d+\b", content))


def counted(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last + 1))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ScriptedEngine:
    monkeypatch.chdir(tmp_path)
    scripted = ScriptedEngine()

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Transcriber]:
        yield scripted

    monkeypatch.setattr(bots.transcribe, "open_engine", opened)
    return scripted


def test_help_tells_every_command() -> None:
    for arguments in ([], ["--help"], ["-h"]):
        result = run(app, arguments)
        assert result.exit_code == (0 if arguments else 2)
        for word in ("run", "transcribe", "records", "doctor", "--version", "SPOKENLY_"):
            assert word in result.output
    for command in ("run", "transcribe", "records", "doctor"):
        result = run(app, [command, "--help"])
        assert result.exit_code == 0
        assert not re.search(r"Traceback|None", result.output)


def test_the_version_is_told() -> None:
    result = run(app, ["--version"])
    assert (result.exit_code, result.output.split()[0]) == (0, "Spokenly")


@pytest.mark.parametrize(
    "arguments",
    [
        ["transcribe"],
        ["transcribe", "a.wav", "--format", "pdf"],
        ["listen"],
        ["transcribe", "-f", "vtt", "a.wav", "b.wav"],
        ["records", "show"],
        ["records", "read"],
        ["records", "list", "--limit", "0"],
    ],
)
def test_what_was_typed_wrong_exits_with_2_and_a_sentence(arguments: list[str]) -> None:
    result = run(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_run_starts_the_server_with_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOKENLY_WORKERS", "3")
    started: list[Settings] = []

    def serve(settings: Settings) -> int:
        started.append(settings)
        return 1

    monkeypatch.setattr(bots.app, "run", serve)
    assert run(app, ["run", "--port", "0"]).exit_code == 1
    assert started == [Settings(port=0, workers=3)]


@pytest.mark.parametrize("command", [["run"], ["transcribe", "a.wav"]])
def test_bad_settings_are_a_sentence_each_and_exit_with_78(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOKENLY_PORT", "eighty")
    monkeypatch.setenv("SPOKENLY_WORKERS", "0")
    result = run(app, command)
    assert result.exit_code == 78
    assert result.stdout == ""
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["SPOKENLY_PORT", "SPOKENLY_WORKERS"]


def test_an_option_out_of_range_reads_like_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(app, ["run", "--port", "70000"])
    assert (result.exit_code, result.stderr) == (78, "SPOKENLY_PORT should be less than or equal to 65535.\n")


@pytest.mark.real_time
@pytest.mark.parametrize("form", ["text", "vtt", "srt", "json", "markdown"])
def test_every_format_holds_every_word(engine: ScriptedEngine, tmp_path: Path, form: str) -> None:
    result = run(app, ["transcribe", wav(tmp_path / "a.wav", speak(120)), "--format", form])
    assert (result.exit_code, result.stderr) == (0, "")
    assert said(result.stdout) == counted(1, 120)


@pytest.mark.real_time
def test_a_word_document_holds_every_word(engine: ScriptedEngine, tmp_path: Path) -> None:
    source, target = wav(tmp_path / "a.wav", speak(120)), tmp_path / "a.docx"
    assert run(app, ["transcribe", source, "-o", str(target)]).exit_code == 0
    words = " ".join(paragraph.text for paragraph in docx.Document(str(target)).paragraphs)
    assert said(words) == counted(1, 120)


@pytest.mark.real_time
def test_files_go_into_a_folder_and_nothing_to_the_standard_output(
    engine: ScriptedEngine, tmp_path: Path
) -> None:
    first, second = wav(tmp_path / "a.wav", speak(10)), wav(tmp_path / "b.wav", speak(range(11, 21)))
    result = run(app, ["transcribe", first, second, "-o", str(tmp_path / "out"), "-f", "vtt"])
    assert (result.exit_code, result.output) == (0, "")
    assert said((tmp_path / "out" / "a.vtt").read_text()) == counted(1, 10)
    assert said((tmp_path / "out" / "b.vtt").read_text()) == counted(11, 20)


@pytest.mark.real_time
def test_a_file_that_fails_says_why_and_the_others_are_written(
    engine: ScriptedEngine, tmp_path: Path
) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("hello")
    film = str(silent_film(tmp_path / "film.mp4"))
    good = wav(tmp_path / "a.wav", speak(10))
    result = run(app, ["transcribe", str(tmp_path / "none.wav"), str(text), film, str(tmp_path), good])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"There is no file {tmp_path / 'none.wav'}.",
        f"{text} is broken, or no audio or video file.",
        f"{film} has no sound.",
        f"{tmp_path} is a folder, not a file.",
    ]
    assert said(result.stdout) == counted(1, 10)


@pytest.mark.real_time
def test_a_truncated_file_is_written_as_far_as_it_goes(engine: ScriptedEngine, tmp_path: Path) -> None:
    path = Path(wav(tmp_path / "a.wav", speak(100)))
    path.write_bytes(path.read_bytes()[: 44 + 320_000])
    result = run(app, ["transcribe", str(path)])
    assert result.exit_code == 1
    assert "cut short" in result.stderr
    assert said(result.stdout) == counted(1, 50)


@pytest.mark.real_time
def test_silence_is_told_and_is_no_failure(engine: ScriptedEngine, tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", bytes(64_000))
    result = run(app, ["transcribe", path])
    assert (result.exit_code, result.stderr) == (0, f"No speech was heard in {path}.\n")


@pytest.mark.real_time
def test_an_output_that_cannot_be_written_is_one_sentence(engine: ScriptedEngine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = wav(tmp_path / "a.wav", speak(10))
    result = run(app, ["transcribe", path, "-o", str(tmp_path / "file" / "a.txt")])
    assert result.exit_code == 1
    assert re.fullmatch(r".*a\.txt can't be written: .*\.\n", result.stderr)


@pytest.mark.real_time
def test_an_engine_that_fails_is_one_sentence(engine: ScriptedEngine, tmp_path: Path) -> None:
    engine.faults.append(Cut(after=3))
    result = run(app, ["transcribe", wav(tmp_path / "a.wav", speak(10))])
    assert (result.exit_code, result.stderr) == (1, "the line was cut\n")


@pytest.mark.real_time
@pytest.mark.parametrize("failure", [EngineMissing("The model is missing."), Refused("English only.")])
def test_an_engine_that_is_not_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, engine: ScriptedEngine, failure: Exception
) -> None:
    @asynccontextmanager
    async def missing(settings: Settings) -> AsyncIterator[Transcriber]:
        raise failure
        yield engine

    monkeypatch.setattr(bots.transcribe, "open_engine", missing)
    result = run(app, ["transcribe", "a.wav"])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"{failure}\n")


@pytest.mark.real_time
def test_the_bar_goes_to_the_standard_error_alone(engine: ScriptedEngine, tmp_path: Path) -> None:
    path = wav(tmp_path / "[red]a.wav", speak(50))
    result = run(app, ["transcribe", path, "--progress", "-f", "json"])
    assert result.exit_code == 0
    assert said(result.stdout) == counted(1, 50)
    assert json.loads(result.stdout)["entries"]
    assert "0:10" in result.stderr
    assert "[red]a.wav" in result.stderr
    assert run(app, ["transcribe", path]).stderr == ""


# The whole path, as people start it.


def spokenly(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bots", *arguments]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPOKENLY_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def finished(
    command: list[str], folder: Path, stdin: BinaryIO | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(), stdin=stdin, capture_output=True, text=True, check=False
    )


@pytest.fixture
def beckett() -> Path:
    place = models.folder("moonshine_voice")
    if place is None:
        pytest.skip("the package with the model is not installed")
    return place / "assets" / "beckett.wav"


@pytest.mark.real_time
def test_real_speech_becomes_captions(beckett: Path, tmp_path: Path) -> None:
    done = finished(
        spokenly("transcribe", str(beckett), "-f", "vtt"),
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("WEBVTT\n")
    assert re.search(r"ever tried,? ever failed", done.stdout, re.IGNORECASE)


@pytest.mark.real_time
def test_speech_comes_through_a_pipe(beckett: Path, tmp_path: Path) -> None:
    with beckett.open("rb") as recording:
        done = finished(
            spokenly("transcribe", "-"),
            tmp_path,
            stdin=recording,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ever failed" in done.stdout


@pytest.mark.real_time
@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_writes_what_there_is(beckett: Path, tmp_path: Path) -> None:
    """Speech comes through a pipe that stays open, so that there is always more to come."""
    command = spokenly("transcribe", "-", "-f", "json")
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        with wave.open(str(beckett)) as recording:
            header = beckett.read_bytes()[:44]
            speech = recording.readframes(recording.getnframes())
        process.stdin.write(header[:4] + b"\xff" * 4 + header[8:40] + b"\xff" * 4)
        for _ in range(3):
            process.stdin.write(speech)
        process.stdin.flush()
        first = process.stdout.readline() + process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(BrokenPipeError):  # it may have ended already
            process.stdin.write(speech)
            process.stdin.close()
        rest, errors = process.stdout.read(), process.stderr.read()
    assert (process.returncode, errors) == (130, b"")
    entries = json.loads(first + rest)["entries"]
    assert entries
    assert "ever failed" in entries[0]["text"].lower()


@pytest.mark.real_time
def test_a_reader_who_has_seen_enough_is_no_trouble(beckett: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        spokenly("transcribe", *[str(beckett)] * 3),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert errors == b""


@pytest.mark.real_time
def test_another_language_is_one_sentence(beckett: Path, tmp_path: Path) -> None:
    done = finished(
        spokenly("transcribe", str(beckett), "-l", "de"),
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "hears English only" in done.stderr
    assert len(done.stderr.splitlines()) == 1
