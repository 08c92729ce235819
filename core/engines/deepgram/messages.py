"""What Deepgram says on a stream or of a recording, read without trust. Pure.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming. Kinds of message are added from
time to time: one that is not known here is `Other`. One that is known and can't be read is a `LineLost`,
because words may be missing.
"""

import json
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, TypeGuard

from core.errors import LineLost

_LONGEST: Final = 1e6
"""Seconds that no stream lasts: eleven days."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, from `start` to `end` in seconds of the stream. `text` is as it should be written."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    language: str | None = None

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Results:
    """What was said from `start` to `end` in seconds of the stream; `final`: that won't change."""

    start: float
    end: float
    final: bool
    text: str = ""
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    languages: tuple[str, ...] = ()
    """The languages that were heard, the one of most words first."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The last message of a stream: Deepgram has heard `duration` seconds and told all of it."""

    duration: float


@dataclass(frozen=True, slots=True)
class Other:
    """A message that changes nothing here; `kind` is what it calls itself."""

    kind: str


Message = Results | Metadata | Other


def parse(data: str | bytes) -> Message:
    """One message. Raises `LineLost` when it can't be read."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LineLost("Deepgram said something that is not JSON.") from error
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == "Results":
        return _results(message)
    if kind == "Metadata":
        return Metadata(_seconds(message.get("duration")))
    return Other(kind if isinstance(kind, str) else "")


def recording(answer: object) -> tuple[float, list[Results]]:
    """The seconds and the utterances of a recording, in order, from the answer of `POST /v1/listen`.

    Raises `LineLost` when it can't be read.
    """
    duration = _seconds(_table(answer, "metadata").get("duration"))
    results = _table(answer, "results")
    told = results.get("utterances")
    if isinstance(told, list):
        found = [_utterance(one) for one in told]
    else:
        # A server that makes no utterances: all of it is one.
        channels = results.get("channels")
        parts = channels if isinstance(channels, list) else []
        found = [_said(best, 0.0, duration, final=True) for best in map(_best, parts)]
    found.sort(key=lambda results: results.start)
    # Silence between two utterances belongs to the second, as on a stream.
    ends = accumulate((one.end for one in found), max, initial=0.0)
    return duration, [replace(one, start=min(one.start, end)) for one, end in zip(found, ends, strict=False)]


def _utterance(whole: object) -> Results:
    one = _table(whole)
    start = _seconds(one.get("start"))
    return _said(one, start, max(start, _seconds(one.get("end"))), final=True)


def _results(message: dict[str, object]) -> Results:
    start = _seconds(message.get("start"))
    end = start + _seconds(message.get("duration"))
    final = message.get("is_final") is True
    return _said(_best(message.get("channel")), start, end, final=final)


def _best(channel: object) -> dict[str, object]:
    alternatives = _table(channel).get("alternatives")
    if not isinstance(alternatives, list):
        raise LineLost("Deepgram sent results without their text.")
    return _table(alternatives[0]) if alternatives else {}


def _said(best: dict[str, object], start: float, end: float, *, final: bool) -> Results:
    """One alternative. Where its words have no times that can be used, its text is one long word."""
    text = plain(best.get("transcript"))
    confidence = _share(best.get("confidence"))
    told = best.get("languages")
    languages = tuple(tag for tag in map(plain, told if isinstance(told, list) else ()) if tag)
    listed = best.get("words")
    words = [_word(word) for word in listed] if isinstance(listed, list) else []
    timed = [word for word in words if word is not None and word.text]
    if len(timed) < len(words) or (text and not words):
        timed = [Word(text, start, end, confidence)] if text else []
    timed.sort(key=lambda word: word.start)
    return Results(start, end, final, text, tuple(timed), confidence, languages)


def _word(word: object) -> Word | None:
    if not isinstance(word, dict):
        return None
    start, end = word.get("start"), word.get("end")
    if not (_is_seconds(start) and _is_seconds(end) and start <= end):
        return None
    text = plain(word.get("punctuated_word")) or plain(word.get("word"))
    language = plain(word.get("language")) or None
    return Word(text, float(start), float(end), _share(word.get("confidence")), language)


def plain(text: object) -> str:
    """Text in one line that any encoding can hold; none if it is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def _table(whole: object, key: str | None = None) -> dict[str, object]:
    """`whole`, or what it holds under `key`, which must be a JSON object."""
    part = whole if key is None else whole.get(key) if isinstance(whole, dict) else None
    if not isinstance(part, dict):
        raise LineLost("Deepgram sent an answer that can't be read.")
    return part


def _is_seconds(value: object) -> TypeGuard[int | float]:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= _LONGEST  # type: ignore[operator]  # a number


def _seconds(value: object) -> float:
    if not _is_seconds(value):
        raise LineLost("Deepgram sent a time that can't be read.")
    return float(value)


def _share(value: object) -> float | None:
    return min(1.0, float(value)) if _is_seconds(value) else None
