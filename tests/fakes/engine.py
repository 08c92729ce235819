"""An engine whose language can be counted, so that a lost, repeated or misplaced word is seen in the text.

Its speech is made of samples: word number 7 is 200 ms of samples that are all 7, silence is zeros. A run of
sevens of 400 ms is the word said twice; less than half a word is not heard. `speak([1, 2])` makes such audio
and `ScriptedEngine` writes it down as "w1 w2". No thread; it follows the loop's clock, virtual or not.
"""

import asyncio
import sys
from array import array
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.audio.frame import RATE
from core.engines.protocol import Hypothesis
from core.errors import LineBusy, LineLost, Refused

WORD = RATE // 5
"""Samples of one word."""

HANG = RATE * 4 // 5
"""Samples of silence after which an utterance is final."""

LONGEST = RATE * 15
"""Samples after which an utterance is final without silence."""

QUIET = RATE * 10
"""Samples of silence after which a final without text says so."""


def speak(words: Iterable[int] | int, *, pause: float = 0.0, after: float = 0.0) -> bytes:
    """PCM of numbered words (1 to 32767); a number n stands for the words 1 to n.

    `pause`: seconds of silence after each word; `after`: seconds of silence at the end.
    """
    numbers = range(1, words + 1) if isinstance(words, int) else words
    samples = array("h")
    for number in numbers:
        if not 1 <= number <= 32767:
            raise ValueError(f"no such word: {number}")
        samples.extend([number] * WORD)
        samples.extend([0] * round(pause * RATE))
    samples.extend([0] * round(after * RATE))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def numbers(text: str) -> list[int]:
    """The words of a text of this engine, as numbers."""
    return [int(word.removeprefix("w")) for word in text.split()]


@dataclass(frozen=True, slots=True)
class Busy:
    """Opening raises `LineBusy`."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Opening raises `Refused`."""

    sentence: str = "This engine will not take it."


@dataclass(frozen=True, slots=True)
class Lose:
    """Opening raises `LineLost`."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The line breaks once so many words were heard: `send` and iteration raise `LineLost`."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """Once so many words were heard, audio is taken and nothing comes back, ever."""

    after: int = 0


Fault = Busy | Refuse | Lose | Cut | Stall


class ScriptedRecognition:
    """One stream. Interims come with each word; finals as the constants above say."""

    def __init__(
        self, fault: Fault | None, *, lag: float, interim: bool, language: str, known: float = 0.0
    ) -> None:
        self._fault = fault
        self._known = round(known * RATE)  # samples of which no words are told
        self._lag = lag
        self._interim = interim
        self._language = language
        self._wake = asyncio.Event()
        self._out: deque[tuple[float, Hypothesis]] = deque()
        self._done = False
        self._lost = False
        self._odd = b""
        self._at = 0  # samples heard
        self._settled = self._known  # samples covered by finals
        self._run = (0, 0, 0)  # value, samples, words already written of the present run
        self._words: list[str] = []
        self._began = 0
        self._spoken = 0  # samples heard when speech was last heard
        self.heard = 0
        """Words heard so far."""

    async def send(self, pcm: bytes) -> None:
        if self._done:
            raise RuntimeError("send after finish")
        if self._lost:
            raise LineLost("the line was cut")
        pcm = self._odd + pcm
        whole = len(pcm) & ~1
        self._odd = pcm[whole:]
        samples = array("h", pcm[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        for value, count in _runs(samples):
            self._hear(value, count)
        if self._lost:
            raise LineLost("the line was cut")

    async def flush(self) -> None:
        if self._at > self._settled:
            self._final(self._at)

    async def finish(self) -> None:
        if not self._done:
            await self.flush()
            self._done = True
            self._wake.set()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        loop = asyncio.get_running_loop()
        while True:
            if self._lost:
                raise LineLost("the line was cut")
            if self._out and not self._stalled:
                due, hypothesis = self._out[0]
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                    continue
                self._out.popleft()
                yield hypothesis
            elif self._done and not self._stalled:
                return
            else:
                self._wake.clear()
                await self._wake.wait()

    def cut(self) -> None:
        """The line breaks now."""
        self._lost = True
        self._wake.set()

    @property
    def _stalled(self) -> bool:
        return isinstance(self._fault, Stall) and self.heard >= self._fault.after

    def _hear(self, value: int, count: int) -> None:
        """Take `count` equal samples, in steps that end where something may happen."""
        while count and not self._lost:
            step = min(count, WORD // 2 - self._at % (WORD // 2))
            count -= step
            self._at += step
            known, samples, written = self._run
            self._run = (value, samples + step, written) if known == value else (value, step, 0)
            if value:
                self._spoken = self._at
                self._write(value)
            silence = self._at - max(self._spoken, self._settled)
            pause = bool(self._words) and not value and silence >= HANG
            long = bool(self._words) and self._at - self._began >= LONGEST
            quiet = not self._words and not value and silence >= QUIET
            if pause or long or quiet:
                self._final(self._at)

    def _write(self, value: int) -> None:
        _, samples, written = self._run
        while (samples + WORD // 2) // WORD > written:
            written += 1
            self._run = (value, samples, written)
            if self._at - samples + written * WORD - WORD // 2 <= self._known:
                continue  # its middle lies before
            if not self._words:
                self._began = max(self._settled, self._at - WORD // 2)
            self._words.append(f"w{value}")
            self.heard += 1
            if isinstance(self._fault, Cut) and self.heard >= self._fault.after:
                self._lost = True
                self._wake.set()
                return
            if self._interim:
                text = " ".join(self._words)
                stable = len(" ".join(self._words[:-1]))
                self._put(Hypothesis(self._began / RATE, self._at / RATE, text, stable=stable))

    def _final(self, end: int) -> None:
        text = " ".join(self._words)
        start = self._began if self._words else self._settled
        self._words.clear()
        self._settled = end
        self._put(
            Hypothesis(
                start / RATE, end / RATE, text, True, len(text), language=self._language, confidence=1.0
            )
        )

    def _put(self, hypothesis: Hypothesis) -> None:
        self._out.append((asyncio.get_running_loop().time() + self._lag, hypothesis))
        self._wake.set()


def _runs(samples: "array[int]") -> Iterable[tuple[int, int]]:
    """(value, count) of equal neighbours."""
    start = 0
    while start < len(samples):
        value, end = samples[start], start + 1
        # Speech and silence come in long runs: leap over them, then step.
        while samples[end : end + 400].count(value) == 400:
            end += 400
        while end < len(samples) and samples[end] == value:
            end += 1
        yield value, end - start
        start = end


class ScriptedEngine:
    """A `Transcriber`. Each opening takes the next fault from `faults` (None: all is well); then all is well.

    `lag`: seconds of the loop's clock between a sample and what is said about it.
    """

    def __init__(
        self,
        faults: Sequence[Fault | None] = (),
        *,
        streams: int = 8,
        languages: frozenset[str] | None = None,
        lag: float = 0.0,
        lead: float = 0.0,
        name: str = "Scripted",
    ) -> None:
        self.name = name
        self.lead = lead
        self.languages = languages
        self.streams = streams
        self.faults: deque[Fault | None] = deque(faults)
        self.lag = lag
        self.opened = 0
        """How often a stream was asked for."""
        self.lent: list[ScriptedRecognition] = []
        """Streams lent now."""
        self.most = 0
        """The most streams lent at once."""

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[ScriptedRecognition]:
        self.opened += 1
        fault = self.faults.popleft() if self.faults else None
        match fault:
            case Busy(retry_after):
                raise LineBusy("the engine is busy", retry_after)
            case Refuse(sentence):
                raise Refused(sentence)
            case Lose():
                raise LineLost("the line was lost at once")
        if self.languages is not None and language.split("-", 1)[0].lower() not in self.languages:
            raise Refused(f"This engine does not hear {language}.")
        if len(self.lent) >= self.streams:
            raise LineBusy("every stream is lent")
        stream = ScriptedRecognition(fault, lag=self.lag, interim=interim, language=language, known=known)
        self.lent.append(stream)
        self.most = max(self.most, len(self.lent))
        try:
            yield stream
        finally:
            self.lent.remove(stream)
