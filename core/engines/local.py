"""Speech recognition on this machine: the built-in English model, or any other that decodes whole pieces.

send → frames → Silero → Segmenter → Desk (a thread) → Agreement → hypotheses
                  one task for all streams       workers
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from core.engines.desk import Decoder, Desk
from core.engines.moonshine import Moonshine
from core.engines.recognition import LocalRecognition
from core.engines.segments import Rules
from core.engines.silero import Silero
from core.engines.whisper import Whisper
from core.errors import LineBusy, Refused
from core.metrics import Metrics
from core.settings import Settings

log = logging.getLogger(__name__)

_STREAMS = 50
"""Streams for each worker. Not all of them talk at once; when they do, interims thin out."""


class LocalEngine:
    """A `Transcriber` over one model in memory. `async with` it to load the model (in a thread) and to run
    it.

    `load` makes the decoder and may raise EngineMissing. `workers`: threads that decode at the same time.
    """

    def __init__(
        self,
        load: Callable[[], Decoder] = Moonshine,
        *,
        workers: int = 2,
        rules: Rules | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics
        self._load = load
        self._workers = workers
        self.rules = rules or Rules()
        self.streams = _STREAMS * workers
        self._due = asyncio.Event()
        self._lent: list[LocalRecognition] = []
        self._group = asyncio.TaskGroup()
        self._ear: asyncio.Task[None] | None = None
        self.decoder: Decoder
        self.desk: Desk
        self._silero: Silero

    lead = 0.0

    @property
    def name(self) -> str:
        return self.decoder.name

    @property
    def languages(self) -> frozenset[str] | None:
        return self.decoder.languages

    async def __aenter__(self) -> Self:
        self.decoder, self._silero = await asyncio.to_thread(lambda: (self._load(), Silero()))
        self.desk = Desk(self.decoder, self._workers, self._metrics)
        await self._group.__aenter__()
        await self.desk.__aenter__()
        self._ear = self._group.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._lent:
            stream.close()
        if self._ear is not None:
            self._ear.cancel()
        # An error of the body is its own; a cancellation may come from a crash in here.
        ended = (kind, error, trace) if isinstance(error, asyncio.CancelledError) else (None, None, None)
        try:
            await self.desk.__aexit__(*ended)
        finally:
            await self._group.__aexit__(*ended)

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[LocalRecognition]:
        """As the protocol says. `vocabulary` helps nothing here: the model takes no hints. There is no lead,
        so `known` is nothing: an utterance is heard as a whole, and ends in silence."""
        primary = language.split("-", 1)[0].lower()
        if self.languages is not None and primary not in self.languages:
            built_in = isinstance(self.decoder, Moonshine)
            raise Refused(not_heard(language) if built_in else f"{self.name} does not hear {language}.")
        if len(self._lent) >= self.streams:
            raise LineBusy("All streams of the built-in engine are lent.")
        stream = LocalRecognition(self, primary, interim=interim)
        self._lent.append(stream)
        try:
            yield stream
        finally:
            stream.close()
            self._lent.remove(stream)

    def wake(self) -> None:
        """Some stream has news."""
        self._due.set()

    async def _listen(self) -> None:
        """Hear every stream's next frame in one call, as long as there are any."""
        while True:
            await self._due.wait()
            self._due.clear()
            while due := [stream for stream in self._lent if stream.due]:
                framed = [(stream, frame) for stream in due if (frame := stream.frame()) is not None]
                try:
                    self._hear(framed)
                    for stream in due:
                        if stream.frame() is None and stream.due:
                            stream.settle()
                except Exception:
                    # A bulkhead, as at the desk: these streams' tracks begin anew, the others go on.
                    log.exception("voice.bug")
                    for stream in due:
                        stream.fail()
                await asyncio.sleep(0)

    def _hear(self, framed: Sequence[tuple[LocalRecognition, bytes]]) -> None:
        if framed:
            voices = [stream.voice for stream, _ in framed]
            probabilities = self._silero.hear(voices, [frame for _, frame in framed])
            for (stream, _), probability in zip(framed, probabilities, strict=True):
                stream.hear(probability)


def not_heard(language: str) -> str:
    """The sentence for somebody whose language the built-in model does not know."""
    return (
        f"The built-in engine hears English only. For {language}, name a faster-whisper model directory in "
        "SPOKENLY_MODEL_DIR."
    )


@asynccontextmanager
async def open_engine(
    settings: Settings, metrics: Metrics | None = None, *, stand_in: bool = False
) -> AsyncIterator[LocalEngine]:
    """The engine that the settings ask for, loaded and running.

    Raises EngineMissing when a model is missing or damaged and, unless it is only the `stand_in` of another
    engine, Refused when it does not hear `settings.language`.
    """
    directory = settings.model_dir
    rules = Rules(threshold=settings.voice_threshold)
    primary = settings.language.split("-", 1)[0].lower()
    if not stand_in and directory is None and primary not in (Moonshine.languages or ()):
        raise Refused(not_heard(settings.language))

    def load() -> Decoder:
        return Moonshine() if directory is None else Whisper(directory, settings.workers)

    async with LocalEngine(load, workers=settings.workers, rules=rules, metrics=metrics) as engine:
        if not stand_in and engine.languages is not None and primary not in engine.languages:
            raise Refused(f"{engine.name} does not hear {settings.language}.")
        yield engine
