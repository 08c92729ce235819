"""Whoever asks for something is answered though the database, Slack or Spokenly itself is half there."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bots.slack.calls import STOPPING
from bots.slack.card import OPEN
from bots.slack.installations import AWAY, SLOW, Installed
from bots.slack.starting import FORM
from core.errors import RecordAway
from tests.bots.slack.office import Office, Shelf, office, running, served, settings_for, words
from tests.fakes.slack import FakeSlack


class Away:
    """Installations whose database is away until `until`, or never answers."""

    def __init__(self, installed: Installed, until: float, *, hangs: bool = False) -> None:
        self._installed, self._until, self._hangs = installed, until, hangs

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        if self._hangs:
            await asyncio.sleep(3600)
        if asyncio.get_running_loop().time() < self._until:
            raise RecordAway("The database is locked by another program.")
        return self._installed

    async def remove(self, team: str, enterprise: str | None) -> None:
        raise RecordAway("The database is locked by another program.")


async def unknown(
    acme: Office, monkeypatch: pytest.MonkeyPatch, until: float, *, hangs: bool = False
) -> None:
    """The app does not know its own token any more, and can't find it."""
    workspaces = acme.bot.desk.workspaces
    found = await workspaces.find(acme.team.id)
    assert found is not None
    away = Away(found[1], asyncio.get_running_loop().time() + until, hangs=hangs)
    monkeypatch.setattr(workspaces, "_installations", away)
    workspaces.forget(acme.team.id)


async def test_a_command_or_button_while_the_database_is_away_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await unknown(acme, monkeypatch, 3600)
        await acme.bob.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: "locked by another program. Try again" in acme.told(acme.bob))
        await acme.ann.press(acme.card, OPEN)
        await acme.until(lambda: "locked by another program. Try again" in acme.told(acme.ann))
        assert len(acme.bob.sees()) == 1
        assert not [call for call in acme.slack.calls if call.result == "not_authed"], "nothing needs a token"


async def test_a_form_while_the_database_is_away_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        await acme.ann.shortcut(FORM)
        await acme.until(lambda: acme.ann.state.modals)
        await unknown(acme, monkeypatch, 3600)
        await acme.ann.submit({"channel": {"channel": {"selected_conversation": acme.general.id}}})
        await acme.until(lambda: "Try again in a minute." in acme.told(acme.ann))


async def test_a_database_that_never_answers_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        await unknown(acme, monkeypatch, 0, hangs=True)
        await acme.ann.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: SLOW in acme.told(acme.ann))


async def test_a_mention_waits_for_the_database_as_nobody_can_be_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        await unknown(acme, monkeypatch, 15)
        await acme.ann.say(f"<@{acme.team.bot}> help", channel=acme.general)
        await acme.until(lambda: "opens a room" in acme.told(acme.ann))


async def test_what_the_app_itself_says_is_no_order_though_its_workspace_was_not_met_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as acme:
        await unknown(acme, monkeypatch, 0)
        event = {
            "type": "app_mention",
            "user": acme.team.bot,
            "text": f"<@{acme.team.bot}> start",
            "channel": acme.general.id,
            "ts": "1.1",
        }
        await acme.slack.sockets.event(acme.team.id, event)
        await asyncio.sleep(70)
        assert not acme.rooms.opened


async def test_a_slack_that_is_away_at_the_start_is_not_taken_for_one_without_the_app(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = json.loads(json.dumps(shelf.spaces))
        again = Shelf()
        again.spaces = left
        slack.faults.statuses["auth.test"] = [503] * 4
        async with running(slack, settings, shelf=again) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "status", channel=general)
            await slack.until(lambda: any(AWAY in words(message) for message in ann.sees()))
            assert again.spaces[f"slack:{team.id}"], "the call that was cut off is not forgotten"
            await asyncio.sleep(300)
            assert len(finales) == 1


async def test_a_token_that_was_taken_back_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        slack.faults.statuses["auth.test"] = [503]
        async with running(slack, settings_for(slack, team, tmp_path), shelf=Shelf()):
            await slack.until(lambda: slack.sockets.connected == 2)
            slack.faults.revoked.add(team.bot_token)
            await ann.command("/captions", "status", channel=general)
            await slack.until(lambda: any("Slack does not take" in words(one) for one in ann.sees()))


async def test_whoever_comes_when_spokenly_has_stopped_is_told_so_by_http(tmp_path: Path) -> None:
    async with FakeSlack() as slack, AsyncExitStack() as stack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(
            slack, team, tmp_path, slack_app_token=None, slack_signing_secret=slack.signing_secret
        )
        bot, *_ = await stack.enter_async_context(running(slack, settings, shelf=Shelf()))
        async with served(bot) as url:
            slack.sockets.http = f"{url}/slack/events"
            await ann.command("/captions", "start", channel=general)
            await slack.until(lambda: general.messages and len(ann.sees()) == 1)
            card = general.messages[0]
            buttons = list(card.blocks)
            await stack.aclose()
            assert not (await ann.command("/captions", "status", channel=general)).failed
            assert words(ann.sees()[-1]) == STOPPING
            card.blocks = buttons
            assert not (await ann.press(card, OPEN)).failed
            await slack.until(lambda: len(ann.sees()) == 3)
            assert words(ann.sees()[-1]) == STOPPING


async def test_whoever_comes_when_spokenly_is_about_to_stop_is_told_so_over_sockets(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.ann.shortcut(FORM)
        await acme.until(lambda: acme.ann.state.modals)
        acme.bot.calls.gone = True
        await acme.bob.command("/captions", "status", channel=acme.general)
        assert words(acme.bob.sees()[-1]) == STOPPING
        form = {"channel": {"channel": {"selected_conversation": acme.general.id}}}
        answer = await acme.ann.submit(form)
        assert list(answer.errors.values()) == [STOPPING]
        before = len(acme.bob.sees())
        async with asyncio.TaskGroup() as tasks:
            # An event has no answer: it is left to whoever is there next, to whom Slack sends it again.
            tasks.create_task(acme.bob.say(f"<@{acme.team.bot}> help", channel=acme.general))
            await asyncio.sleep(3)
            assert len(acme.bob.sees()) == before
            acme.bot.calls.gone = False
            await acme.until(lambda: "opens a room" in acme.told(acme.bob))


async def test_a_stop_takes_no_longer_than_it_may_though_somebody_does_not_heed_it(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with office(tmp_path) as acme:
        await acme.start()
        acme.slack.faults.slow["chat.update"] = 30.0

        async def stubborn() -> None:
            for _ in range(3):
                try:
                    await asyncio.sleep(100)
                except asyncio.CancelledError:
                    continue

        acme.bot.calls.spawn(stubborn())
        await asyncio.sleep(0)
        began, drain = loop.time(), acme.settings.drain
        acme.bot.drain()
    assert loop.time() - began < drain + 10
    await asyncio.sleep(60)
