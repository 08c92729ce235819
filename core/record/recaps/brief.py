"""A recap as one chat message, and what was said lately: for whoever comes late to a call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.captions.board import Board
from core.captions.caption import Caption
from core.record.kept import Line
from core.record.recaps.recap import Claim, Recap
from core.record.written import line

MINUTES = 10
"""How far back somebody is told who asks what they missed."""

_NAME = 32
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a chat writes. `escape` makes words harmless, `bold` takes those, `length` is what counts.

    `begin` makes words harmless that begin a line; without it `escape` does.
    """

    escape: Callable[[str], str]
    bold: Callable[[str], str]
    point: str = "- "
    length: Callable[[str], int] = len
    begin: Callable[[str], str] | None = None

    def name(self, name: str) -> str:
        """A name as it may stand in a message."""
        shown = line(name) or "Somebody"
        return self.escape(shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…")


def brief(recap: Recap, lines: Iterable[Line], room: int, style: Style) -> tuple[str, bool]:
    """The recap, what matters most first, in at most `room`, and whether that is all of it.

    `lines`: those that it cites.
    """
    said = {each.number: each for each in lines}
    text, whole = "", True
    for title, claims in _parts(recap):
        rows = [
            f"\n{style.bold(title)}",
            *(_point(claim, said, style, quoted=recap.quoted) for claim in claims),
        ]
        # A title never stands alone.
        rows[:2] = ["\n".join(rows[:2])]
        for row in rows:
            if style.length(f"{text}\n{row}".strip()) > room:
                whole = False
                break
            text = f"{text}\n{row}".strip()
    return text, whole


def _parts(recap: Recap) -> Iterable[tuple[str, Sequence[Claim]]]:
    parts = (
        ("Decisions", recap.decisions),
        ("Action items", recap.actions),
        ("Questions", recap.questions),
        ("Summary", recap.summary),
    )
    return ((title, claims) for title, claims in parts if claims)


def _point(claim: Claim, said: Mapping[int, Line], style: Style, *, quoted: bool) -> str:
    words = line(claim.text)
    names = dict.fromkeys(style.name(said[number].speaker.name) for number in claim.lines if number in said)
    owed = ", ".join(style.escape(line(part)) for part in (claim.who, claim.when) if part and line(part))
    told = f"“{style.escape(words)}”" if quoted else (style.begin or style.escape)(words)
    told = f"{style.bold(f'{owed}:')} {told}" if owed else told
    return f"{style.point}{told} ({', '.join(names)})" if names else f"{style.point}{told}"


def lately(board: Board, minutes: int = MINUTES) -> list[Line]:
    """What was said in the last minutes of talk, as lines that a summariser takes."""
    said = [
        (number, entry)
        for number, entry in enumerate(board.entries, board.forgotten)
        if isinstance(entry, Caption) and entry.text
    ]
    since = max((entry.end for _, entry in said), default=0.0) - minutes * 60
    found = [
        Line(number, entry.speaker, entry.start, entry.end, entry.text, language=entry.language)
        for number, entry in said
        if entry.end > since
    ]
    return sorted(found, key=lambda each: each.start)


def last_words(lines: Sequence[Line], room: int, style: Style) -> str:
    """The newest lines as they were said, as many as fit into `room`."""
    shown = ""
    for each in reversed(lines):
        row = f"{style.bold(f'{style.name(each.speaker.name)}:')} {style.escape(line(each.text))}"
        if style.length(f"{row}\n{shown}") > room:
            break
        shown = f"{row}\n{shown}".rstrip()
    return shown
