"""Claims held against the lines of a conversation: what no line supports is dropped.

Whoever writes a recap is not trusted: it may have misheard, invented, or obeyed somebody who spoke. A claim
must cite lines that exist; it can't name a person, a time or an address that is not to be found there.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from core.record.kept import Line
from core.record.recaps.recap import Claim, Talk
from core.record.recaps.words import content, length, words
from core.record.written import line as one_line

LONGEST = 400
"""Characters of a claim."""

CITED = 8
"""Lines that one claim cites at most."""

PHRASES = 12
"""Phrases of a recap at most."""

_ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://\S*"
    r"|\b(?:javascript|data|mailto|vbscript|file|tel):\S+"
    r"|\bwww\.\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*"
    r"|(?<![\w-])[\w-]+(?:\.[\w-]+)*\.(?:app|biz|click|cn|co|com|dev|gg|info|io|link|ly|me|net|online|org|ru|site|top"
    r"|uk|us|xyz|zip)\b(?:/\S*)?"
    r"|(?<![\w-])[\w-]+(?:\.[\w-]+)+/\S+",
    re.IGNORECASE,
)
"""Whatever a page or a chat platform could make a link of."""

_MENTION = re.compile(r"(?<![\w.+-])@\s?\w|<[@#!:]")


def addresses(text: str) -> list[str]:
    """The links and mail addresses in `text`, in one spelling."""
    return [match[0].rstrip(".,;:!?)]}>\"'") for match in _ADDRESS.finditer(_plain(text))]


def alive(text: str, said: str = "") -> bool:
    """Whether `text` has an address in it that is not in `said`, or calls people, whoever said that."""
    found = set(addresses(text))
    return bool(_MENTION.search(_plain(text))) or (bool(found) and not found <= set(addresses(said)))


def _plain(text: str) -> str:
    """One spelling for what looks alike, so that a wide or an invisible character hides nothing."""
    if text.isascii():
        return text.casefold()
    shown = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return shown.casefold()


def cut(text: str, most: int = LONGEST) -> str:
    """`text` on one line, without control characters, `most` characters long at most."""
    short = one_line(text[: 4 * most].encode(errors="replace").decode())
    return short if len(short) <= most else f"{short[: most - 1].rstrip()}…"


class Evidence:
    """The lines of one conversation. `dropped` counts the claims that they don't support."""

    def __init__(self, lines: Sequence[Line], language: str) -> None:
        self._lines = {line.number: line for line in lines}
        self._language = language
        self._names = {line.speaker.name.casefold(): line.speaker.name for line in lines}
        self._all = _plain(" ".join(line.text for line in lines))
        self.dropped = 0

    def claim(
        self, text: str, numbers: Iterable[int], *, who: str | None = None, when: str | None = None
    ) -> Claim | None:
        """The claim, if it stands; what it says of who and when only where that was said."""
        lines = [self._lines[number] for number in dict.fromkeys(numbers) if number in self._lines][:CITED]
        text = cut(text)
        said = " ".join(f"{line.speaker.name} {line.text}" for line in lines)
        if not lines or not words(text) or alive(text, said):
            self.dropped += 1
            return None
        return Claim(
            text,
            tuple(line.number for line in lines),
            self._who(who or "", said),
            self._when(when or "", said),
        )

    def _who(self, who: str, said: str) -> str | None:
        who = cut(who, 80)
        if (name := self._names.get(who.casefold())) is not None:
            return name
        wanted = words(who)
        if not wanted or alive(who, said):
            return None
        # "Ana" is enough where one Ana Lima is there.
        called = [name for name in self._names.values() if set(wanted) <= set(words(name))]
        if len(called) == 1:
            return called[0]
        return who if f" {' '.join(wanted)} " in f" {' '.join(words(said))} " else None

    def _when(self, when: str, said: str) -> str | None:
        when = cut(when, 80)
        grounded = not set(words(when)).isdisjoint(words(said)) and not alive(when, said)
        return when if grounded else None

    def phrases(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Those phrases whose words of meaning were all said, be it in another form; without repeats."""
        found: dict[str, str] = {}
        for phrase in (cut(one, 60) for one in wanted):
            roots = [word[:5] for word in content(phrase, self._language)]
            if roots and not alive(phrase) and all(_plain(root) in self._all for root in roots):
                found.setdefault(phrase.casefold(), phrase)
        return tuple(found.values())[:PHRASES]


class Overlap:
    """Finds the lines that a sentence rests on by the words that both have, rare ones before common ones."""

    def __init__(self, lines: Sequence[Line], language: str) -> None:
        self._language = language
        self._words = [(line.number, frozenset(content(line.text, language))) for line in lines]
        counted = Counter(word for _, said in self._words for word in said)
        self._weight = {word: math.log(1 + len(lines) / count) for word, count in counted.items()}

    def lines(self, sentence: str, most: int = 3) -> tuple[int, ...]:
        """Numbers of up to `most` lines, in their order; none where less than a third of it was said."""
        wanted = set(content(sentence, self._language))
        left = {word for word in wanted if word in self._weight}
        if not left or 3 * len(left) < len(wanted):
            return ()
        found: list[int] = []
        while left and len(found) < most:
            number, said = max(self._words, key=lambda row: self._shared(row[1], left))
            # A single common word is an accident, unless there is no more to find.
            if len(said & left) < min(2, len(wanted)):
                break
            found.append(number)
            left -= said
        return tuple(sorted(found))

    def _shared(self, said: frozenset[str], left: set[str]) -> float:
        return sum(self._weight[word] for word in said & left)


def talk(lines: Iterable[Line]) -> tuple[Talk, ...]:
    """Everybody who spoke, the longest first."""
    seconds: dict[str, float] = {}
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for line in lines:
        key = line.speaker.id
        names[key] = line.speaker.name
        seconds[key] = seconds.get(key, 0.0) + max(0.0, line.end - line.start)
        counts[key] = counts.get(key, 0) + length(line.text)
    ranked = sorted(names, key=lambda key: (-seconds[key], names[key], key))
    return tuple(Talk(names[key], round(seconds[key], 1), counts[key]) for key in ranked)
