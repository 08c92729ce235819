"""Captions as subtitles: short lines, broken where speech breathes, on screen long enough to be read.

The numbers are those of the broadcasters' guides (BBC Subtitle Guidelines; Netflix Timed Text Style
Guide): 42 characters a line, two lines, 1 to 7 seconds, 20 characters a second. A wide character
(Chinese, Japanese, Korean) counts as two.
"""

import heapq
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf

from core.audio.frame import Speaker
from core.captions.caption import Caption

LINE = 42
"""Characters of one line. A single word that is longer is left whole, on a line of its own."""

LINES = 2
SHORTEST = 1.0
"""Seconds that a cue stays at least, where the same speaker's next words leave the time."""

LONGEST = 7.0
"""Seconds that a cue stays at most."""

SPEED = 20.0
"""Characters a second that people read with ease: faster speech stays longer, where there is time."""

_FRAME = 0.04
"""Seconds: no cue is shorter, whatever the times that came in."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What is on the screen from `start` to `end`, seconds of the call: one or two lines."""

    speaker: Speaker
    start: float
    end: float
    lines: tuple[str, ...]


def cues(captions: Iterable[Caption]) -> Iterator[Cue]:
    """Cut captions, sorted by start, into cues sorted by start.

    No word is lost or moved; the cues of one speaker never overlap. Looks ahead no further than a cue
    may last, so a call of any length streams through.
    """
    screen = Screen()
    for caption in captions:
        yield from screen.feed(caption)
    yield from screen.close()


class Screen:
    """The same, caption by caption."""

    def __init__(self) -> None:
        self._waiting: dict[str, Caption] = {}
        self._shown: dict[str, float] = {}
        self._ready: list[tuple[float, int, Cue]] = []
        self._count = 0

    def feed(self, caption: Caption) -> list[Cue]:
        """The cues that are certain, now that no caption comes any more that starts before this one."""
        for id_, earlier in list(self._waiting.items()):
            if id_ == caption.speaker.id or caption.start >= _reach(earlier):
                self._settle(self._waiting.pop(id_), caption.start)
        self._waiting[caption.speaker.id] = caption
        return self._until(min(earlier.start for earlier in self._waiting.values()))

    def close(self) -> list[Cue]:
        """The rest."""
        for caption in self._waiting.values():
            self._settle(caption, None)
        self._waiting.clear()
        return self._until(inf)

    @property
    def next(self) -> float:
        """Where the earliest cue may start that is still to come; infinite when none is in sight."""
        starts = [caption.start for caption in self._waiting.values()]
        return min([*starts, *(start for start, _, _ in self._ready[:1])], default=inf)

    def _settle(self, caption: Caption, until: float | None) -> None:
        for cue in _cut(caption, self._shown.get(caption.speaker.id, 0.0), until):
            self._shown[caption.speaker.id] = cue.end
            heapq.heappush(self._ready, (cue.start, self._count, cue))
            self._count += 1

    def _until(self, settled: float) -> list[Cue]:
        found = []
        while self._ready and self._ready[0][0] <= settled:
            found.append(heapq.heappop(self._ready)[2])
        return found


def _reach(caption: Caption) -> float:
    """The latest moment at which the cues of a caption may still be on screen."""
    return max(caption.end, caption.start) + SHORTEST + _width(caption.text) * (SHORTEST + 1 / SPEED)


def _cut(caption: Caption, free: float, until: float | None) -> Iterator[Cue]:
    """The cues of one caption: from when the screen is free to when the speaker's next words come."""
    start = max(caption.start, free)
    spoken = max(caption.end - start, 0.0)
    pieces = _Row(caption.text, caption.language).pieces(spoken)
    if not pieces:
        return
    sizes = [sum(map(_width, lines)) for lines in pieces]
    wanted = max(spoken, sum(sizes) / SPEED, len(pieces) * SHORTEST)
    window = wanted if until is None else max(min(wanted, until - start), spoken)
    for lines, length in zip(pieces, _shares(sizes, max(window, len(pieces) * _FRAME)), strict=True):
        yield Cue(caption.speaker, start, start + min(length, LONGEST), lines)
        start += length


def _shares(sizes: Sequence[int], window: float) -> list[float]:
    """Split `window` seconds by size, but leave nobody less than `SHORTEST` while there is enough for all."""
    floor = min(SHORTEST, window / len(sizes))
    short: set[int] = set()
    while True:
        rest = sum(size for index, size in enumerate(sizes) if index not in short)
        pace = (window - floor * len(short)) / rest if rest else 0.0
        more = {index for index, size in enumerate(sizes) if index not in short and size * pace < floor}
        if not more or len(short | more) == len(sizes):
            break
        short |= more
    return [floor if index in short else size * pace for index, size in enumerate(sizes)]


# Where to break. A text is a row of atoms, which are never cut: words, or single wide characters.


@dataclass(frozen=True, slots=True)
class _Atom:
    text: str
    spaced: bool  # whether a space stands before it
    width: int
    bare: str  # lower case without punctuation, to know small words by


class _Row:
    """A text as a row of atoms, and the best way to cut it."""

    def __init__(self, text: str, language: str | None) -> None:
        self._atoms = [*_atoms(text)]
        self._ends = [0, *accumulate(atom.width + atom.spaced for atom in self._atoms)]
        self._begins = [end + atom.spaced for end, atom in zip(self._ends, self._atoms, strict=False)]
        small = _SMALL.get((language or "en").partition("-")[0].lower(), frozenset())
        pairs = pairwise(self._atoms)
        self._costs = [0.0, *(_cost(before, after, small) for before, after in pairs), 0.0]

    def pieces(self, spoken: float) -> list[tuple[str, ...]]:
        """One or two lines at a time, for a text that was spoken in so many seconds.

        Dynamic programming: the best pieces up to each atom follow from those up to the atoms before it.
        """
        # No piece has more than its share of the time: slow speech is cut finer.
        most = self._ends[-1] if spoken <= LONGEST else int(self._ends[-1] * LONGEST / spoken)
        best = [(0.0, 0, 0)]  # the cost so far; where the last piece begins; where its second line does
        for end in range(1, len(self._atoms) + 1):
            widest = self._ends[end] - min(LINES * LINE + 1, most)
            cheapest = (inf, 0, 0)
            for begin in range(min(bisect_left(self._begins, widest, 0, end), end - 1), end):
                cost = best[begin][0] + 8 + self._costs[end]
                if cost <= cheapest[0] and (split := self._split(begin, end)):
                    lonely = max(0, LINE // 2 - self._width(begin, end)) / 4
                    cheapest = min(cheapest, (cost + split[0] + lonely, begin, split[1]))
            best.append(cheapest)
        cuts = []
        end = len(self._atoms)
        while end:
            _, begin, middle = best[end]
            cuts.append((begin, middle, end))
            end = begin
        return [
            tuple(self._text(a, b) for a, b in ((begin, middle), (middle, end)) if a < b)
            for begin, middle, end in reversed(cuts)
        ]

    def _split(self, begin: int, end: int) -> tuple[float, int] | None:
        """What it costs to show a piece, and where its second line begins (`begin`: it is one line)."""
        if self._fits(begin, end):
            return 0.0, begin
        left, right = self._begins[begin], self._ends[end]
        # Both lines fit from the first middle after which the rest does to the last before which it does.
        first = max(begin + 1, min(bisect_left(self._begins, right - LINE, begin, end), end - 1))
        last = max(begin + 1, bisect_right(self._ends, left + LINE, begin, end) - 1)
        choices = []
        for middle in range(first, min(last, end - 1) + 1):
            slant = abs((self._ends[middle] - left) - (right - self._begins[middle])) / LINE
            choices.append((self._costs[middle] + 6 * slant, middle))
        return min(choices, default=None)

    def _fits(self, begin: int, end: int) -> bool:
        return end - begin == 1 or self._width(begin, end) <= LINE

    def _width(self, begin: int, end: int) -> int:
        return self._ends[end] - self._begins[begin]

    def _text(self, begin: int, end: int) -> str:
        return "".join(" " * atom.spaced + atom.text for atom in self._atoms[begin:end]).removeprefix(" ")


def _cost(before: _Atom, after: _Atom, small: frozenset[str]) -> float:
    """How much it hurts to break between two atoms."""
    last = before.text.rstrip("\"'”’»)]」』）")[-1:]
    if last and last in ".?!…。！？؟۔।":
        return 0.0
    if last and last in ",;:–—、，；：،؛":
        return 1.0
    if before.bare in small:
        return 14.0  # "of | the house": a small word belongs to what follows
    if after.bare in small:
        return 4.0
    return 7.0 if after.spaced else 9.0


_SMALL = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an and as at because but by for from her his if in into its my nor of on onto or our "
        "so than that the their then though to unless until when where whether which while who "
        "whose with without your",
        "de": "aber als am an auf aus bei bis da damit das dass dem den denn der des die durch ein eine "
        "einem einen einer eines für im in mit nach ob oder ohne seit um und unter vom von vor "
        "weil wenn wie zu zum zur über",
        "fr": "afin au aux avec car ce ces chez comme dans de des donc du en et la le les leur lorsque "
        "mais ou où par parce pendant pour puis quand que qui sa sans ses si son sur un une vers "
        "à",
        "es": "a al aunque como con cuando de del desde donde e el en entre hasta la las lo los "
        "mientras ni o para pero por porque pues que quien se si sin sobre su sus u un una y",
        "it": "a al alla anche che chi col come con da dal dalla de dei del della di dove e gli ha i il "
        "in la le lo ma mentre nel nella o per perché però quando se sul sulla tra un una uno",
        "pt": "a ao aos as até com como da das de do dos e em enquanto mas na nas no nos o onde os ou "
        "para pela pelo por porque quando que se sem sobre um uma",
    }.items()
}
"""Words that lead into what follows: a good line begins with one and never ends with one."""

_NEVER_FIRST = frozenset(
    "、。，．・：；！？」』）］｝】〉》〕ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々…‥,.!?:;)]}%％’”"
)
_NEVER_LAST = frozenset("「『（［｛【〈《〔([{‘“")


def _atoms(text: str) -> Iterator[_Atom]:
    for number, word in enumerate(text.split()):
        start = 0
        for index in range(1, len(word) + 1):
            if index == len(word) or _breakable(word[index - 1], word[index]):
                atom = word[start:index]
                bare = atom.strip(".,;:!?…\"'“”‘’()[]").lower()
                yield _Atom(atom, number > 0 and start == 0, _width(atom), bare)
                start = index


def _breakable(before: str, after: str) -> bool:
    """Whether a line may end between two characters of a text without spaces (JIS X 4051, simplified)."""
    if not (_ideographic(before) or _ideographic(after)):
        return False
    if after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    return not unicodedata.category(after).startswith("M")


def _ideographic(character: str) -> bool:
    code = ord(character)
    return (
        0x3000 <= code <= 0x30FF  # kana and punctuation
        or 0x3400 <= code <= 0x4DBF
        or 0x4E00 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFFEF  # full-width forms
        or 0x20000 <= code <= 0x3FFFF
    )


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
