"""Programs that share a database tell each other's work from what a dead one left behind."""

import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from core.record.database.opening import open_store
from core.record.database.presence import SPACE, present
from core.record.database.store import Store
from core.settings import Settings

pytestmark = pytest.mark.real_time


async def test_a_program_lives_for_others_while_it_runs(record_settings: Settings) -> None:
    async with open_store(record_settings) as one, open_store(record_settings) as other:
        # What runs in another process has another number.
        one.process.name = f"{socket.gethostname()}/{os.getppid()}/aa"
        assert not await other.lives_elsewhere(one.process.name)
        async with present(one), present(other):
            assert await other.lives_elsewhere(one.process.name)
            assert await one.lives_elsewhere(other.process.name)
            assert not await one.lives_elsewhere(one.process.name), "it is no other"
        assert not await other.lives_elsewhere(one.process.name)
        assert await one.preferences(SPACE) == {}


@pytest.mark.parametrize("age", [10, 100])
async def test_a_program_that_was_killed_is_dead_and_forgotten_at_the_next_start(
    store: Store, age: float
) -> None:
    seen = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    await store.prefer(SPACE, "elsewhere/1/aa", seen)
    await store.prefer(SPACE, "nonsense", "yesterday")
    assert await store.lives_elsewhere("elsewhere/1/aa") == (age == 10)
    assert not await store.lives_elsewhere("nonsense")
    assert not await store.lives_elsewhere("")
    async with present(store):
        there = set(await store.preferences(SPACE)) - {store.process.name}
    assert there == ({"elsewhere/1/aa"} if age == 10 else set())
