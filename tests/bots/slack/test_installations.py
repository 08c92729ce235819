"""Which workspaces have the app: one object for each, and no acknowledgement waits for the database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from bots.slack.installations import Installed, Workspaces
from tests.bots.slack.office import office


class Slow:
    """Installations that take a moment to be found."""

    def __init__(self) -> None:
        self.token = "first"
        self.there = True

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        await asyncio.sleep(4.0)
        return Installed(team, self.token, "B") if self.there else None

    async def remove(self, team: str, enterprise: str | None) -> None:
        self.there = False


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_two_who_come_first_at_once_share_one_workspace(session: aiohttp.ClientSession) -> None:
    workspaces = Workspaces(Slow(), session)
    async with asyncio.TaskGroup() as tasks:
        one, other = (tasks.create_task(workspaces.find("T1")) for _ in range(2))
    first, second = one.result(), other.result()
    assert first is not None
    assert second is not None
    assert first[0] is second[0]


async def test_who_installs_the_app_again_keeps_the_workspace_with_a_new_token(
    session: aiohttp.ClientSession,
) -> None:
    slow = Slow()
    workspaces = Workspaces(slow, session)
    before = await workspaces.find("T1")
    assert before is not None
    slow.token = "second"
    workspaces.forget("T1")
    after = await workspaces.find("T1")
    assert after is not None
    assert after[0] is before[0]
    assert before[0].client.token == "second"


async def test_a_workspace_that_took_the_app_out_is_not_known_any_more(
    session: aiohttp.ClientSession,
) -> None:
    workspaces = Workspaces(Slow(), session)
    assert await workspaces.find("T1") is not None
    await workspaces.remove("T1")
    assert workspaces.met("T1") is None
    assert await workspaces.find("T1") is None


async def test_slack_is_acknowledged_at_once_however_slow_the_database_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        workspaces = acme.bot.desk.workspaces
        found = await workspaces.find(acme.team.id)
        assert found is not None
        slow = Slow()
        slow.token = found[1].token
        monkeypatch.setattr(workspaces, "_installations", slow)
        workspaces.forget(acme.team.id)
        answer = await acme.ann.command("/captions", "status", channel=acme.general)
        assert not answer.failed
        assert max(acme.slack.sockets.acks) < 1.0
        await acme.until(lambda: "No captions run in this channel" in acme.told(acme.ann))
