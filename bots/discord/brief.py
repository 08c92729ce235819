"""A recap as one message of Discord's: nothing in it is alive."""

import re
from collections.abc import Iterable, Sequence

from core.captions.markup import MARKDOWN, utf16
from core.record.kept import Line
from core.record.recaps import brief as plain
from core.record.recaps.brief import MINUTES, Style, lately
from core.record.recaps.recap import Recap
from core.record.written import line

__all__ = ["MINUTES", "brief", "called", "harmless", "last_words", "lately", "shortened"]

_NAME = 32
"""Characters of a name."""


def brief(recap: Recap, lines: Iterable[Line], room: int) -> tuple[str, bool]:
    """The recap in at most `room` UTF-16 code units, and whether that is all of it.

    `lines`: those that it cites.
    """
    return plain.brief(recap, lines, room, STYLE)


def last_words(lines: Sequence[Line], room: int) -> str:
    """The newest lines as they were said, as many as fit into `room` UTF-16 code units."""
    return plain.last_words(lines, room, STYLE)


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


STYLE = Style(MARKDOWN.escape, lambda words: f"**{words}**", length=utf16, begin=harmless)
