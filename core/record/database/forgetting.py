"""Taking things out of the record: a call, somebody, or what is too old. What is taken out is gone."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.record.database.reading import calls_by_id, known_as
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
    if not dry:
        # Nobody writes to these calls meanwhile: a line of theirs would hold their name.
        mine = select(SpeakerRow.call_id).where(whom)
        await connection.execute(
            select(CallRow.id).where(CallRow.id.in_(mine)).order_by(CallRow.id).with_for_update()
        )
    query = select(SpeakerRow.id, SpeakerRow.call_id, SpeakerRow.lines).where(whom)
    speakers = (await connection.execute(query)).all()
    ids, calls = [row.id for row in speakers], {row.call_id for row in speakers}
    told = RecapRow.call_id.in_(select(SpeakerRow.call_id).where(whom))
    recaps = (await connection.execute(select(func.count()).select_from(RecapRow).where(told))).scalar_one()
    removed = Removed(len(calls), sum(row.lines for row in speakers), recaps)
    if not dry:
        await connection.execute(delete(RecapRow).where(told))
        for speaker in ids:
            await connection.execute(delete(LineRow).where(LineRow.speaker_id == speaker))
        await connection.execute(delete(SpeakerRow).where(whom))
    return removed


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
