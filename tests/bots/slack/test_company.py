"""Another program with the same tokens takes commands away: whoever runs either learns of it."""

import asyncio
from pathlib import Path

import pytest

from bots.slack.company import COME, SHARED, looked_for
from bots.slack.sockets import WAITING
from core.errors import UserError
from tests.bots.slack.office import Office, Shelf, office, running, settings_for
from tests.fakes.slack import FakeSlack


async def test_a_second_program_with_the_same_tokens_is_told_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path) as acme:
        await _all_lines_are_new(acme)
        assert SHARED not in capsys.readouterr().err, "its own connections are no others"
        await looked_for(acme.slack.app_token, acme.slack.api)
        async with running(acme.slack, acme.settings, shelf=Shelf()):
            await acme.until(lambda: acme.slack.sockets.connected == 4)
            await acme.until(lambda: "slack.tokens_shared" in caplog.messages)
            with pytest.raises(UserError, match="Another program uses the same Slack tokens"):
                await looked_for(acme.slack.app_token, acme.slack.api)
            await acme.slack.sockets.refresh(0)
            await acme.until(lambda: acme.slack.sockets.connected == 4)
            await asyncio.sleep(5)
        assert capsys.readouterr().err.count(SHARED) == 2, "each of the two says it, once"


async def _all_lines_are_new(acme: Office) -> None:
    """Slack ends every connection after some hours."""
    for _ in range(3):
        await acme.slack.sockets.refresh(0)
        await acme.until(lambda: acme.slack.sockets.connected == 2)


async def test_whoever_starts_it_while_slack_is_away_is_told_that_it_waits_and_that_it_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        slack.sockets.deaf = True
        slack.faults.statuses["auth.test"] = [503]
        async with running(slack, settings_for(slack, team, tmp_path), shelf=Shelf()):
            told = capsys.readouterr()
            assert (WAITING in told.err, COME in told.out) == (True, False)
            await asyncio.sleep(60)
            slack.sockets.deaf = False
            await slack.until(lambda: slack.sockets.connected == 2, 300)
            await slack.sockets.refresh()
            await slack.until(lambda: slack.sockets.connected == 2)
            told = capsys.readouterr()
            assert told.out.count(COME) == 1
            assert WAITING not in told.err


async def test_where_slack_can_not_be_reached_nothing_is_said_of_others(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.sockets.deaf = True
        await looked_for(acme.slack.app_token, acme.slack.api)
    await looked_for("xapp-1", "http://127.0.0.1:9/api/")
