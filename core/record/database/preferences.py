"""What spaces are set up with: how long their calls are kept, and whatever whoever uses them wants kept."""

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.record.database.tables import PreferenceRow, SpaceRow, clean
from core.record.database.writing import space_id


async def of(connection: AsyncConnection, space: str) -> dict[str, Any]:
    """Everything of one space."""
    query = select(PreferenceRow.key, PreferenceRow.value).where(PreferenceRow.space == space)
    return {row.key: row.value for row in await connection.execute(query)}


async def beginning(connection: AsyncConnection, name: str) -> dict[str, dict[str, Any]]:
    """Everything of all spaces whose name begins so."""
    query = select(PreferenceRow.space, PreferenceRow.key, PreferenceRow.value)
    found: dict[str, dict[str, Any]] = {}
    for row in await connection.execute(
        query.where(PreferenceRow.space.startswith(clean(name), autoescape=True))
    ):
        found.setdefault(row.space, {})[row.key] = row.value
    return found


async def keep(connection: AsyncConnection, space: str, key: str, value: object) -> None:
    """Put `value` there, in the place of what was; None takes it away."""
    if value is None:
        there = (PreferenceRow.space == space) & (PreferenceRow.key == key)
        await connection.execute(delete(PreferenceRow).where(there))
        return
    made: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = made(PreferenceRow).values(space=space, key=key, value=value)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["space", "key"], set_={"value": row.excluded.value})
    )


async def replace(connection: AsyncConnection, space: str, key: str, old: object, new: object) -> bool:
    """Put `new` in the place of `old`, if that is what is there. Whether `new` is there now."""
    row = (PreferenceRow.space == space) & (PreferenceRow.key == key)
    there = (await connection.execute(select(PreferenceRow.value).where(row).with_for_update())).scalar()
    if there == old != new:
        await connection.execute(update(PreferenceRow).where(row).values(value=new))
    return there in (old, new)


async def spaces(connection: AsyncConnection) -> list[str]:
    """All that ever had a call or a rule, by name."""
    return sorted((await connection.execute(select(SpaceRow.name))).scalars())


async def retention(connection: AsyncConnection, space: str) -> int | None:
    """The days after which calls of this space are deleted, if it has a rule; 0 keeps them."""
    settings = select(SpaceRow.settings).where(SpaceRow.name == space)
    found = (await connection.execute(settings)).scalar()
    return None if found is None else found.get("retention_days")


async def set_retention(connection: AsyncConnection, space: str, days: int | None) -> None:
    """Calls of this space are deleted after so many days; None: after as many as elsewhere."""
    if days is not None and days < 0:
        raise ValueError("nothing is deleted before it is said")
    row = await space_id(connection, space)
    settings = (await connection.execute(select(SpaceRow.settings).where(SpaceRow.id == row))).scalar_one()
    kept = {key: value for key, value in settings.items() if key != "retention_days"}
    if days is not None:
        kept["retention_days"] = days
    await connection.execute(update(SpaceRow).where(SpaceRow.id == row).values(settings=kept))
