"""The Board as chat messages: pages that fill up, turn, and never change again."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Entry, Gap
from core.captions.markup import FSI, PLAIN, Markup, belongs, called, close, isolated, leftward, words

PARAGRAPH = 400
"""Characters of one line after which the same speaker's next words begin another, with the name again."""

KEPT = 1000
"""Turned pages that are remembered, in case that somebody takes back what they said."""

FILTERED = "what was said here is filtered in this place"
"""For people, instead of words that a platform does not take."""


@dataclass(frozen=True, slots=True)
class Page:
    """A message: the `number`-th of its place, from 0. Once `turned` it never changes, unless somebody whose
    words it holds takes them back.

    A page without text showed nothing but words that came out otherwise: its message can go.
    """

    number: int
    text: str
    turned: bool
    upto: int = field(default=0, compare=False)
    """The entries of the board before this number stand on it or on pages before it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of entry `number` as they stand on a page; of a gap, its mark."""

    number: int
    speaker: str
    head: str
    text: str
    leftward: bool = False
    gap: bool = False


class _Lines:
    """The pieces of one page, laid out: a line for each speaker in turn."""

    def __init__(self, pieces: Iterable[_Piece] = ()) -> None:
        self.pieces: list[_Piece] = []
        self.text = ""
        self._line = 0  # characters since the line began
        for piece in pieces:
            self.add(piece)

    def add(self, piece: _Piece) -> None:
        added = self.after(piece)
        self.text += added
        self._line = len(added) if self._breaks(piece) else self._line + len(added)
        self.pieces.append(piece)

    def after(self, piece: _Piece) -> str:
        """What `piece` would add to the text."""
        if not self._breaks(piece):
            return piece.text if close(self.text[-1], piece.text[:1]) else f" {piece.text}"
        line = "\n" if self.text else ""
        head = f"{piece.head} {FSI if piece.leftward else ''}" if piece.head else ""
        return f"{line}{head}{piece.text}"

    def _breaks(self, piece: _Piece) -> bool:
        if not self.pieces or piece.gap or self._line > PARAGRAPH:
            return True
        last = self.pieces[-1]
        # One direction for each line, so that its end is where it is read last; somebody may be called
        # otherwise than before.
        here, there = (last.speaker, last.head, last.leftward), (piece.speaker, piece.head, piece.leftward)
        return last.gap or here != there


class Pages:
    """Lays a board out on pages of at most `limit` (as `markup.length` counts).

    A page turns when the next words don't fit, or when it is `max_age` seconds old, before its platform
    stops taking edits. Every committed word stands on exactly one page. `blank`: there is always an open
    page, with words or without. `first`: the board's entry that they begin with.
    """

    def __init__(
        self,
        limit: int,
        markup: Markup = PLAIN,
        max_age: float = float("inf"),
        *,
        blank: bool = False,
        first: int = 0,
    ) -> None:
        if limit < 100:
            raise ValueError("a page needs room for 100 characters")
        self._limit = limit
        self._markup = markup
        self._max_age = max_age
        self._blank = blank
        self._read = first  # entries of the board
        self._shown = first  # of those, how many the platform has taken
        self._erased: dict[str, int] = {}
        self._past: deque[tuple[int, list[_Piece]]] = deque(maxlen=KEPT)
        self._due: dict[int, Page] = {}  # turned and to be written
        self._number = 0
        self._lines = _Lines()
        self._opened: float | None = None
        self._settled: int | None = None  # until there are more entries, nothing is shown that may change

    def update(self, board: Board, now: float) -> list[Page]:
        """Take in what is new on the board, `now` in seconds of any clock that runs.

        Returns the pages to be written: those that turned and are not yet `written`, then the open one.
        """
        if self._opened is not None and now - self._opened >= self._max_age:
            self._turn()
        if self._erased != board.erased:
            self._erase(board.erased)
        for number, entry in enumerate(board.since(self._read), max(self._read, board.forgotten)):
            self._commit(number, entry)
        self._read = board.count
        silent = self._read == self._settled
        partials = [] if silent else sorted(board.partials.values(), key=lambda partial: partial.start)
        text = self._with_tail(partials)
        if (text or self._blank) and self._opened is None:
            self._opened = now
        due = [self._due[number] for number in sorted(self._due)]
        if self._opened is None:
            return due
        return [*due, Page(self._number, text, turned=False, upto=self._read)]

    def written(self, page: Page) -> None:
        """The platform has taken `page`: a turned one is not returned again."""
        self._shown = max(self._shown, page.upto)
        if self._due.get(page.number) == page:
            del self._due[page.number]

    def lost(self) -> None:
        """The message of the open page was taken away: another takes its place, with what it hadn't shown.

        What stood on it is not shown again.
        """
        self._lines = _Lines(piece for piece in self._lines.pieces if piece.number >= self._shown)
        self._number += 1
        self._opened = None

    def refused(self, page: Page, taken: int) -> None:
        """The platform filters words, and some of `page` are among those: a mark stands for the newest.

        The entries before number `taken` are on it already. Where none are new, it was what may still change:
        that is not shown before more is committed.
        """
        past = next((index for index, (number, _) in enumerate(self._past) if number == page.number), None)
        pieces = self._lines.pieces if past is None else self._past[past][1]
        new = [piece for piece in pieces if piece.number >= taken and not piece.gap]
        if not new:
            self._settled = self._read
            return
        mark = _Piece(new[0].number, new[0].speaker, "", self._markup.gap(FILTERED), gap=True)
        left = [piece for piece in pieces if piece not in new]
        lines = _Lines(sorted([*left, mark], key=lambda piece: piece.number))
        if past is None:
            self._lines = lines
        else:
            self._past[past] = (page.number, lines.pieces)
            self._due[page.number] = Page(page.number, lines.text, turned=True)

    def _turn(self) -> None:
        self._due[self._number] = Page(self._number, self._lines.text, turned=True)
        self._past.append((self._number, self._lines.pieces))
        self._number += 1
        self._lines, self._opened = _Lines(), None

    def _erase(self, erased: Mapping[str, int]) -> None:
        """Take back what is taken back, on every page that holds some of it."""
        self._erased = dict(erased)

        def kept(piece: _Piece) -> bool:
            return piece.gap or piece.number >= erased.get(piece.speaker, 0)

        self._lines = _Lines(filter(kept, self._lines.pieces))
        for index, (number, pieces) in enumerate(self._past):
            left = list(filter(kept, pieces))
            if len(left) < len(pieces):
                self._past[index] = (number, left)
                self._due[number] = Page(number, _Lines(left).text, turned=True)

    def _commit(self, number: int, entry: Entry) -> None:
        if isinstance(entry, Gap):
            piece = _Piece(number, entry.speaker.id, "", self._gap(entry), gap=True)
            if not self._fits(self._lines, piece):
                self._turn()
            self._lines.add(piece)
            return
        said = words(entry.text)
        if not said:
            return
        piece = self._piece(number, entry, said)
        if not self._fits(self._lines, piece):
            if self._lines.text:
                self._turn()
            *full, piece = self._pieces(number, entry, said)
            for part in full:
                self._lines.add(part)
                self._turn()
        self._lines.add(piece)

    def _fits(self, lines: _Lines, piece: _Piece) -> bool:
        return self._markup.length(lines.text + lines.after(piece)) <= self._limit

    def _piece(self, number: int, caption: Caption, said: Iterable[str]) -> _Piece:
        text = self._markup.escape(" ".join(said))
        return _Piece(number, caption.speaker.id, self._name(caption.speaker), text, leftward(caption.text))

    def _pieces(self, number: int, caption: Caption, said: list[str]) -> Iterator[_Piece]:
        """A caption on as many fresh pages as it needs, cut between words, inside one only if it must be."""
        empty, part = _Lines(), list[str]()
        for word in self._short(caption, said):
            if part and not self._fits(empty, self._piece(number, caption, [*part, word])):
                yield self._piece(number, caption, part)
                part = []
            part.append(word)
        yield self._piece(number, caption, part)

    def _short(self, caption: Caption, said: list[str]) -> Iterator[str]:
        """The words; one that no page could hold comes in pieces."""
        room = self._limit - self._markup.length(_Lines().after(self._piece(0, caption, [])))
        longest = room // 4  # a character is at most four long: two units of UTF-16, or a mark and its guards
        for word in said:
            rest = word
            while len(rest) > longest and self._markup.length(self._markup.escape(rest)) > room:
                cut = longest
                while cut > longest // 2 and belongs(rest[cut - 1], rest[cut]):
                    cut -= 1
                yield rest[:cut]
                rest = rest[cut:]
            yield rest

    def _with_tail(self, partials: list[Caption]) -> str:
        """The open page with what is being said now. A page that is half full turns to make room for it."""
        if not partials:
            return self._lines.text
        length, limit = self._markup.length, self._limit
        text = self._tail(partials)
        if length(text) > limit and length(self._lines.text) * 2 > limit:
            self._turn()
            text = self._tail(partials)
        newest = max(len(words(partial.text)) for partial in partials)
        while length(text) > limit and newest:
            newest //= 2
            text = self._tail(partials, newest)
        return text if length(text) <= limit else self._lines.text

    def _tail(self, partials: list[Caption], newest: int | None = None) -> str:
        """The open page, then what is being said: each speaker's `newest` words of it."""
        lines = _Lines(self._lines.pieces)
        for partial in partials:
            said = words(partial.text)
            if not said:
                continue
            if newest is not None and len(said) > newest:
                said = ["…", *said[len(said) - newest :]]
            text = self._markup.interim(self._markup.escape(" ".join(said)))
            name = self._name(partial.speaker)
            lines.add(_Piece(self._read, partial.speaker.id, name, text, leftward(partial.text)))
        return lines.text

    def _name(self, speaker: Speaker) -> str:
        return self._markup.name(self._called(speaker))

    def _gap(self, gap: Gap) -> str:
        seconds = max(1, round(gap.end - gap.start))
        return self._markup.gap(f"{seconds} s of {self._called(gap.speaker)} could not be heard")

    def _called(self, speaker: Speaker) -> str:
        return isolated(self._markup.escape(called(speaker.name, self._limit // 8)))
