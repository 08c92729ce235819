"""A recap as one chat message: what matters most first, as much as fits, and nothing in it is alive."""

import re
from collections.abc import Iterable, Mapping, Sequence

from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import MARKDOWN, utf16
from core.record.kept import Line
from core.record.recaps.recap import Claim, Recap
from core.record.written import line

MINUTES = 10
"""How far back somebody is told who asks what they missed."""

_NAME = 32
"""Characters of a name."""


def brief(recap: Recap, lines: Iterable[Line], room: int) -> tuple[str, bool]:
    """The recap in at most `room` UTF-16 code units, and whether that is all of it.

    `lines`: those that it cites.
    """
    said = {each.number: each for each in lines}
    text, whole = "", True
    for title, claims in _parts(recap):
        rows = [f"\n**{title}**", *(_point(claim, said, quoted=recap.quoted) for claim in claims)]
        # A title never stands alone.
        rows[:2] = ["\n".join(rows[:2])]
        for row in rows:
            if utf16(f"{text}\n{row}".strip()) > room:
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


def _point(claim: Claim, said: Mapping[int, Line], *, quoted: bool) -> str:
    words = MARKDOWN.escape(line(claim.text))
    names = dict.fromkeys(called(said[number].speaker.name) for number in claim.lines if number in said)
    owed = ", ".join(MARKDOWN.escape(line(part)) for part in (claim.who, claim.when) if part and line(part))
    told = f"“{words}”" if quoted else harmless(line(claim.text))
    told = f"**{owed}:** {told}" if owed else told
    return f"- {told} ({', '.join(names)})" if names else f"- {told}"


def harmless(words: str) -> str:
    """Words that begin a line, as nothing but words: no list, no heading, no quote."""
    escaped = MARKDOWN.escape(words)
    return f"\u200b{escaped}" if re.match(r"[-+#>]|\d+[.)]", words) else escaped


def called(name: str) -> str:
    """A name as it may stand in a message."""
    return MARKDOWN.escape(shortened(name))


def shortened(name: str) -> str:
    """A name on one line that is not too long."""
    shown = line(name) or "Somebody"
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"


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


def last_words(lines: Sequence[Line], room: int) -> str:
    """The newest lines as they were said, as many as fit into `room` UTF-16 code units."""
    shown = ""
    for each in reversed(lines):
        row = f"**{called(each.speaker.name)}:** {MARKDOWN.escape(line(each.text))}"
        if utf16(f"{row}\n{shown}") > room:
            break
        shown = f"{row}\n{shown}".rstrip()
    return shown
