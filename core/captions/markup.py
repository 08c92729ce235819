"""How words are written on a platform: made harmless, made lighter, and in the order of their script."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass


def utf16(text: str) -> int:
    """Length in UTF-16 code units, as Discord's and Slack's clients count; never less than code points."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True, slots=True)
class Markup:
    """How a platform writes things.

    `escape` makes what people say harmless: it can't ping, link or format. It looks at each word alone.
    The others get text that has been escaped. `length` measures what the platform's limit counts.
    """

    escape: Callable[[str], str]
    name: Callable[[str], str]
    interim: Callable[[str], str]
    gap: Callable[[str], str]
    length: Callable[[str], int] = len


_ALIVE = re.compile(
    r"(?P<mark>[\\`*_~|\[\]<>])"  # formatting, masked links, tags
    r"|[@#]"  # pings, channels, mail addresses
    r"|:(?=//)"  # addresses
    r"|:(?=[\w+'-]+:)"  # :emoji:
    r"|(?<=\w)\.(?=[^\W\d_]{2})"  # example.com
)


def _markdown(text: str) -> str:
    """A backslash before what formats; a space without width in what platforms find by its letters."""

    def still(found: re.Match[str]) -> str:
        if not found["mark"]:
            return f"{found[0]}\u200b"
        return f"\\{found[0]}\u200b" if found[0] == "<" else f"\\{found[0]}"

    return _ALIVE.sub(still, text)


def _inside(text: str) -> str:
    """Words as they may begin inside a format: what would be a list there is not."""
    return f"\u200b{text}" if re.match(r"[-+]|\d+[.)]", text) else text


PLAIN = Markup(
    escape=str, name=lambda name: f"{name}:", interim=lambda text: f"({text})", gap=lambda text: f"[{text}]"
)
"""Text as it is, for places that neither format nor link nor ping."""

MARKDOWN = Markup(
    escape=_markdown,
    name=lambda name: f"**{_inside(name)}:**",
    interim=lambda text: f"*{_inside(text)}*",
    gap=lambda text: f"*{text}*",
    length=utf16,
)
"""Discord's Markdown, and Slack's `markdown_text`.

What stands at the beginning of a line formats too (lists, quotes, headings): lines begin with a name.
"""

_UNSEEN = frozenset(
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb"
)
"""Turns of direction, and what takes no room at all. Joiners stay: scripts and emoji need them."""

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by their category that leave no mark."""


def words(text: str) -> list[str]:
    """The words of a text, without what would steer a screen: control characters, turns of direction."""
    return "".join(
        c for c in text if c.isspace() or (c not in _UNSEEN and unicodedata.category(c) not in ("Cc", "Cs"))
    ).split()


def called(name: str, longest: int) -> str:
    """A name on one line of at most `longest` characters, or "?" where nothing of it can be seen.

    Marks that pile up on a letter are cut: they would reach into the lines around.
    """
    kept: list[str] = []
    piled = 0
    for character in " ".join(words(name)):
        piled = piled + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if piled <= 3:
            kept.append(character)
    if not any(map(seen, kept)):
        return "?"
    return "".join(kept if len(kept) <= longest else [*kept[: longest - 1], "…"])


def blank(character: str) -> bool:
    """Whether a character is room and nothing else."""
    return character in _BLANK or character.isspace()


def seen(character: str) -> bool:
    """Whether a character leaves a mark on the screen by itself."""
    return not blank(character) and unicodedata.category(character)[0] not in "CMZ"


FSI, PDI = "\u2068", "\u2069"
"""First strong isolate, and its end (https://www.unicode.org/reports/tr9/)."""


def leftward(text: str) -> bool:
    """Whether a text runs from right to left: its first letter that has a direction says so."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def isolated(text: str) -> str:
    """`text` so that it doesn't turn what stands around it."""
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return f"{FSI}{text}{PDI}"
    return text


_SPACELESS = re.compile(
    r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
)
"""Chinese and Japanese signs and their punctuation. Korean is written with spaces."""


def close(before: str, after: str) -> bool:
    """Whether no space belongs between two characters: both are Chinese or Japanese."""
    return _SPACELESS.match(before) is not None and _SPACELESS.match(after) is not None


def belongs(before: str, after: str) -> bool:
    """Whether two characters make one sign on the screen."""
    return unicodedata.category(after).startswith("M") or "\u200d" in (before, after)
