"""What to show of hypotheses that still change. Pure.

An engine that hears an utterance again and again gives the end of its text another form each time. Shown as
it comes, the text flickers. So while somebody talks only those words are shown that two hypotheses in a row
agree on ("local agreement", Liu et al. 2020), and a word that is shown stays until two in a row say
otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """`text` to show; its first `stable` characters are agreed on."""

    text: str
    stable: int


def plain(word: str) -> str:
    """A word without case and punctuation, as it is compared."""
    return "".join(c for c in word.casefold() if c.isalnum()) or word


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words at the beginning are the same but for case and punctuation."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if plain(a) != plain(b):
            break
        count += 1
    return count


class Agreement:
    """One utterance. Give it every hypothesis in order; it says what to show."""

    def __init__(self) -> None:
        self._last: list[str] = []
        self._shown: list[str] = []
        self._agreed = 0  # words of `_shown` that two hypotheses agreed on

    def talking(self, text: str) -> View:
        """A hypothesis made while somebody talks: its end is a guess."""
        words = text.split()
        agreed = common(words, self._last)
        first = not self._last
        self._last = words
        if first and not self._shown:
            self._show(words, 0)
        elif agreed > common(words[:agreed], self._shown) or agreed >= len(self._shown):
            self._show(words[:agreed], agreed)
        return self._view()

    def paused(self, text: str) -> View:
        """A hypothesis made in a pause: it ends where a word ends, so all of it is shown."""
        words = text.split()
        agreed = common(words, self._last)
        self._last = words
        self._shown, self._agreed = words, agreed
        return self._view()

    def _show(self, words: Sequence[str], agreed: int) -> None:
        """Show `words`. Those that were shown in another case or punctuation keep it while talk goes on."""
        kept = common(words, self._shown)
        self._shown = [*self._shown[:kept], *words[kept:]]
        self._agreed = max(agreed, min(self._agreed, kept))

    def _view(self) -> View:
        return View(" ".join(self._shown), len(" ".join(self._shown[: self._agreed])))
