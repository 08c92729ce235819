"""Full-text search, on SQLite by FTS5 and on PostgreSQL by tsvector and GIN: the same hits on both."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, column, literal, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.record.database import query as language
from core.record.database.query import Query
from core.record.database.reading import calls_by_id, lines_by_id
from core.record.database.tables import ENTRIES, CallRow, LineRow, SpaceRow
from core.record.kept import Hit

_INDEX = table("line_words", column("rowid", BigInteger))


async def search(
    connection: AsyncConnection, query: Query, call: int | None, space: str | None, limit: int, skip: int
) -> list[Hit]:
    """Lines that are found: of the newest calls first, in each from its beginning.

    Ids fall in that order, so the index stops after `skip + limit` hits, however many there are.
    """
    statement = _fts5(query, space) if connection.dialect.name == "sqlite" else _tsquery(query, space)
    if call is not None:
        first = call * ENTRIES
        statement = statement.where(_id(statement).between(first, first + ENTRIES - 1))
    statement = statement.order_by(_id(statement).desc()).limit(limit).offset(skip)
    ids = (await connection.execute(statement)).scalars().all()
    return await _hits(connection, query, ids)


def _id(statement: Select[Any]) -> ColumnElement[int]:
    return next(iter(statement.selected_columns))


def _fts5(query: Query, space: str | None) -> Select[Any]:
    match = text("line_words MATCH :found").bindparams(found=language.fts5(query))
    statement = select(_INDEX.c.rowid).where(match)
    if space is not None:
        # The call is in the id: the line itself need not be read to know whose it is.
        statement = statement.join(
            CallRow, CallRow.id == _INDEX.c.rowid.bitwise_rshift(ENTRIES.bit_length() - 1)
        )
        statement = statement.join(SpaceRow, SpaceRow.id == CallRow.space_id).where(SpaceRow.name == space)
    return statement


def _tsquery(query: Query, space: str | None) -> Select[Any]:
    found = literal(language.tsquery(query), TSQUERY)
    statement = select(LineRow.id).where(LineRow.words.op("@@")(found))
    if space is not None:
        statement = statement.join(CallRow, CallRow.id == LineRow.call_id)
        statement = statement.join(SpaceRow, SpaceRow.id == CallRow.space_id).where(SpaceRow.name == space)
    return statement


async def _hits(connection: AsyncConnection, query: Query, ids: Sequence[int]) -> list[Hit]:
    lines = await lines_by_id(connection, ids)
    calls = await calls_by_id(connection, (call for call, _ in lines))
    return [Hit(calls[call], line, language.marks(query, line.text)) for call, line in lines]
