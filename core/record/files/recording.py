"""Recordings that people point at, heard by engines that run anyway: few at once, and none without end."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from core.audio import media
from core.captions.caption import Caption
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.recordings import Recordings
from core.engines.failover import Failover
from core.engines.pool import Lender, Pool
from core.engines.protocol import Recognition, Transcriber
from core.errors import EngineError, LineBusy, UserError
from core.record.files.formats import Format
from core.record.files.transcription import Transcription
from core.record.files.turns import Exported

LONGEST = 30 * 60.0
"""Seconds of sound that one recording may have: what takes longer, nobody waits for in a chat."""

PATIENCE = 10 * 60.0
"""Seconds after which what was heard so far is all there is: a chat takes an answer for 15 minutes."""

LAST_WORDS = 60.0
"""Seconds that an engine may take for them."""

QUEUE = 120.0
"""Seconds that somebody waits for their turn."""

_FULL = "Many recordings are being transcribed now: try again in a few minutes."

WAITING = 8
"""How many may wait for their turn."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a recording, and `engine`, which heard it.

    `cut`: one sentence on why that is not all of it, if it isn't.
    """

    captions: Sequence[Caption]
    engine: str
    cut: str | None = None


class Dictation:
    """Hears whole recordings, `at_once` of them; the others wait for their turn.

    `ears`: who is asked to hear, one after the other until one can.
    """

    def __init__(self, ears: Callable[[], Sequence[Transcriber]], *, at_once: int = 1) -> None:
        self._ears = ears
        self._at_once = at_once
        self._seats = asyncio.Semaphore(at_once)
        self._inside = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a seat, before the recording is fetched. Raises `UserError` where that takes too long."""
        if self._inside >= self._at_once + WAITING:
            raise UserError(_FULL)
        self._inside += 1
        seated = False
        try:
            try:
                async with asyncio.timeout(QUEUE):
                    seated = await self._seats.acquire()
            except TimeoutError:
                raise UserError(_FULL) from None
            yield
        finally:
            self._inside -= 1
            if seated:
                self._seats.release()

    async def hear(
        self, source: BinaryIO, language: str, progress: Callable[[float], None] = lambda _: None
    ) -> Heard:
        """What was said in a recording that can be read again; `progress` is told of the seconds heard.

        Raises `UserError` (it has no sound, is broken or too long) or `EngineError` (nobody can hear now).
        """
        length = await asyncio.to_thread(media.duration, source)
        if length is not None and length > LONGEST + 1:
            raise UserError(f"That lasts {_clock(length)}: a recording may have up to {_clock(LONGEST)}.")
        trouble: EngineError = LineBusy("No engine hears that language.")
        end = asyncio.get_running_loop().time() + PATIENCE
        for ear in self._ears():
            if ear.languages is not None and language.split("-", 1)[0].lower() not in ear.languages:
                continue
            await asyncio.to_thread(source.seek, 0)
            try:
                async with asyncio.timeout_at(end + LAST_WORDS):
                    return await _hear(ear, source, language, end, progress)
            except TimeoutError:
                raise LineBusy("The engine did not answer in time.") from None
            except ExceptionGroup as group:
                trouble = _expected(group)
        raise trouble


async def _hear(
    ear: Transcriber, source: BinaryIO, language: str, end: float, progress: Callable[[float], None]
) -> Heard:
    """One try with one engine, until `end` by the loop's clock.

    Raises `UserError`, or a group with what the engine raises.
    """
    captions: list[Caption] = []
    transcription = Transcription(ear, language)
    cut: str | None = None

    def heard(seconds: float) -> None:
        progress(seconds)
        if seconds >= LONGEST:
            transcription.stop()

    patience = asyncio.get_running_loop().call_at(end, transcription.stop)
    form = Format("captions", "", "", lambda _heading: _Collected(captions))
    try:
        await transcription.run(source, "", form, lambda: nullcontext(io.StringIO()), heard)
    except media.Incomplete as error:
        cut = str(error)
    finally:
        patience.cancel()
    if transcription.stopped and cut is None:
        cut = "This is not all of it: it takes too long."
    return Heard(captions, ear.name, cut)


def _expected(group: ExceptionGroup) -> EngineError:
    """The engine's own failure. Raises the group where it holds a bug."""
    failures, bugs = group.split(EngineError)
    if bugs is not None or failures is None:
        raise group
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, EngineError)
    return first


class _Collected:
    """A file that is no file: its captions, as they come."""

    def __init__(self, captions: list[Caption]) -> None:
        self._captions = captions

    def begin(self) -> Iterable[str]:
        return ()

    def feed(self, entry: Exported) -> Iterable[str]:
        if isinstance(entry, Caption):
            self._captions.append(entry)
        return ()

    def close(self) -> Iterable[str]:
        return ()


class Borrowed:
    """A `Transcriber` that takes its streams from a pool in turn, like everybody who speaks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.name = pool.transcriber.name
        self.languages = pool.transcriber.languages
        self.streams = pool.transcriber.streams
        self.lead = 0.0

    def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AbstractAsyncContextManager[Recognition]:
        """As the protocol says, but that it may wait. A recording is never gone on with."""
        return _lent(self._pool, language, interim=interim)


@asynccontextmanager
async def _lent(pool: Pool, language: str, *, interim: bool) -> AsyncIterator[Recognition]:
    async with pool.lend(language, call="recordings", interim=interim) as loan:
        yield loan.recognition


def ears(lender: Lender) -> Sequence[Transcriber]:
    """Who can hear recordings where `lender` lends the streams of calls, the best first."""
    if isinstance(lender, Pool):
        return [Borrowed(lender)]
    if not isinstance(lender, Failover):
        return []
    far = lender.first.transcriber
    found: list[Transcriber] = []
    if not lender.spent():
        found.append(Recordings(far) if isinstance(far, Deepgram) else Borrowed(lender.first))
    return found if lender.second is None else [*found, Borrowed(lender.second)]


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")
