"""Recorded speech that the installed packages carry, and noises that are none."""

import wave
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.audio.frame import RATE
from core.engines import models
from core.engines.moonshine import Moonshine


def beckett() -> bytes:
    """Ten seconds of somebody reading: "Ever tried. Ever failed. No matter. Try again…", 16 kHz s16le."""
    folder = models.folder("moonshine_voice")
    assert folder is not None
    with wave.open(str(folder / "assets" / "beckett.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return bytes(file.readframes(file.getnframes()))


@cache
def moonshine() -> Moonshine:
    """The built-in model, loaded once: decoding changes nothing in it."""
    return Moonshine()


def floats(pcm: bytes) -> NDArray[np.float32]:
    """s16le as -1 to 1."""
    return (np.frombuffer(pcm, "<i2") / 32768).astype(np.float32)


def pcm(samples: NDArray[np.float64]) -> bytes:
    """-1 to 1 as s16le."""
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def noise(seconds: float, level: float = 0.1) -> bytes:
    """White noise."""
    return pcm(np.random.default_rng(7).standard_normal(int(RATE * seconds)) * level)


def chord(seconds: float, *pitches: float) -> bytes:
    """Tones with overtones that swell and fade every second, as played music does."""
    t = np.arange(int(RATE * seconds)) / RATE
    tones = [np.sin(2 * np.pi * pitch * k * t) / k for pitch in pitches for k in (1, 2, 3)]
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * t)
    return pcm(np.sum(tones, axis=0) * swell * 0.3 / len(pitches))


SPEECH = Path(__file__).parents[4] / "shared" / "speech"
"""More recordings, where they are."""
