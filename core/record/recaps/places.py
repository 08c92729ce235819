"""Where in a call something was found, told by the words of the text that was sent away to be read."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from core.record.kept import Line
from core.record.recaps.prompt import tokens
from core.record.written import line as one_line

BUDGET = 30_000
"""Tokens in one text, some two hours of talk. Deepgram takes more, but it sums up each text in one
paragraph, and its client reads the answer on the loop."""

ALIKE = 0.6
"""How much of a piece must be found where it is said to lie, if it isn't found as it stands."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One text that was sent: the words of some lines, without names."""

    text: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    _numbers: tuple[int, ...] = field(repr=False)
    _ends: tuple[int, ...] = field(repr=False)
    """For each line its number, and how many words have been said by its end."""
    _places: dict[str, list[int]] = field(repr=False)

    def lines(self, piece: str, start: float | None, end: float | None) -> tuple[int, ...]:
        """Numbers of the lines on which `piece` lies, of several places the one nearest to word `start`.

        `end`: its last word, included.
        None where it was not said there: nobody agrees on what a word is, so the words themselves decide.
        """
        wanted = [_plain(word) for word in piece.split()]
        begin = self._begin(wanted, int(start or 0))
        if begin is None:
            begin = int(start) if start is not None else -1
            last = int(end) + 1 if end is not None else begin + len(wanted)
            there = Counter(self.words[begin:last]) if 0 <= begin < last else Counter()
            if (there & Counter(wanted)).total() < ALIKE * max(len(wanted), there.total(), 1):
                return ()
        else:
            last = begin + len(wanted)
        first = bisect_right(self._ends, begin)
        return tuple(dict.fromkeys(self._numbers[first : bisect_right(self._ends, last - 1) + 1]))

    def _begin(self, wanted: Sequence[str], near: int) -> int | None:
        """The word at which `wanted` begins, of several places the one nearest to word `near`."""
        places = self._places.get(wanted[0], []) if wanted else []
        after = bisect_right(places, near)
        before = after - 1
        while before >= 0 or after < len(places):
            back = before >= 0 and (after == len(places) or near - places[before] <= places[after] - near)
            place = places[before if back else after]
            if self.words[place : place + len(wanted)] == tuple(wanted):
                return place
            before, after = (before - 1, after) if back else (before, after + 1)
        return None


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))


def sent(lines: Sequence[Line], budget: int = BUDGET) -> list[Sent]:
    """The texts to send for `lines`: one, or several of about the same size; none where nothing was said."""
    # Half a character, which JSON can hold, can't be sent.
    whole = ((line.number, line.text.encode(errors="replace").decode()) for line in lines)
    said = [(number, text) for number, spoken in whole if (text := one_line(spoken))]
    costs = [tokens(text) + 1 for _, text in said]
    pieces = -(-sum(costs) // budget)
    share = sum(costs) / max(1, pieces)
    found: list[list[tuple[int, str]]] = []
    for row, before in zip(said, accumulate(costs, initial=0), strict=False):
        if not found or before >= len(found) * share:
            found.append([])
        found[-1].append(row)
    return [_sent(rows) for rows in found]


def _sent(rows: Sequence[tuple[int, str]]) -> Sent:
    words = tuple(_words(rows))
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    return Sent(
        "\n".join(text for _, text in rows),
        words,
        tuple(number for number, _ in rows),
        tuple(accumulate(len(text.split()) for _, text in rows)),
        places,
    )


def _words(rows: Sequence[tuple[int, str]]) -> Iterator[str]:
    for _, text in rows:
        yield from map(_plain, text.split())
