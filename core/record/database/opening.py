"""Where the record is, and how it is opened: a SQLite file by default, or a PostgreSQL server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it carries no types
import platformdirs
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.errors import RecordUnusable
from core.record.database import sqlite
from core.record.database.migrations import migrate, scripts
from core.record.database.store import Store
from core.record.database.transactions import Transactions
from core.record.database.trouble import telling
from core.settings import Settings

FILE = "spokenly.db"
_CONNECT = 5.0
"""Seconds that a PostgreSQL server has to take a connection."""

_ANSWER = 10.0
"""Seconds that it has to answer a statement."""

_READERS, _WRITERS = 10, 4
"""Connections that are open at most: calls are written whatever is read. SQLite has one writer."""

_MIGRATE = 600.0
"""Seconds that one step of a migration may take: a large table is rewritten."""


def place(settings: Settings) -> str:
    """The URL of the record's database; it may hold a password. Raises `RecordUnusable`.

    Without `database_url` it is `spokenly.db` in `data_dir`, or in a folder of Spokenly's own where this
    system keeps programs' data.
    """
    if settings.database_url is not None:
        return _url(settings.database_url.get_secret_value()).render_as_string(hide_password=False)
    return f"sqlite:///{_file(settings)}"


def _file(settings: Settings) -> Path:
    return (settings.data_dir or platformdirs.user_data_path("spokenly", appauthor=False)) / FILE


def _url(given: str) -> URL:
    try:
        url = make_url(given)
        scheme = url.drivername.partition("+")[0]
    except (ArgumentError, ValueError):
        scheme = ""
    if scheme in ("postgresql", "postgres"):
        return url.set(drivername="postgresql")
    if scheme == "sqlite" and url.database and ":memory:" not in url.database and not url.host:
        return url.set(drivername="sqlite", query={})
    raise RecordUnusable(
        "SPOKENLY_DATABASE_URL must look like postgresql://user:password@host/name "
        "or sqlite:////a/directory/spokenly.db."
    )


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The record, ready to be used; it is closed at the end.

    Brings the database up to date first; where several start at once, one does and the others wait. Calls
    whose process died become interrupted. Raises `RecordUnusable` when it is damaged, somebody else's, of a
    newer Spokenly or in a place that can't be used: nothing is changed then; and `RecordAway` when it can't
    be reached.
    """
    if settings.database_url is None:
        opened = _sqlite(_file(settings), default=settings.data_dir is None)
    elif (url := _url(settings.database_url.get_secret_value())).drivername == "sqlite":
        opened = _sqlite(Path(str(url.database)), default=False)
    else:
        opened = _postgres(url)
    async with opened as store:
        await store.interrupted()
        yield store


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A line of its own to the record's database, for libraries that keep tables there themselves.

    Its transactions write. The record is opened before (`open_store`): that makes the database, and says
    whose it is. What a driver complains of is not translated here (see `trouble`). Raises `RecordUnusable`.
    """
    url = _url(place(settings))
    if url.drivername == "sqlite":
        engine = await asyncio.to_thread(lambda: sqlite.engine(Path(str(url.database)).absolute()))
    else:
        engine = postgres_engine(url, _ANSWER, _WRITERS)
    try:
        yield engine.execution_options(begin=sqlite.WRITE)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _sqlite(path: Path, default: bool) -> AsyncIterator[Store]:
    path = await asyncio.to_thread(sqlite.prepare, path, default)
    # The dialect looks at the path.
    reading = await asyncio.to_thread(sqlite.engine, path, _READERS)
    writing = await asyncio.to_thread(sqlite.engine, path)
    told = f"The database {path}"
    try:
        async with telling(told, starting=True):
            await _migrate_sqlite(writing, path)
            await sqlite.scrub(writing)
            file = await asyncio.to_thread(sqlite.File.of, path)
        async with Transactions(reading, writing, told, file) as transactions:
            yield Store(transactions, f"SQLite, {path}")
    finally:
        await reading.dispose()
        await writing.dispose()


async def _migrate_sqlite(engine: AsyncEngine, path: Path) -> None:
    revisions = await asyncio.to_thread(scripts)
    async with engine.execution_options(begin=None).connect() as connection:
        await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    async with engine.execution_options(begin=sqlite.WRITE).begin() as connection:
        await connection.run_sync(sqlite.claim, path)
        await connection.run_sync(migrate, revisions, str(path))
    await sqlite.empty_log(engine)


@asynccontextmanager
async def _postgres(url: URL) -> AsyncIterator[Store]:
    host = _host(url)
    told = f"The database {url.database or url.username or 'postgres'} at {host}"
    reading, writing = postgres_engine(url, _ANSWER, _READERS), postgres_engine(url, _ANSWER, _WRITERS)
    try:
        async with telling(told, starting=True):
            revisions = await asyncio.to_thread(scripts)
            patient = postgres_engine(url, _MIGRATE)
            try:
                async with patient.begin() as connection:
                    await connection.run_sync(migrate, revisions, f"{url.database} at {host}")
            finally:
                await patient.dispose()
        async with Transactions(reading, writing, told) as transactions:
            yield Store(transactions, f"PostgreSQL at {host}/{url.database or ''}")
    finally:
        await reading.dispose()
        await writing.dispose()


def _host(url: URL) -> str:
    given = url.host or url.query.get("host") or "localhost"
    host = given if isinstance(given, str) else ",".join(given)
    return f"{host}:{url.port}" if url.port and url.port != 5432 else host


def postgres_engine(url: URL, answer: float, connections: int = 1) -> AsyncEngine:
    """An engine whose connections fail after some seconds where the server hangs."""
    # asyncpg reads the URL itself, with everything that PostgreSQL's own programs take in one (sslmode…).
    connect: Any = partial(
        asyncpg.connect,
        url.render_as_string(hide_password=False),
        timeout=_CONNECT,
        command_timeout=answer,
        server_settings={
            "application_name": "spokenly",
            # Which index to take depends on the words: a plan that was made for others would be slow.
            "plan_cache_mode": "force_custom_plan",
            "jit": "off",
        },
    )
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_CONNECT,
        pool_pre_ping=True,
    )
