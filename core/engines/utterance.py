"""What is known of an utterance that is under way, and of the one before it. Pure."""

from dataclasses import dataclass, field

from core.audio.frame import RATE
from core.engines.agreement import Agreement, View
from core.engines.desk import Decoded
from core.engines.segments import Close

_NEAR = 2.5
"""Seconds of silence after which somebody who goes on talking has begun something new."""

_SHORT = 0.7
"""Seconds of speech that are heard for themselves: so soon after settled words, the model tends to hear no
more, and the first word would come late."""


@dataclass(frozen=True, slots=True)
class Before:
    """The utterance that was settled last: its samples from `start` up to `end`, and its tokens."""

    start: int
    end: int
    tokens: tuple[int, ...]

    def near(self, speech: int) -> bool:
        """Whether speech that begins at the sample `speech` goes on with it."""
        return speech - self.end <= _NEAR * RATE

    def helps(self, speech: int, end: int, most: float) -> bool:
        """Whether what is said from `speech` up to `end` is best heard together with it. A model that knows
        how the sentence began mishears less; with more than `most` seconds in all it costs too much."""
        fits = end - speech >= _SHORT * RATE and end - self.start <= most * RATE
        return fits and self.near(speech)


@dataclass(slots=True)
class Utterance:
    """From the first sound to the final."""

    start: int
    speech: int
    agreement: Agreement = field(default_factory=Agreement)
    draft: tuple[int, ...] = ()
    heard: int = 0
    """Samples of the stream up to which it was last asked for."""
    count: int = 0
    """How often it was asked for while talk went on."""
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
