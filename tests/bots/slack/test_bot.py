"""The app and Slack: how it is reached, and what happens when Slack takes something away."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.slack.card import OPEN, STOP
from bots.slack.house import Ended, House
from bots.slack.installations import NOT_TAKEN
from bots.slack.sockets import NOT_ON
from core.errors import UserError
from tests.bots.slack.office import Office, Shelf, office, running, settings_for, words
from tests.fakes.slack import FakeSlack, Place


async def test_the_app_comes_into_public_channels_and_asks_to_be_invited_to_others(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        public = acme.slack.channel(acme.team, "public", acme.ann, bot=False)
        await acme.ann.command("/captions", "start", channel=public)
        await acme.until(lambda: public.messages)
        assert acme.team.bot in public.state.members
        private = acme.slack.channel(acme.team, "private", acme.ann, bot=False, private=True)
        await acme.ann.command("/captions", "start", channel=private)
        await acme.until(lambda: "/invite @Spokenly" in acme.told(acme.ann))
        assert len(acme.rooms.opened) == 1


@pytest.mark.parametrize("scope", ["chat:write", "channels:join"])
async def test_a_missing_scope_is_named_to_whoever_asked(tmp_path: Path, scope: str) -> None:
    async with office(tmp_path) as acme:
        acme.team.scopes.discard(scope)
        place = acme.slack.channel(acme.team, "public", acme.ann, bot=scope == "chat:write")
        await acme.ann.command("/captions", "start", channel=place)
        await acme.until(lambda: f"lacks the scope {scope}" in acme.told(acme.ann))
        assert all(room.closed for room in acme.rooms.opened)


async def test_an_archived_channel_is_refused_and_ends_the_call_that_runs_there(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        acme.general.state.archived = True
        room.says("Ann", "Does anybody read this?")
        await acme.until(lambda: acme.finales)
        assert room.closed == "The Slack channel can't be written to any more, so captions ended."
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "is archived" in acme.told(acme.ann))


async def test_an_app_that_is_taken_out_ends_its_calls_and_tells_who_is_in_the_room(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        await acme.ann.uninstall()
        await acme.until(lambda: acme.finales)
        assert room.closed == "Spokenly was taken out of the Slack workspace, so captions ended."
        assert acme.bot.calls.running() == ()


async def test_a_revoked_token_ends_the_calls_that_used_it(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        acme.slack.faults.revoked.add(acme.team.bot_token)
        room.says("Ann", "Is anybody there?")
        await acme.until(lambda: acme.finales)
        assert room.closed


@pytest.mark.parametrize(("wrong", "beginning"), [("slack_bot_token", "xoxb-"), ("slack_app_token", "xapp-")])
async def test_a_wrong_token_is_one_sentence(tmp_path: Path, wrong: str, beginning: str) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        settings = settings_for(slack, team, tmp_path, **{wrong: f"{beginning}wrong"})
        with pytest.raises((UserError, ExceptionGroup)) as caught:
            async with running(slack, settings, shelf=Shelf()):
                pass
        assert f"Slack does not take {wrong.upper()}" in told(caught.value)
        assert f"begins with {beginning}" in told(caught.value)
        assert f"{beginning}wrong" not in told(caught.value)


async def test_a_token_that_slack_takes_and_that_is_no_bots_is_refused(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        # Only its beginning tells it from the bot's, which is looked at before: Slack answers both.
        settings = settings_for(slack, team, tmp_path)
        settings = settings.model_copy(update={"slack_bot_token": SecretStr(slack.app_token)})
        with pytest.raises((UserError, ExceptionGroup)) as caught:
            async with running(slack, settings, shelf=Shelf()):
                pytest.fail("it started")
        assert told(caught.value) == NOT_TAKEN


async def test_socket_mode_that_is_off_is_said_loudly_at_the_start_and_refuses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        slack.sockets.off = True
        async with running(slack, settings_for(slack, team, tmp_path), shelf=Shelf()):
            await slack.until(lambda: slack.sockets.connected == 2)
    assert NOT_ON in capsys.readouterr().err
    assert "slack.socket_mode_off" in [one.message for one in caplog.records]


async def test_no_word_of_socket_mode_is_said_where_it_is_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with office(tmp_path):
        pass
    assert capsys.readouterr().err == ""


def told(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return " ".join(told(one) for one in error.exceptions)
    return str(error)


async def test_events_that_come_again_are_heeded_once(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.twice = True
        await acme.ann.say(f"<@{acme.team.bot}> start Weekly", channel=acme.general)
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        await acme.ann.say(f"<@{acme.team.bot}> help", channel=acme.general)
        await acme.until(lambda: "opens a room" in acme.told(acme.ann))
        await asyncio.sleep(5)
        assert len(acme.rooms.opened) == 1
        assert acme.told(acme.ann).count("opens a room") == 1
        assert "are just being started" not in acme.told(acme.ann)


async def test_everything_is_acknowledged_at_once_however_slow_slack_is(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        for method in ("conversations.info", "chat.postMessage", "users.info"):
            acme.slack.faults.slow[method] = 5.0
        assert not (await acme.ann.command("/captions", "start", channel=acme.general)).failed
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        assert not (await acme.bob.press(acme.card, OPEN)).failed
        assert max(acme.slack.sockets.acks) < 1.0


def _answers(acme: Office, count: int) -> bool:
    return acme.told(acme.bob).count("Captions by") == count


async def test_a_cut_socket_loses_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        acme.slack.sockets.cut()
        for number in range(20):
            await acme.bob.say(f"<@{acme.team.bot}> status", channel=acme.general, thread=acme.card)
            await acme.until(partial(_answers, acme, number + 1))
        await acme.until(lambda: acme.slack.sockets.connected == 2)
        await acme.slack.sockets.refresh()
        assert not (await acme.ann.press(acme.general.messages[0], OPEN)).failed
        await acme.until(lambda: acme.slack.sockets.connected == 2)


async def test_slack_that_is_away_at_first_is_waited_for(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        slack.faults.statuses["auth.test"] = [503]
        slack.faults.statuses["apps.connections.open"] = [503] * 4
        async with running(slack, settings_for(slack, team, tmp_path), shelf=Shelf()):
            await slack.until(lambda: slack.sockets.connected == 2)
            assert not (await ann.command("/captions", "start", channel=general)).failed
            await slack.until(lambda: general.messages)


async def test_a_stop_of_spokenly_ends_the_calls_and_says_so(tmp_path: Path) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf) as acme:
        await acme.start()
        room, general = acme.rooms.opened[0], acme.general
        room.joins("Ann")
        room.says("Ann", "And my last word is this.")
    assert room.closed == "Spokenly was stopped, so captions ended."
    assert "Spokenly was stopped, so captions ended." in words(general.messages[0])
    assert "And my last word is this." in general.text()
    assert not shelf.spaces[f"slack:{acme.team.id}"], "nothing is left to be told of"


async def test_calls_that_were_cut_off_by_a_crash_are_told_of_at_the_next_start(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (_bot, rooms, _bridge, _finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = {name: dict(kept) for name, kept in shelf.spaces.items()}
            rooms.opened[0].close("")
        shelf.spaces = left
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: finales)
            assert "Spokenly was restarted in the middle of this call" in words(general.messages[0])
            assert (finales[0].title, finales[0].interrupted) == ("Weekly", True)
            await slack.until(lambda: not shelf.spaces[f"slack:{team.id}"])


async def test_a_bug_in_one_call_ends_it_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", "start", channel=other)
        await acme.until(lambda: len(acme.bot.calls.running()) == 2)
        first, second = acme.rooms.opened
        first.title = 7  # type: ignore[assignment]  # a bug
        first.board.touch()
        await acme.until(lambda: len(acme.bot.calls.running()) == 1)
        assert not second.closed
        second.joins("Bob")
        second.says("Bob", "Still here.")
        await acme.until(lambda: "Still here." in other.text())
    caplog.clear()


async def test_nothing_of_tokens_and_speech_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Secret plans")
        acme.rooms.opened[0].joins("Ann")
        acme.rooms.opened[0].says("Ann", "The password is swordfish.")
        await acme.until(lambda: "swordfish" in acme.general.text())
        await asyncio.sleep(10)
    ours = "\n".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("bots")
    )
    for secret in (acme.team.bot_token, acme.slack.app_token, "swordfish", "Secret plans", "Ann"):
        assert secret not in ours


async def test_a_start_that_comes_too_late_is_ended_like_all_others(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.slow["chat.postMessage"] = 2.0
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: acme.rooms.opened)
        acme.bot.drain()
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "is being stopped" in acme.told(acme.ann))
        general = acme.general
    assert acme.rooms.opened[0].closed == "Spokenly was stopped, so captions ended."
    assert "Spokenly was stopped" in words(general.messages[0])


async def test_an_end_that_slack_holds_up_is_told_at_the_next_start(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            slack.faults.slow["chat.update"] = 30.0
        assert not finales
        await asyncio.sleep(60)
        slack.faults.slow.clear()
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: finales)
            assert "Spokenly was restarted" in words(general.messages[0])


async def test_another_call_begins_while_one_is_summed_up(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        held = asyncio.Event()

        async def finale(house: House, ended: Ended) -> None:
            await held.wait()
            acme.finales.append(ended)

        acme.bot.calls.house = replace(acme.bot.calls.house, finale=finale)
        await acme.start()
        await acme.ann.press(acme.card, STOP)
        await acme.until(lambda: "Ann ended captions." in words(acme.card))
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        held.set()
        await acme.until(lambda: acme.finales)
        assert len(acme.bot.calls.running()) == 1


async def test_direct_messages_and_other_apps_start_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        direct = Place(acme.slack, acme.slack.direct(acme.team, acme.ann.id))
        await acme.ann.command("/captions", "start", channel=direct)
        await acme.until(lambda: "No captions in direct messages" in acme.told(acme.ann))
        event = {
            "type": "app_mention",
            "bot_id": "B1",
            "text": "start",
            "channel": acme.general.id,
            "ts": "1.1",
        }
        await acme.slack.sockets.event(acme.team.id, event)
        await asyncio.sleep(5)
        assert not acme.rooms.opened


async def test_what_is_shown_here_ends_with_the_app_and_somebodys_own_token_is_no_matter(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        other = acme.slack.channel(acme.team, "random", acme.bob)
        code = acme.bridge.share(room).text
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: other.messages)
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [acme.bob.id]}}
        await acme.slack.sockets.event(acme.team.id, revoked)
        await asyncio.sleep(5)
        assert not room.closed
        assert room.shown[-1] == ["#random in Acme on Slack"]
        acme.bot.calls.removed(acme.team.id)
        await acme.until(lambda: "taken out of the Slack workspace" in words(other.messages[0]))
