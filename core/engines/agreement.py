"""What to show of hypotheses that still change. Pure.

An engine that hears an utterance again and again gives its text another form each time. Shown as it comes,
the text flickers. So while somebody talks only what two hypotheses in a row agree on is shown ("local
agreement", Liu et al. 2020). And what is shown is kept: it is handed back to the model as the beginning of
everything it finds later, so that a second thought about the first word can't turn the whole line over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_FIRST_SURE = 0.1
"""How sure the first word must be to be shown alone."""


@dataclass(frozen=True, slots=True)
class View:
    """`text` to show; its first `stable` characters stay."""

    text: str
    stable: int


def same(one: Sequence[int], other: Sequence[int]) -> int:
    """How many at the beginning are equal."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


class Agreement:
    """One utterance. Give it every hypothesis in order; it says what to show and what to keep.

    A hypothesis is its `tokens`, their `pieces` (the text of each, with a space where a word begins) and how
    `sure` each is (0 to 1). Of the words agreed on, the last `hide` are not shown, and the last `hold` are
    not kept yet: what follows may still change what the model makes of them.
    """

    def __init__(self, hide: int = 1, hold: int = 3) -> None:
        self._hide = hide
        self._hold = hold
        self._last: Sequence[int] | None = None
        self._shown = ""
        self.kept: Sequence[int] = ()
        """The tokens that everything later begins with."""

    def talking(self, tokens: Sequence[int], pieces: Sequence[str], sure: Sequence[float]) -> View:
        """A hypothesis made while somebody talks: its end is a guess."""
        ends = word_ends(pieces, same(tokens, self._last or ()))
        count = ends[len(ends) - 1 - self._hold] if len(ends) > self._hold else 0
        if count > len(self.kept):
            self.kept = tuple(tokens[:count])
        shown = ends[len(ends) - 1 - self._hide] if len(ends) > self._hide else 0
        text = spell(pieces[: max(shown, len(self.kept))])
        if not text and self._last is not None:
            # Two looks, and still nothing to trust: a first word is better than nothing.
            text = first(pieces) if min(sure[:1], default=0.0) >= _FIRST_SURE else ""
        self._last = tokens
        if len(text) > len(self._shown) or not self._shown.startswith(text):
            self._shown = text
        return self._view(pieces)

    def paused(self, tokens: Sequence[int], pieces: Sequence[str]) -> View:
        """A hypothesis made in a pause: it ends where a word ends, so all of it is shown.

        Where it was surer of something else than what was kept, that is kept from now on.
        """
        if same(tokens, self.kept) < len(self.kept):
            ends = [end for end in word_ends(pieces, len(pieces)) if end <= len(self.kept)]
            self.kept = tuple(tokens[: ends[-1]]) if ends else ()
        self._last = tokens
        self._shown = spell(pieces)
        return self._view(pieces)

    def _view(self, pieces: Sequence[str]) -> View:
        stable = len(spell(pieces[: len(self.kept)]))
        return View(self._shown, min(stable, len(self._shown)))


def word_ends(pieces: Sequence[str], agreed: int) -> list[int]:
    """Where words end among the first `agreed` pieces, as counts of pieces."""
    return [i for i in range(1, agreed + 1) if i == len(pieces) or not within(pieces[i])]


def within(piece: str) -> bool:
    """Whether a piece goes on with the word before it, rather than beginning one or being its punctuation."""
    return bool(piece) and (piece[0].isalnum() or piece[0] in "'’-")


def spell(pieces: Sequence[str]) -> str:
    """The text of some pieces."""
    return "".join(pieces).strip()


def first(pieces: Sequence[str]) -> str:
    """The first word, without punctuation."""
    words = spell(pieces).split()
    return words[0].strip(".,;:?!") if words else ""
