"""A recording becomes a file of captions as it is heard, whatever breaks on the way."""

import asyncio
import contextlib
import io
import threading
import wave
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

import docx
import pytest

from core.errors import LineLost, UserError
from core.record.files.formats import FORMATS
from core.record.files.transcription import Transcription
from tests.fakes.engine import Cut, Refuse, ScriptedEngine, numbers, speak

pytestmark = pytest.mark.real_time


def wav(path: Path, pcm: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(pcm)
    return path


class Output(io.StringIO):
    """A file whose content can be looked at after it was closed."""

    opened = False
    content = ""

    def open(self) -> AbstractContextManager[TextIO]:
        self.opened = True
        return self

    def close(self) -> None:
        self.content = self.getvalue()
        super().close()


async def transcribe(
    path: Path, out: Output, engine: ScriptedEngine | None = None, form: str = "text"
) -> list[float]:
    heard: list[float] = []
    transcription = Transcription(engine or ScriptedEngine(), "en")
    await transcription.run(path, path.name, FORMATS[form], out.open, heard.append)
    return heard


def words(content: str) -> list[int]:
    said = [line.partition("] ")[2] for line in content.splitlines() if line.startswith("[")]
    return [number for line in said for number in numbers(line)]


async def test_every_word_of_a_recording_is_written_in_order(tmp_path: Path) -> None:
    out = Output()
    path = wav(tmp_path / "a.wav", speak(200) + bytes(64_000) + speak(range(201, 301)))
    heard = await transcribe(path, out)
    assert words(out.content) == list(range(1, 301))
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(62.0)


async def test_captions_are_written_while_the_recording_is_still_read(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", (speak(200) + bytes(64_000)) * 20)
    out = Output()
    seen: list[int] = []
    transcription = Transcription(ScriptedEngine(), "en")
    await transcription.run(path, "a", FORMATS["json"], out.open, lambda _: seen.append(len(out.getvalue())))
    assert any(0 < length < len(out.content) for length in seen)


async def test_stopping_writes_what_was_heard_until_then(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", speak(500))
    out = Output()
    transcription = Transcription(ScriptedEngine(), "en")

    def progress(heard: float) -> None:
        if heard >= 10:
            transcription.stop()

    await transcription.run(path, "a", FORMATS["text"], out.open, progress)
    assert words(out.content) == list(range(1, 51))
    assert transcription.said


async def test_a_recording_that_breaks_off_is_written_as_far_as_it_goes(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", speak(100))
    path.write_bytes(path.read_bytes()[: 44 + 320_000])
    out = Output()
    with pytest.raises(UserError, match="cut short"):
        await transcribe(path, out)
    assert words(out.content) == list(range(1, 51))


async def test_a_recording_without_sound_opens_no_output(tmp_path: Path) -> None:
    out = Output()
    with pytest.raises(UserError, match="no file"):
        await transcribe(tmp_path / "none.wav", out)
    assert not out.opened


async def test_a_word_document_holds_every_word_too(tmp_path: Path) -> None:
    path, target = wav(tmp_path / "a.wav", speak(100)), tmp_path / "a.docx"
    transcription = Transcription(ScriptedEngine(), "en")
    await transcription.run(path, "a", FORMATS["docx"], lambda: target.open("wb"), lambda _: None)
    written = [paragraph.text for paragraph in docx.Document(str(target)).paragraphs]
    assert [number for text in written for number in numbers(text.partition("\n")[2])] == [*range(1, 101)]


async def test_silence_is_a_file_without_captions(tmp_path: Path) -> None:
    out = Output()
    transcription = Transcription(ScriptedEngine(), "en")
    path = wav(tmp_path / "a.wav", bytes(3_200_000))
    await transcription.run(path, "a", FORMATS["vtt"], out.open, lambda _: None)
    assert not transcription.said
    assert out.content.startswith("WEBVTT\n")
    assert "-->" not in out.content


async def test_an_engine_that_fails_ends_it_and_what_came_stays_written(tmp_path: Path) -> None:
    out = Output()
    path = wav(tmp_path / "a.wav", speak(20, after=2) + speak(range(21, 41)))
    with pytest.raises(ExceptionGroup) as failed:
        await transcribe(path, out, ScriptedEngine(faults=[Cut(after=30)]))
    assert failed.group_contains(LineLost)
    assert words(out.content) in ([], list(range(1, 21)))
    with pytest.raises(ExceptionGroup):
        await transcribe(path, Output(), ScriptedEngine(faults=[Refuse()]))


async def test_an_output_that_fails_ends_it(tmp_path: Path) -> None:
    @contextlib.contextmanager
    def full() -> Iterator[TextIO]:
        raise OSError(28, "No space left on device")
        yield io.StringIO()

    path = wav(tmp_path / "a.wav", speak(2000))
    with pytest.raises(ExceptionGroup) as failed:
        await Transcription(ScriptedEngine(), "en").run(path, "a", FORMATS["text"], full, lambda _: None)
    assert failed.group_contains(OSError)


async def test_a_reader_who_has_seen_enough_stops_it(tmp_path: Path) -> None:
    """Even when everything already waits for that reader."""
    full = threading.Event()

    class Head(Output):
        def write(self, text: str, /) -> int:
            full.wait(20)
            raise BrokenPipeError

    def progress(seconds: float) -> None:
        heard.append(seconds)
        if seconds > 250 * 2.2:
            full.set()

    path = wav(tmp_path / "a.wav", (speak([1]) + bytes(64_000)) * 600)
    heard: list[float] = []
    transcription = Transcription(ScriptedEngine(), "en")
    async with asyncio.timeout(30):
        await transcription.run(path, "a", FORMATS["text"], Head().open, progress)
    assert transcription.stopped
    assert heard[-1] < 1300


async def test_a_slow_reader_makes_the_recording_wait(tmp_path: Path) -> None:
    """What waits to be written has a limit, however long the recording is."""
    each = 2.2
    path = wav(tmp_path / "a.wav", (speak([1]) + bytes(64_000)) * 600)
    heard: list[float] = [0.0]
    begun, more = threading.Event(), threading.Event()
    ahead: list[float] = []

    class Slow(Output):
        def write(self, text: str, /) -> int:
            if not begun.is_set():
                begun.wait(20)
                more.wait(0.5)  # it would come soon if nothing waited
            ahead.append(heard[-1] / each - self.getvalue().count('"caption"'))
            return super().write(text)

    def progress(seconds: float) -> None:
        heard.append(seconds)
        if seconds > 250 * each:
            begun.set()
        if seconds > 300 * each:
            more.set()

    out = Slow()
    await Transcription(ScriptedEngine(), "en").run(path, "a", FORMATS["json"], out.open, progress)
    assert out.content.count('"caption"') == 600
    assert 200 < max(ahead) < 270
