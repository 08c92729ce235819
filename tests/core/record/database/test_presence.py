"""Programs that share a database tell each other's work from what a dead one left behind."""

import os
import socket
from datetime import UTC, datetime, timedelta

import pytest

from core.record.database.opening import open_store
from core.record.database.presence import BEAT, SPACE, STALE, Process, present
from core.record.database.store import Store
from core.settings import Settings
from tests.fakes.record import ANN, kept

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
            assert await one.shared()
        async with present(one):
            assert not await one.shared(), "the other tidied up behind itself"
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


def test_after_a_time_in_which_nobody_could_give_a_sign_nobody_is_taken_for_dead_until_they_could() -> None:
    process, now, beat = Process(), datetime(2026, 3, 2, tzinfo=UTC), timedelta(seconds=BEAT)
    assert process.judges(now), "who has only begun knows what is written"
    for _ in range(3):
        process.signed(now)
        now += beat
        assert process.judges(now)
    now += timedelta(minutes=10)
    assert not process.judges(now), "it was away itself"
    for _ in range(int(STALE / beat)):
        process.signed(now)
        assert not process.judges(now)
        now += beat
    process.signed(now + beat / 2)
    assert process.judges(now + beat / 2)


async def test_who_was_silent_because_the_database_was_away_is_not_taken_for_dead(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with present(store):
        away = datetime.now(UTC) - timedelta(minutes=10)
        await store.prefer(SPACE, "elsewhere/1/aa", away.isoformat())
        assert not await store.lives_elsewhere("elsewhere/1/aa")
        monkeypatch.setattr(store.process, "_signed", away)
        assert await store.lives_elsewhere("elsewhere/1/aa")


async def test_a_call_whose_keeper_was_silent_because_the_database_was_away_goes_on(
    record_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(record_settings) as first, open_store(record_settings) as second:
        first.process.name = "elsewhere/1/aa"
        call = await kept(first, (ANN, "One."), live=True)
        now = later = datetime.now(UTC)
        monkeypatch.setattr("core.record.database.store._now", lambda: later)
        second.process.signed(now)
        for seconds in (100, 110, 130, 160, 190):
            later = now + timedelta(seconds=seconds)
            assert await second.interrupted() == 0, "nobody could give a sign"
            second.process.signed(later)
        assert (await second.call(call.key)).state == "live"
        later = now + timedelta(seconds=205)
        assert await second.interrupted() == 1
