"""What the record holds, as plain values: calls, their lines, gaps, hits of a search."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.audio.frame import Speaker
from core.captions.caption import Gap

State = Literal["live", "ended", "interrupted"]
"""`interrupted`: the process that kept the call died; what it had written is there."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A call that begins to be kept.

    `key`: its address, 128 random bits or what the platform calls it; whoever has it may read the record.
    `space`: whose it is: a guild, a workspace, this machine. `began`: the moment at second 0, aware of its
    time zone. `owner`: the SHA-256 (hex) of the token that may change and delete the record, if there is one.
    """

    key: str
    space: str
    title: str
    began: datetime
    language: str
    engine: str
    owner: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the record. `ended` is None while it is live; `lines` counts what was said, without gaps."""

    id: int
    key: str
    space: str
    title: str
    began: datetime
    ended: datetime | None
    state: State
    language: str
    engine: str
    lines: int
    speakers: tuple[str, ...]
    """Names, in the order in which they first spoke."""
    owner: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody said, `start` to `end` in seconds of the call.

    `number` is its place among all entries of its call: it never changes, and recaps cite it.
    `heard` is what the engine wrote; `corrected` what somebody put in its place later.
    """

    number: int
    speaker: Speaker
    start: float
    end: float
    heard: str
    corrected: str | None = None
    language: str | None = None
    confidence: float | None = None
    engine: str | None = None

    @property
    def text(self) -> str:
        """What stands now."""
        return self.heard if self.corrected is None else self.corrected


@dataclass(frozen=True, slots=True)
class Unkept:
    """From `start` to `end` (seconds of the call) the record was not kept, though captions were shown."""

    start: float
    end: float


Kept = Line | Gap | Unkept
"""An entry of a record."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An entry and its number, on its way into the record."""

    number: int
    entry: Kept


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that a search found; `marks`: what of its text matches (first and after last character)."""

    call: Call
    line: Line
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who spoke: every name they used, in how many calls, with how many lines."""

    identity: str | None
    names: tuple[str, ...]
    calls: int
    lines: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of the record, or would be."""

    calls: int = 0
    lines: int = 0
    recaps: int = 0
