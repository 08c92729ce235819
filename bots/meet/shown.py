"""What the record holds, as the page reads it (docs/room-protocol.md, "Records")."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from bots.meet.rooms import Room
from core.captions.caption import Gap
from core.record.files.heading import Heading
from core.record.kept import Call, Hit, Kept, Line, Unkept


def fresh(words: dict[str, Any]) -> web.Response:
    """An answer that no cache keeps."""
    return web.json_response(words, headers={"Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True)
class Ear:
    """What hears, as people read it: an engine, what to know of it, and whether it is paid for."""

    engine: str
    note: str | None = None
    paid: bool = False


def room(one: Room, ear: Ear) -> dict[str, Any]:
    """A room. `streamed`: seconds that went to an engine which is paid for, where one is."""
    return {
        "room": one.name,
        "title": one.title,
        "keep": one.keep,
        "record": one.name if one.record == one.name else None,
        "state": one.state,
        "engine": ear.engine,
        "language": one.terms.language,
        "guests": one.terms.guests,
        "private": one.terms.private,
        "origin": one.terms.origin if one.terms.held else None,
        "closed": one.closed,
        "began": round(one.began_at.timestamp() * 1000) if one.began_at else None,
        "people": [
            {
                "id": person.speaker.id,
                "name": person.speaker.name,
                "sharing": person.voice is not None,
                "muted": person.muted,
                "source": person.source,
            }
            for person in one.people.values()
        ],
        "note": ear.note,
        "streamed": round(one.streamed, 1) if ear.paid else None,
    }


def heading(call: Call) -> Heading:
    """What stands above a call's transcript."""
    note = "Spokenly was stopped in the middle of this call." if call.state == "interrupted" else None
    return Heading(call.title, began=call.began, language=call.language, engine=call.engine, note=note)


def call(one: Call, expires: datetime | None, *, may_change: bool) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "began": one.began.isoformat(),
        "ended": one.ended.isoformat() if one.ended else None,
        "state": one.state,
        "language": one.language,
        "engine": one.engine,
        "lines": one.lines,
        "speakers": list(one.speakers),
        "may": ["correct", "delete"] if may_change else [],
        "expires": expires.isoformat() if expires else None,
    }


def entry(one: Kept, *, mine: bool = False) -> dict[str, Any]:
    span = {"start": round(one.start, 2), "end": round(one.end, 2)}
    if isinstance(one, Unkept):
        return {"kind": "unkept", **span}
    who = {"speaker": one.speaker.id, "name": one.speaker.name}
    if isinstance(one, Gap):
        return {"kind": "gap", **who, **span}
    shown = {"kind": "line", "number": one.number, **who, **span, "text": one.text}
    if one.corrected is not None:
        shown["heard"] = one.heard
    return shown | {"mine": True} if mine else shown


def hit(one: Hit, *, with_call: bool) -> dict[str, Any]:
    """A hit; the browser counts in UTF-16 code units where we count characters."""
    marks = [[_units(one.line.text[:first]), _units(one.line.text[:last])] for first, last in one.marks]
    where = {"call": call(one.call, None, may_change=False)} if with_call else {}
    return where | {"line": entry(one.line), "marks": marks}


def _units(words: str) -> int:
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


async def said(lines: AsyncIterator[tuple[Call, Line]]) -> AsyncIterator[str]:
    """Everything that one person said, as JSON in pieces."""
    yield '{"said": ['
    between = "\n"
    async for where, line in lines:
        words: dict[str, Any] = {
            "call": where.title,
            "began": where.began.isoformat(),
            "as": line.speaker.name,
            "start": round(line.start, 2),
            "end": round(line.end, 2),
            "text": line.text,
        }
        if line.corrected is not None:
            words["heard"] = line.heard
        yield between + json.dumps(words, ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"
