"""Whisper models (any size, many languages) in the form that faster-whisper reads, named by the settings.

The package is optional (`pip install spokenly[whisper]`) and imported only when such a model is asked for.
Whisper always looks at 30 s, whatever the length, so hearing a talking person again costs as much as a final:
interims come less often than with the built-in model.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.audio.frame import RATE
from core.engines.desk import Decoded
from core.errors import EngineMissing

_SHORTEST = RATE // 10


class Whisper:
    """A loaded faster-whisper model directory. Raises EngineMissing when it or the package is not there."""

    step = 1.5

    def __init__(self, directory: Path) -> None:
        if not (directory / "model.bin").is_file():
            raise EngineMissing(
                f"SPOKENLY_MODEL_DIR names {directory}: no faster-whisper model, it has no model.bin."
            )
        try:
            from faster_whisper import WhisperModel  # noqa: PLC0415 - optional, and slow to import
        except ImportError as error:
            raise EngineMissing(
                "SPOKENLY_MODEL_DIR needs the faster-whisper package: pip install 'spokenly[whisper]'."
            ) from error
        try:
            self._model: Any = WhisperModel(
                str(directory),
                device="cpu",
                compute_type="int8",
                cpu_threads=1,
                num_workers=4,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineMissing(f"The model in {directory} can't be loaded: {error}") from error
        multilingual = bool(self._model.model.is_multilingual)
        self.languages = frozenset(self._model.supported_languages) if multilingual else frozenset({"en"})
        self.name = f"Whisper ({directory.name}), on this machine"

    def decode(self, pcm: NDArray[np.float32], draft: Sequence[int] = (), *, language: str = "en") -> Decoded:
        """What is said in `pcm` (mono, 16 kHz, -1 to 1), at most 30 s of it. A draft helps nothing here."""
        if len(pcm) < _SHORTEST:
            return Decoded("", (), None)
        segments, _ = self._model.transcribe(
            pcm,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            vad_filter=False,
        )
        texts: list[str] = []
        tokens: list[int] = []
        total = 0.0
        for segment in segments:
            texts.append(segment.text.strip())
            tokens += segment.tokens
            total += float(np.exp(segment.avg_logprob)) * len(segment.tokens)
        return Decoded(" ".join(texts), tuple(tokens), total / len(tokens) if tokens else None)
