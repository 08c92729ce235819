"""What was said, as files: Markdown, plain text, WebVTT, SubRip and JSON.

Each takes a heading and the entries of a call, sorted by start, and yields the file in pieces, so that a
call of any length is never in memory as a whole. Speech and names are data in every one of them: nothing
that people say or are called can become a heading, a link, HTML, a cue or a field.
"""

import json as json_format
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.audio.frame import Speaker
from core.captions.caption import Caption, Entry, Gap
from core.captions.cues import Cue, cues
from core.record.written import escaped, line


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


Export = Callable[[Heading, Iterable[Entry]], Iterator[str]]


def text(heading: Heading, entries: Iterable[Entry]) -> Iterator[str]:
    """Plain text: a paragraph for each turn, with its time and speaker."""
    yield f"{line(heading.title)}\n"
    for fact in _facts(heading):
        yield f"{line(fact)}\n"
    for turn in _turns(entries):
        name = f"{turn.speaker.name}: " if heading.named else ""
        words = f"{name}{' '.join(turn.said)}" if turn.said else f"({_not_heard(turn, heading)})"
        yield f"\n[{_time(heading, turn.start)}] {words}\n"


def markdown(heading: Heading, entries: Iterable[Entry]) -> Iterator[str]:
    """Markdown (CommonMark): a heading, the facts, a paragraph for each turn."""
    yield f"# {escaped(line(heading.title))}\n"
    if facts := [*_facts(heading)]:
        yield "\n" + "\n".join(f"- {escaped(line(fact))}" for fact in facts) + "\n"
    for turn in _turns(entries):
        if not turn.said:
            yield f"\n*{_time(heading, turn.start)} · {escaped(_not_heard(turn, heading))}*\n"
            continue
        name = f"**{escaped(turn.speaker.name)}** · " if heading.named else ""
        yield f"\n{name}{_time(heading, turn.start)}\n\n{escaped(' '.join(turn.said))}\n"


def vtt(heading: Heading, entries: Iterable[Entry]) -> Iterator[str]:
    """WebVTT (w3.org/TR/webvtt1), a voice span for each speaker. Times count from second 0."""
    yield "WEBVTT\n"
    facts = [heading.title, *_facts(heading)]
    # A note may hold anything but an arrow and an empty line.
    yield "\nNOTE\n" + "".join(f"{line(fact).replace('-->', '→')}\n" for fact in facts if line(fact))
    for entry in _timed(entries):
        span = f"{_vtt_time(entry.start)} --> {_vtt_time(max(entry.end, entry.start + 0.001))}"
        if isinstance(entry, Gap):
            yield f"\n{span}\n<i>[{_vtt_text(_not_heard(_Turn.of(entry), heading))}]</i>\n"
            continue
        words = "\n".join(map(_vtt_text, entry.lines))
        voice = _vtt_text(entry.speaker.name)
        voice += " " * voice.endswith("-")  # or the name and the > after it could make an arrow
        yield f"\n{span}\n<v {voice}>{words}</v>\n" if heading.named else f"\n{span}\n{words}\n"


def srt(heading: Heading, entries: Iterable[Entry]) -> Iterator[str]:
    """SubRip, as players read it: a name before the words where the speaker changes.

    Times count from second 0.
    """
    speaker: str | None = None
    for number, entry in enumerate(_timed(entries), 1):
        span = f"{_srt_time(entry.start)} --> {_srt_time(max(entry.end, entry.start + 0.001))}"
        if isinstance(entry, Gap):
            speaker = None
            lines = [f"[{_srt_text(_not_heard(_Turn.of(entry), heading))}]"]
        else:
            lines = [*map(_srt_text, entry.lines)]
            if heading.named and entry.speaker.id != speaker:
                lines[0] = f"{_srt_text(entry.speaker.name)}: {lines[0]}"
            speaker = entry.speaker.id
        yield f"{number}\n{span}\n" + "\n".join(lines) + "\n\n"


def json(heading: Heading, entries: Iterable[Entry]) -> Iterator[str]:
    """One JSON object: the heading's fields and `entries`, one a line. Times are seconds from second 0."""
    fields: dict[str, object] = {
        "title": heading.title,
        "began": heading.began.isoformat() if heading.began else None,
        "language": heading.language,
        "engine": heading.engine,
        "note": heading.note,
    }
    facts = {key: value for key, value in fields.items() if value is not None}
    yield _json(facts)[:-1] + ', "entries": ['
    between = "\n"
    for entry in entries:
        fact: dict[str, object] = {"kind": "caption" if isinstance(entry, Caption) else "gap"}
        if heading.named:
            fact |= {"speaker": entry.speaker.id, "name": entry.speaker.name}
        fact |= {"start": round(entry.start, 3), "end": round(entry.end, 3)}
        if isinstance(entry, Caption):
            fact |= {"text": entry.text} | ({"language": entry.language} if entry.language else {})
        yield between + _json(fact)
        between = ",\n"
    yield "\n]}\n"


FORMATS: Mapping[str, Export] = {"text": text, "vtt": vtt, "srt": srt, "json": json, "markdown": markdown}
"""The exports by the name that people type."""

SUFFIXES: Mapping[str, str] = {"text": "txt", "vtt": "vtt", "srt": "srt", "json": "json", "markdown": "md"}
"""How a file of each format ends."""


@dataclass(slots=True)
class _Turn:
    """What one speaker says until somebody else does, or a pause makes a paragraph; without words, a gap."""

    speaker: Speaker
    start: float
    end: float
    said: list[str]

    @classmethod
    def of(cls, entry: Entry) -> "_Turn":
        said = [entry.text] if isinstance(entry, Caption) else []
        return cls(entry.speaker, entry.start, entry.end, said)

    def goes_on(self, entry: Entry) -> bool:
        return (
            isinstance(entry, Caption)
            and bool(self.said)
            and entry.speaker.id == self.speaker.id
            and entry.start - self.end < _PAUSE
            and sum(map(len, self.said)) < _PARAGRAPH
        )


_PAUSE = 3.0
"""Seconds of silence after which a speaker's next words begin a paragraph."""

_PARAGRAPH = 600
"""Characters after which a paragraph ends with the caption."""


def _clean(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that show something, every name and text on one line of what can be shown."""
    for entry in entries:
        speaker = Speaker(entry.speaker.id, line(entry.speaker.name) or "Somebody")
        if isinstance(entry, Gap):
            yield replace(entry, speaker=speaker)
        elif words := line(entry.text):
            yield replace(entry, speaker=speaker, text=words)


def _turns(entries: Iterable[Entry]) -> Iterator[_Turn]:
    turn: _Turn | None = None
    for entry in _clean(entries):
        if turn and isinstance(entry, Caption) and turn.goes_on(entry):
            turn.said.append(entry.text)
            turn.end = max(turn.end, entry.end)
            continue
        if turn:
            yield turn
        turn = _Turn.of(entry)
    if turn:
        yield turn


def _timed(entries: Iterable[Entry]) -> Iterator[Cue | Gap]:
    """Cues and gaps, each where its time is."""
    gaps: list[Gap] = []

    def captions() -> Iterator[Caption]:
        for entry in _clean(entries):
            if isinstance(entry, Caption):
                yield entry
            else:
                gaps.append(entry)

    for cue in cues(captions()):
        while gaps and gaps[0].start <= cue.start:
            yield gaps.pop(0)
        yield cue
    yield from gaps


def _facts(heading: Heading) -> Iterator[str]:
    if heading.began:
        yield f"Began {heading.began:%Y-%m-%d %H:%M} {heading.began.tzname() or ''}".rstrip()
    if heading.language:
        yield f"Language: {heading.language}"
    if heading.engine:
        yield f"Captions by {heading.engine}"
    if heading.note:
        yield heading.note


def _not_heard(turn: _Turn, heading: Heading) -> str:
    seconds = max(1, round(turn.end - turn.start))
    return (
        f"{seconds} s of {turn.speaker.name} could not be heard"
        if heading.named
        else f"{seconds} s could not be heard"
    )


def _time(heading: Heading, seconds: float) -> str:
    if heading.began:
        return f"{heading.began + timedelta(seconds=seconds):%H:%M:%S}"
    return _clock(int(seconds * 1000))[0]


def _clock(milliseconds: int) -> tuple[str, int]:
    """Hours, minutes and seconds, and the milliseconds that are left."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}", rest


def _vtt_time(seconds: float) -> str:
    clock, rest = _clock(round(seconds * 1000))
    return f"{clock}.{rest:03}"


def _srt_time(seconds: float) -> str:
    clock, rest = _clock(round(seconds * 1000))
    return f"{clock},{rest:03}"


def _vtt_text(words: str) -> str:
    """w3.org/TR/webvtt1, 4.2.2: these three characters are written by name, and no arrow remains."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _srt_text(words: str) -> str:
    """SubRip knows no escape, but players take tags in <> and {} for format: look-alikes stand for them."""
    return words.translate(_SRT_LOOKALIKES)


_SRT_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})


def _json(value: object) -> str:
    return json_format.dumps(value, ensure_ascii=False)
