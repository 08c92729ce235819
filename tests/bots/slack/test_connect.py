"""Channels that are shared with another organisation (Slack Connect): who of it may do what here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bots.slack import places
from bots.slack.card import OPEN, RECAP, STOP, TRANSCRIPT
from bots.slack.chat import ChatThread
from bots.slack.desk import NOT_INSTALLED, WHOLE, origin
from bots.slack.installations import ORGANISATIONS_TOKEN
from bots.slack.places import _home
from bots.slack.starting import form
from bots.slack.workspace import NAMED, Workspace
from core.errors import UserError
from tests.bots.slack.office import Office, Shelf, office, running, settings_for, words
from tests.bots.slack.test_bot import told
from tests.fakes.slack import FakeSlack, Person, Place


@dataclass
class Shared:
    """Acme's #general, in which Zoe of Umbrella is, too: an admin of her own workspace, without the app."""

    acme: Office
    zoe: Person
    general: Place

    async def mentions(self, text: str) -> None:
        await self.zoe.say(f"<@{self.acme.team.bot}> {text}", channel=self.general)

    async def told(self, text: str) -> None:
        await self.acme.until(lambda: text in self.acme.told(self.zoe))


@asynccontextmanager
async def shared(folder: Path, **more: Any) -> AsyncIterator[Shared]:
    async with office(folder, **more) as acme:
        umbrella = acme.slack.team("Umbrella", installed=False)
        zoe = acme.slack.person(umbrella, "Zoe", admin=True)
        acme.general.state.members.add(zoe.id)
        yield Shared(acme, zoe, acme.general)


async def test_people_of_the_other_organisation_start_follow_and_end_captions(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        await there.mentions("start Together")
        await there.told("Go to the room")
        (room,) = there.acme.rooms.opened
        theirs = f"slack:{there.zoe.team.id}:{there.zoe.id}"
        assert room.passes == [("Zoe", theirs, 3600.0)], "she is who she is at home"
        room.joins("Zoe")
        room.says("Zoe", "Hello.")
        await there.acme.until(lambda: "Zoe: Hello." in there.general.text())
        assert not (await there.zoe.press(there.acme.card, RECAP)).failed
        await there.told("Hello.")
        await there.zoe.press(there.acme.card, STOP)
        await there.acme.until(lambda: "Zoe ended captions." in words(there.acme.card))


async def test_they_get_a_link_from_the_card_and_may_not_end_what_others_need(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        await there.acme.start()
        room = there.acme.rooms.opened[0]
        room.joins("Ann")
        await there.zoe.press(there.acme.card, OPEN)
        await there.told("Go to the room")
        assert room.passes[-1][:2] == ("Zoe", f"slack:{there.zoe.team.id}:{there.zoe.id}")
        await there.zoe.press(there.acme.card, STOP)
        await there.told("can stop them while people speak")
        assert not room.closed


@pytest.mark.parametrize("maker", [True, False])
async def test_what_the_workspace_decides_for_itself_is_not_theirs(tmp_path: Path, maker: bool) -> None:
    async with shared(tmp_path) as there:
        if maker:
            there.general.state.creator = there.zoe.id
        await there.mentions("setup guests=yes")
        await there.told("Only whoever made the channel and workspace admins can change that.")
        assert not there.acme.bot.calls.setup(there.acme.team.id, there.general.id).guests
        await there.mentions("start")
        await there.told("Go to the room")
        await there.mentions("share")
        await there.told("Only people of the workspace that Spokenly is in can show the call elsewhere.")
        assert "attach" not in there.acme.told(there.zoe)


async def test_whoever_manages_another_workspace_manages_nothing_here(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        found = await there.acme.bot.desk.workspaces.find(there.acme.team.id)
        assert found is not None
        boss = there.acme.slack.person(there.acme.team, "Boss", admin=True)
        assert await places.administers(found[0], boss.id)
        assert not await places.administers(found[0], there.zoe.id)


async def test_a_form_that_they_send_starts_captions(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        view = {**form(), "id": "V1", "app_installed_team_id": there.acme.team.id}
        there.zoe.state.modals.append(view)
        chosen = {"type": "conversations_select", "selected_conversation": there.general.id}
        await there.zoe.submit({"channel": {"channel": chosen}})
        await there.told("Go to the room")


async def test_where_the_app_is_not_installed_a_command_is_one_sentence(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        assert not (await there.zoe.command("/captions", "start", channel=there.general)).failed
        await there.told(NOT_INSTALLED)
        assert there.acme.rooms.opened == []


@pytest.mark.parametrize("who", ["another app", "no one", "Spokenly"])
async def test_other_apps_and_itself_are_not_answered(tmp_path: Path, who: str) -> None:
    """Two apps that answer each other go on for ever."""
    async with shared(tmp_path) as there:
        acme = there.acme
        robot = acme.slack.person(acme.team, "Robot")
        robot.state.bot = True
        there.general.state.members.add(robot.id)
        if who == "Spokenly":
            robot = Person(acme.slack, acme.team, acme.slack.world.users[acme.team.bot])
        before = len(acme.slack.world.messages)
        if who == "no one":
            event = {"type": "app_mention", "text": "start", "channel": there.general.id, "ts": "1.1"}
            await acme.slack.sockets.event(acme.team.id, event)
        else:
            await robot.say(f"<@{acme.team.bot}> start", channel=there.general)
            before += 1
        await there.mentions("help")
        await there.told("/captions start")
        assert acme.rooms.opened == []
        assert len(acme.slack.world.messages) == before + 2, "what Zoe said, and what she was told"


@pytest.mark.parametrize(
    ("user", "home"),
    [
        ({"team_id": "T1"}, ""),
        ({}, ""),
        ({"team_id": "T2"}, "T2"),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, ""),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T2"]}}, "T2"),
        ({"team_id": "E1", "enterprise_user": {"teams": ["T1"]}}, ""),
    ],
)
async def test_whose_people_are(user: dict[str, Any], home: str) -> None:
    client: Any = None
    assert _home(Workspace("T1", "U0", client), user) == home


@pytest.mark.parametrize(
    ("body", "team", "enterprise"),
    [
        ({"team_id": "T1"}, "T1", None),
        ({"team_id": "T1", "enterprise_id": "E1"}, "T1", "E1"),
        ({"team_id": "T2", "authorizations": [{"team_id": "T1", "enterprise_id": None}]}, "T1", None),
        (
            {"team_id": "T2", "enterprise_id": "E2", "authorizations": [{"team_id": "T1"}]},
            "T1",
            None,
        ),
        ({"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T2"}}, "T1", None),
        ({"team": {"id": "T2"}, "view": {"app_installed_team_id": "T1", "team_id": "T2"}}, "T1", None),
        ({"team": None, "enterprise": {"id": "E1"}, "user": {"team_id": "T1"}}, "T1", "E1"),
        ({"authorizations": [], "team_id": "T1"}, "T1", None),
        ({"enterprise_id": "E1", "team_id": None}, "", "E1"),
        ({}, "", None),
    ],
)
def test_whose_app_is_meant(body: dict[str, Any], team: str, enterprise: str | None) -> None:
    assert origin(body) == (team, enterprise)


async def test_a_command_of_an_organisation_that_installed_the_app_as_a_whole_is_one_sentence(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        body = {
            "command": "/captions",
            "text": "start",
            "team_id": "T_OTHER",
            "enterprise_id": "E1",
            "is_enterprise_install": "true",
            "user_id": acme.ann.id,
            "channel_id": acme.general.id,
            "response_url": acme.slack.response_url(acme.general.id, acme.ann.id),
            "trigger_id": "1.1",
        }
        await acme.slack.sockets.deliver("slash_commands", body)
        await acme.until(lambda: WHOLE in acme.told(acme.ann))


async def test_a_token_of_a_whole_organisation_is_refused_at_the_start(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        team.whole = True
        with pytest.raises((UserError, ExceptionGroup)) as caught:
            async with running(slack, settings_for(slack, team, tmp_path), shelf=Shelf()):
                pass
        assert ORGANISATIONS_TOKEN in told(caught.value)


async def test_words_are_streamed_to_somebody_of_another_organisation(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        await there.mentions("start")
        await there.told("Go to the room")
        (call,) = there.acme.bot.calls.running()
        assert (call.thread.recipient, call.thread.home) == (there.zoe.id, there.zoe.team.id)
        governor = call.workspace.governor
        chat = ChatThread(call.workspace.client, call.thread, governor)
        stream = await chat.start()
        await chat.append(stream, "Hello.")
        assert "Hello." in there.general.text()


async def test_what_slack_gives_only_its_own_people_is_said_to_be_so(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        await there.acme.start()
        room = there.acme.rooms.opened[0]
        room.joins("Ann")
        room.says("Ann", "Hello.")
        await there.zoe.press(there.acme.card, TRANSCRIPT)
        await there.told("only for people of its own workspace")


async def test_they_take_back_in_their_own_workspace_what_they_said_here(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        found = await there.acme.bot.desk.workspaces.find(there.acme.team.id)
        assert found is not None
        umbrella = Workspace(there.zoe.team.id, "U0", found[0].client)
        at_home = umbrella.identity(there.zoe.id)
        assert await places.identity(found[0], there.zoe.id) == at_home
        assert await places.identity(found[0], there.acme.ann.id) == found[0].identity(there.acme.ann.id)


async def test_a_stranger_shares_nothing_while_slack_does_not_say_whose_they_are(tmp_path: Path) -> None:
    async with shared(tmp_path) as there:
        await there.mentions("start")
        await there.told("Go to the room")
        there.acme.rooms.opened[0].joins("Zoe")
        await asyncio.sleep(NAMED + 1)  # it is asked for anew
        there.acme.slack.faults.errors["users.info"] = ["ratelimited"] * 3
        await there.mentions("share")
        await there.told("Only people of the workspace that Spokenly is in can show the call elsewhere.")
        found = await there.acme.bot.desk.workspaces.find(there.acme.team.id)
        assert found is not None
        found[0].members.clear()  # as after a restart
        there.acme.slack.faults.errors["users.info"] = ["ratelimited"] * 3
        await there.mentions("share")
        await there.told("Slack does not tell now whether you are of this workspace")
        assert "The code is" not in there.acme.told(there.zoe)


async def test_who_made_a_channel_sets_nothing_up_while_slack_does_not_say_whose_they_are(
    tmp_path: Path,
) -> None:
    async with shared(tmp_path) as there:
        there.general.state.creator = there.zoe.id
        there.acme.slack.faults.errors["users.info"] = ["ratelimited"] * 3
        await there.mentions("setup guests=yes")
        await there.told("Slack does not tell now whether you are of this workspace")
        assert not there.acme.bot.calls.setup(there.acme.team.id, there.general.id).guests
