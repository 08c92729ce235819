"""`spokenly transcribe`: which recordings go where, and what people are told meanwhile."""

import contextlib
import os
import signal
import sys
from asyncio import get_running_loop, to_thread
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from core.audio import media
from core.engines.deepgram.recordings import Recordings
from core.engines.hearing import deepgram
from core.engines.local import open_engine
from core.engines.protocol import Transcriber
from core.errors import EngineMissing, Refused, SpokenlyError, UserError
from core.record.files.formats import FORMATS, SUFFIXES
from core.record.files.transcription import Transcription
from core.settings import Settings

STDIN = "-"

INTERRUPTED = 130
"""The exit code that shells expect of a program that Ctrl-C ended."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recording and where its captions go: `source` is a path or `-`, `target` None for standard output."""

    source: str
    form: str
    target: Path | None

    @property
    def title(self) -> str:
        return "Standard input" if self.source == STDIN else Path(self.source).name


def plan(sources: Sequence[str], form: str | None, output: str | None) -> list[Job]:
    """What is to be done. Raises `ValueError` with a sentence when that makes no sense."""
    if sources.count(STDIN) > 1:
        raise ValueError("The standard input can be read only once.")
    if output is None:
        form = form or "text"
        if len(sources) > 1 and FORMATS[form].alone:
            raise ValueError(f"One {form} can't hold several recordings: give --output a folder.")
        if FORMATS[form].binary and sys.stdout.isatty():
            raise ValueError(f"A terminal can't show {form}: give --output a file.")
        return [Job(source, form, None) for source in sources]
    target = Path(output)
    if len(sources) == 1 and not target.is_dir() and not output.endswith(("/", "\\")):
        ending = SUFFIXES.get(target.suffix[1:].lower(), FORMATS["text"])
        return [_safe(Job(sources[0], form or ending.name, target))]
    if target.is_file():
        raise ValueError(f"{output} is a file, and there are several recordings: name a folder.")
    form = form or "text"
    taken: set[str] = set()
    return [_safe(Job(source, form, target / _name(source, form, taken))) for source in sources]


def _name(source: str, form: str, taken: set[str]) -> str:
    """A name for the captions of `source` that no other recording's have."""
    path = Path("captions" if source == STDIN else source)
    names = [path.stem, path.name, *(f"{path.stem}-{number}" for number in range(2, len(taken) + 3))]
    name = next(name for name in names if name.casefold() not in taken)
    taken.add(name.casefold())
    return f"{name}.{FORMATS[form].suffix}"


def _safe(job: Job) -> Job:
    if job.source != STDIN and job.target and job.target.resolve() == Path(job.source).resolve():
        raise ValueError(f"{job.source} would be overwritten by its own captions.")
    return job


@contextlib.asynccontextmanager
async def _ear(settings: Settings, engine: str) -> AsyncIterator[Transcriber]:
    """What listens: `local` or `deepgram`. Raises `UserError`, `EngineMissing` or `Refused`."""
    if engine == "local":
        async with open_engine(settings) as near:
            yield near
        return
    if settings.deepgram_api_key is None:
        raise UserError("Deepgram needs a key: set DEEPGRAM_API_KEY.")
    async with deepgram(settings, settings.deepgram_api_key) as far:
        yield Recordings(far)


async def transcribe(jobs: Sequence[Job], settings: Settings, engine: str = "local", *, bar: bool) -> int:
    """One recording after the other. Returns the exit code: 0, 1 when one was not read whole, or 130."""
    failed = False
    try:
        async with _ear(settings, engine) as ear:
            for job in jobs:
                transcription = Transcription(ear, settings.language)
                with _stopped_by_ctrl_c(transcription):
                    sentences = await _one(job, transcription, bar=bar)
                for sentence in sentences:
                    tell(sentence)
                failed |= bool(sentences)
                if transcription.stopped:
                    return INTERRUPTED
                if not sentences and not transcription.said:
                    tell(f"No speech was heard in {job.source}.")
    except (EngineMissing, Refused, UserError) as error:
        tell(str(error))
        return 1
    return int(failed)


def tell(sentence: str) -> None:
    """Say something to whoever sits in front of it."""
    print(sentence, file=sys.stderr)  # noqa: T201 - this is a command


async def _one(job: Job, transcription: Transcription, *, bar: bool) -> list[str]:
    """Transcribe one recording. Returns what was wrong with it."""
    source: Path | BinaryIO = sys.stdin.buffer if job.source == STDIN else Path(job.source)
    try:
        with _bar(job, await to_thread(_length, source) if bar else None, shown=bar) as progress:
            await transcription.run(source, job.title, FORMATS[job.form], lambda: _output(job), progress)
    except UserError as error:
        return [str(error)]
    except ExceptionGroup as group:
        expected, bugs = group.split(SpokenlyError)
        if bugs or not expected:
            raise
        return list(dict.fromkeys(map(str, expected.exceptions)))
    return []


def _length(source: Path | BinaryIO) -> float | None:
    return media.duration(source) if isinstance(source, Path) else None


@contextlib.contextmanager
def _output(job: Job) -> Iterator[IO[Any]]:
    """Where the captions go, as text or as bytes. Raises `UserError` when they can't be written there."""
    try:
        binary = FORMATS[job.form].binary
        if job.target is None:
            yield sys.stdout.buffer if binary else sys.stdout
            return
        job.target.parent.mkdir(parents=True, exist_ok=True)
        if binary:
            with job.target.open("wb") as package:
                yield package
            return
        with job.target.open("w", encoding="utf-8", newline="\n") as file:
            yield file
    except BrokenPipeError:
        # Python would stumble over the closed pipe once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
    except OSError as error:
        raise UserError(
            f"{job.target or 'The standard output'} can't be written: {error.strerror}."
        ) from error


@contextlib.contextmanager
def _stopped_by_ctrl_c(transcription: Transcription) -> Iterator[None]:
    """The first Ctrl-C stops listening and writes what there is; the second one is Python's own."""
    loop = get_running_loop()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        transcription.stop()

    if sys.platform == "win32":
        yield
        return
    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextlib.contextmanager
def _bar(job: Job, length: float | None, *, shown: bool) -> Iterator[Callable[[float], None]]:
    """A bar on the standard error that moves with the seconds that were heard."""
    if not shown:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[heard]}", markup=False),
        TimeRemainingColumn(),
    )
    # Captions on the same terminal go above the bar; into a file they go past it.
    onto = sys.stdout.isatty() and job.target is None
    console = Console(stderr=True, highlight=False)
    # Where nothing can move, the bar as it is at the end is all there is to show.
    with Progress(*columns, console=console, redirect_stdout=onto, transient=console.is_terminal) as progress:
        task = progress.add_task(job.title, total=length, heard="")

        def move(heard: float) -> None:
            minutes, rest = divmod(int(heard), 60)
            progress.update(task, completed=heard, heard=f"{minutes}:{rest:02}")

        yield move
