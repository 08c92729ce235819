"""What can be read of the record, as queries: calls, their entries, and who spoke."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import NoSuchRecord
from core.record.database.tables import (
    ENTRIES,
    SAID,
    UNHEARD,
    CallRow,
    LineRow,
    SpaceRow,
    SpeakerRow,
    line_id,
)
from core.record.kept import Call, Kept, Line, Person, State, Unkept

PAGE = 500
"""Entries that are read at once."""

_Query = Select[*tuple[Any, ...]]
_Row = Row[*tuple[Any, ...]]

_CALL: _Query = select(
    CallRow.id,
    CallRow.key,
    SpaceRow.name.label("space"),
    CallRow.title,
    CallRow.began,
    CallRow.ended,
    CallRow.state,
    CallRow.language,
    CallRow.engine,
    CallRow.owner,
).join(SpaceRow, SpaceRow.id == CallRow.space_id)

_ENTRY: _Query = select(
    LineRow.call_id,
    LineRow.number,
    LineRow.kind,
    LineRow.start,
    LineRow.end,
    LineRow.heard,
    LineRow.corrected,
    LineRow.language,
    LineRow.confidence,
    LineRow.engine,
    SpeakerRow.key,
    SpeakerRow.name,
    SpeakerRow.identity,
).outerjoin(SpeakerRow, SpeakerRow.id == LineRow.speaker_id)


async def calls(
    connection: AsyncConnection, space: str | None, before: datetime | None, limit: int
) -> list[Call]:
    """The newest calls first, at most `limit`; only those that began before `before`."""
    query = _CALL.order_by(CallRow.began.desc(), CallRow.id.desc()).limit(limit)
    if space is not None:
        query = query.where(SpaceRow.name == space)
    if before is not None:
        query = query.where(CallRow.began < before)
    return await _calls(connection, query)


async def call(connection: AsyncConnection, key: str) -> Call:
    """The call of that key. Raises `NoSuchRecord`."""
    found = await _calls(connection, _CALL.where(CallRow.key == key))
    if not found:
        raise NoSuchRecord("There is no such call in the record.")
    return found[0]


async def calls_by_id(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, Call]:
    """Those of the calls that are there."""
    wanted = [*set(ids)]
    found: dict[int, Call] = {}
    for begin in range(0, len(wanted), PAGE):
        query = _CALL.where(CallRow.id.in_(wanted[begin : begin + PAGE]))
        found.update({call.id: call for call in await _calls(connection, query)})
    return found


async def _calls(connection: AsyncConnection, query: _Query) -> list[Call]:
    rows = (await connection.execute(query)).all()
    speakers = await _speakers(connection, [row.id for row in rows])
    return [_call(row, speakers.get(row.id, [])) for row in rows]


async def _speakers(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    """Names and numbers of lines of those who spoke in each call, as they first did."""
    query = (
        select(SpeakerRow.call_id, SpeakerRow.name, SpeakerRow.lines)
        .where(SpeakerRow.call_id.in_(ids), SpeakerRow.lines > 0)
        .order_by(SpeakerRow.call_id, SpeakerRow.first, SpeakerRow.id)
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for row in await connection.execute(query) if ids else ():
        found.setdefault(row.call_id, []).append((row.name, row.lines))
    return found


def _call(row: _Row, speakers: Sequence[tuple[str, int]]) -> Call:
    state: State = row.state
    return Call(
        id=row.id,
        key=row.key,
        space=row.space,
        title=row.title,
        began=row.began,
        ended=row.ended,
        state=state,
        language=row.language,
        engine=row.engine,
        lines=sum(lines for _, lines in speakers),
        speakers=tuple(dict.fromkeys(name for name, _ in speakers)),
        owner=row.owner,
    )


async def entries(
    connection: AsyncConnection,
    call: int,
    after: float | None,
    until: float | None,
    last: tuple[float, int] | None,
) -> list[tuple[int, Kept]]:
    """The next `PAGE` entries of a call with their numbers, by start and number, behind the `last` one.

    Raises `NoSuchRecord` when the call is gone.
    """
    query = _ENTRY.where(LineRow.call_id == call).order_by(LineRow.start, LineRow.number).limit(PAGE)
    if after is not None:
        query = query.where(LineRow.start >= after)
    if until is not None:
        query = query.where(LineRow.start < until)
    if last is not None:
        query = query.where(_behind(last))
    found = [(row.number, _entry(row)) for row in await connection.execute(query)]
    if not found and (await connection.execute(select(CallRow.id).where(CallRow.id == call))).first() is None:
        raise NoSuchRecord("There is no such call in the record.")
    return found


def _behind(last: tuple[float, int]) -> ColumnElement[bool]:
    start, number = last
    # The first condition lets the index begin at the right place.
    return and_(LineRow.start >= start, or_(LineRow.start > start, LineRow.number > number))


def _entry(row: _Row) -> Kept:
    if row.kind == SAID:
        return _line(row)
    if row.kind == UNHEARD:
        return Gap(_speaker(row), row.start, row.end)
    return Unkept(row.start, row.end)


def _line(row: _Row) -> Line:
    return Line(
        number=row.number,
        speaker=_speaker(row),
        start=row.start,
        end=row.end,
        heard=row.heard,
        corrected=row.corrected,
        language=row.language,
        confidence=row.confidence,
        engine=row.engine,
    )


def _speaker(row: _Row) -> Speaker:
    return Speaker(row.key, row.name, row.identity)


async def line(connection: AsyncConnection, call: int, number: int) -> Line:
    """What was said there. Raises `NoSuchRecord`."""
    found = await lines_by_id(connection, [line_id(call, number)] if 0 <= number < ENTRIES else [])
    if not found:
        raise NoSuchRecord("There is no such line in the record.")
    return found[0][1]


async def lines_by_id(connection: AsyncConnection, ids: Sequence[int]) -> list[tuple[int, Line]]:
    """Those of the lines that are there, with their calls' ids, in the order of their ids, last first."""
    query = _ENTRY.where(LineRow.id.in_(ids), LineRow.kind == SAID).order_by(LineRow.id.desc())
    return [(row.call_id, _line(row)) for row in await connection.execute(query)] if ids else []


async def said_in(
    connection: AsyncConnection, call: int, identity: str, last: tuple[float, int] | None
) -> list[Line]:
    """The next lines that somebody said in a call, by start and number."""
    query = (
        _ENTRY.where(LineRow.call_id == call, LineRow.kind == SAID, SpeakerRow.identity == identity)
        .order_by(LineRow.start, LineRow.number)
        .limit(PAGE)
    )
    if last is not None:
        query = query.where(_behind(last))
    return [_line(row) for row in await connection.execute(query)]


async def calls_of(connection: AsyncConnection, identity: str) -> list[Call]:
    """The calls in which somebody said something, newest first."""
    ids = select(SpeakerRow.call_id).where(SpeakerRow.identity == identity, SpeakerRow.lines > 0)
    found = (await connection.execute(ids)).scalars().all()
    by_id = await calls_by_id(connection, found)
    return sorted(by_id.values(), key=lambda call: (call.began, call.id), reverse=True)


def known_as(name: str) -> str:
    """A name without case, to find people by."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


async def people(
    connection: AsyncConnection, name: str | None = None, identity: str | None = None
) -> list[Person]:
    """Who spoke, by name: each identity once with all its names; those without one by their names.

    Whoever was not understood has no line, but a name in the record all the same.
    """
    query = select(
        SpeakerRow.identity, SpeakerRow.known, SpeakerRow.name, SpeakerRow.call_id, SpeakerRow.lines
    )
    if identity is not None:
        query = query.where(SpeakerRow.identity == identity)
    if name is not None:
        known = SpeakerRow.known == known_as(name)
        theirs = select(SpeakerRow.identity).where(known, SpeakerRow.identity.is_not(None))
        query = query.where(or_(and_(known, SpeakerRow.identity.is_(None)), SpeakerRow.identity.in_(theirs)))
    found: dict[tuple[str | None, str], _Told] = {}
    for row in await connection.execute(query.order_by(SpeakerRow.id)):
        told = found.setdefault((row.identity, "" if row.identity else row.known), _Told())
        told.names[row.name] = None
        told.calls.add(row.call_id)
        told.lines += row.lines
    people = [
        Person(identity, tuple(told.names), len(told.calls), told.lines)
        for (identity, _), told in found.items()
    ]
    return sorted(people, key=lambda person: (known_as(person.names[0]), person.identity or ""))


@dataclass(slots=True)
class _Told:
    """What is known of somebody so far."""

    names: dict[str, None] = field(default_factory=dict)
    calls: set[int] = field(default_factory=set)
    lines: int = 0


async def next_number(connection: AsyncConnection, call: int) -> int:
    """One more than the largest number of an entry of the call."""
    largest = select(LineRow.number).where(LineRow.call_id == call).order_by(LineRow.id).limit(1)
    found = (await connection.execute(largest)).scalar()
    return 0 if found is None else found + 1
