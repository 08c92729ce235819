"""What a command writes: words that fit a terminal, plain lines for a pipe, JSON for programs.

What people said, and are called, is data here: it moves no cursor, sets no title and makes no link.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from io import TextIOWrapper

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from core.record.kept import Call, Hit
from core.record.written import line

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
"""Control characters of both tables but tab and new line, and what turns the direction of what follows."""


class Screen:
    """The standard output: a terminal, or something that reads lines."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        if isinstance(sys.stdout, TextIOWrapper):
            # What is read by programs is UTF-8; a letter that a terminal can't write is no reason to end.
            sys.stdout.reconfigure(encoding=None if self.terminal else "utf-8", errors="replace")

    @property
    def terminal(self) -> bool:
        """Whether somebody sees this as it is written."""
        return self._console.is_terminal

    def show(self, *parts: RenderableType) -> None:
        """Something that is as wide as the terminal."""
        self._console.print(*parts)

    def line(self, words: str | Text) -> None:
        """One line, wrapped where a terminal ends."""
        if self.terminal:
            self.show(words)
        else:
            self.write(f"{words}\n")

    def lines(self, words: str) -> None:
        """Lines as they are; in a terminal each is wrapped under where it begins."""
        if not self.terminal:
            self.write(words)
            return
        for each in words.splitlines():
            bare = each.lstrip(" ")
            self.show(Padding(Text(bare), (0, 0, 0, len(each) - len(bare))))

    def said(self, number: str, time: str, words: str | Text) -> None:
        """A line of a call, with its number and its time of day in front."""
        if not self.terminal:
            self.write(f"{number:>4}  {time}  {words}\n")
            return
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(justify="right", style="dim", min_width=4, no_wrap=True)
        row.add_column(style="dim", no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(number, time, words)
        self.show(row)

    def number(self, number: int) -> str:
        """A number for people, or for their scripts."""
        return f"{number:,}" if self.terminal else str(number)

    def row(self, *cells: str) -> None:
        """Cells between tabs."""
        self.write("\t".join(map(line, cells)) + "\n")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str | Text]], numbers: str = "") -> None:
        """Columns under headings in a terminal, else rows; `numbers`: headings of numbers."""
        if not self.terminal:
            for row in rows:
                self.row(*map(str, row))
            return
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in headings:
            number = heading in numbers.split()
            table.add_column(
                heading,
                justify="right" if number else "left",
                overflow="fold",
                no_wrap=number or heading in ("Key", "Began"),
            )
        for row in rows:
            table.add_row(*(Text(line(cell)) if isinstance(cell, str) else cell for cell in row))
        self.show(table)

    def write(self, words: str) -> None:
        """Words as they are, whatever the width."""
        sys.stdout.write(harmless(words) if self.terminal else words)

    def json(self, value: object) -> None:
        """One value, readable by people too."""
        self.write(f"{as_json(value, indent=2)}\n")


def tell(sentence: str) -> None:
    """Say something to whoever sits in front of it, past what is piped on."""
    print(line(sentence), file=sys.stderr)  # noqa: T201 - this is a command


def harmless(words: str) -> str:
    """`words` with what a terminal would obey written out as `\\u001b`: JSON stays JSON."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", words)


def as_json(value: object, indent: int | None = None) -> str:
    """JSON in which every letter is readable and none is obeyed by a terminal."""
    return harmless(json.dumps(value, ensure_ascii=False, indent=indent))


def marked(hit: Hit, style: str = "bold") -> Text:
    """The words of a hit, what matches in `style`."""
    text, words, done = Text(), hit.line.text, 0
    for first, after in hit.marks:
        text.append(_piece(words[done:first]))
        text.append(_piece(words[first:after]), style)
        done = after
    text.append(_piece(words[done:]))
    return text


def _piece(words: str) -> str:
    """As `line`, but spaces at the ends stay."""
    bare = line(words)
    before = " " if words[:1].isspace() else ""
    after = " " if words[-1:].isspace() and bare else ""
    return f"{before}{bare}{after}"


def span(seconds: float) -> str:
    """A length: 2:33, or 1:02:33."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lasted(call: Call, now: datetime) -> str:
    """How long a call was, or is already; nothing where nobody knows."""
    ended = now if call.state == "live" else call.ended
    return span((ended - call.began).total_seconds()) if ended else ""


def day(moment: datetime) -> str:
    """The day and the minute where this machine is."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def moment(call: Call, seconds: float) -> str:
    """The time of day, where this machine is, of a second of the call."""
    return f"{(call.began + timedelta(seconds=seconds)).astimezone():%H:%M:%S}"


def title(call: Call) -> str:
    """What a call is called; some have no title."""
    return line(call.title) or "A call without a title"


def count(number: int, what: str) -> str:
    """1 line, 2 lines."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def short(keys: Sequence[str]) -> Iterator[str]:
    """Of each key what tells it from the others: 8 characters, if that is enough.

    A hyphen at the beginning is left out, or the command line would take the key for an option.
    """
    bare = [key.lstrip("-") for key in keys]
    for key in bare:
        size = 8
        while size < len(key) and sum(other.startswith(key[:size]) for other in bare) > 1:
            size += 1
        yield key[:size]
