"""What a reader sees of one utterance, and of audio that was lost."""

from dataclasses import dataclass

from core.audio.frame import Speaker
from core.engines.protocol import Hypothesis


@dataclass(frozen=True, slots=True)
class Caption:
    """What `speaker` says or said from `start` to `end` (seconds of the call).

    Text that is not `final` may still change after its first `stable` characters.
    """

    speaker: Speaker
    start: float
    end: float
    text: str
    final: bool
    stable: int = 0
    language: str | None = None
    confidence: float | None = None
    """How sure the engine is, 0 to 1, where it tells."""
    engine: str | None = None
    """Who heard it, as people read it."""


def captioned(speaker: Speaker, said: Hypothesis, start: float, end: float, engine: str) -> Caption:
    """What an engine heard somebody say from `start` to `end` (seconds of the call)."""
    return Caption(
        speaker=speaker,
        start=start,
        end=max(start, end),
        text=said.text,
        final=said.final,
        stable=len(said.text) if said.final else said.stable,
        language=said.language,
        confidence=said.confidence,
        engine=engine,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing of `speaker` could be heard from `start` to `end` (seconds of the call)."""

    speaker: Speaker
    start: float
    end: float


Entry = Caption | Gap
