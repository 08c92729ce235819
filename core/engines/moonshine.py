"""The Moonshine tiny English model (Useful Sensors, MIT) on plain onnxruntime: encoder and merged decoder.

Greedy decoding with a cache of keys and values. A draft, usually the hypothesis before, is verified in one
pass of the decoder and costs little where it holds ("speculative decoding", Leviathan et al. 2022); what
comes out is what greedy decoding without a draft gives, but for ties that the rounding of an 8-bit model
breaks either way. Everything here blocks: call it in a worker thread. Several threads may decode with one
model at a time; onnxruntime lets go of the interpreter while it computes.
"""

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.audio.frame import RATE
from core.engines import models
from core.engines.desk import Decoded, mean
from core.errors import EngineMissing

BEGIN, END = 1, 2
_FIRST_TEXT = 3  # ids below are <unk>, <s> and </s>
_SPECULATE = 20
"""Tokens of the draft that are tried again after one of them was wrong."""

_CLOSE = 0.5
"""The lead of a token, in logits, below which a pass over several tokens can't be trusted."""

_SURER = 0.06
"""How much higher the mean probability of a text must be to win over one that readers have seen."""

_SHORTEST = RATE // 10
"""Samples. The encoder's convolutions need about 0.06 s to give a single step."""


class Tokens:
    """The model's vocabulary, from its `tokenizer.bin`: each entry is a length and so many bytes of UTF-8.

    Lengths above 127 take two bytes, the lower seven bits first.
    """

    def __init__(self, data: bytes) -> None:
        self._pieces: list[bytes] = []
        at = 0
        while at < len(data):
            length = data[at]
            at += 1
            if length > 127:
                length += 128 * (data[at] - 1)
                at += 1
            self._pieces.append(data[at : at + length])
            at += length
        if at != len(data):
            raise EngineMissing("The speech model's tokenizer is damaged: install it again (make setup).")

    def __len__(self) -> int:
        return len(self._pieces)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """What each id spells, a space before each word. Markers such as <s> spell nothing.

        A character may take several ids, a byte each: the last of them spells it, the others nothing.
        """
        found: list[str] = []
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        for i in ids:
            piece = self._pieces[i] if i >= _FIRST_TEXT else b""
            found.append("" if piece.startswith(b"<<") else decode(piece).replace("\u2581", " "))
        return found


def looping(ids: Sequence[int]) -> int:
    """How many ids at the end repeat what stands before them: 0, or enough to be no speech.

    The same 1 to 10 ids, four times in a row and 8 ids in all, are a decoder that runs in a circle, as
    it does on noise. The number leaves the first round standing.
    """
    for size in range(1, 11):
        rounds = 1
        last = ids[len(ids) - size :]
        while len(ids) >= size * (rounds + 1):
            start = len(ids) - size * (rounds + 1)
            if list(ids[start : start + size]) != list(last):
                break
            rounds += 1
        if rounds >= 4 and rounds * size >= 8:
            return (rounds - 1) * size
    return 0


class _Pass:
    """The decoder over one stretch of encoded audio, with its cache."""

    def __init__(self, session: Any, hidden: NDArray[np.float32], samples: int) -> None:
        self._session = session
        self._past = [i.name for i in session.get_inputs() if i.name.startswith("past_key_values")]
        self._present = [name.replace("past_key_values", "present") for name in self._past]
        empty = np.zeros((1, 8, 0, 36), np.float32)
        self._cache: dict[str, NDArray[np.float32]] = dict.fromkeys(self._past, empty)
        self._fixed = {
            "encoder_hidden_states": hidden,
            # One entry for each sample: the graph thins the mask out itself.
            "encoder_attention_mask": np.ones((1, samples), np.int64),
        }
        self._length = 0

    def run(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Logits (len(ids), vocabulary) after each of `ids`, which follow what is in the cache."""
        first = self._length == 0
        # The cached branch leaves the encoder's keys and values alone, so they are asked for once.
        wanted = self._present if first else [name for name in self._present if ".decoder." in name]
        logits, *presents = self._session.run(
            ["logits", *wanted],
            {
                "input_ids": np.array([ids], np.int64),
                "use_cache_branch": np.array([not first]),
                **self._fixed,
                **self._cache,
            },
        )
        for name, value in zip(wanted, presents, strict=True):
            self._cache[name.replace("present", "past_key_values")] = value
        self._length += len(ids)
        found: NDArray[np.float32] = logits[0]
        return found

    def keep(self, length: int) -> None:
        """Forget all but the first `length` ids."""
        if length < self._length:
            for name, value in self._cache.items():
                if ".decoder." in name:
                    self._cache[name] = np.ascontiguousarray(value[:, :, :length])
            self._length = length


class Moonshine:
    """The loaded model. Making one reads 44 MB and takes about half a second; raises EngineMissing."""

    name = "Moonshine tiny, on this machine"
    languages: frozenset[str] | None = frozenset({"en"})
    step = 0.5
    context = 14.0

    def __init__(self) -> None:
        self.tokens = Tokens(models.verify(models.TOKENIZER).read_bytes())
        self._encoder = open_session(models.verify(models.ENCODER))
        self._decoder = open_session(models.verify(models.DECODER))

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
        """What is said in `pcm` (mono, 16 kHz, -1 to 1), at most some 30 s of it.

        `draft`: tokens that may well come out; they change the time it takes, not the result. The first
        `fixed` of them are taken as they are; with `fresh` only unless the model is surer of something else.
        `before`: what is said first, and settled; it does not come back.
        """
        if len(pcm) < _SHORTEST:
            return Decoded("", (), (), (), None)
        hidden = self.encode(pcm)
        limit = token_limit(len(pcm) / RATE)
        past = len(before)

        def greedy(kept: int) -> tuple[list[int], list[float]]:
            found, certain = self._greedy(hidden, len(pcm), [*before, *draft][:limit], past + kept, limit)
            return found[past:], certain[past:]

        if fresh and fixed:
            tokens, sure = greedy(0)
            if tokens[:fixed] != list(draft[:fixed]):
                kept, kept_sure = greedy(fixed)
                alike = self._letters(kept) == self._letters(tokens)
                if alike or mean(sure) < mean(kept_sure) + _SURER:
                    tokens, sure = kept, kept_sure
        else:
            tokens, sure = greedy(fixed)
        circle = looping(tokens)
        if circle:
            tokens, sure = tokens[:-circle], sure[:-circle]
        pieces = tuple(self.tokens.pieces(tokens))
        confidence = mean(sure) if sure else None
        text = "".join(pieces).strip()
        return Decoded(text, tuple(tokens), pieces, tuple(sure), confidence, looped=bool(circle))

    def _letters(self, tokens: Sequence[int]) -> str:
        """What `tokens` spell, without case, spaces and punctuation: no comma is worth a line that jumps."""
        return "".join(c for c in "".join(self.tokens.pieces(tokens)).casefold() if c.isalnum())

    def encode(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """The encoder's view (1, steps, 288) of `pcm`; about 41 steps a second."""
        audio = pcm[np.newaxis].astype(np.float32, copy=False)
        hidden: NDArray[np.float32] = self._encoder.run(
            ["last_hidden_state"], {"input_values": audio, "attention_mask": np.ones(audio.shape, np.int64)}
        )[0]
        return hidden

    def _greedy(
        self, hidden: NDArray[np.float32], samples: int, draft: list[int], fixed: int, limit: int
    ) -> tuple[list[int], list[float]]:
        """Tokens and the probability of each."""
        found: list[int] = []
        probabilities: list[float] = []
        decoder = _Pass(self._decoder, hidden, samples)
        at, guess = 0, draft  # `guess` is the part of the draft from `at` that is tried next
        while END not in found and len(found) < limit and not looping(found):
            last = found[-1] if found else BEGIN
            logits = decoder.run([last, *guess])
            best = logits.argmax(axis=1)
            given = guess[: max(0, fixed - len(found))]
            best[: len(given)] = given
            sure = accepted(logits, best, guess, len(given))
            new = [int(token) for token in best[:sure]]
            probabilities += certainty(logits[:sure], best[:sure])
            found += new
            decoder.keep(len(found))  # BEGIN and all but the newest token
            if sure > len(guess) or (new and new[-1] != guess[sure - 1]):
                at = _resume(draft, at + sure - 1, new[-1])
                guess = draft[at : min(at + _SPECULATE, at + limit - len(found))]
            else:
                at, guess = at + sure, []  # a close call: the next token is decided alone
        count = min(found.index(END) if END in found else len(found), limit)
        return found[:count], probabilities[:count]


def _resume(draft: Sequence[int], at: int, token: int) -> int:
    """Where in `draft` to go on after `token` came out instead of draft[at]: behind the same token soon
    after, or else just behind the one it replaces."""
    for ahead in range(at, min(at + _SPECULATE, len(draft))):
        if draft[ahead] == token:
            return ahead + 1
    return at + 1


def accepted(
    logits: NDArray[np.float32], best: NDArray[np.int64], guess: Sequence[int], given: int = 0
) -> int:
    """How many of the `best` tokens of a pass count, given the tokens that were guessed for it.

    All that were guessed right, and the one after. The model rounds its activations by the largest of a whole
    pass, so a pass over many tokens is a little coarser: where a token leads by less than `_CLOSE`, it does
    not count, and is found again in a pass of its own.
    """
    right = 0
    while right < len(guess) and best[right] == guess[right]:
        right += 1
    if not guess:
        return 1
    for row in range(given, right + 1):
        ahead = best[row]
        others = max(logits[row, :ahead].max(initial=-np.inf), logits[row, ahead + 1 :].max(initial=-np.inf))
        if logits[row, ahead] - others < _CLOSE:
            return row
    return right + 1


def token_limit(seconds: float) -> int:
    """The most tokens of real speech in so many seconds; noise would go on for ever.

    The model's authors set 6.5 a second; the few on top are for short, fast pieces.
    """
    return int(seconds * 6.5) + 4


def certainty(logits: NDArray[np.float32], chosen: NDArray[np.int64]) -> list[float]:
    """The probability of each chosen token, given logits (n, vocabulary)."""
    found: list[float] = []
    for row, token in zip(logits, chosen, strict=True):
        top = row.max()
        found.append(float(np.exp(row[token] - top) / np.exp(row - top).sum()))
    return found


def open_session(path: Path) -> Any:
    """An onnxruntime session that computes in the thread that calls it. Raises EngineMissing."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except (RuntimeError, ValueError) as error:
        raise EngineMissing(
            f"The speech model's {path.name} fails to load in onnxruntime {onnxruntime.__version__}: {error}"
        ) from error
