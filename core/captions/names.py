"""Names that people tell each other apart by: no two that look the same."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count

from core.captions.markup import blank

_UNSEEN_MARKS = re.compile("[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that only choose a sign's form, or nothing."""

NUMBER = 5
"""Characters that a number behind a name may take, with its space and its brackets."""


def skeleton(name: str) -> str:
    """What two names have in common that look the same to a reader, but for letters of other alphabets."""
    plain = unicodedata.normalize("NFKC", _UNSEEN_MARKS.sub("", name)).casefold()
    seen = "".join(
        " " if blank(character) else character
        for character in plain
        if unicodedata.category(character) != "Cf"
    )
    return " ".join(seen.split())


def apart(name: str, taken: Collection[str], longest: int) -> str:
    """The name, or with a number behind it, so that it looks like none that is `taken` (by skeletons)."""
    if skeleton(name) not in taken:
        return name
    short = name[: longest - NUMBER]
    return next(numbered for n in count(2) if skeleton(numbered := f"{short} ({n})") not in taken)
