"""Where captions can be, and where they can't: one sentence, and Slack is not asked for nothing."""

from pathlib import Path
from typing import Any

import pytest

from bots.slack import places
from bots.slack.places import NO_DIRECT
from tests.bots.slack.office import office
from tests.fakes.slack import Place


@pytest.mark.parametrize(
    "text", ["start", "stop", "status", "recap", "transcript", "share", "setup", "detach"]
)
async def test_in_direct_messages_everything_is_answered_with_one_sentence_at_once(
    tmp_path: Path, text: str
) -> None:
    async with office(tmp_path) as acme:
        direct = Place(acme.slack, acme.slack.direct(acme.team, acme.ann.id))
        acme.slack.calls.clear()
        await acme.ann.command("/captions", text, channel=direct)
        await acme.until(lambda: acme.told(acme.ann))
        assert acme.told(acme.ann) == NO_DIRECT
        assert acme.slack.calls == [], "the app may not see direct messages, so it does not ask about them"


async def test_help_is_given_in_direct_messages_too(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        direct = Place(acme.slack, acme.slack.direct(acme.team, acme.ann.id))
        await acme.ann.command("/captions", "help", channel=direct)
        await acme.until(lambda: "/captions start" in acme.told(acme.ann))


@pytest.mark.parametrize("inside", [True, False])
async def test_direct_messages_of_several_people_are_told_from_private_channels(
    tmp_path: Path, inside: bool
) -> None:
    """Both have ids that begin with C, or with G where they are old."""
    async with office(tmp_path) as acme:
        several = acme.slack.channel(acme.team, "mpdm-ann--bob-1", acme.ann, bot=inside, private=True)
        several.state.mpim = True
        await acme.ann.command("/captions", "start", channel=several)
        await acme.until(lambda: acme.told(acme.ann))
        assert acme.told(acme.ann) == NO_DIRECT


async def test_direct_messages_that_slack_does_not_name_are_known_by_the_scope_that_it_wants(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        several = acme.slack.channel(acme.team, "privategroup", acme.ann, private=True)
        several.state.mpim = True
        await acme.ann.command("/captions", "start", channel=several)
        await acme.until(lambda: acme.told(acme.ann))
        assert acme.told(acme.ann) == NO_DIRECT


async def test_old_private_channels_have_captions(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        board = acme.slack.channel(acme.team, "board", acme.ann, private=True)
        acme.slack.world.channels["G1"] = acme.slack.world.channels.pop(board.id)
        board.id = board.state.id = "G1"
        await acme.ann.command("/captions", "start", channel=board)
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))


@pytest.mark.parametrize(
    ("channel", "name", "direct"),
    [
        ("D1", "directmessage", True),
        ("C1", "mpdm-ann--bob--cy-2", True),
        ("G1", "mpdm-ann--bob-1", True),
        ("G1", "privategroup", False),
        ("C1", "mpdm-notes", False),
        ("C1", "", False),
    ],
)
def test_what_are_direct_messages(channel: str, name: str, direct: bool) -> None:
    assert places.direct(channel, name) is direct


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ({"display_name": "Ann", "real_name": "Ann Smith"}, "Ann"),
        ({"display_name": "", "real_name": "Ann Smith"}, "Ann Smith"),
        ({"display_name": "\u200b\u2060", "real_name": "Ann Smith"}, "Ann Smith"),
        ({"display_name": "\u3164", "real_name": None}, "ann"),
        ({"display_name": "\u202eAnn\u2066\n Smith"}, "Ann Smith"),
        ({"display_name": "🎉"}, "🎉"),
        ({"display_name": "x" * 3000}, f"{'x' * 79}…"),
        (None, "ann"),
    ],
)
async def test_people_are_called_by_the_first_of_their_names_that_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: dict[str, Any] | None, name: str
) -> None:
    async with office(tmp_path) as acme:
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None

        async def told(user: str) -> dict[str, Any]:
            return {"user": {"id": user, "team_id": acme.team.id, "name": "ann", "profile": profile}}

        monkeypatch.setattr(found[0].client, "users_info", told)
        assert (await places.member(found[0], "U1")).name == name


async def test_somebody_without_any_name_is_somebody_from_slack(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        assert (await places.member(found[0], "U404", "\u200b")).name == "Somebody from Slack"
        assert (await places.member(found[0], "U404", "ann")).name == "ann"


async def test_whoever_was_an_admin_and_is_deactivated_manages_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        boss = acme.slack.person(acme.team, "Boss", admin=True)
        boss.state.deleted = True
        assert not await places.administers(found[0], boss.id)
        assert (await places.member(found[0], boss.id)).name == "Boss"
