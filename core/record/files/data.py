"""What was said, for programs: JSON, as docs/transcript-json.md describes it."""

import json
from collections.abc import Iterable

from core.captions.caption import Gap
from core.record.files.heading import Heading
from core.record.files.turns import Exported
from core.record.kept import Line, Unkept

SCHEMA = 1
"""The version of what is written. A field that is added leaves it as it is; any other change raises it."""


class Json:
    """One JSON object: the heading's fields and `entries`, one a line. Times are seconds from second 0.

    Words and names are as they came, also where they can't be shown.
    """

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._between = "\n"

    def begin(self) -> Iterable[str]:
        fields: dict[str, object] = {
            "spokenly": SCHEMA,
            "title": self._heading.title,
            "began": self._heading.began.isoformat() if self._heading.began else None,
            "language": self._heading.language,
            "engine": self._heading.engine,
            "note": self._heading.note,
        }
        facts = {key: value for key, value in fields.items() if value is not None}
        yield _json(facts)[:-1] + ', "entries": ['

    def feed(self, entry: Exported) -> Iterable[str]:
        if not isinstance(entry, Gap | Unkept) and not entry.text.strip():
            return
        yield self._between + _json(self._fact(entry))
        self._between = ",\n"

    def close(self) -> Iterable[str]:
        yield "\n]}\n"

    def _fact(self, entry: Exported) -> dict[str, object]:
        times = {"start": round(entry.start, 3), "end": round(entry.end, 3)}
        if isinstance(entry, Unkept):
            return {"kind": "unkept", **times}
        speaker = {"speaker": entry.speaker.id, "name": entry.speaker.name} if self._heading.named else {}
        if isinstance(entry, Gap):
            return {"kind": "gap", **speaker, **times}
        fact: dict[str, object] = {"kind": "caption"}
        if isinstance(entry, Line):
            fact["line"] = entry.number
        fact |= {**speaker, **times, "text": entry.text}
        if isinstance(entry, Line) and entry.corrected is not None:
            fact["heard"] = entry.heard
        if entry.language:
            fact["language"] = entry.language
        if isinstance(entry, Line) and entry.confidence is not None:
            fact["confidence"] = round(entry.confidence, 3)
        return fact


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
