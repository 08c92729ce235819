"""A message of captions: whose words stand on it, and how they are laid out. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.captions.markup import FSI, close, utf16

SHORT = 3_900
"""Characters of a message that is rewritten or posted. Slack takes 4,000."""

PARAGRAPH = 400
"""Characters of one line after which the same speaker's next words begin another, with the name again."""

BREAK = "\n\n"
"""Between two lines: Markdown takes it for the end of whatever stood before."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of `speaker`, escaped. `alone`: a line of its own. `final`: an utterance ends with it.

    `mend`: what belongs right behind the same speaker's last word, if that still stands last.
    """

    speaker: str
    head: str
    text: str
    leftward: bool = False
    alone: bool = False
    final: bool = True
    mend: str = ""


class Sheet:
    """What stands on one message: pieces, laid out as a line for each speaker in turn."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self.pieces: list[Piece] = []
        self.text = ""
        self.length = 0
        """As Slack's limits may count."""
        self._line = 0
        for piece in pieces:
            self.add(piece)

    def tip(self) -> "Sheet":
        """A sheet that goes on as this one does, with its text and no more than its last piece."""
        tip = Sheet()
        tip.pieces, tip.text, tip.length, tip._line = self.pieces[-1:], self.text, self.length, self._line
        return tip

    def add(self, piece: Piece) -> None:
        added = self.after(piece)
        if not added:
            return
        self.text += added
        self.length += utf16(added)
        self._line = len(added) if self._breaks(piece) else self._line + len(added)
        if not piece.text:
            piece = replace(piece, head=self.pieces[-1].head)  # no word stands under another name yet
        self.pieces.append(piece)

    def after(self, piece: Piece) -> str:
        """What `piece` would add to the text."""
        if not self._breaks(piece):
            if not piece.text:
                return piece.mend
            near = not piece.mend and close(self.text[-1], piece.text[0])
            return f"{piece.mend}{'' if near else ' '}{piece.text}"
        if not piece.text:
            return ""
        head = f"{piece.head} {FSI if piece.leftward else ''}" if piece.head else ""
        last = self.pieces[-1] if self.pieces else piece
        mend = "" if last.alone or piece.alone or last.speaker != piece.speaker else piece.mend
        return f"{mend}{BREAK}{head}{piece.text}" if self.text else f"{head}{piece.text}"

    def without(self, speaker: str) -> "Sheet":
        """The same without what one speaker said. What is told about them stays."""
        return Sheet(piece for piece in self.pieces if piece.alone or piece.speaker != speaker)

    def bound(self) -> "Sheet":
        """The same text, in one piece for each line: words that came one by one take far more memory."""
        sheet, lines = Sheet(), list[Piece]()
        for piece in self.pieces:
            line = lines[-1] if lines else piece
            if sheet._breaks(piece) or not line.text or line.leftward is not piece.leftward:
                lines.append(piece)
            else:
                lines[-1] = replace(line, text=line.text + sheet.after(piece))
            sheet.add(piece)
        return Sheet(lines)

    def _breaks(self, piece: Piece) -> bool:
        if not self.pieces or piece.alone or (self._line > PARAGRAPH and piece.text):
            return True
        last = self.pieces[-1]
        if not piece.text:
            return last.alone or last.speaker != piece.speaker
        # Who is called otherwise than before is named anew.
        before = (last.speaker, last.head, last.leftward)
        return last.alone or before != (piece.speaker, piece.head, piece.leftward)
