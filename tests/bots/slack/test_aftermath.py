"""The end of a call is told in the end, however long Slack is away then."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bots.slack.card import STOP
from bots.slack.finale import NO_RECORD, UNSURE, finale
from tests.bots.slack.office import Office, Shelf, office, running, words
from tests.fakes.slack import Message


@asynccontextmanager
async def calling(folder: Path, shelf: Shelf) -> AsyncIterator[tuple[Office, Message]]:
    """A call that runs, with its card, in an app that posts what there is to say at the end."""
    async with office(folder, shelf=shelf) as acme:
        acme.bot.calls.house = replace(acme.bot.calls.house, finale=finale)
        await acme.start("start Weekly")
        await acme.until(lambda: marks(acme, shelf))
        yield acme, acme.card


def marks(acme: Office, shelf: Shelf) -> dict[str, object]:
    """What is remembered to be told of."""
    return shelf.spaces.get(f"slack:{acme.team.id}") or {}


def ends(acme: Office, card: Message) -> list[str]:
    return [message.text for message in acme.general.thread(card) if NO_RECORD in message.text]


@pytest.mark.parametrize("fails", [3, 30])
async def test_an_end_that_slack_does_not_take_is_posted_when_it_does(tmp_path: Path, fails: int) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.statuses["chat.postMessage"] = [503] * fails
        await acme.ann.press(card, STOP)
        await acme.until(lambda: "Ann ended captions." in words(card))
        await asyncio.sleep(5)
        assert not ends(acme, card)
        assert marks(acme, shelf), "a kill would not lose it"
        await asyncio.sleep(15 * 60)
        assert len(ends(acme, card)) == 1
        assert not marks(acme, shelf)


async def test_an_end_that_a_stop_cuts_off_while_slack_fails_is_posted_at_the_next_start(
    tmp_path: Path,
) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.statuses["chat.postMessage"] = [503] * 1000
        await acme.ann.press(card, STOP)
        await asyncio.sleep(200)
        left = json.loads(json.dumps(shelf.spaces))
        acme.slack.faults.statuses.clear()
        shelf.spaces = {}
        again = Shelf()
        again.spaces = left
        async with running(acme.slack, acme.settings, shelf=again) as (_bot, _rooms, _bridge, finales):
            await acme.until(lambda: finales)
            assert (finales[0].title, finales[0].why) == ("Weekly", "Ann ended captions.")


async def test_a_card_that_can_not_be_changed_at_the_end_is_changed_later(tmp_path: Path) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.statuses["chat.update"] = [503] * 25
        await acme.ann.press(card, STOP)
        await acme.until(lambda: not acme.bot.calls.running(), 300)
        assert "Ann ended captions." not in words(card)
        assert marks(acme, shelf), "a kill would not lose it"
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        await acme.until(lambda: "Ann ended captions." in words(card), 900)
        await acme.until(lambda: ends(acme, card))
        await acme.until(lambda: len(marks(acme, shelf)) == 1)  # of the call that runs


async def test_a_bug_and_a_slack_that_fails_leave_no_card_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.statuses["chat.update"] = [503] * 12
        room = acme.rooms.opened[0]
        room.title = 7  # type: ignore[assignment]  # a bug
        room.board.touch()
        await acme.until(lambda: not acme.bot.calls.running(), 300)
        assert marks(acme, shelf), "a kill would not lose it"
        await acme.until(lambda: "A fault in Spokenly" in words(card), 900)
        await acme.until(lambda: not marks(acme, shelf))
    caplog.clear()


@pytest.mark.parametrize("error", ["ratelimited", "rate_limited", "message_limit_exceeded"])
async def test_slacks_patience_is_waited_for_by_whatever_name_it_is_asked_for(
    tmp_path: Path, error: str
) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.errors["chat.postMessage"] = [error] * 2
        await acme.ann.press(card, STOP)
        await acme.until(lambda: ends(acme, card))


async def test_where_a_thread_takes_nothing_more_the_end_goes_to_whoever_started_the_call(
    tmp_path: Path,
) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.errors["chat.postMessage"] = ["restricted_action_thread_locked"]
        await acme.ann.press(card, STOP)
        await acme.until(lambda: f"could not be posted in <#{acme.general.id}>" in acme.told(acme.ann))
        assert NO_RECORD in acme.told(acme.ann)
        assert not ends(acme, card)
        assert not marks(acme, shelf)


async def test_an_end_of_which_nobody_knows_whether_it_came_is_not_repeated_but_told(tmp_path: Path) -> None:
    shelf = Shelf()
    async with calling(tmp_path, shelf) as (acme, card):
        acme.slack.faults.landed["chat.postMessage"] = 1
        await acme.ann.press(card, STOP)
        await acme.until(lambda: UNSURE in acme.general.text())
        assert len(ends(acme, card)) == 1
        await acme.until(lambda: not marks(acme, shelf))
