"""The sentences of a call, put together from its lines.

Engines cut where somebody breathes: one sentence may lie on several lines, and one line may hold several.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.audio.frame import Speaker
from core.record.kept import Line
from core.record.recaps.words import content, length, nods, opening, sentences, stumbles

_PAUSE = 4.0
"""Seconds after which a speaker's next line no longer continues a sentence."""

_LONGEST = 300
"""Characters after which a sentence that nothing ends is left alone."""

_PUNCTUATED = 0.2
"""The share of lines that end a sentence, where an engine ends sentences at all."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in its speaker's own words, without what leads up to it ("Um, so, well, …").

    `lines`: the numbers of the lines it lies on; `start` is that of the first of them. `bag`: its content
    words. `length`: all its words. `stumbles`: how many of them are false starts. `whole`: whether something
    ends it.
    """

    text: str
    speaker: Speaker
    lines: tuple[int, ...]
    start: float
    language: str
    bag: tuple[str, ...]
    length: int
    stumbles: int
    whole: bool


def said(lines: Sequence[Line], language: str) -> Iterator[Sentence]:
    """The sentences, in the order in which they began; `language` is that of lines without their own.

    Of an engine that writes no full stops, each line is one.
    """
    lines = [line for line in lines if line.text.strip()]
    ended = sum(_ended(line.text) for line in lines)
    for run in _runs(lines) if ended > _PUNCTUATED * len(lines) else ([line] for line in lines):
        yield from _sentences(run, run[0].language or language)


def _runs(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines of one speaker that go on a sentence, though others may nod in between ("Mm-hmm.")."""
    run: list[Line] = []
    between: list[Line] = []
    for line in lines:
        if run and line.speaker.id == run[-1].speaker.id and _goes_on(run, line):
            run.append(line)
        elif run and line.speaker.id != run[-1].speaker.id and nods(line.text):
            between.append(line)
        else:
            yield from _apart(run, between)
            run, between = [line], []
    yield from _apart(run, between)


def _apart(run: list[Line], between: list[Line]) -> Iterator[list[Line]]:
    if run:
        yield run
    for line in between:
        yield [line]


def _goes_on(run: Sequence[Line], line: Line) -> bool:
    last = run[-1]
    return (
        line.start - last.end < _PAUSE
        and not _ended(last.text)
        and sum(len(part.text) for part in run) < _LONGEST
    )


def _ended(text: str) -> bool:
    return text.rstrip(" \"'”’»)]」』").endswith((".", "!", "?", "…", "。", "！", "？", "｡", "؟", "।"))


def _sentences(run: Sequence[Line], language: str) -> Iterator[Sentence]:
    ends: list[int] = []
    pieces: list[str] = []
    for line in run:
        pieces.append(" ".join(line.text.split()))
        ends.append((ends[-1] + 1 if ends else 0) + len(pieces[-1]))
    text = " ".join(pieces)
    for first, last in sentences(text):
        begin = first + opening(text[first:last])
        if begin == last:
            continue
        on = [
            line
            for line, piece, end in zip(run, pieces, ends, strict=True)
            if end - len(piece) < last and end > begin and piece
        ]
        quote = text[begin:last]
        yield Sentence(
            quote,
            run[0].speaker,
            tuple(line.number for line in on),
            on[0].start,
            language,
            tuple(content(quote, language)),
            length(quote),
            stumbles(quote),
            _ended(quote),
        )
