"""What is written into the record while calls go on: the calls, who speaks in them, and their entries."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import and_, case, delete, func, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import NoSuchRecord, UserError
from core.record.database.folding import folded
from core.record.database.reading import known_as, line
from core.record.database.tables import (
    SAID,
    UNHEARD,
    UNKEPT,
    CallRow,
    LineRow,
    RecapRow,
    SpaceRow,
    SpeakerRow,
    clean,
    line_id,
)
from core.record.kept import Line, Numbered, Opening
from core.record.recaps.recap import Recap

LONGEST = 2_000
"""Characters of a corrected line."""

_BATCH = 500
"""Rows that are written at once."""


def _insert(connection: AsyncConnection, row: type[Any]) -> Any:
    """An INSERT that leaves what is there as it is."""
    made = postgresql.insert(row) if connection.dialect.name == "postgresql" else sqlite.insert(row)
    return made.on_conflict_do_nothing()


async def space_id(connection: AsyncConnection, name: str) -> int:
    """The space of that name, made if need be."""
    await connection.execute(_insert(connection, SpaceRow).values(name=name, settings={}))
    return (await connection.execute(select(SpaceRow.id).where(SpaceRow.name == name))).scalar_one()


async def begin(connection: AsyncConnection, opening: Opening, host: str, now: datetime) -> None:
    """A call begins, or goes on."""
    space = await space_id(connection, opening.space)
    await connection.execute(
        _insert(connection, CallRow).values(
            space_id=space,
            key=opening.key,
            title=opening.title,
            began=opening.began,
            state="live",
            language=opening.language,
            engine=opening.engine,
            owner=opening.owner,
            host=host,
            alive_at=now,
        )
    )
    await connection.execute(
        update(CallRow)
        .where(CallRow.key == opening.key)
        .values(state="live", ended=None, host=host, alive_at=now)
    )


async def hold(connection: AsyncConnection, call: int) -> None:
    """Until this transaction ends, nobody else writes, corrects or deletes anything of the call.

    Raises `NoSuchRecord`.
    """
    # On SQLite the whole database is held already, and the clause says nothing.
    there = await connection.execute(select(CallRow.id).where(CallRow.id == call).with_for_update())
    if there.first() is None:
        raise _gone()


def _gone() -> NoSuchRecord:
    return NoSuchRecord("There is no such call in the record any more.")


async def alive(connection: AsyncConnection, call: int, host: str, now: datetime) -> None:
    """Somebody keeps this call. One that was taken for interrupted goes on. Raises `NoSuchRecord`."""
    interrupted = CallRow.state == "interrupted"
    done = await connection.execute(
        update(CallRow)
        .where(CallRow.id == call)
        .values(
            alive_at=now,
            host=host,
            state=case((interrupted, "live"), else_=CallRow.state),
            ended=case((interrupted, null()), else_=CallRow.ended),
        )
    )
    if not done.rowcount:
        raise _gone()


async def end(connection: AsyncConnection, call: int, now: datetime) -> None:
    """It is over. Raises `NoSuchRecord`."""
    done = await connection.execute(
        update(CallRow).where(CallRow.id == call).values(state="ended", ended=now, alive_at=now)
    )
    if not done.rowcount:
        raise _gone()


async def write(connection: AsyncConnection, call: int, entries: Sequence[Numbered]) -> None:
    """Entries that are not there yet."""
    speakers = await _speakers(connection, call, entries)
    for begin in range(0, len(entries), _BATCH):
        rows = [_row(call, numbered, speakers) for numbered in entries[begin : begin + _BATCH]]
        # Ids in rising order: FTS5 writes a new part of its index whenever they fall.
        rows.sort(key=lambda row: int(row["id"]))
        added = await connection.execute(
            _insert(connection, LineRow).returning(LineRow.number, LineRow.speaker_id, LineRow.kind), rows
        )
        await _count(connection, [row for row in added if row.kind == SAID])


def _row(call: int, numbered: Numbered, speakers: dict[str, int]) -> dict[str, Any]:
    entry, number = numbered.entry, numbered.number
    row: dict[str, Any] = {
        "id": line_id(call, number),
        "call_id": call,
        "number": number,
        "kind": UNKEPT,
        "speaker_id": None,
        "start": entry.start,
        "end": entry.end,
        "heard": None,
        "corrected": None,
        "language": None,
        "confidence": None,
        "engine": None,
        "words": None,
    }
    if isinstance(entry, Gap):
        row |= {"kind": UNHEARD, "speaker_id": speakers[clean(entry.speaker.id)]}
    elif isinstance(entry, Line):
        row |= {"kind": SAID, "speaker_id": speakers[clean(entry.speaker.id)], "words": folded(entry.text)}
        row |= {"heard": entry.heard, "corrected": entry.corrected, "language": entry.language}
        row |= {"confidence": entry.confidence, "engine": entry.engine}
    return row


async def _speakers(connection: AsyncConnection, call: int, entries: Iterable[Numbered]) -> dict[str, int]:
    """The ids of those who speak in `entries`; new ones are written, and those with another name by now."""
    wanted: dict[str, Speaker] = {}
    for numbered in entries:
        if isinstance(numbered.entry, Line | Gap):
            wanted[clean(numbered.entry.speaker.id)] = numbered.entry.speaker
    if not wanted:
        return {}
    query = select(SpeakerRow.id, SpeakerRow.key, SpeakerRow.name, SpeakerRow.identity).where(
        SpeakerRow.call_id == call
    )
    there = {row.key: row for row in await connection.execute(query)}
    for key, speaker in wanted.items():
        row = there.get(key)
        names = {"name": speaker.name, "known": known_as(speaker.name)}
        if row is None:
            values = {"call_id": call, "key": key, "identity": speaker.identity, "lines": 0, **names}
            await connection.execute(_insert(connection, SpeakerRow).values(values))
        elif (row.name, row.identity) != (clean(speaker.name), speaker.identity or row.identity):
            names["identity"] = speaker.identity or row.identity
            await connection.execute(update(SpeakerRow).where(SpeakerRow.id == row.id).values(names))
    return {row.key: row.id for row in await connection.execute(query)}


async def _count(connection: AsyncConnection, added: Sequence[Any]) -> None:
    """Lines that were added are counted with those who said them."""
    numbers: dict[int, list[int]] = {}
    for row in added:
        numbers.setdefault(row.speaker_id, []).append(row.number)
    for speaker, said in numbers.items():
        first = min(said)
        before = func.coalesce(SpeakerRow.first, first)
        await connection.execute(
            update(SpeakerRow)
            .where(SpeakerRow.id == speaker)
            .values(lines=SpeakerRow.lines + len(said), first=case((before < first, before), else_=first))
        )


async def correct(connection: AsyncConnection, call: int, number: int, text: str | None) -> Line:
    """Put `text` in the place of what was heard, or take that back with None.

    Raises `UserError` for a text that is empty or too long, `NoSuchRecord` when there is no such line.
    """
    await hold(connection, call)
    there = await line(connection, call, number)
    if text is not None:
        text = " ".join(clean(text).split())
        if not any(map(str.isprintable, text)):
            raise UserError("A line can't be empty: to take words out of the record, delete or forget them.")
        if len(text) > LONGEST:
            raise UserError(f"That is too long for one line: {LONGEST:,} characters at most.")
    corrected = None if text == there.heard else text
    words = folded(there.heard if corrected is None else corrected)
    await connection.execute(
        update(LineRow).where(LineRow.id == line_id(call, number)).values(corrected=corrected, words=words)
    )
    return replace(there, corrected=corrected)


async def interrupted(
    connection: AsyncConnection, now: datetime, dead: Callable[[str, datetime], bool]
) -> int:
    """Live calls whose process is `dead` by its host and its last sign of life end with their last line."""
    live = select(CallRow.id, CallRow.began, CallRow.host, CallRow.alive_at).where(CallRow.state == "live")
    marked = 0
    for row in (await connection.execute(live)).all():
        if not dead(row.host, row.alive_at):
            continue
        last = await connection.execute(select(func.max(LineRow.end)).where(LineRow.call_id == row.id))
        seconds = last.scalar_one()
        ended = row.alive_at if seconds is None else row.began + timedelta(seconds=seconds)
        # Only as it was seen: it may have ended, or given a sign of life, meanwhile.
        seen = and_(CallRow.id == row.id, CallRow.state == "live", CallRow.alive_at == row.alive_at)
        done = await connection.execute(update(CallRow).where(seen).values(state="interrupted", ended=ended))
        marked += done.rowcount
    return marked


async def keep_recap(connection: AsyncConnection, call: int, recap: Recap, now: datetime) -> None:
    """In the place of the one before. Raises `NoSuchRecord` where it speaks of what was deleted meanwhile."""
    await hold(connection, call)
    cited = {number for claim in recap.claims for number in claim.lines}
    there = select(func.count()).where(
        LineRow.id.in_([line_id(call, number) for number in cited]), LineRow.kind == SAID
    )
    names = select(SpeakerRow.name).where(SpeakerRow.call_id == call)
    known = {*(await connection.execute(names)).scalars()}
    if (await connection.execute(there)).scalar_one() < len(cited) or not known.issuperset(
        clean(talk.name) for talk in recap.talk
    ):
        raise NoSuchRecord("What this recap speaks of was deleted meanwhile.")
    await connection.execute(delete(RecapRow).where(RecapRow.call_id == call))
    data = _RECAP.dump_python(recap, mode="json")
    await connection.execute(insert(RecapRow).values(call_id=call, made=now, by=recap.by, data=data))


async def recap(connection: AsyncConnection, call: int) -> Recap | None:
    """What `keep_recap` kept."""
    data = (await connection.execute(select(RecapRow.data).where(RecapRow.call_id == call))).scalar()
    return None if data is None else _RECAP.validate_python(data)


_RECAP = TypeAdapter(Recap)
