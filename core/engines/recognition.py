"""One stream of recognition on this machine: its utterances, from the first sound to the final.

The text of an utterance is worked out again and again while somebody talks, and once more as soon as they
pause. When the pause turns out to be its end, that text is final and nothing is left to compute.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from core.audio.frame import RATE, WIDTH
from core.engines.agreement import View
from core.engines.belief import believable, reach
from core.engines.desk import Decoded, Decoder, Desk, Urgency, Work
from core.engines.protocol import Hypothesis
from core.engines.segments import Close, Event, Open, Quiet, Resume, Rules, Segmenter
from core.engines.silero import FRAME, FRAME_BYTES, Voice
from core.engines.utterance import Before, Utterance
from core.errors import LineLost

_KEPT = RATE
"""Samples kept while nobody talks, of which the next utterance takes its beginning."""

_SILENT = 10 * RATE
"""Samples of silence after which a final without text says so."""

_BEHIND = 30 * RATE
"""Samples that may wait for the model before `send` waits too."""

_EARLY = (0.35, 0.2)
"""Seconds of speech after which it is heard for the first time, and from then to the second: the first words
should come soon, and need two to agree. After those the decoder's own step counts."""


class Engine(Protocol):
    """What a stream needs of the engine that lends it."""

    rules: Rules
    decoder: Decoder
    desk: Desk

    def wake(self) -> None:
        """The stream has something to listen to."""


class LocalRecognition:
    """One stream. Made by `LocalEngine.recognize`."""

    def __init__(self, engine: Engine, language: str, *, interim: bool) -> None:
        self._engine = engine
        self._language = language
        self._interim = interim
        self._segments = Segmenter(engine.rules)
        self.voice = Voice()
        self._audio = bytearray()  # from sample `_base`
        self._base = 0
        self._sent = 0  # samples
        self._odd = b""
        self._utterances: deque[Utterance] = deque()  # the first is the one that is worked on
        self._before: Before | None = None
        self._settled = 0
        self._until = 0  # where the last flush was: settled without waiting for more silence
        self._out: deque[Hypothesis] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._flush = False
        self._finished = False
        self._closed = False
        self._broken = False

    async def send(self, pcm: bytes) -> None:
        if self._finished or self._closed:
            raise RuntimeError("the stream has ended")
        if self._broken:
            raise LineLost("the model broke over this audio")
        pcm = self._odd + pcm
        whole = len(pcm) // WIDTH * WIDTH
        self._odd = pcm[whole:]
        for start in range(0, whole, _BEHIND * WIDTH // 4):
            piece = pcm[start : min(whole, start + _BEHIND * WIDTH // 4)]
            while self._behind() > _BEHIND and not (self._closed or self._broken):
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
            elif self._broken:
                raise LineLost("the model broke over this audio")
            elif self._closed or (self._finished and not self._flush and not self._utterances):
                return
            else:
                self._news.clear()
                await self._news.wait()

    # What the engine calls

    def fail(self) -> None:
        """The model broke over this stream's audio."""
        self._broken = True
        self._flush = False
        self._engine.desk.forget(self)
        self._news.set()
        self._room.set()

    @property
    def due(self) -> bool:
        """Whether there is a frame to listen to, or an end to make."""
        return not self._broken and (self._flush or self._sent - self._segments.at >= FRAME)

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
        self._until = self._sent
        for event in self._segments.flush(self._sent):
            self._note(event)
        self.voice.reset()
        self._advance()
        self._news.set()

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
                self._utterances.append(Utterance(start, speech, heard=speech))
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

    def _advance(self) -> None:
        """Ask for what can be asked for now, and settle silence."""
        if self._utterances:
            self._ask(self._utterances[0])
        elif self._until > self._settled:
            self._put_final(self._settled, self._until, "")
        elif self._segments.at - self._settled >= _SILENT:
            # Half a second stays open: speech that begins now reaches back into it.
            self._put_final(self._settled, self._segments.at - RATE // 2, "")
        self._trim()
        if self._behind() <= _BEHIND:
            self._room.set()

    def _ask(self, utterance: Utterance) -> None:
        if utterance.closed is not None:
            if utterance.pause is None:
                utterance.pause = utterance.closed.end
            late = self._engine.desk.forget(self, Urgency.CANDIDATE)
            if utterance.candidate is not None:
                self._finish(utterance, utterance.closed, utterance.candidate)
            elif late or utterance.asked != utterance.pause:
                utterance.asked = utterance.pause
                self._work(utterance, Urgency.FINAL, utterance.pause)
        elif utterance.pause is not None:
            if utterance.asked != utterance.pause:
                self._work(utterance, Urgency.CANDIDATE, utterance.pause)
                utterance.asked = utterance.pause
        elif self._interim and not utterance.busy:
            step = _EARLY[utterance.count] if utterance.count < len(_EARLY) else self._engine.decoder.step
            steps = int((self._segments.at - utterance.heard) / (step * RATE))
            if steps:
                self._engine.desk.skip(steps - 1)
                utterance.busy = True
                utterance.count += 1
                utterance.heard = self._segments.at
                self._work(utterance, Urgency.INTERIM, self._segments.at)

    def _work(self, utterance: Utterance, urgency: Urgency, end: int) -> None:
        before = self._context(utterance, end) if urgency is not Urgency.FINAL else None
        start = before.start if before is not None else utterance.start
        pcm = bytes(self._audio[(start - self._base) * WIDTH : (end - self._base) * WIDTH])

        def done(decoded: Decoded) -> None:
            self._heard(utterance, urgency, end, decoded)

        kept = utterance.agreement.kept
        draft = (*kept, *utterance.draft[len(kept) :])
        tokens = before.tokens if before is not None else ()
        self._engine.desk.ask(
            Work(self, urgency, pcm, draft, len(kept), self._language, done, self.fail, tokens)
        )

    def _context(self, utterance: Utterance, end: int) -> Before | None:
        """What to hear the utterance together with: nothing from before a flush, which may be another talk,
        and nothing while others wait for the model."""
        before = self._before
        if before is None or before.start < self._until or self._engine.desk.waiting:
            return None
        return before if before.helps(utterance.speech, end, self._engine.decoder.context) else None

    def _heard(self, utterance: Utterance, urgency: Urgency, end: int, decoded: Decoded) -> None:
        if self._closed or self._broken or not self._utterances or self._utterances[0] is not utterance:
            return
        utterance.draft = decoded.tokens
        if urgency is Urgency.INTERIM:
            utterance.busy = False
            if utterance.pause is None and utterance.closed is None:
                view = utterance.agreement.talking(decoded.tokens, decoded.pieces, decoded.sure)
                self._show(utterance, reach(utterance.speech, end, view, decoded), view)
        elif end == utterance.pause:
            utterance.candidate = decoded
            if utterance.closed is None and self._interim:
                self._show(utterance, end, utterance.agreement.paused(decoded.tokens, decoded.pieces))
        self._advance()

    def _show(self, utterance: Utterance, end: int, view: View) -> None:
        if view.text and view != utterance.shown:
            utterance.shown = view
            start = utterance.speech / RATE
            self._put(Hypothesis(start, end / RATE, view.text, stable=view.stable, language=self._language))

    def _finish(self, utterance: Utterance, closed: Close, decoded: Decoded) -> None:
        assert utterance.closed is not None
        self._utterances.popleft()
        text = decoded.text if believable(decoded, utterance.closed.share) else ""
        self._before = Before(utterance.start, closed.end, decoded.tokens) if text else None
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
        if self._before is not None:
            if self._before.near(self._utterances[0].speech if self._utterances else self._segments.at):
                keep = min(keep, self._before.start)
            else:
                self._before = None
        if keep - self._base > RATE:
            del self._audio[: (keep - self._base) * WIDTH]
            self._base = keep
