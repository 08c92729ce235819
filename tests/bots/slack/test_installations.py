"""Which workspaces have the app: one object for each, and no acknowledgement waits for the database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError

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


async def test_who_asks_while_the_app_is_installed_again_gets_the_new_token(
    session: aiohttp.ClientSession,
) -> None:
    class Slower(Slow):
        async def find(self, team: str, enterprise: str | None) -> Installed | None:
            token = self.token  # read before the other one was written
            await asyncio.sleep(1.0)
            return Installed(team, token, "B")

    slow = Slower()
    workspaces = Workspaces(slow, session)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(workspaces.find("T1"))
        await asyncio.sleep(0.5)
        slow.token = "second"
        workspaces.forget("T1")
    assert (found := asked.result()) is not None
    assert found[1].token == found[0].client.token == "second"


class Kept:
    """Installations of one workspace, kept somewhere."""

    def __init__(self, token: str, bot: str) -> None:
        self.token, self.bot = token, bot
        self.removed = 0
        self.asked = 0

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        self.asked += 1
        return None if self.removed else Installed(team, self.token, self.bot)

    async def remove(self, team: str, enterprise: str | None) -> None:
        self.removed += 1


async def test_a_token_that_slack_refuses_is_asked_for_anew(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        workspaces = acme.bot.desk.workspaces
        workspaces._installations = kept = Kept("xoxb-old", acme.team.bot)
        workspaces.forget(acme.team.id)
        found = await workspaces.find(acme.team.id)
        assert found is not None
        kept.token = acme.team.bot_token
        with pytest.raises(SlackApiError):
            await found[0].client.users_info(user=acme.ann.id)
        again = await workspaces.find(acme.team.id)
        assert again is not None
        assert again[0] is found[0]
        await found[0].client.users_info(user=acme.ann.id)
        asked = kept.asked
        await workspaces.find(acme.team.id)
        assert kept.asked == asked, "one that is taken is not asked for again"


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U"]}}]
)
async def test_a_late_word_of_a_removal_leaves_the_app_that_was_installed_again(
    tmp_path: Path, event: dict[str, Any]
) -> None:
    async with office(tmp_path) as acme:
        workspaces = acme.bot.desk.workspaces
        workspaces._installations = kept = Kept(acme.team.bot_token, acme.team.bot)
        await acme.start()
        asked = kept.asked
        await acme.slack.sockets.event(acme.team.id, event)
        await acme.until(lambda: kept.asked > asked)
        await asyncio.sleep(100)
        assert not kept.removed
        assert len(acme.bot.calls.running()) == 1


async def test_while_slack_does_not_say_that_the_app_is_gone_its_token_stays(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        workspaces = acme.bot.desk.workspaces
        workspaces._installations = kept = Kept(acme.team.bot_token, acme.team.bot)
        acme.slack.faults.errors["auth.test"] = ["internal_error"] * 3
        await acme.slack.sockets.event(acme.team.id, {"type": "app_uninstalled"})
        await asyncio.sleep(100)
        assert kept.asked == 4
        assert not kept.removed


async def test_an_app_that_was_installed_again_while_slack_was_asked_stays(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        workspaces = acme.bot.desk.workspaces
        workspaces._installations = kept = Kept("xoxb-old", acme.team.bot)
        acme.slack.faults.slow["auth.test"] = 2.0
        async with asyncio.TaskGroup() as tasks:
            gone = tasks.create_task(workspaces.gone(acme.team.id))
            await asyncio.sleep(1.0)
            kept.token = acme.team.bot_token
        assert not gone.result()
