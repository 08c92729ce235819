"""The Board as text that only grows: finals, and of what is being said what will not change. Pure."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bots.slack.markup import SLACK, begin, markdown, name
from bots.slack.notices import Notices
from bots.slack.pace import Rank
from bots.slack.sheet import PARAGRAPH, Piece, Sheet
from core.captions.board import Board
from core.captions.caption import Caption, Entry, Gap
from core.captions.markup import belongs, close, leftward, utf16, words

WORD = 200
"""Characters after which a word without end is cut."""

AHEAD = 12_000
"""Characters that wait to be shown; what is more stays on the board until there is room."""

NEAR = 0.3
"""Seconds between two captions of one speaker that can belong to the same words."""

CHANGED = "→"
"""Before words that came out otherwise than those shown before them."""


@dataclass(slots=True)
class _Open:
    """An utterance of which words were taken before its end. `carried`: words beyond a final that came."""

    start: float
    end: float
    words: list[str] = field(default_factory=list)
    carried: bool = False

    def behind(self, caption: Caption) -> bool:
        """Whether `caption` is of another utterance, after this one."""
        return caption.start > self.end + (NEAR if self.carried else 0.0)


class Script:
    """Everything that is to be appended somewhere, in order, each word once.

    `update` reads the board, `chunk` is what goes next, `done` takes it away when it stands where people
    read. What `done` took never changes and never comes again.
    """

    def __init__(self, first: int = 0) -> None:
        """`first`: the board's entry to begin with."""
        self.pending: deque[Piece] = deque()
        self.erased: dict[str, int] = {}
        self._notices = Notices()
        self._read = first
        self._open: dict[str, _Open] = {}

    def update(self, board: Board, now: float, *, eager: bool) -> list[str]:
        """Take in what is new. `eager`: of what is being said as well, as far as it will not change.

        Returns the speakers who took back what they said: it is gone from here and must go where it stands.
        """
        gone = self._erase(board)
        self._entries(board)
        for line in self._notices.update(board.notices, now):
            self.tell(line, final=False)
        if self._read == board.count:
            for partial in sorted(board.partials.values(), key=lambda partial: partial.start):
                self._follow(partial, eager=eager)
        return gone

    def due(self, now: float) -> float | None:
        """Seconds until `update` may have something to tell though the board did not change."""
        return self._notices.due(now)

    @property
    def rank(self) -> Rank:
        """How urgent what waits is."""
        if any(piece.final for piece in self.pending):
            return Rank.FINAL
        return Rank.STATE if any(piece.alone for piece in self.pending) else Rank.INTERIM

    def tell(self, sentence: str, *, final: bool = True) -> None:
        """Put a sentence for people on a line of its own, or on several, so that each fits on any message."""
        part: list[str] = []
        for token in tokens(sentence):
            if part and len(spaced(part)) + len(token) > PARAGRAPH:
                self._put(_told(part, final=final))
                part = []
            part.append(token)
        if part:
            self._put(_told(part, final=final))

    def chunk(self, sheet: Sheet, limit: int) -> tuple[list[Piece], str]:
        """What goes next onto `sheet`, which takes `limit` characters in all; with the text to append."""
        after, pieces = sheet.tip(), list[Piece]()
        for piece in self.pending:
            if after.length + utf16(after.after(piece)) > limit:
                break
            after.add(piece)
            pieces.append(piece)
        return pieces, after.text[len(sheet.text) :]

    def done(self, pieces: Sequence[Piece]) -> None:
        """These, the first of what `chunk` gave, stand where people read."""
        for _ in pieces:
            self.pending.popleft()

    def again(self, pieces: Sequence[Piece]) -> None:
        """These are to be shown after all, before everything else; not what was taken back meanwhile."""
        self.pending.extendleft(reversed(pieces))

    def interim(self, board: Board) -> list[Piece]:
        """What is being said beyond what was taken: for places that can be rewritten."""
        tail = []
        for partial in sorted(board.partials.values(), key=lambda partial: partial.start):
            said = tokens(partial.text)
            open = self._open.get(partial.speaker.id)
            taken = 0 if open is None else agreed(open.words, said)
            if said[taken:]:
                text = SLACK.interim(SLACK.escape(spaced(said[taken:])))
                tail.append(self._piece(partial, text, final=False))
        return tail

    # Reading the board

    def _erase(self, board: Board) -> list[str]:
        gone = [speaker for speaker, upto in board.erased.items() if self.erased.get(speaker) != upto]
        # Somebody who did it before, and had only begun to speak again.
        gone += [speaker for speaker in self._open if speaker not in gone and self._withdrawn(speaker, board)]
        self.erased = dict(board.erased)
        if gone:
            self.pending = deque(p for p in self.pending if p.alone or p.speaker not in gone)
            for speaker in gone:
                self._open.pop(speaker, None)
        return gone

    def _withdrawn(self, speaker: str, board: Board) -> bool:
        begun = bool(self._open[speaker].words) and speaker not in board.partials
        return begun and board.erased.get(speaker) == board.count

    def _entries(self, board: Board) -> None:
        if board.forgotten > self._read:
            self._read = board.forgotten
            self.tell("Some captions could not be shown here.")
        room = AHEAD - sum(len(piece.text) for piece in self.pending)
        for entry in board.since(self._read):
            if room <= 0:
                return
            self._read += 1
            room -= self._entry(entry)

    def _entry(self, entry: Entry) -> int:
        """Returns about how many characters it came to."""
        if isinstance(entry, Gap):
            seconds = max(1, round(entry.end - entry.start))
            text = f"*{name(entry.speaker.name)}: {seconds} s could not be heard*"
            self._put(Piece(entry.speaker.id, "", text, alone=True))
            return len(text)
        said = tokens(entry.text)
        if said:
            self._said(entry, said)
        return len(entry.text)

    def _said(self, caption: Caption, said: list[str]) -> None:
        """A final: what of it is not taken yet."""
        open = self._open.get(caption.speaker.id)
        if open is None or caption.end < open.start or open.behind(caption):
            # Said before and heard late, or after something that came to nothing.
            self._pieces(caption, said)
            return
        del self._open[caption.speaker.id]
        same = agreed(open.words, said)
        if same == len(open.words):
            self._pieces(caption, said[same:], mend=ending(open.words, said))
        elif same == len(said):
            rest = open.words[same:]
            self._open[caption.speaker.id] = _Open(caption.end, caption.end, rest, carried=True)
        else:
            self._pieces(caption, said if open.carried else [CHANGED, *said[same:]])

    def _follow(self, partial: Caption, *, eager: bool) -> None:
        """What is being said: take more of it, if it goes on as it began."""
        open = self._open.get(partial.speaker.id)
        if open is None or open.behind(partial):
            open = self._open[partial.speaker.id] = _Open(partial.start, partial.end)
        open.end = max(open.end, partial.end)
        if not eager:
            return
        said = tokens(settled(partial))
        same = agreed(open.words, said)
        if same < len(open.words):
            if not open.carried or same == len(said):
                return  # its final says what became of it
            open.words, same = [], 0
        if len(said) > same:
            open.carried = False
            open.words += said[same:]
            self._pieces(partial, said[same:], final=False)

    def _pieces(self, caption: Caption, said: list[str], *, final: bool = True, mend: str = "") -> None:
        """Words, in pieces that are not too long for any message."""
        part: list[str] = []
        for token in said:
            if part and sum(map(len, part)) + len(part) + len(token) > PARAGRAPH:
                self._put(self._piece(caption, begin(SLACK.escape(spaced(part))), final=False, mend=mend))
                part, mend = [], ""
            part.append(token)
        if part or mend:
            text = begin(SLACK.escape(spaced(part)))
            self._put(self._piece(caption, text, final=final, mend=SLACK.escape(mend)))

    def _piece(self, caption: Caption, text: str, *, final: bool, mend: str = "") -> Piece:
        head = SLACK.name(name(caption.speaker.name))
        return Piece(caption.speaker.id, head, text, leftward(caption.text), False, final, mend)

    def _put(self, piece: Piece) -> None:
        self.pending.append(piece)


def _told(part: Sequence[str], *, final: bool) -> Piece:
    return Piece("", "", f"*{begin(markdown(spaced(part)))}*", alone=True, final=final)


def settled(partial: Caption) -> str:
    """The words of it that will not change; one that may still grow is left out."""
    text, stable = partial.text, partial.stable
    cut = text[:stable]
    if stable < len(text) and cut and not (text[stable].isspace() or close(cut[-1], text[stable])):
        cut = cut[: len(cut) - len(cut.split()[-1])] if not cut[-1].isspace() else cut
    return cut


def tokens(text: str) -> list[str]:
    """Words; of scripts without spaces, signs. None is longer than `WORD`."""
    found: list[str] = []
    for word in words(text):
        start = 0
        for at in range(1, len(word)):
            long = at - start >= WORD and not belongs(word[at - 1], word[at])
            if long or close(word[at - 1], word[at]):
                found.append(word[start:at])
                start = at
        found.append(word[start:])
    return found


def spaced(said: Sequence[str]) -> str:
    """Tokens as a text."""
    return "".join(_spaces(said))


def _spaces(said: Sequence[str]) -> Iterator[str]:
    for before, token in zip(["", *said], said, strict=False):
        yield token if not before or close(before[-1], token[0]) else f" {token}"


def agreed(shown: Sequence[str], said: Sequence[str]) -> int:
    """How many words two texts begin with in common, whatever their punctuation."""
    for number, (one, other) in enumerate(zip(shown, said, strict=False)):
        if _bare(one) != _bare(other):
            return number
    return min(len(shown), len(said))


def ending(shown: Sequence[str], said: Sequence[str]) -> str:
    """What the last word that was shown has behind it now: punctuation."""
    if not shown:
        return ""
    last, now = shown[-1], said[len(shown) - 1]
    more = now[len(last) :] if now.casefold().startswith(last.casefold()) else ""
    return "" if any(character.isalnum() for character in more) else more


def _bare(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum()) or word


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for how they are marked up."""
    return [c for c in one.casefold() if c.isalnum()] == [c for c in other.casefold() if c.isalnum()]
