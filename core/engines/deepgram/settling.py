"""What Deepgram found, as hypotheses in the order of a stream: each word once, nothing said twice. Pure."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from math import fsum
from typing import Final

from core.engines.deepgram.messages import Results, Word
from core.engines.protocol import Hypothesis
from core.errors import LineLost

_HOLE: Final = 0.1
"""Seconds that finals may leave out: too short for a word to be lost in."""

_NEAR: Final = 0.07
"""Seconds by which two streams may differ about when a word was."""

_EDGE: Final = 0.15
"""Seconds at the end of a final that it does not settle at most, where they hold no word: one may have begun
there."""

_SAME: Final = 0.0005
"""Seconds that rounding may take from a time: a word whose middle lies where what was settled ends was not
told."""

_SHORT: Final = 1.0
"""Seconds of a stream that may end without a word about it."""


class Settling:
    """The results of one stream.

    `language`: what to say of words whose language Deepgram doesn't tell. The first `known` seconds were
    settled before, on another stream: a word belongs to what follows if its middle does, because two streams
    never agree on the moment when a word begins.
    """

    def __init__(self, language: str | None = None, known: float = 0.0) -> None:
        self._language = language
        self._known = known
        self._shown = ""  # of what is not final
        self.settled = known
        """Seconds of the stream that finals cover."""

    @property
    def pending(self) -> bool:
        """Whether words were told that no final covers yet."""
        return bool(self._shown)

    def hear(self, results: Results, sent: float) -> Hypothesis | None:
        """What `results` mean after `sent` seconds of the stream, if they mean anything new.

        Raises `LineLost` when finals leave something out: each begins where the last one ended.
        """
        words = [word for word in results.words if word.middle > self._known - _SAME or not self._known]
        text = _text(results, words)
        if results.final:
            if results.start - self.settled > _HOLE:
                raise LineLost("Deepgram left out a part of what it was sent.")
            return self._final(results, words, text, sent)
        if not text and not self._shown:
            return None
        stable = agreed(self._shown, text)
        self._shown = text
        start, end = self._span(words, sent)
        return Hypothesis(start, end, text, False, stable, self._tongue(results, words), _sure(words))

    def end(self, sent: float) -> Hypothesis | None:
        """Nothing follows, and all of it was heard: what no final covers was silence.

        Raises `LineLost` if that can't be: words were told of it, or it is as long as words are. A short
        stream that nothing was said about has none; otherwise its replay would never end.
        """
        left = sent - self.settled
        if left <= 0:
            return None
        short = left <= _SHORT and self.settled == self._known
        if self._shown or (left > _HOLE and not short):
            raise LineLost("Deepgram ended the stream before its last words were final.")
        start, self.settled = self.settled, sent
        return Hypothesis(start, sent, "", True, 0, self._language)

    def _final(self, results: Results, words: Sequence[Word], text: str, sent: float) -> Hypothesis | None:
        settled = self.settled
        end = max(settled, min(results.end, sent))
        if not text and not self._shown and end <= settled:
            return None
        # A final may end before the last interim did: words beyond it come again in the next one.
        self._shown = ""
        start = min(self._span(words, sent)[0], end) if words else settled
        self.settled = end
        confidence = _sure(words) if words else None
        if words and end - words[-1].end > _NEAR:
            end = max(start, (words[-1].end + end) / 2, end - _EDGE)
        elif words and end - words[-1].end < _SAME:
            # The last word may go on, and it was told.
            end = self.settled = max(end, min(sent, end + 2 * _SAME))
        return Hypothesis(start, end, text, True, len(text), self._tongue(results, words), confidence)

    def _span(self, words: Sequence[Word], sent: float) -> tuple[float, float]:
        """From the first word to the last, within what was sent and is not settled."""
        if not words:
            return self.settled, self.settled
        start = min(max(words[0].start, self.settled), max(sent, self.settled))
        return start, min(max(words[-1].end, start), max(sent, start))

    def _tongue(self, results: Results, words: Sequence[Word]) -> str | None:
        told = Counter(word.language for word in words if word.language)
        if told:
            return told.most_common(1)[0][0]
        return results.languages[0] if results.languages and words else self._language


def agreed(before: str, now: str) -> int:
    """How many characters of `now` are words that `before` began with too."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before.split(), now.split(), strict=False))
    return len(" ".join(word for word, _ in same))


def _text(results: Results, words: Sequence[Word]) -> str:
    """The text of `words`, which are all of the results' or some of them, mostly the last ones.

    Not every script has spaces between words, so the text loses its beginning instead of being put together.
    """
    gone = len(results.words) - len(words)
    rest = results.text
    for word in results.words[:gone]:
        if not rest.startswith(word.text):
            rest = ""
        rest = rest.removeprefix(word.text).lstrip()
    if rest and words and tuple(words) == results.words[gone:]:
        return rest
    return " ".join(word.text for word in words)


def _sure(words: Sequence[Word]) -> float | None:
    told = [word.confidence for word in words if word.confidence is not None]
    return fsum(told) / len(told) if told else None
