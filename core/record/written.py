"""Speech and names as parts of a file: on one line, and never as more than text."""

import re
import unicodedata


def line(words: str) -> str:
    """On one line, without control characters and what turns the direction of all that follows."""
    kept = (c for c in words if c.isspace() or (c not in _TURNS and unicodedata.category(c) != "Cc"))
    return " ".join("".join(kept).split())


_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escaped(words: str) -> str:
    """Text for Markdown of any kind, which it only ever shows (CommonMark, 2.4)."""
    written = _ALIVE.sub(r"\\\g<0>", words)
    written = re.sub(r"^(\d*)([-+.)])", r"\1\\\2", written)  # items of lists
    return written.replace("@", "@\u200b")  # mail addresses and mentions are found by their letters alone


_ALIVE = re.compile(
    r"[\\`*_~|\[\]<>#&$]"  # format, links, tags, references, entities, formulas
    r"|:(?=//)|(?<=\bwww)\.",  # addresses (GitHub Flavored Markdown, 6.9)
    re.IGNORECASE,
)
