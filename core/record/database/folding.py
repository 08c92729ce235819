"""How words are told to be the same: without case, accents and punctuation, in every script.

Text is folded character by character, so that what is found can be shown in the text as it was said. Where
a script puts no spaces between words, each character is a word of its own: whatever stands in a row there
can be found.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 64
"""Characters of a word that count: longer ones are the same if they begin the same."""

MOST = 5_000
"""Words of one line that can be found."""

_ALONE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # 々〆〇
    (0x3021, 0x3029),
    (0x3041, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)
"""First and last of the characters that stand without spaces."""

_ACCENTS = frozenset((*range(10, 37), 1, 202, *range(212, 241)))
"""Combining classes of what people leave out when they type: accents, and Hebrew and Arabic points.

The vowels of Indic and South-East Asian scripts, and the voicing of kana, have others: they make words.
"""

_PLAIN = re.compile("[a-z0-9]+")
_KANA_VOICE = "\u3099\u309a"


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, and where it stands in the text as it was: first and after last character."""

    text: str
    start: int
    end: int


def words(text: str) -> Iterator[Word]:
    """The words of `text`, folded, at most `MOST` of them.

    The folding is Unicode's: compatibility decomposition (UAX 15) and full case folding, without accents.
    """
    for count, word in enumerate(_plain(text) if text.isascii() else _any(text)):
        if count == MOST:
            return
        yield word


def folded(text: str) -> str:
    """The words of `text` with a space between them."""
    if text.isascii():
        found = [word[:LONGEST] for word in _PLAIN.findall(text.lower())]
        return " ".join(found[:MOST])
    return " ".join(word.text for word in words(text))


def _plain(text: str) -> Iterator[Word]:
    for found in _PLAIN.finditer(text.lower()):
        yield Word(found[0][:LONGEST], found.start(), found.end())


def _any(text: str) -> Iterator[Word]:
    letters: list[str] = []
    start = end = 0
    alone = False
    for index, character in enumerate(text):
        piece, kind = _fold(character)
        if kind == "mark":
            # Belongs to the letter before it; without one it is nothing.
            if letters:
                letters.append(piece)
                end = index + 1
            continue
        if letters and (kind != "letter" or alone):
            yield Word("".join(letters)[:LONGEST], start, end)
            letters = []
        if kind in ("gap", "several"):
            # One character that stands for several words, as ½ does, or for none.
            yield from (Word(part, index, index + 1) for part in piece.split())
            continue
        if not letters:
            start = index
        letters.append(piece)
        end = index + 1
        alone = kind == "alone"
    if letters:
        yield Word("".join(letters)[:LONGEST], start, end)


@lru_cache(maxsize=16_384)
def _fold(character: str) -> tuple[str, str]:
    """What a character folds to, and what that is: a letter, a letter alone, a mark, a gap, or several."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = "".join(map(_kept, apart))
    whole = kept.strip()
    if not whole:
        return ("", "mark") if unicodedata.category(character)[0] in "MC" and kept == "" else ("", "gap")
    if " " in whole:
        return whole, "several"
    if all(unicodedata.category(letter)[0] == "M" for letter in whole):
        return whole, "mark"
    if _alone(character) or _alone(whole[0]):
        return whole, "alone"
    return whole, "letter"


def _kept(letter: str) -> str:
    """A decomposed character as it counts: itself, nothing, or a gap between words."""
    category = unicodedata.category(letter)
    if category[0] == "L":
        return letter
    if category[0] == "N":
        digit = unicodedata.decimal(letter, None)
        return letter if digit is None else str(digit)
    if category in ("Mn", "Mc"):
        ignored = unicodedata.combining(letter) in _ACCENTS or unicodedata.name(letter, "").startswith(
            ("VARIATION SELECTOR", "COMBINING GRAPHEME JOINER")
        )
        return "" if ignored else letter
    if category in ("Me", "Cf"):
        return ""  # soft hyphens, joiners, marks of direction
    return " "


def _alone(letter: str) -> bool:
    code = ord(letter)
    return any(first <= code <= last for first, last in _ALONE)
