"""Whose channels Slack tells of, however many there are."""

from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from bots.slack import archive
from tests.bots.slack.office import office


async def test_somebody_in_hundreds_of_channels_finds_the_calls_of_all_of_them(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        many = {acme.slack.channel(acme.team, f"c{number}", acme.ann).id for number in range(450)}
        workspace = await acme.bot.desk.workspaces.find(acme.team.id)
        assert workspace is not None
        assert await archive.channels_of(workspace[0], acme.ann.id) == {acme.general.id, *many}
        asked = [call.args for call in acme.slack.calls if call.method == "users.conversations"]
        assert [int(args["limit"]) for args in asked] == [200, 200, 200]


@pytest.mark.parametrize("limit", [1000, -1])
async def test_more_than_slack_gives_at_once_is_refused(tmp_path: Path, limit: int) -> None:
    async with office(tmp_path) as acme:
        workspace = await acme.bot.desk.workspaces.find(acme.team.id)
        assert workspace is not None
        client = workspace[0].client
        with pytest.raises(SlackApiError, match="invalid_limit"):
            await client.users_conversations(user=acme.ann.id, limit=limit)
        with pytest.raises(SlackApiError, match="invalid_limit"):
            await client.conversations_members(channel=acme.general.id, limit=limit)
