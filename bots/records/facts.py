"""What is kept as JSON, in the shapes of docs/room-protocol.md; characters are counted as Python does."""

from core.captions.caption import Gap
from core.record.kept import Call, Hit, Kept, Line, Person

Fact = dict[str, object]


def call_fact(call: Call) -> Fact:
    return {
        "key": call.key,
        "space": call.space,
        "title": call.title,
        "began": call.began.isoformat(),
        "ended": call.ended.isoformat() if call.ended else None,
        "state": call.state,
        "language": call.language,
        "engine": call.engine,
        "lines": call.lines,
        "speakers": list(call.speakers),
    }


def entry_fact(entry: Kept) -> Fact:
    times: Fact = {"start": round(entry.start, 3), "end": round(entry.end, 3)}
    if isinstance(entry, Line):
        return line_fact(entry)
    if isinstance(entry, Gap):
        return {"kind": "gap", "speaker": entry.speaker.id, "name": entry.speaker.name, **times}
    return {"kind": "unkept", **times}


def line_fact(line: Line) -> Fact:
    fact: Fact = {
        "kind": "line",
        "number": line.number,
        "speaker": line.speaker.id,
        "name": line.speaker.name,
        "start": round(line.start, 3),
        "end": round(line.end, 3),
        "text": line.text,
    }
    return fact if line.corrected is None else fact | {"heard": line.heard}


def hit_fact(hit: Hit) -> Fact:
    return {
        "call": call_fact(hit.call),
        "line": line_fact(hit.line),
        "marks": [list(mark) for mark in hit.marks],
    }


def person_fact(person: Person) -> Fact:
    return {
        "names": list(person.names),
        "known": person.identity is not None,
        "calls": person.calls,
        "lines": person.lines,
    }
