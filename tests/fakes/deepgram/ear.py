"""The recogniser behind the fake: it reads numbered words out of samples and decides what is told, and when.

Word number n is 200 ms of samples that are all n, silence is zeros (see `tests.fakes.engine.speak`). A word
is heard when its middle was: of a word cut in two, exactly one part names it, so that loss and repetition can
be counted. Times are in samples of the connection; no clock, no socket.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """How a stream is told what was heard. Seconds of audio; None: never."""

    endpointing: float | None = 0.01
    interim: float | None = None
    """An interim so many seconds after whatever was told last."""
    utterance_end: float | None = None
    speech_started: bool = False
    longest: float = 5.0
    """Speech without a pause becomes final after so long."""
    hold: int = 1
    """Words that such a final leaves to the next one, though an interim has shown them already."""
    quiet: float = 5.0
    """Silence becomes an empty final after so long."""


@dataclass(frozen=True, slots=True)
class Word:
    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Said:
    """What becomes a Results message."""

    start: int
    end: int
    words: tuple[Word, ...]
    final: bool = False
    pause: bool = False
    flushed: bool = False


@dataclass(frozen=True, slots=True)
class Began:
    """What becomes a SpeechStarted message."""

    at: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What becomes an UtteranceEnd message."""

    at: int


Told = Said | Began | Ended


def runs(pcm: bytes) -> Iterator[tuple[int, int]]:
    """(value, count) of equal neighbouring samples, s16le; equal neighbours may come in two parts."""
    waiting = deque([pcm])
    while waiting:
        part = waiting.popleft()
        count = len(part) // 2
        if part == part[:2] * count:
            if count:
                yield int.from_bytes(part[:2], "little", signed=True), count
        else:
            waiting.appendleft(part[count // 2 * 2 :])
            waiting.appendleft(part[: count // 2 * 2])


class Ear:
    """One connection's recogniser."""

    def __init__(self, rate: int, habits: Habits) -> None:
        self._rate = rate
        self._habits = habits
        self._word = rate // 5
        self._told: list[Told] = []
        self._run = (0, 0, 0)  # value, where it began, words of it that were heard
        self._words: list[Word] = []  # heard and not final
        self._voiced = 0  # where the last sound ended
        self._last = 0  # where the last thing was told
        self._talking = False  # speech has begun and its end was not told
        self._open = False  # a word was heard and UtteranceEnd was not told
        self.at = 0
        """Samples heard."""
        self.settled = 0
        """Where the last final ended."""
        self.heard: list[int] = []
        """Numbers of all words heard, each once."""

    @property
    def silence(self) -> int:
        """Samples of silence at the end of what was heard."""
        return self.at - self._voiced

    def hear(self, pcm: bytes) -> list[Told]:
        for value, count in runs(pcm):
            self._take(value, count)
        return self._tell()

    def finalize(self, *, always: bool = False) -> list[Told]:
        """Finalize was asked for: all that was heard becomes final. Says nothing when nothing is open, or
        says that (`always`)."""
        if self.at > self.settled or always:
            self._final(self.at, flushed=True)
        return self._tell()

    def end(self) -> list[Told]:
        """No audio comes any more."""
        if self.at > self.settled:
            self._final(self.at)
        return self._tell()

    def lose(self, samples: int) -> list[Told]:
        """So many samples came and were lost: no final covers them."""
        if self.at > self.settled:
            self._final(self.at)
        self.at += samples
        self.settled = self._last = self._voiced = self.at
        self._run = (0, self.at, 0)
        return self._tell()

    def _tell(self) -> list[Told]:
        told, self._told = self._told, []
        return told

    def _take(self, value: int, count: int) -> None:
        if value != self._run[0] or not self.at:
            self._run = (value, self.at, 0)
        while count:
            step = min(count, self._room(value))
            count -= step
            self.at += step
            if value:
                self._voiced = self.at
                self._listen(value)
            self._decide(value)

    def _threshold(self) -> int:
        """Where the next word of the run is heard: when its middle sample was."""
        _, began, heard = self._run
        middle = began + heard * self._word + self._word // 2
        return middle if began == 0 else middle + 1

    def _room(self, value: int) -> int:
        """Samples until something may be decided."""
        habits, rate, at = self._habits, self._rate, self.at
        moments = [at + rate]
        if value:
            moments.append(self._threshold())
        if habits.endpointing is not None:
            moments.append(self._voiced + round(habits.endpointing * rate))
        if habits.utterance_end is not None:
            moments.append(self._voiced + round(habits.utterance_end * rate))
        if habits.interim is not None:
            moments.append(self._last + round(habits.interim * rate))
        if self._words:
            moments.append(self._speech + round(habits.longest * rate))
        moments.append(self.settled + round(habits.quiet * rate))
        return min(moment for moment in moments if moment > at) - at

    @property
    def _speech(self) -> int:
        return max(self.settled, self._words[0].start)

    def _listen(self, value: int) -> None:
        while self.at >= self._threshold():
            _, began, heard = self._run
            start = began + heard * self._word
            self._run = (value, began, heard + 1)
            word = Word(value, max(start, self.settled), start + self._word)
            if self._habits.speech_started and not self._talking:
                self._told.append(Began(word.start))
            self._talking = self._open = True
            self._words.append(word)
            self.heard.append(value)

    def _decide(self, value: int) -> None:
        """Whether something is told now."""
        habits, rate = self._habits, self._rate
        pause = habits.endpointing
        if not value and self._talking and pause is not None and self.silence >= pause * rate:
            self._talking = False
            self._final(self.at, pause=True)
        elif self._words and self.at - self._speech >= habits.longest * rate:
            self._overlong(value)
        elif not self._words and self.silence and self.at - self.settled >= habits.quiet * rate:
            self._final(self.at)
        elif habits.interim is not None and self.at - self._last >= habits.interim * rate:
            self._last = self.at
            self._told.append(Said(self.settled, self.at, self._until(self.at)))
        wait = habits.utterance_end
        if self._open and not value and wait is not None and self.silence >= wait * rate:
            self._open = False
            self._told.append(Ended(self._voiced))

    def _overlong(self, value: int) -> None:
        hold = self._habits.hold if value else 0
        kept = self._words[len(self._words) - hold :] if 0 < hold < len(self._words) else []
        if kept and self._habits.interim is not None:
            self._told.append(Said(self.settled, self.at, self._until(self.at)))
        self._final(kept[0].start if kept else self.at)

    def _until(self, end: int) -> tuple[Word, ...]:
        return tuple(
            Word(word.number, word.start, min(word.end, end)) for word in self._words if word.start < end
        )

    def _final(self, end: int, *, pause: bool = False, flushed: bool = False) -> None:
        self._told.append(Said(self.settled, end, self._until(end), True, pause, flushed))
        self._words = [word for word in self._words if word.start >= end]
        self.settled = end
        self._last = self.at
