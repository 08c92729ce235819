"""How the fake treats its streams when nothing goes wrong."""

from dataclasses import dataclass, field

from tests.fakes.deepgram.ear import Habits
from tests.fakes.deepgram.messages import Style
from tests.fakes.deepgram.query import Asked


@dataclass(frozen=True, slots=True)
class Manner:
    """Times are seconds: of audio where it is about what is told, of the loop's clock elsewhere."""

    style: Style = field(default_factory=Style)
    interim: float = 1.0
    """An interim so long after whatever was told last."""
    longest: float = 5.0
    """Speech without a pause becomes final after so long."""
    hold: int = 1
    """Words that such a final leaves to the next one, though the interim before has shown them."""
    quiet: float = 5.0
    """Silence becomes an empty final after so long."""
    varied: bool = False
    """Each connection cuts its segments elsewhere, so that a replay is not told as the original was."""
    finalize_always: bool = False
    """Finalize is answered even when nothing was open. Deepgram does not promise it."""
    lag: float = 0.0
    """Between a sample and what is said about it."""
    pace: float | None = None
    """Audio is worked through at this many times real time at most; Deepgram's own limit is 1.25."""
    ping: float | None = 20.0
    silent_client: float = 10.0
    """NET-0001 after so long without anything from the client."""
    no_audio: float = 20.0
    """NET-0000 after so long without any audio at all."""
    keyterms: int = 100
    """Key terms at most, besides the limit of their tokens."""

    def habits(self, asked: Asked, number: int) -> Habits:
        """What the recogniser of connection `number` does."""
        spread = number * 7 % 5 if self.varied else 0
        interim = self.interim * (1 + spread / 10)
        return Habits(
            endpointing=asked.endpointing,
            interim=interim if "interim_results" in asked.on else None,
            utterance_end=asked.utterance_end,
            speech_started="vad_events" in asked.on,
            longest=self.longest * (1 - spread / 10),
            hold=number % 3 if self.varied else self.hold,
            quiet=self.quiet,
        )
