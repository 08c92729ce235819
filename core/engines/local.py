"""Speech recognition on this machine: the built-in English model, or any other that decodes whole pieces.

    send → frames → Silero → Segmenter → Desk (a thread) → Agreement → hypotheses
                      one task for all streams        workers

The text of an utterance is worked out again and again while somebody talks, and once more as soon as they
pause. When the pause turns out to be its end, that text is final and nothing is left to compute.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from core.audio.frame import RATE, WIDTH
from core.engines.agreement import Agreement, View
from core.engines.desk import Decoded, Decoder, Desk, Urgency, Work
from core.engines.moonshine import Moonshine
from core.engines.protocol import Hypothesis
from core.engines.segments import Close, Event, Open, Quiet, Resume, Rules, Segmenter
from core.engines.silero import FRAME, FRAME_BYTES, Silero, Voice
from core.engines.whisper import Whisper
from core.errors import LineBusy, Refused
from core.settings import Settings

_KEPT = RATE
"""Samples kept while nobody talks, of which the next utterance takes its beginning."""

_SILENT = 10 * RATE
"""Samples of silence after which a final without text says so."""

_BEHIND = 30 * RATE
"""Samples that may wait for the model before `send` waits too."""

_FIRST = 0.35
"""Seconds of speech after which it is heard for the first time."""

_STREAMS = 24
"""Streams for each worker. Not all of them talk at once; when they do, interims thin out."""


@dataclass(slots=True)
class _Utterance:
    """From the first sound to the final."""

    start: int
    speech: int
    agreement: Agreement = field(default_factory=Agreement)
    draft: tuple[int, ...] = ()
    heard: int = 0
    """Samples of the stream up to which it was last asked for."""
    busy: bool = False
    """An interim is waiting or being worked out."""
    pause: int | None = None
    """Where the present pause was noticed."""
    candidate: Decoded | None = None
    """What was said up to `pause`, once that is known."""
    asked: int | None = None
    """The pause for which the candidate was asked."""
    closed: Close | None = None
    shown: View | None = None


class LocalRecognition:
    """One stream. Made by `LocalEngine.recognize`."""

    def __init__(self, engine: "LocalEngine", language: str, *, interim: bool) -> None:
        self._engine = engine
        self._language = language
        self._interim = interim
        self._segments = Segmenter(engine.rules)
        self.voice = Voice()
        self._audio = bytearray()  # from sample `_base`
        self._base = 0
        self._sent = 0  # samples
        self._odd = b""
        self._utterances: deque[_Utterance] = deque()  # the first is the one that is worked on
        self._settled = 0
        self._out: deque[Hypothesis] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._flush = False
        self._finished = False
        self._closed = False

    async def send(self, pcm: bytes) -> None:
        if self._finished or self._closed:
            raise RuntimeError("the stream has ended")
        self._flush = False
        pcm = self._odd + pcm
        whole = len(pcm) // WIDTH * WIDTH
        self._odd = pcm[whole:]
        for start in range(0, whole, _BEHIND * WIDTH // 4):
            piece = pcm[start : min(whole, start + _BEHIND * WIDTH // 4)]
            while self._behind() > _BEHIND and not self._closed:
                self._room.clear()
                await self._room.wait()
            self._audio += piece
            self._sent += len(piece) // WIDTH
            self._engine.wake()

    async def flush(self) -> None:
        self._flush = True
        self._engine.wake()

    async def finish(self) -> None:
        self._finished = True
        await self.flush()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while True:
            if self._out:
                yield self._out.popleft()
            elif self._closed or (self._finished and not self._flush and not self._utterances):
                return
            else:
                self._news.clear()
                await self._news.wait()

    # What the engine calls

    @property
    def due(self) -> bool:
        """Whether there is a frame to listen to, or an end to make."""
        return self._flush or self._sent - self._segments.at >= FRAME

    def frame(self) -> bytes | None:
        """The next frame to listen to."""
        if self._sent - self._segments.at < FRAME:
            return None
        start = (self._segments.at - self._base) * WIDTH
        return bytes(self._audio[start : start + FRAME_BYTES])

    def hear(self, probability: float) -> None:
        """The detector's word on that frame."""
        for event in self._segments.push(probability):
            self._note(event)
        self._advance()

    def settle(self) -> None:
        """Nothing more comes for now: end the utterance here."""
        self._flush = False
        for event in self._segments.flush(self._sent):
            self._note(event)
        self._advance(ended=True)

    def close(self) -> None:
        """The context was left."""
        self._closed = True
        self._engine.desk.forget(self)
        self._news.set()
        self._room.set()

    # The story of an utterance

    def _note(self, event: Event) -> None:
        match event:
            case Open(start, speech):
                self._utterances.append(_Utterance(start, speech, heard=speech))
            case Quiet(end):
                self._utterances[-1].pause = end
            case Resume():
                utterance = self._utterances[-1]
                utterance.pause = utterance.candidate = None
                self._engine.desk.forget(self, Urgency.CANDIDATE)
            case Close():
                utterance = self._utterances[-1]
                utterance.closed = event
                if event.cut:
                    utterance.pause = utterance.candidate = None
                self._engine.desk.forget(self, Urgency.INTERIM)
                self.voice.reset()

    def _advance(self, *, ended: bool = False) -> None:
        """Ask for what can be asked for now, and settle silence."""
        if self._utterances:
            self._ask(self._utterances[0])
        elif ended or self._segments.at - self._settled >= _SILENT:
            # Half a second stays open: speech that begins now reaches back into it.
            self._put_final(self._settled, self._segments.at - (0 if ended else RATE // 2), "")
        self._trim()
        if self._behind() <= _BEHIND:
            self._room.set()

    def _ask(self, utterance: _Utterance) -> None:
        if utterance.closed is not None:
            if utterance.pause is None:
                utterance.pause = utterance.closed.end
            late = self._engine.desk.forget(self, Urgency.CANDIDATE)
            if utterance.candidate is not None:
                self._finish(utterance, utterance.candidate)
            elif late or utterance.asked != utterance.pause:
                utterance.asked = utterance.pause
                self._work(utterance, Urgency.FINAL, utterance.pause)
        elif utterance.pause is not None:
            if utterance.asked != utterance.pause:
                self._work(utterance, Urgency.CANDIDATE, utterance.pause)
                utterance.asked = utterance.pause
        elif self._interim and not utterance.busy:
            first = utterance.heard == utterance.speech
            step = _FIRST if first else self._engine.decoder.step
            if self._segments.at - utterance.heard >= step * RATE:
                utterance.busy = True
                utterance.heard = self._segments.at
                self._work(utterance, Urgency.INTERIM, self._segments.at)

    def _work(self, utterance: _Utterance, urgency: Urgency, end: int) -> None:
        pcm = bytes(self._audio[(utterance.start - self._base) * WIDTH : (end - self._base) * WIDTH])

        def done(decoded: Decoded) -> None:
            self._heard(utterance, urgency, end, decoded)

        self._engine.desk.ask(Work(self, urgency, pcm, utterance.draft, self._language, done))

    def _heard(self, utterance: _Utterance, urgency: Urgency, end: int, decoded: Decoded) -> None:
        if self._closed or not self._utterances or self._utterances[0] is not utterance:
            return
        utterance.draft = decoded.tokens
        if urgency is Urgency.INTERIM:
            utterance.busy = False
            if utterance.pause is None and utterance.closed is None:
                self._show(utterance, end, utterance.agreement.talking(decoded.text))
        elif end == utterance.pause:
            utterance.candidate = decoded
            if utterance.closed is None and self._interim:
                self._show(utterance, end, utterance.agreement.paused(decoded.text))
        self._advance()

    def _show(self, utterance: _Utterance, end: int, view: View) -> None:
        if view.text and view != utterance.shown:
            utterance.shown = view
            start = utterance.speech / RATE
            self._put(Hypothesis(start, end / RATE, view.text, stable=view.stable, language=self._language))

    def _finish(self, utterance: _Utterance, decoded: Decoded) -> None:
        assert utterance.closed is not None
        self._utterances.popleft()
        text = decoded.text if believable(decoded, utterance.closed.share) else ""
        self._put_final(utterance.speech, utterance.closed.end, text, decoded.confidence)
        self._advance()

    def _put_final(self, start: int, end: int, text: str, confidence: float | None = None) -> None:
        if end > self._settled:
            start = max(start, self._settled)
            self._settled = end
            self._put(Hypothesis(start / RATE, end / RATE, text, True, len(text), self._language, confidence))

    def _put(self, hypothesis: Hypothesis) -> None:
        # A reader that falls behind needs the finals and the newest interim only.
        if self._out and not self._out[-1].final:
            self._out.pop()
        self._out.append(hypothesis)
        self._news.set()

    def _behind(self) -> int:
        """Samples that wait for the model."""
        first = self._utterances[0].start if self._utterances else self._segments.at
        open_now = self._utterances[0].closed is None if self._utterances else True
        return self._sent - (self._segments.at if open_now else first)

    def _trim(self) -> None:
        keep = self._utterances[0].start if self._utterances else self._segments.at - _KEPT
        if keep - self._base > RATE:
            del self._audio[: (keep - self._base) * WIDTH]
            self._base = keep


def believable(decoded: Decoded, share: float) -> bool:
    """Whether it was speech. Noise and music make text of unsure tokens, of circles, or of little voice.

    `share`: how much of the utterance the detector took for speech, 0 to 1.
    """
    if decoded.looped or not decoded.text:
        return False
    return decoded.confidence is None or decoded.confidence >= 0.45 - 0.1 * min(1.0, share)


class LocalEngine:
    """A `Transcriber` over one model in memory. `async with` it to load the model (in a thread) and to run
    it.

    `load` makes the decoder and may raise EngineMissing. `workers`: threads that decode at the same time.
    """

    def __init__(
        self, load: Callable[[], Decoder] = Moonshine, *, workers: int = 2, rules: Rules | None = None
    ) -> None:
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

    @property
    def name(self) -> str:
        return self.decoder.name

    @property
    def languages(self) -> frozenset[str] | None:
        return self.decoder.languages

    async def __aenter__(self) -> Self:
        self.decoder, self._silero = await asyncio.to_thread(lambda: (self._load(), Silero()))
        self.desk = Desk(self.decoder, self._workers)
        await self._group.__aenter__()
        await self.desk.__aenter__()
        self._ear = self._group.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in list(self._lent):
            stream.close()
        if self._ear is not None:
            self._ear.cancel()
        try:
            await self.desk.__aexit__(kind, error, trace)
        finally:
            await self._group.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True
    ) -> AsyncIterator[LocalRecognition]:
        """As the protocol says. `vocabulary` helps nothing here: the model takes no hints."""
        primary = language.split("-", 1)[0].lower()
        if self.languages is not None and primary not in self.languages:
            raise Refused(not_heard(language))
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
                if framed:
                    voices = [stream.voice for stream, _ in framed]
                    probabilities = self._silero.hear(voices, [frame for _, frame in framed])
                    for (stream, _), probability in zip(framed, probabilities, strict=True):
                        stream.hear(probability)
                for stream in due:
                    if stream.frame() is None and stream.due:
                        stream.settle()
                await asyncio.sleep(0)


def not_heard(language: str) -> str:
    """The sentence for somebody whose language the built-in model does not know."""
    return (
        f"The built-in engine hears English only. For {language}, name a faster-whisper model directory in "
        "SPOKENLY_MODEL_DIR."
    )


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[LocalEngine]:
    """The engine that the settings ask for, loaded and running.

    Raises EngineMissing when a model is missing or damaged, Refused when it does not hear
    `settings.language`.
    """
    directory = settings.model_dir
    rules = Rules(threshold=settings.voice_threshold)
    primary = settings.language.split("-", 1)[0].lower()
    if directory is None and primary not in (Moonshine.languages or ()):
        raise Refused(not_heard(settings.language))
    load: Callable[[], Decoder] = Moonshine if directory is None else lambda: Whisper(directory)
    async with LocalEngine(load, workers=settings.workers, rules=rules) as engine:
        if engine.languages is not None and primary not in engine.languages:
            raise Refused(f"{engine.name} does not hear {settings.language}.")
        yield engine
