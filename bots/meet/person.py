"""Somebody in a room, and the name that others read."""

import re
import unicodedata
from dataclasses import dataclass, field

from bots.meet.sequence import Sequence
from bots.meet.voice import Voice
from core.audio.frame import Speaker
from core.audio.senderclock import SenderClock
from core.captions.markup import blank, seen
from core.errors import UserError

NAME = 40
"""Characters of a name."""


def clean(words: str, most: int) -> str:
    """A line as people will read it: no control or invisible characters, at most `most` characters."""
    text = unicodedata.normalize("NFC", words)
    visible = "".join(c if c.isprintable() and not blank(c) else " " for c in text)
    return re.sub(r"\s+", " ", visible).strip()[:most].strip()


def clean_name(name: str) -> str:
    """A name of at most 40 characters. Raises `UserError` when nothing that can be seen is left."""
    if not any(map(seen, given := clean(name, NAME))):
        raise UserError("Please give a name, so that others know who speaks.")
    return given


@dataclass(frozen=True, slots=True)
class Past:
    """A share that ended because nobody came back in time: its mark, what had arrived, and its clock."""

    mark: str
    sequence: Sequence
    clock: SenderClock


@dataclass(slots=True)
class Person:
    """Somebody who joined to share sound. `token` proves it; `voice` is their open line."""

    speaker: Speaker
    token: str = field(repr=False)
    asked: str
    """The name that they asked for."""
    seen: float
    known: str | None = None
    """Who they are in every call, proven by a pass."""
    source: str | None = None
    muted: bool = False
    voice: Voice | None = None
    past: Past | None = None
    """What is known of a share that broke and may still come back."""
    replaced: tuple[str, ...] = ()
    """The marks of the newest shares that another tab took the place of: those may not come back."""
