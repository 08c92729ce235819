"""Words of talk: sentences, content words, and what people say only to keep the floor.

English is known best; for German, French, Spanish, Italian, Portuguese and Dutch there are lists of stop
words; in any other language every word counts, and a ranking must find the dull ones by how often they come.
Scripts that put no space between words are read in pairs of characters.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from core.record.recaps.stopwords import BROKEN, FILLERS, NODS, STOP, TWICE

_SPACED = (
    r"\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
)
"""What words are made of; the ranges are the marks that `\\w` leaves out."""

_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""

_WORD = re.compile(
    rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}_])[{_SPACED}])+(?:['’.,-](?:(?![{_UNSPACED}_])[{_SPACED}])+)*"
)
UNSPACED = re.compile(rf"[{_UNSPACED}]")
"""The first character of a run that words are not told apart in."""


def spoken(text: str) -> list[str]:
    """The words as they stand; a run of a script without spaces is one."""
    return _WORD.findall(text)


def length(text: str) -> int:
    """How many words a text has; two characters of a script without spaces count as one."""
    return sum(-(-len(word) // 2) if UNSPACED.match(word) else 1 for word in spoken(text))


def words(text: str) -> list[str]:
    """The words, casefolded; of a script without spaces, each pair of neighbouring characters."""
    found: list[str] = []
    for word in spoken(text):
        if UNSPACED.match(word):
            found += [word[at : at + 2] for at in range(len(word) - 1)] or [word]
        else:
            found.append(word.casefold().replace("’", "'"))
    return found


def content(text: str, language: str = "en") -> list[str]:
    """The words that carry meaning, each in a form that its plural and past share."""
    dull = stop_words(language)
    english = language.startswith("en")
    return [
        stem(word) if english else word
        for word in words(text)
        if word not in dull and (len(word) > 2 or not word.isascii() or word.isdigit())
    ]


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """An English word without the commonest endings: enough that "design" and "designs" meet."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[」』”’）]*|[؟।॥።။]+(?=\s|$)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|hon|st|vs|no|e\.g|i\.e|etc|approx|dept|inc|ltd|jr|sr)|"
    r"(?<![\w'’])[^\W\d_])\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of `text` begin and end (first and after last character), without outer spaces."""
    start = 0
    for match in _END.finditer(text):
        if match.end() < len(text) and _goes_on(text, start, match):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a full stop belongs to an abbreviation or an ordinal, or dots to a pause in a sentence."""
    rest = text[match.end() :].lstrip()[:1]
    if match[0] == ".":
        before = text[max(start, match.start() - 8) : match.start() + 1]
        return bool(_ABBREVIATION.search(before)) and not before.endswith(" I.")
    return match[0].startswith(("..", "…")) and rest.islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end


_LEADING = re.compile(
    r"(?:(?:u+[hm]+|e+r+m?|a+h+|o+h+|h*m+(?:[ -]?hm+)?|m+|eh|huh|so|well|ok|okay|'?kay|yeah|yep|yes|yup|right"
    r"|alright|all right|now|then|"
    r"and|like|anyway|basically|actually|you know|i mean|i guess|you see|let's see)"
    r"(?![\w'’-])[\s,.;:!?…–—-]*)+",
    re.IGNORECASE,
)


def opening(text: str) -> int:
    """How many characters of a sentence say nothing yet: "Um, so, well, we should …"."""
    match = _LEADING.match(text)
    return match.end() if match else 0


def stumbles(text: str) -> int:
    """How many words of a sentence are false starts: "I I th think um", said and not meant to be read."""
    said = words(text)
    again = sum(_again(one, other) for one, other in pairwise(said))
    again += sum(
        said[at : at + 2] == said[at + 2 : at + 4] and said[at] != said[at + 1] for at in range(len(said) - 3)
    )
    return again + sum(word in FILLERS or word in BROKEN for word in said)


def _again(one: str, other: str) -> bool:
    """Whether a word is said twice, or begun and then said: "the the", "we we're", "techno technology"."""
    if one == other:
        return one not in TWICE and not one.isdigit()
    return other.startswith(f"{one}'") or (other.startswith(one) and one not in STOP["en"] and one.isalpha())


def nods(text: str) -> bool:
    """Whether a line only tells the speaker to go on: "Mm-hmm. Yeah, right."."""
    said = words(text)
    return len(said) <= 5 and all(word in NODS for word in said)


@lru_cache(maxsize=32)
def stop_words(language: str) -> frozenset[str]:
    """The words of a language (a tag like "pt-BR") that say little about what a sentence is about."""
    primary = language.partition("-")[0].lower()
    return STOP.get(primary, frozenset()) | FILLERS


def sounds_english(texts: Sequence[str]) -> bool:
    """Whether talk of an unknown language is English, by its commonest words."""
    said = [word for text in texts[:200] for word in words(text)]
    return bool(said) and sum(word in STOP["en"] for word in said) > 0.35 * len(said)
