"""A store on each database: what takes `store` or `record_settings` runs on SQLite and on PostgreSQL.

They are marked `real_time`, because threads and another process take part.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.record.database.opening import open_store
from core.record.database.store import Store
from core.settings import Settings
from tests.fakes.postgres import Postgres


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir()
    return Settings(data_dir=folder)


@pytest.fixture
def postgres_settings(postgres_server: Postgres) -> Iterator[Settings]:
    name = postgres_server.migrated()
    yield postgres_server.settings(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def record_settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of a record: on SQLite without a file so far, on PostgreSQL without anything in the tables."""
    found = request.getfixturevalue(f"{request.param}_settings")
    assert isinstance(found, Settings)
    return found


@pytest_asyncio.fixture
async def store(record_settings: Settings) -> AsyncIterator[Store]:
    async with open_store(record_settings) as opened:
        yield opened


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder that every user of this machine can get to: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)
