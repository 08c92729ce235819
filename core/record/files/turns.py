"""The entries of a call as people read them: who says what until somebody else does, and what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.audio.frame import Speaker
from core.captions.caption import Caption, Gap
from core.record.kept import Line, Unkept
from core.record.written import line

Exported = Caption | Gap | Line | Unkept
"""What may stand in a file: what was said now, or what the record holds of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """From `start` to `end` (seconds of the call) something is missing; `text` says what."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says until somebody else does, or a pause makes a paragraph."""

    speaker: Speaker
    start: float
    end: float
    text: str


def shown(entry: Exported, *, named: bool) -> Caption | Notice | None:
    """An entry as it is shown, its name and words on one line of what can be shown; None without any words.

    Of a line of the record, the words that stand now.
    """
    if isinstance(entry, Unkept):
        return Notice(entry.start, entry.end, f"the record was not kept for {_length(entry)}")
    name = line(entry.speaker.name) or "Somebody"
    if isinstance(entry, Gap):
        whose = f" of {name}" if named else ""
        return Notice(entry.start, entry.end, f"{_length(entry)}{whose} could not be heard")
    words, speaker = line(entry.text), Speaker(entry.speaker.id, name)
    if not words:
        return None
    if isinstance(entry, Line):
        return Caption(speaker, entry.start, entry.end, words, True, len(words), entry.language)
    return replace(entry, speaker=speaker, text=words)


def _length(entry: Gap | Unkept) -> str:
    seconds = max(1, round(entry.end - entry.start))
    return f"{seconds} s" if seconds < _MINUTES else f"{round(seconds / 60)} min"


_MINUTES = 600
"""Seconds from which minutes say enough."""


class Turns:
    """Makes turns of entries, one after the other."""

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._turn: Turn | None = None
        self._said: list[str] = []

    def feed(self, entry: Exported) -> Iterable[Turn | Notice]:
        """The paragraphs that are whole now."""
        found = shown(entry, named=self._named)
        if found is None:
            return []
        if isinstance(found, Notice):
            return [*self.close(), found]
        if self._turn and self._goes_on(self._turn, found):
            self._said.append(found.text)
            self._turn = replace(self._turn, end=max(self._turn.end, found.end))
            return []
        whole = self.close()
        self._turn = Turn(found.speaker, found.start, found.end, "")
        self._said = [found.text]
        return whole

    def close(self) -> Iterable[Turn | Notice]:
        """The last paragraph, if there is one."""
        turn, self._turn = self._turn, None
        return [replace(turn, text=" ".join(self._said))] if turn else []

    def _goes_on(self, turn: Turn, caption: Caption) -> bool:
        return (
            caption.speaker.id == turn.speaker.id
            and caption.start - turn.end < _PAUSE
            and sum(map(len, self._said)) < _PARAGRAPH
        )


_PAUSE = 3.0
"""Seconds of silence after which a speaker's next words begin a paragraph."""

_PARAGRAPH = 600
"""Characters after which a paragraph ends with the caption."""
