"""For tests of the page: one browser for all tests of a file, a fake room for each, and pages on it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.fakes.browser import Visits, chromium, sine, visiting
from tests.fakes.room import FakeRoom, serve


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def fake() -> AsyncIterator[FakeRoom]:
    async with serve() as room:
        room.sample = sine(20)
        yield room


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Any, fake: FakeRoom) -> AsyncIterator[Visits]:
    async with visiting(browser, fake) as visits:
        yield visits
