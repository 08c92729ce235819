"""What was said, under a recording: WebVTT and SubRip. Times count from second 0 of the call."""

import re
from collections.abc import Iterable
from dataclasses import replace

from core.captions.cues import LINES, LONGEST, Cue, Screen
from core.record.files.heading import Heading, clock
from core.record.files.turns import Exported, Notice, shown


class Vtt:
    """WebVTT (w3.org/TR/webvtt1), a voice span for each speaker.

    What begins while somebody else's words are on screen stands above them.
    """

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._row = _Row(named=heading.named)
        self._lanes = _Lanes()

    def begin(self) -> Iterable[str]:
        yield "WEBVTT\n"
        facts = [self._heading.shown(), *self._heading.sentences()]
        # A note may hold anything but an arrow and an empty line.
        yield "\nNOTE\n" + "".join(f"{fact.replace('-->', '→')}\n" for fact in facts)

    def feed(self, entry: Exported) -> Iterable[str]:
        return map(self._cue, self._row.feed(entry))

    def close(self) -> Iterable[str]:
        return map(self._cue, self._row.close())

    def _cue(self, cue: Cue | Notice) -> str:
        start, end = _times(cue)
        rows = [f"[{cue.text}]"] if isinstance(cue, Notice) else cue.lines
        span = f"{_time(start, '.')} --> {_time(end, '.')}{_place(self._lanes.take(start, end), len(rows))}"
        words = "\n".join(map(_vtt_text, rows))
        if isinstance(cue, Notice):
            return f"\n{span}\n<i>{words}</i>\n"
        voice = _vtt_text(cue.speaker.name)
        voice += " " * voice.endswith("-")  # or the name and the > after it could make an arrow
        return f"\n{span}\n<v {voice}>{words}</v>\n" if self._heading.named else f"\n{span}\n{words}\n"


class Srt:
    """SubRip, as players read it: a name before the words where the speaker changes.

    It knows no places on the screen: players stack what overlaps.
    """

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._row = _Row(named=heading.named)
        self._number = 0
        self._speaker: str | None = None

    def begin(self) -> Iterable[str]:
        return []

    def feed(self, entry: Exported) -> Iterable[str]:
        return map(self._cue, self._row.feed(entry))

    def close(self) -> Iterable[str]:
        return map(self._cue, self._row.close())

    def _cue(self, cue: Cue | Notice) -> str:
        self._number += 1
        start, end = _times(cue)
        if isinstance(cue, Notice):
            self._speaker = None
            rows = [f"[{_srt_text(cue.text)}]"]
        else:
            rows = [*map(_srt_text, cue.lines)]
            if self._heading.named and cue.speaker.id != self._speaker:
                rows[0] = f"{_srt_text(cue.speaker.name)}: {rows[0]}"
            self._speaker = cue.speaker.id
        span = f"{_time(start, ',')} --> {_time(end, ',')}"
        return f"{self._number}\n{span}\n" + "\n".join(rows) + "\n\n"


class _Row:
    """Cues and notices, each where its time is."""

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self._screen = Screen()
        self._notices: list[Notice] = []

    def feed(self, entry: Exported) -> Iterable[Cue | Notice]:
        found = shown(entry, named=self._named)
        if isinstance(found, Notice):
            # It is read in a moment; a subtitle that stays for an hour would be in the way.
            self._notices.append(replace(found, end=min(found.end, found.start + LONGEST)))
        cues = self._screen.feed(found) if found and not isinstance(found, Notice) else []
        yield from self._merged(cues)

    def close(self) -> Iterable[Cue | Notice]:
        yield from self._merged(self._screen.close())

    def _merged(self, cues: Iterable[Cue]) -> Iterable[Cue | Notice]:
        for cue in cues:
            yield from self._due(cue.start)
            yield cue
        yield from self._due(self._screen.next)

    def _due(self, time: float) -> Iterable[Notice]:
        while self._notices and self._notices[0].start <= time:
            yield self._notices.pop(0)


class _Lanes:
    """Rows of the screen, from below: each cue takes the lowest that is free while it is shown."""

    def __init__(self) -> None:
        self._free: list[int] = []

    def take(self, start: int, end: int) -> int:
        for lane, free in enumerate(self._free):
            if free <= start:
                self._free[lane] = end
                return lane
        self._free.append(end)
        return len(self._free) - 1


_LANES = 4
"""So many speakers at once fit on a screen; where to put a fifth is left to the player."""


def _place(lane: int, rows: int) -> str:
    """The cue setting of a lane (w3.org/TR/webvtt1, 3.4): its first row, counted from below."""
    return f" line:-{lane * LINES + rows}" if 0 < lane < _LANES else ""


def _times(cue: Cue | Notice) -> tuple[int, int]:
    """When a cue is shown, in whole milliseconds; no cue is without length."""
    start = max(0, round(cue.start * 1000))
    return start, max(round(cue.end * 1000), start + 1)


def _time(milliseconds: int, point: str) -> str:
    time, rest = clock(milliseconds)
    return f"{time}{point}{rest:03}"


def _vtt_text(words: str) -> str:
    """w3.org/TR/webvtt1, 4.2.2: these three characters are written by name, and no arrow remains."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt_text(words: str) -> str:
    """SubRip knows no escape, but players read <>, {} and \\N as format, some even times without an arrow.

    Look-alikes stand for them.
    """
    return _SRT_TIME.sub("∶", words.translate(_SRT_LOOKALIKES))


_SRT_TIME = re.compile(r"(?<=\d):(?=\d+:\d+[.,]\d)")

_SRT_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "\\": "＼"})
