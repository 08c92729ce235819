"""The key phrases of a call: what people kept naming, in one to three words."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence

from core.record.recaps.sentences import Sentence
from core.record.recaps.stopwords import VAGUE
from core.record.recaps.words import UNSPACED, spoken, stem, stop_words

_WORDS = 3
"""How many words a phrase has at most."""

_CHARACTERS = 4
"""How many characters, where a script puts no space between words."""

_BREAK = re.compile(r"[,.;:!?…()\[\]\"“”«»–—/]|\s-\s")
_NAMING = re.compile(r"[\u30a1-\u30ffー]+|[\u3005\u3400-\u9fff\uf900-\ufaff]+")
"""Katakana and Han: what Japanese and Chinese name things with."""

_LITTLE = frozenset("的了是在我你他她它们這这那不就也都有和说說个個会會要人一以到么麼什今日本当時思言何事")
"""Characters of which a Chinese or Japanese phrase is seldom made."""


def phrases(sentences: Sequence[Sentence], count: int) -> tuple[str, ...]:
    """At most `count`, the most telling first, each as it was said most often and never only once."""
    often: Counter[tuple[str, ...]] = Counter()
    forms: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        for key, form, inside in _named(sentence):
            often[key] += 1
            forms[key][form] += inside
    least = 2 if len(sentences) < 80 else 3
    ranked = sorted(
        (key for key in often if often[key] >= least),
        key=lambda key: (-often[key] * _value(key), key),
    )
    chosen: list[tuple[str, ...]] = []
    for key in ranked[: 20 * count]:
        if len(chosen) < count and not any(_overlap(key, other) for other in chosen):
            chosen.append(key)
    return tuple(_written(forms[key]) for key in chosen)


def _named(sentence: Sentence) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Every phrase of a sentence: its key, how it stands there, and 0 where it opens the sentence."""
    dull = stop_words(sentence.language)
    first = 0
    for piece in _BREAK.split(sentence.text):
        run: list[str] = []
        for word in [*spoken(piece), ""]:
            if UNSPACED.match(word):
                yield from _unspaced(word)
            elif word and _tells(word, dull):
                run.append(word)
                continue
            yield from _grams(run, first)
            run, first = [], 1


def _tells(word: str, dull: Container[str]) -> bool:
    plain = word.casefold().replace("’", "'")
    return plain not in dull and len(word) > 2 and not word.isdigit()


def _grams(run: Sequence[str], first: int) -> Iterator[tuple[tuple[str, ...], str, int]]:
    for at in range(len(run)):
        for end in range(at + 1, min(at + _WORDS, len(run)) + 1):
            key = tuple(stem(word.casefold()) for word in run[at:end])
            if len({*key}) == len(key) and not all(word.casefold() in VAGUE for word in run[at:end]):
                yield key, " ".join(run[at:end]), int(at > 0 or first > 0)


def _unspaced(run: str) -> Iterator[tuple[tuple[str, ...], str, int]]:
    for match in _NAMING.finditer(run):
        name = match[0]
        if len(name) > 1 and "\u30a1" <= name[0] <= "ー":
            yield (name,), name, 1
            continue
        for size in range(2, _CHARACTERS + 1):
            for at in range(len(name) - size + 1):
                if not _LITTLE.intersection(name[at : at + size]):
                    yield (name[at : at + size],), name[at : at + size], 1


def _written(forms: Mapping[str, int]) -> str:
    """As it stands most often inside a sentence, where a capital letter means something."""
    return min(forms, key=lambda form: (-forms[form], form))


def _value(key: tuple[str, ...]) -> float:
    """Two words name a thing better than one; a third seldom adds as much."""
    if UNSPACED.match(key[0]):
        return 1.0 + 0.4 * len(key[0])
    return (1.0, 3.0, 3.3)[len(key) - 1]


def _overlap(key: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two phrases share a word, or one of a script without spaces lies in the other."""
    return bool({*key} & {*other}) or (
        len(key) == len(other) == 1
        and bool(UNSPACED.match(key[0]))
        and (key[0] in other[0] or other[0] in key[0])
    )
