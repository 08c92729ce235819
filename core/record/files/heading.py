"""What stands above the words of a file, and how its times are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.record.written import line


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the words.

    `began`: when second 0 of the entries was, aware of its time zone; None where nobody knows (a file):
    then times count from the beginning. `named`: whether speakers have names that tell anything.
    """

    title: str
    began: datetime | None = None
    language: str | None = None
    engine: str | None = None
    named: bool = True
    note: str | None = None

    def shown(self) -> str:
        """The title on one line; there is always one."""
        return line(self.title) or "Conversation"

    def facts(self) -> Iterator[tuple[str, str]]:
        """What is known of the call, on one line each: what a fact is about ("" for a note), and the fact."""
        if self.began:
            yield "Began", f"{self.began:%Y-%m-%d %H:%M} {self.began.tzname() or ''}".rstrip()
        if language := line(self.language or ""):
            yield "Language", language
        if engine := line(self.engine or ""):
            yield "Captions by", engine
        if note := line(self.note or ""):
            yield "", note

    def sentences(self) -> Iterator[str]:
        """The facts as people read them."""
        for about, fact in self.facts():
            yield f"{about}{':' * (about == 'Language')} {fact}".lstrip()

    def time(self, seconds: float) -> str:
        """The time of day, or the time since the beginning where nobody knows when that was."""
        if self.began:
            return f"{self.began + timedelta(seconds=seconds):%H:%M:%S}"
        return clock(int(seconds * 1000))[0]


def clock(milliseconds: int) -> tuple[str, int]:
    """Hours, minutes and seconds, and the milliseconds that are left."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", rest
