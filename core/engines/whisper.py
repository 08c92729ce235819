"""Whisper models (any size, many languages) in the form that faster-whisper reads, named by the settings.

The package is optional (`pip install spokenly[whisper]`) and imported only when such a model is asked for.
Whisper always looks at 30 s, whatever the length, so hearing a talking person again costs as much as a final:
interims come less often than with the built-in model.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.audio.frame import RATE
from core.engines.desk import Decoded, mean
from core.errors import EngineMissing

_NO_SPEECH = 0.6
"""Whisper's own limit for the probability that nobody speaks."""

_SHORTEST = RATE // 10


class Whisper:
    """A loaded faster-whisper model directory. Raises EngineMissing when it or the package is not there."""

    step = 1.5
    context = 0.0

    def __init__(self, directory: Path, workers: int = 1) -> None:
        # Without tokenizer.json faster-whisper would ask the network for one.
        for name in ("model.bin", "tokenizer.json"):
            if not (directory / name).is_file():
                raise EngineMissing(
                    f"SPOKENLY_MODEL_DIR names {directory}: no faster-whisper model, it has no {name}."
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
                num_workers=workers,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineMissing(f"The model in {directory} can't be loaded: {error}") from error
        multilingual = bool(self._model.model.is_multilingual)
        heard = self._model.supported_languages if multilingual else ["en"]
        self.languages: frozenset[str] | None = frozenset(heard)
        self._end = int(self._model.hf_tokenizer.token_to_id("<|endoftext|>"))  # markers from here on
        self.name = f"Whisper ({directory.name}), on this machine"

    def decode(
        self,
        pcm: NDArray[np.float32],
        draft: Sequence[int] = (),
        *,
        fixed: int = 0,
        fresh: bool = False,
        language: str = "en",
        before: Sequence[int] = (),
    ) -> Decoded:
        """What is said in `pcm` (mono, 16 kHz, -1 to 1), at most 30 s of it.

        The first `fixed` tokens of `draft` begin it, unless `fresh`; the rest of the draft helps nothing
        here, and `before` is always empty.
        """
        if len(pcm) < _SHORTEST:
            return Decoded("", (), (), (), None)
        kept = [] if fresh else list(draft[:fixed])
        segments, _ = self._model.transcribe(
            pcm,
            language=language,
            beam_size=5 if fresh else 1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            prefix=self._spell(kept) or None,
        )
        tokens: list[int] = []
        sure: list[float] = []
        silence = 1.0
        for segment in segments:
            found = [token for token in segment.tokens if token < self._end]
            tokens += found
            sure += [math.exp(segment.avg_logprob)] * len(found)
            silence = min(silence, segment.no_speech_prob)
        if tokens[: len(kept)] != kept:  # versions differ in whether a prefix is given back
            tokens, sure = kept + tokens, [1.0] * len(kept) + sure
        if silence > _NO_SPEECH and mean(sure) < 0.5:
            tokens, sure = [], []
        pieces = self._pieces(tokens)
        confidence = mean(sure) if sure else None
        return Decoded("".join(pieces).strip(), tuple(tokens), pieces, tuple(sure), confidence)

    def _spell(self, tokens: Sequence[int]) -> str:
        text: str = self._model.hf_tokenizer.decode(list(tokens))
        return text

    def _pieces(self, tokens: Sequence[int]) -> tuple[str, ...]:
        """The text of each token; of a character that takes several, the last one has it."""
        pieces: list[str] = []
        done = 0
        for count in range(1, len(tokens) + 1):
            text = self._spell(tokens[:count])
            whole = not text.endswith("\ufffd")
            pieces.append(text[done:] if whole else "")
            done = len(text) if whole else done
        return tuple(pieces)
