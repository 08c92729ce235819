"""Cutting a stream into utterances, from how likely somebody speaks in each frame. Pure arithmetic.

Positions are samples since the stream began. An utterance opens with the first speech, a little before it; it
is quiet after a short silence, when its text can already be worked out; it closes after a longer one. One
that goes on and on is cut where speech was least likely, not in the middle of a word.
"""

from dataclasses import dataclass

from core.audio.frame import RATE


@dataclass(frozen=True, slots=True)
class Rules:
    """When utterances open and close. Times in seconds, converted to frames of `frame` samples."""

    threshold: float = 0.5
    """Probability from which a frame is speech; silence is anything `gap` below."""

    gap: float = 0.15
    frame: int = 512
    opening: int = 2
    """Frames of speech in a row that open an utterance."""

    before: float = 0.5
    """Audio before the first speech that belongs to it: soft consonants, breath."""

    quiet: float = 0.16
    """Silence after which the text is worked out, in case the utterance is over."""

    hang: float = 0.8
    """Silence that ends an utterance."""

    soft: float = 10.0
    """Length from which less and less silence is enough…"""

    soft_hang: float = 0.3
    """…down to this much, at `limit`."""

    limit: float = 18.0
    """Length at which an utterance is cut."""

    reach: float = 4.0
    """How far back the best place for that cut is looked for."""

    def frames(self, seconds: float) -> int:
        """Whole frames in so many seconds, at least one."""
        return max(1, round(seconds * RATE / self.frame))


@dataclass(frozen=True, slots=True)
class Open:
    """An utterance begins: its audio at `start`, its speech at `speech`."""

    start: int
    speech: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing has been said for a moment: everything said so far lies before `end`."""

    end: int


@dataclass(frozen=True, slots=True)
class Resume:
    """It was only a breath: the utterance goes on."""


@dataclass(frozen=True, slots=True)
class Close:
    """The utterance is over; it ended before `end`. `share`: of its frames from the first to the last speech,
    how many were speech, 0 to 1. `cut`: somebody was still talking."""

    end: int
    share: float
    cut: bool = False


Event = Open | Quiet | Resume | Close


class Segmenter:
    """One stream's utterances. Feed it every frame's probability; it answers with what happened."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.at = 0
        """Samples so far."""
        self._settled = 0  # samples that belong to utterances that closed
        self._onset = 0  # frames of speech in a row while nothing is open
        self._open = False
        self._start = 0
        self._probabilities: list[float] = []  # since the first speech of the open utterance
        self._first = 0  # where the first of them begins
        self._silence = 0  # frames of silence in a row at the end
        self._quiet = False

    @property
    def open(self) -> bool:
        """Whether an utterance is open."""
        return self._open

    @property
    def quiet(self) -> bool:
        """Whether the open utterance has paused."""
        return self._quiet

    def push(self, probability: float) -> list[Event]:
        """Take the next frame."""
        self.at += self._rules.frame
        if not self._open:
            return self._wait(probability)
        self._probabilities.append(probability)
        if probability >= self._rules.threshold:
            self._silence = 0
        elif probability < self._rules.threshold - self._rules.gap or self._silence:
            self._silence += 1
        events: list[Event] = []
        if self._quiet and not self._silence:
            self._quiet = False
            events.append(Resume())
        elif not self._quiet and self._silence >= self._rules.frames(self._rules.quiet):
            self._quiet = True
            events.append(Quiet(self.at))
        if self._silence >= self._patience():
            events.append(self._close())
        elif self.at - self._start >= self._rules.limit * RATE:
            events += self._cut()
        return events

    def flush(self, at: int) -> list[Event]:
        """End what is open now: the stream has `at` samples, the last of them short of a frame."""
        self.at = at
        events: list[Event] = []
        if self._open:
            events.append(self._close(end=at, cut=not self._quiet))
        self._settled = at
        self._onset = 0
        return events

    def _wait(self, probability: float) -> list[Event]:
        self._onset = self._onset + 1 if probability >= self._rules.threshold else 0
        if self._onset < self._rules.opening:
            return []
        self._first = self.at - self._onset * self._rules.frame
        self._start = max(self._settled, self._first - round(self._rules.before * RATE))
        self._probabilities = [probability] * self._onset
        self._open, self._quiet, self._silence, self._onset = True, False, 0, 0
        return [Open(self._start, self._first)]

    def _patience(self) -> int:
        """Frames of silence that end the utterance at its present length."""
        length = (self.at - self._start) / RATE
        rules = self._rules
        if length <= rules.soft:
            return rules.frames(rules.hang)
        late = min(1.0, (length - rules.soft) / (rules.limit - rules.soft))
        return rules.frames(rules.hang + (rules.soft_hang - rules.hang) * late)

    def _close(self, end: int | None = None, cut: bool = False) -> Close:
        rules = self._rules
        heard = len(self._probabilities) - self._silence
        if end is None:
            after = min(self._silence, rules.frames(rules.quiet))
            end = self._first + (heard + after) * rules.frame
        speech = sum(p >= rules.threshold for p in self._probabilities)
        self._open = self._quiet = False
        self._settled = end
        return Close(end, min(1.0, speech / max(1, heard)), cut)

    def _cut(self) -> list[Event]:
        """End the utterance in its weakest moment; what follows is the next one."""
        rules = self._rules
        reach = min(rules.frames(rules.reach), len(self._probabilities) - 1)
        smooth = self._weakness(reach)
        weakest = min(range(len(smooth)), key=smooth.__getitem__)
        keep = len(self._probabilities) - reach + weakest
        rest = self._probabilities[keep:]
        silence = min(self._silence, len(rest))
        end = self._first + keep * rules.frame
        self._probabilities = self._probabilities[:keep]
        self._silence = 0
        closed = self._close(end=end, cut=True)
        self._open = True
        self._start = self._first = end
        self._probabilities, self._silence = rest, silence
        self._quiet = silence >= rules.frames(rules.quiet)
        events: list[Event] = [closed, Open(end, end)]
        if self._quiet:
            events.append(Quiet(self.at))
        return events

    def _weakness(self, reach: int) -> list[float]:
        """The last `reach` probabilities, each the mean of itself and its neighbours."""
        tail = self._probabilities[-reach:]
        return [sum(tail[max(0, i - 1) : i + 2]) / len(tail[max(0, i - 1) : i + 2]) for i in range(len(tail))]
