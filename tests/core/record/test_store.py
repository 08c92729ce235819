"""The record keeps what it is given, on both databases alike."""

import pytest

from core.record.store import Store
from tests.fakes.record import ANN, BOB, numbered, opening, said

pytestmark = pytest.mark.real_time


async def test_what_was_written_is_read(store: Store) -> None:
    call = await store.begin(opening())
    lines = said((ANN, "Good morning."), (BOB, "Morning, Ann."))
    await store.write(call, numbered(lines))
    await store.end(call)
    assert [entry async for entry in store.entries(call)] == lines
    read = await store.call(call.key)
    assert (read.state, read.lines, read.speakers) == ("ended", 2, ("Ann", "Bob"))
