"""The record: where it is, whether it can be used, and what is in it. Nothing is made or changed."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from bots.doctor.finding import Finding
from core.errors import RecordUnusable
from core.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

SCARCE = 100_000_000
"""Bytes: with less room than this a disk is soon full. A day of talk takes about one megabyte."""

ANSWER = 5.0
"""Seconds that a server has to answer."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is in a record. `lacking`: tables and columns that should be there; no `revision`: it is empty."""

    revision: str | None
    tables: int = 0
    calls: int = 0
    lacking: tuple[str, ...] = ()


def record(settings: Settings) -> Iterator[Finding]:
    """Where calls are kept, and for how long."""
    from sqlalchemy import make_url

    from core.record.database.opening import place

    if settings.keep == "never" and settings.discord_token is None and not settings.slack:
        yield Finding("Record", "unneeded", "SPOKENLY_KEEP=never: nothing is kept, no database is opened.")
        return
    url = make_url(place(settings))
    if url.drivername == "sqlite":
        path = Path(str(url.database)).absolute()
        default = settings.database_url is None and settings.data_dir is None
        yield from _file(path, default=default)
    else:
        yield _judged(f"PostgreSQL at {url.host or 'localhost'}/{url.database or ''}", _asked(url))
    if settings.keep == "never":
        sentence = "SPOKENLY_KEEP=never: only set-ups, opt-outs and running calls of Discord are kept there."
        yield Finding("Retention", "good", sentence)
    else:
        yield _retention(settings)


def _file(path: Path, *, default: bool) -> Iterator[Finding]:
    if path.exists() and not path.is_file():
        raise RecordUnusable(f"{path} is no file: the record needs another place.")
    folder = next(parent for parent in path.parents if parent.exists())
    if folder != path.parent and not default:
        raise RecordUnusable(f"There is no directory {path.parent} for the record: make it, or set another.")
    for needed in (folder, path):
        if needed.exists() and not os.access(needed, os.W_OK):
            raise RecordUnusable(f"{needed} can't be written: calls can't be kept there.")
    if path.exists() and path.stat().st_size:
        yield _judged(f"SQLite, {path}", _read(path))
    else:
        yield Finding("Record", "good", f"There is no record yet; it will be at {path}.")
    free = shutil.disk_usage(folder).free
    if free < SCARCE:
        sentence = f"Only {free / 1e6:.0f} MB are free in {folder}: make room, or calls can't be kept."
        yield Finding("Disk", "missing", sentence)
    else:
        yield Finding("Disk", "good", f"{free / 1e9:,.1f} GB are free for the record.")


def _judged(name: str, facts: _Facts) -> Finding:
    from core.record.database.migrations import scripts

    revisions = scripts()
    known = {script.revision for script in revisions.walk_revisions()}
    head = revisions.get_current_head()
    if facts.revision is None and not facts.tables:
        return Finding("Record", "good", f"{name}: empty; the first start makes the tables.")
    if facts.revision is None:
        return Finding("Record", "missing", f"{name}: no database of Spokenly's; set another place.")
    if facts.revision not in known:
        sentence = f"{name}: made by a newer Spokenly; install that, or set another place."
        return Finding("Record", "missing", sentence)
    if facts.revision != head:
        sentence = f"{name}: of revision {facts.revision}; the next start brings it to {head}."
        return Finding("Record", "good", sentence)
    if facts.lacking:
        sentence = f"{name}: {', '.join(facts.lacking)} missing; restore a copy, or set another place."
        return Finding("Record", "missing", sentence)
    calls = "1 call" if facts.calls == 1 else f"{facts.calls:,} calls"
    return Finding("Record", "good", f"{name}: {calls}, revision {facts.revision}, up to date.")


def _retention(settings: Settings) -> Finding:
    days = settings.retention_days
    if not days:
        return Finding("Retention", "good", "Calls are kept until somebody deletes them.")
    long = "1 day" if days == 1 else f"{days} days"
    return Finding("Retention", "good", f"Calls are deleted after {long}, where a space has no other rule.")


def _read(path: Path) -> _Facts:
    """What is in a file. Raises `RecordUnusable` or `RecordAway`."""
    from sqlalchemy import create_engine

    from core.record.database.trouble import telling

    address = f"file:{quote(str(path))}?mode=ro"

    def read() -> _Facts:
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(address, uri=True, timeout=ANSWER),
            hide_parameters=True,
        )
        try:
            with engine.connect() as connection:
                return _facts(connection)
        finally:
            engine.dispose()

    async def told() -> _Facts:
        async with telling(f"The database {path}"):
            return await asyncio.to_thread(read)

    return asyncio.run(told())


def _asked(url: "URL") -> _Facts:
    """What is on a server. Raises `RecordUnusable` or `RecordAway`."""
    from core.record.database.opening import postgres_engine
    from core.record.database.trouble import telling

    named = f"The database {url.database or ''} at {url.host or 'localhost'}"

    async def told() -> _Facts:
        engine = postgres_engine(url, ANSWER)
        try:
            async with telling(named), engine.connect() as connection:
                return await connection.run_sync(_facts)
        finally:
            await engine.dispose()

    return asyncio.run(told())


def _facts(connection: "Connection") -> _Facts:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import func, inspect, select

    from core.record.database.tables import Base, CallRow

    seen = inspect(connection)
    tables = set(seen.get_table_names())
    heads = MigrationContext.configure(connection).get_current_heads()
    if not heads:
        return _Facts(None, len(tables))
    lacking = []
    for name, table in sorted(Base.metadata.tables.items()):
        if name not in tables:
            lacking.append(name)
            continue
        columns = {column["name"] for column in seen.get_columns(name)}
        lacking += [f"{name}.{column.name}" for column in table.columns if column.name not in columns]
    calls = 0 if lacking else connection.execute(select(func.count()).select_from(CallRow)).scalar_one()
    return _Facts(heads[0], len(tables), calls, tuple(lacking))
