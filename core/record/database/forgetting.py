"""Taking things out of the record: a call, somebody, or what is too old. What is taken out is gone."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.record.database.reading import PAGE, calls_by_id, known_as
from core.record.database.tables import SAID, AuditRow, CallRow, LineRow, RecapRow, SpaceRow, SpeakerRow
from core.record.kept import Call, Removed


async def delete_call(connection: AsyncConnection, call: int, *, live: bool = True) -> Removed:
    """Everything of a call; nothing where there is none, or where it is not to be deleted while `live`."""
    there = await connection.execute(select(CallRow.state).where(CallRow.id == call).with_for_update())
    if (state := there.scalar()) is None or (state == "live" and not live):
        return Removed()
    lines = (
        await connection.execute(select(func.count()).where(LineRow.call_id == call, LineRow.kind == SAID))
    ).scalar_one()
    recaps = (await connection.execute(delete(RecapRow).where(RecapRow.call_id == call))).rowcount
    await connection.execute(delete(LineRow).where(LineRow.call_id == call))
    await connection.execute(delete(SpeakerRow).where(SpeakerRow.call_id == call))
    calls = (await connection.execute(delete(CallRow).where(CallRow.id == call))).rowcount
    return Removed(calls, lines, recaps)


def whom(identity: str | None, name: str | None, call: int | None) -> ColumnElement[bool]:
    """The speakers that are meant: of one identity, or of one name in any case, in one call or in all."""
    if (identity is None) == (name is None):
        raise ValueError("somebody is forgotten by identity or by name")
    found = SpeakerRow.identity == identity if name is None else SpeakerRow.known == known_as(name)
    return found if call is None else and_(found, SpeakerRow.call_id == call)


async def forget(connection: AsyncConnection, whom: ColumnElement[bool], dry: bool) -> Removed:
    """Their lines, their names, and the recaps of those calls, which may quote them."""
    if dry:
        speakers = await _speakers(connection, whom, None)
        recaps = 0
        for calls in _pages({row.call_id for row in speakers}):
            told = select(func.count()).where(RecapRow.call_id.in_(calls))
            recaps += (await connection.execute(told)).scalar_one()
        return Removed(len({row.call_id for row in speakers}), sum(row.lines for row in speakers), recaps)
    where, lines, recaps = set[int](), 0, 0
    mine = select(SpeakerRow.call_id).where(whom)
    lock = select(CallRow.id).where(CallRow.id.in_(mine)).order_by(CallRow.id).with_for_update()
    # Nobody writes to these calls meanwhile: a line of theirs would hold their name. A call in which they
    # began to speak while we waited for the locks is left to the next round.
    while locked := {*(await connection.execute(lock)).scalars()}:
        speakers = await _speakers(connection, whom, locked)
        where |= {row.call_id for row in speakers}
        lines += sum(row.lines for row in speakers)
        for calls in _pages(locked):
            recaps += (await connection.execute(delete(RecapRow).where(RecapRow.call_id.in_(calls)))).rowcount
        for ids in _pages(row.id for row in speakers):
            await connection.execute(delete(LineRow).where(LineRow.speaker_id.in_(ids)))
            await connection.execute(delete(SpeakerRow).where(SpeakerRow.id.in_(ids)))
    return Removed(len(where), lines, recaps)


async def _speakers(
    connection: AsyncConnection, whom: ColumnElement[bool], calls: set[int] | None
) -> list[Row[int, int, int]]:
    """Who is meant: everywhere, or in these calls."""
    query = select(SpeakerRow.id, SpeakerRow.call_id, SpeakerRow.lines).where(whom)
    return [row for row in await connection.execute(query) if calls is None or row.call_id in calls]


def _pages(ids: Iterable[int]) -> Iterator[list[int]]:
    """As many at once as every database takes in one statement."""
    listed = sorted(ids)
    return (listed[begin : begin + PAGE] for begin in range(0, len(listed), PAGE))


async def expired(connection: AsyncConnection, now: datetime, days: int) -> list[Call]:
    """Calls that are over for longer than their space keeps them, or than `days`; 0 keeps them."""
    found: list[int] = []
    for space in await connection.execute(select(SpaceRow.id, SpaceRow.settings)):
        keep = space.settings.get("retention_days")
        keep = days if keep is None else keep
        if not keep:
            continue
        over = func.coalesce(CallRow.ended, CallRow.began) < now - timedelta(days=keep)
        old = select(CallRow.id).where(CallRow.space_id == space.id, CallRow.state != "live", over)
        found += (await connection.execute(old)).scalars()
    by_id = await calls_by_id(connection, found)
    return sorted(by_id.values(), key=lambda call: (call.began, call.id))


async def audit(
    connection: AsyncConnection, action: str, removed: Removed, by: str, now: datetime, space: str | None
) -> None:
    """What was done, how much, where and by which process: no names, no words."""
    await connection.execute(
        insert(AuditRow).values(
            at=now, action=action, space=space, calls=removed.calls, lines=removed.lines, by=by
        )
    )
