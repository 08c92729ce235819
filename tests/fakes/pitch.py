"""An engine that hears pitches, so that speech may pass a codec: 440 Hz is the word "t440", 0.2 s long.

Silence ends an utterance; so does `flush`. No thread; it answers at once.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np

from core.audio.frame import RATE
from core.engines.protocol import Hypothesis
from tests.recordings import tone

WORD = RATE // 5
"""Samples of a word."""

LOUD = 500
"""Amplitude (mean) from which something is said."""


def pitched(*pitches: int, seconds: float = 1.0) -> bytes:
    """s16le of 48 kHz: each pitch (Hz) for so long, five words a second."""
    return b"".join(tone(seconds, 48_000, pitch).tobytes() for pitch in pitches)


class PitchRecognition:
    """One stream."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._wake = asyncio.Event()
        self._out: deque[Hypothesis] = deque()
        self._done = False
        self._rest = b""
        self._at = 0
        self._began = 0
        self._words: list[str] = []

    async def send(self, pcm: bytes) -> None:
        self._rest += pcm
        while len(self._rest) >= WORD * 2:
            self._hear(np.frombuffer(self._rest[: WORD * 2], np.int16).astype(np.float64))
            self._rest = self._rest[WORD * 2 :]

    def _hear(self, samples: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> None:
        self._at += WORD
        if np.abs(samples).mean() < LOUD:
            self._settle()
            return
        if not self._words:
            self._began = self._at - WORD
        strongest = int(np.abs(np.fft.rfft(samples)).argmax()) * RATE / WORD
        self._words.append(f"t{round(strongest / 10) * 10}")
        text = " ".join(self._words)
        self._put(Hypothesis(self._began / RATE, self._at / RATE, text, stable=0))

    def _settle(self) -> None:
        text = " ".join(self._words)
        start = self._began if self._words else self._at - WORD
        self._words.clear()
        self._put(
            Hypothesis(max(0, start) / RATE, self._at / RATE, text, True, len(text), language=self._language)
        )

    async def flush(self) -> None:
        left = np.frombuffer(self._rest, np.int16).astype(np.float64)
        self._at += len(left)
        self._rest = b""
        self._settle()

    async def finish(self) -> None:
        if not self._done:
            await self.flush()
            self._done = True
            self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while True:
            if self._out:
                yield self._out.popleft()
            elif self._done:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    def _put(self, hypothesis: Hypothesis) -> None:
        self._out.append(hypothesis)
        self._wake.set()


class PitchEngine:
    """A `Transcriber`."""

    name = "Pitches"
    streams = 50
    lead = 0.0

    def __init__(self, languages: frozenset[str] | None = frozenset({"en", "de"})) -> None:
        self.languages = languages

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[PitchRecognition]:
        yield PitchRecognition(language)
