"""Recorded speech for the figures: the speech set beside the repository, or what the packages carry."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio.media import read
from core.engines.models import folder
from core.engines.silero import FRAME, FRAME_BYTES, Silero, Voice

SET = Path(__file__).parents[3] / "shared" / "speech"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording, what is said in it, and where in it the voice begins and ends (seconds)."""

    name: str
    text: str
    pcm: bytes
    begins: float
    ends: float


def spoken(kinds: tuple[str, ...] = ("libri_other", "libri_clean", "librivox")) -> list[Utterance]:
    """English read speech with its words, whole recordings."""
    if not (SET / "manifest.json").exists():
        return [_utterance(path, text) for path, text in _packaged()]
    manifest = json.loads((SET / "manifest.json").read_text())
    chosen = [item for item in manifest if item["file"].split("/")[0] in kinds and item["lang"] == "en"]
    return [_utterance(SET / item["file"], item["transcript"]) for item in chosen]


def _packaged() -> list[tuple[Path, str]]:
    place = folder("moonshine_voice")
    assert place is not None
    return [
        (
            place / "assets" / "beckett.wav",
            "Ever tried. Ever failed. No matter. Try again. Fail again. Fail better.",
        )
    ]


def _utterance(path: Path, text: str) -> Utterance:
    pcm = b"".join(read(path))
    begins, ends = voice(pcm)
    return Utterance(path.stem, text, pcm, begins, ends)


def voice(pcm: bytes) -> tuple[float, float]:
    """Where the voice begins and ends, to 32 ms: the first and last frame that Silero takes for speech."""
    silero, state = Silero(), Voice()
    whole = len(pcm) // FRAME_BYTES
    likely = [silero.hear([state], [pcm[n * FRAME_BYTES : (n + 1) * FRAME_BYTES]])[0] for n in range(whole)]
    speech = [n for n, probability in enumerate(likely) if probability > 0.5]
    if not speech:
        return 0.0, len(pcm) / 32_000
    return speech[0] * FRAME / 16_000, (speech[-1] + 1) * FRAME / 16_000


def silence(seconds: float) -> bytes:
    """A quiet room: the faint noise of a microphone."""
    dice = np.random.default_rng(3)
    return dice.normal(0, 3, round(seconds * 16_000)).astype("<i2").tobytes()
