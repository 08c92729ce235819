"""The Silero voice detector (v6, MIT) on plain onnxruntime: how likely somebody speaks, every 32 ms.

One model for all streams, and a state for each: a shared state would let streams hear one another.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.audio.frame import RATE, WIDTH
from core.engines import models
from core.engines.moonshine import open_session

FRAME = 512
"""Samples of one frame (32 ms)."""

FRAME_BYTES = FRAME * WIDTH

_BEFORE = 64  # samples of the frame before, which the model sees again


class Voice:
    """What the detector remembers of one stream."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything. Done between utterances: the memory drifts in hours of one stream."""
        self.state = np.zeros((2, 128), np.float32)
        self.before = np.zeros(_BEFORE, np.float32)


class Silero:
    """The loaded model. Making one reads 2 MB; raises EngineMissing."""

    def __init__(self) -> None:
        self._session: Any = open_session(models.verify(models.SILERO))
        self._rate = np.array(RATE, np.int64)

    def hear(self, voices: Sequence[Voice], frames: Sequence[bytes]) -> list[float]:
        """The probability of speech, 0 to 1, in the next frame (FRAME samples, s16le) of each voice.

        One call for all; it takes some 0.08 ms for one voice and 0.5 ms for sixteen.
        """
        sound = np.frombuffer(b"".join(frames), "<i2").reshape(len(frames), FRAME).astype(np.float32)
        sound /= 32768
        before = np.stack([voice.before for voice in voices])
        state = np.stack([voice.state for voice in voices], axis=1)
        output, state = self._session.run(
            ["output", "stateN"],
            {"input": np.concatenate([before, sound], axis=1), "state": state, "sr": self._rate},
        )
        for index, voice in enumerate(voices):
            voice.state = state[:, index]
            voice.before = sound[index, -_BEFORE:]
        return [float(p) for p in output[:, 0]]
