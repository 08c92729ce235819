"""Calls of elsewhere in channels of Slack: attached, taken away, and told of whatever happens meanwhile."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bots.slack.book import Mark
from bots.slack.guests import OVER
from bots.slack.lately import LATELY
from bots.slack.outlet import ThreadCaptions
from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.audio.frame import Speaker
from core.bridge import ENDED, LOST, RESTARTED, REVOKED, STOPPED, UNSHARED
from core.captions.caption import Caption
from tests.bots.slack.office import Office, Shelf, office, running, settings_for, words
from tests.bots.slack.threadroom import seen
from tests.core.test_bridge import ANN, Call
from tests.fakes.slack import FakeSlack, Message, Place


def real(workspace: Workspace, thread: Thread, calls: Callable[[], int], first: int = 0) -> ThreadCaptions:
    return ThreadCaptions(workspace.client, thread, workspace.governor, calls, first=first)


async def attached(acme: Office, call: Call, other: Place) -> Message:
    """The card of a call that Bob attached."""
    code = acme.bridge.share(call)
    await acme.bob.command("/captions", f"attach {code.text}", channel=other)
    await acme.until(lambda: acme.bot.calls.guests.of(acme.team.id, other.id))
    return other.messages[0]


def thread(other: Place, card: Message) -> str:
    """What stands in the thread, without the card."""
    return seen("\n".join(map(words, other.thread(card))))


def random(acme: Office, **more: Any) -> Place:
    return acme.slack.channel(acme.team, "random", acme.bob, **more)


@pytest.mark.parametrize("bridge_first", [True, False])
async def test_a_stop_shows_the_last_words_and_is_said_on_the_card_and_in_the_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, bridge_first: bool
) -> None:
    shelf, call = Shelf(), Call()
    with caplog.at_level(logging.INFO):
        async with office(tmp_path, shelf=shelf, post=real, bridge_first=bridge_first) as acme:
            other = random(acme)
            card = await attached(acme, call, other)
            await acme.until(lambda: shelf.spaces[f"slack:{acme.team.id}"])
            call.say("Last words.")
    assert STOPPED in words(card)
    assert LOST not in words(card)
    assert thread(other, card).index("Last words.") < thread(other, card).index(STOPPED)
    assert not shelf.spaces[f"slack:{acme.team.id}"], "nothing is left to be told"
    assert not [one for one in caplog.records if one.message.endswith("bug")]


async def test_a_call_that_ends_because_spokenly_stops_says_so_where_it_is_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        other = random(acme)
        code = acme.bridge.share(acme.rooms.opened[0])
        await acme.bob.command("/captions", f"attach {code.text}", channel=other)
        await acme.until(lambda: other.messages)
        acme.bridge.drain()
        acme.bridge.ended(acme.rooms.opened[0])
        await acme.until(lambda: STOPPED in words(other.messages[0]))


@pytest.mark.parametrize("bridge_first", [True, False])
async def test_a_stop_while_slack_does_not_answer_takes_no_longer_and_is_told_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, bridge_first: bool
) -> None:
    shelf, call = Shelf(), Call()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        bob = slack.person(team, "Bob")
        other = slack.channel(team, "random", bob)
        settings = settings_for(slack, team, tmp_path)
        app = running(slack, settings, shelf=shelf, post=real, bridge_first=bridge_first)
        async with app as (bot, _rooms, bridge, _finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            code = bridge.share(call)
            await bob.command("/captions", f"attach {code.text}", channel=other)
            await slack.until(lambda: bot.calls.guests.of(team.id, other.id))
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            for method in ("chat.update", "chat.postMessage", "chat.startStream"):
                slack.faults.slow[method] = 40.0
            call.say("Nobody can read this.")
            began = asyncio.get_running_loop().time()
        waits = 2 if bridge_first else 1  # the Bridge's for the words, and the app's for the card
        assert asyncio.get_running_loop().time() - began < waits * settings.drain + 1
        assert not [one for one in caplog.records if one.message.endswith("bug")]
        await asyncio.sleep(60)
        slack.faults.slow.clear()
        async with running(slack, settings, shelf=shelf, post=real):
            await slack.until(lambda: "not shown here any more" in words(other.messages[0]))
            await slack.until(lambda: not shelf.spaces[f"slack:{team.id}"])


async def test_a_kill_is_told_at_the_next_start_on_the_card_and_in_the_thread(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        bob = slack.person(team, "Bob")
        other = slack.channel(team, "random", bob)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, bridge, _finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            code = bridge.share(Call())
            await bob.command("/captions", f"attach {code.text}", channel=other)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = json.loads(json.dumps(shelf.spaces))
        before = words(other.messages[0])
        again = Shelf()
        again.spaces = left
        slack.faults.statuses["chat.update"] = [503] * 12
        async with running(slack, settings, shelf=again) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: RESTARTED in words(other.messages[0]), 600)
            assert words(other.messages[0]) != before
            await slack.until(lambda: RESTARTED in thread(other, other.messages[0]))
            await slack.until(lambda: not again.spaces[f"slack:{team.id}"])
            assert not finales, "it is no call of this channel's: there is nothing to sum up"


async def test_what_could_not_be_said_in_the_thread_after_a_kill_is_said_later(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        bob = slack.person(team, "Bob")
        other = slack.channel(team, "random", bob)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, bridge, _finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            code = bridge.share(Call())
            await bob.command("/captions", f"attach {code.text}", channel=other)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = json.loads(json.dumps(shelf.spaces))
        again = Shelf()
        again.spaces = left
        slack.faults.statuses["chat.postMessage"] = [503] * 12
        async with running(slack, settings, shelf=again):
            await slack.until(lambda: RESTARTED in words(other.messages[0]), 600)
            await slack.until(lambda: len(slack.faults.statuses["chat.postMessage"]) < 7, 600)
            assert again.spaces[f"slack:{team.id}"], "it is remembered until it was said"
            await slack.until(lambda: RESTARTED in thread(other, other.messages[0]), 1200)
            await slack.until(lambda: not again.spaces[f"slack:{team.id}"])


def test_marks_of_before_there_were_guests_are_of_calls() -> None:
    kept = {
        "ts": "1",
        "title": "Weekly",
        "began": "2026-01-01T00:00:00+00:00",
        "started_by": "U1",
        "record": None,
    }
    mark = Mark.from_json("T1", "C1", kept)
    assert mark is not None
    assert not mark.guest
    guest = Mark("T1", "C1", "1", "Weekly", mark.began, "U1", guest=True)
    assert Mark.from_json("T1", "C1", guest.to_json()) == guest


async def test_the_last_words_come_though_slack_is_busy_for_most_of_a_minute(tmp_path: Path) -> None:
    async with office(tmp_path, post=real) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        call.say("First words.")
        await acme.until(lambda: "First words." in thread(other, card))
        for method in ("chat.postMessage", "chat.appendStream", "chat.startStream", "chat.update"):
            acme.slack.faults.statuses[method] = [503] * 4
        call.say("The decision is no.")
        call.over = True
        acme.bridge.ended(call)
        await acme.until(lambda: ENDED in words(card))
        assert "The decision is no." in thread(other, card)
        assert LOST not in words(card)


async def test_last_words_that_slack_never_takes_are_said_to_be_missing_as_soon_as_it_is_back(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, post=real) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        for method in ("chat.postMessage", "chat.appendStream", "chat.startStream", "chat.update"):
            acme.slack.faults.statuses[method] = [503] * 1000
        call.say("The decision is no.")
        call.over = True
        acme.bridge.ended(call)
        await asyncio.sleep(600)
        assert ENDED not in words(card)
        acme.slack.faults.statuses.clear()
        await acme.slack.until(lambda: f"{ENDED} {LOST}" in words(card), 600)
        assert acme.bot.calls.guests.of(acme.team.id, other.id) is None


async def test_what_is_taken_away_while_somebody_speaks_says_so_and_shows_nothing_said_later(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, post=real) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        call.say("Before.")
        await acme.until(lambda: "Before." in thread(other, card))
        acme.slack.faults.errors["chat.update"] = ["ratelimited"] * 3
        call.board.show(Caption(ANN, 2.0, 3.0, "And by the way", final=False))
        acme.bridge.revoke(call)
        assert acme.bridge.places(call) == []
        assert call.told[-1] == []
        call.board.show(Caption(ANN, 2.0, 4.0, "And by the way, a secret.", final=True))
        await acme.until(lambda: REVOKED in words(card))
        assert REVOKED in thread(other, card)
        assert "secret" not in thread(other, card)


async def test_who_took_a_call_away_is_told_and_their_name_is_not_kept(tmp_path: Path) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf) as acme:
        other = random(acme)
        card = await attached(acme, Call(), other)
        acme.slack.faults.statuses["chat.update"] = [503] * 12
        await acme.bob.command("/captions", "detach", channel=other)
        await asyncio.sleep(60)
        assert OVER in json.dumps(shelf.spaces)
        assert "Bob" not in json.dumps(shelf.spaces)
        await acme.slack.until(lambda: "Bob ended showing this call here." in words(card), 600)
        await acme.until(lambda: not shelf.spaces[f"slack:{acme.team.id}"])


@pytest.mark.parametrize("private", [True, False])
async def test_people_in_the_call_are_not_told_what_a_private_channel_is_called(
    tmp_path: Path, *, private: bool
) -> None:
    async with office(tmp_path) as acme:
        call = Call()
        await attached(acme, call, acme.slack.channel(acme.team, "secret-merger", acme.bob, private=private))
        name = "a private channel" if private else "#secret-merger"
        assert call.told == [[f"{name} in Acme on Slack"]]


@pytest.mark.parametrize("what", ["revoked", "over", "private", "stopped"])
async def test_what_is_shared_no_more_while_it_is_attached_is_not_shown(tmp_path: Path, what: str) -> None:
    async with office(tmp_path) as acme:
        call, other = Call(), random(acme)
        code = acme.bridge.share(call)
        acme.slack.faults.slow["chat.postMessage"] = 2.0
        await acme.bob.command("/captions", f"attach {code.text}", channel=other)
        await asyncio.sleep(1)
        if what == "revoked":
            acme.bridge.revoke(call)
        elif what == "stopped":
            acme.bridge.drain()
        else:
            setattr(call, what, True)
        acme.slack.faults.slow.clear()
        expected = {
            "revoked": UNSHARED,
            "over": ENDED,
            "private": "This call is private",
            "stopped": "Spokenly is being stopped",
        }[what]
        await acme.until(lambda: expected in acme.told(acme.bob))
        await acme.until(lambda: expected in words(other.messages[0]))
        assert call.told == []
        call.say("Who reads this?")
        await asyncio.sleep(5)
        assert "Who reads this?" not in other.text()


async def test_whoever_takes_a_call_away_while_it_comes_is_told_to_wait(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        call, other = Call(), random(acme)
        code = acme.bridge.share(call)
        acme.slack.faults.slow["conversations.info"] = 2.0
        await acme.bob.command("/captions", f"attach {code.text}", channel=other)
        await asyncio.sleep(1)
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.until(lambda: "just being attached" in acme.told(acme.bob))
        await acme.until(lambda: acme.bot.calls.guests.of(acme.team.id, other.id))
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.until(lambda: "Bob ended showing this call here." in words(other.messages[0]))
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.until(lambda: "No call of elsewhere" in acme.told(acme.bob))


async def test_a_call_is_shown_once_in_a_channel_and_again_after_it_was_taken_away(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        call, other = Call(), random(acme)
        await attached(acme, call, other)
        code = acme.bridge.code(call)
        assert code is not None
        await acme.bob.command("/captions", f"attach {code.text}", channel=other)
        await acme.until(lambda: "is shown in this channel" in acme.told(acme.bob))
        assert len(other.messages) == 1
        assert acme.bridge.places(call) == ["#random in Acme on Slack"]
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.until(lambda: "ended showing" in words(other.messages[0]))
        await acme.bob.command("/captions", f"attach {code.text}", channel=other)
        await acme.until(lambda: len(other.messages) == 2)
        call.say("Once more.")
        await acme.until(lambda: "Once more." in thread(other, other.messages[-1]))


async def test_a_channel_is_free_at_once_though_the_last_words_of_what_was_there_wait_for_slack(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        call.say("First.")
        await acme.until(lambda: "First." in thread(other, card))
        acme.slack.faults.statuses["chat.update"] = [503] * 4
        call.say("Last.")
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.bob.command("/captions", "start", channel=other)
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        assert "ended showing" not in words(card)
        await acme.until(lambda: "Bob ended showing this call here." in words(card))
        assert "Last." in thread(other, card)


@pytest.mark.parametrize("words_before", [True, False])
async def test_a_card_that_somebody_deletes_ends_it_and_the_call_is_told(
    tmp_path: Path, *, words_before: bool
) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf, post=real) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        if words_before:
            call.say("Before.")
            await acme.until(lambda: "Before." in other.text())
        await acme.until(lambda: shelf.spaces[f"slack:{acme.team.id}"])
        card.deleted = True
        await asyncio.sleep(30)
        call.say("After.")
        acme.bridge.revoke(call)
        await acme.until(lambda: acme.bot.calls.guests.of(acme.team.id, other.id) is None)
        await acme.until(lambda: not shelf.spaces[f"slack:{acme.team.id}"])
        assert call.told[-1] == []


async def test_two_channels_show_one_call_and_one_that_is_taken_away_leaves_the_other(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        call, one, two = Call(), random(acme), acme.slack.channel(acme.team, "two", acme.bob)
        await attached(acme, call, one)
        await attached(acme, call, two)
        await acme.bob.command("/captions", "detach", channel=one)
        await acme.until(lambda: "ended showing" in words(one.messages[0]))
        assert call.told[-1] == ["#two in Acme on Slack"]
        call.say("Still here.")
        await acme.until(lambda: "Still here." in thread(two, two.messages[0]))
        assert "Still here." not in one.text()


async def test_the_card_shows_who_is_heard_and_how_late_and_when_nobody_speaks_any_more(
    tmp_path: Path,
) -> None:
    async with office(tmp_path, post=real) as acme:
        call, other = Call(), random(acme)
        call.say("Of before.")
        card = await attached(acme, call, other)
        await asyncio.sleep(10)
        assert "○" in words(card), "nobody was heard here"
        assert not card.edits
        call.board.show(Caption(ANN, 1.0, 2.0, "Late words.", final=True), 12.0)
        await acme.until(lambda: "●" in words(card))
        assert "Heard: Ann" in words(card)
        assert "about 10 s late" in words(card)
        for number in range(60):
            call.board.show(Caption(ANN, number, number + 1.0, f"Words {number}.", final=True), 12.0)
            await asyncio.sleep(2)
        assert len(card.edits) == 1, "it does not change with every word"
        call.board.notify("deaf", "I can't hear Ben.")
        await acme.until(lambda: "I can't hear Ben." in words(card))
        await acme.until(lambda: "○" in words(card), 2 * LATELY)
        assert "late" not in words(card)


async def test_who_speaks_after_the_call_was_taken_away_is_not_named_on_the_card(tmp_path: Path) -> None:
    async with office(tmp_path, post=real) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        call.say("Before.")
        await acme.until(lambda: "Heard: Ann" in words(card))
        for method in ("chat.postMessage", "chat.update"):
            acme.slack.faults.statuses[method] = [503] * 4
        call.say("Last.")
        acme.bridge.revoke(call)
        call.board.show(Caption(Speaker("z", "Zoe"), 2.0, 3.0, "Not for them.", final=True))
        seen_by_people = ""
        while REVOKED not in words(card):
            seen_by_people += words(card)
            await asyncio.sleep(1)
        assert "Zoe" not in seen_by_people + words(card)


async def test_a_card_that_slack_does_not_take_for_a_while_keeps_up_later(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        call, other = Call(), random(acme)
        card = await attached(acme, call, other)
        acme.slack.faults.statuses["chat.update"] = [503] * 3
        call.say("Words.")
        await acme.until(lambda: "●" in words(card))
        await acme.bob.command("/captions", "detach", channel=other)
        await acme.until(lambda: "■" in words(card))
