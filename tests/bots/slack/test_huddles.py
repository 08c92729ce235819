"""Huddles: one private offer where a channel asked for it, and nobody learns of a huddle from Spokenly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bots.slack import huddles
from bots.slack.features import features
from bots.slack.huddles import BEGIN, LOOKED_AT, huddle
from bots.slack.setup import Setup
from core.record.files.recording import Dictation
from tests.bots.slack.office import Office, office, words
from tests.fakes.slack import Person, Place


@asynccontextmanager
async def huddling(folder: Path, *, asked: bool = True) -> AsyncIterator[Office]:
    async with office(folder, features(Dictation(lambda: []))) as here:
        if asked:
            await ask(here, here.general)
        yield here


async def ask(here: Office, place: Place) -> None:
    await here.bot.calls.change_setup(here.team.id, place.id, Setup(huddles=True))


def offers(somebody: Person) -> list[str]:
    return [words(message) for message in somebody.sees() if "You are in a huddle" in message.text]


async def settled(here: Office) -> None:
    """Everything that was to be answered is: another request has come and gone."""
    await here.bob.command("/captions", "help", channel=here.general)
    await here.until(lambda: "opens a room" in here.told(here.bob))


async def test_whoever_begins_a_huddle_is_asked_privately_and_once(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        await here.ann.huddle("R1")
        await here.until(lambda: offers(here.ann))
        for somebody, call in ((here.bob, "R1"), (here.ann, None), (here.ann, "R1")):
            await somebody.huddle(call)
        await settled(here)
        assert len(offers(here.ann)) == 1
        assert offers(here.bob) == []
        assert here.general.messages == []


async def test_the_button_starts_captions_and_gives_the_link(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        await here.ann.huddle("R1")
        await here.until(lambda: offers(here.ann))
        (offer,) = here.ann.sees()
        await here.ann.press(offer, BEGIN)
        await here.until(lambda: "Go to the room" in here.told(here.ann))
        assert "Huddle" in words(here.card)
        assert here.rooms.opened[0].passes[0][:2] == ("Ann", f"slack:{here.team.id}:{here.ann.id}")


async def test_the_offer_is_made_in_words_where_slack_takes_no_buttons(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        here.slack.faults.blocks = True
        await here.ann.huddle("R1")
        await here.until(lambda: offers(here.ann))
        (offer,) = here.ann.sees()
        assert "`/captions start`" in offer.text
        assert not offer.blocks


async def test_nobody_is_asked_where_no_channel_wants_it(tmp_path: Path) -> None:
    async with huddling(tmp_path, asked=False) as here:
        await here.ann.huddle("R1")
        await settled(here)
        assert offers(here.ann) == []
        assert not [call for call in here.slack.calls if call.method == "users.conversations"]


async def test_nobody_is_asked_in_a_channel_that_they_are_not_in(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        eve = here.slack.person(here.team, "Eve")
        await eve.huddle("R1")
        await here.until(lambda: any(call.method == "users.conversations" for call in here.slack.calls))
        await settled(here)
        assert offers(eve) == []


async def test_nobody_is_asked_where_captions_run_already(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        await here.start()
        await here.ann.huddle("R1")
        await here.until(lambda: any(call.method == "users.conversations" for call in here.slack.calls))
        await settled(here)
        assert offers(here.ann) == []


async def test_a_person_of_many_channels_is_not_flooded(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        for number in range(5):
            await ask(here, here.slack.channel(here.team, f"c{number}", here.ann))
        await here.ann.huddle("R1")
        await here.until(lambda: len(offers(here.ann)) == huddles.CHANNELS)
        await settled(here)
        assert len(offers(here.ann)) == huddles.CHANNELS


async def test_an_offer_that_slack_does_not_take_is_left(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        here.slack.faults.errors["chat.postEphemeral"] = ["user_not_in_channel"]
        await here.ann.huddle("R1")
        await here.until(lambda: any(call.method == "chat.postEphemeral" for call in here.slack.calls))
        await here.ann.huddle("R2")
        await here.until(lambda: offers(here.ann))
        here.slack.faults.errors["users.conversations"] = ["internal_error"]
        await here.ann.huddle("R3")
        await settled(here)
        assert len(offers(here.ann)) == 1


async def test_old_huddles_are_forgotten_at_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huddles, "REMEMBERED", 2)
    async with huddling(tmp_path) as here:
        for number, call in enumerate(("R1", "R2", "R3", "R1"), 1):
            await here.ann.huddle(call)
            await here.until(lambda number=number: len(offers(here.ann)) == number)  # type: ignore[misc]  # bound


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (
            {"user": {"id": "U1", "profile": {"huddle_state": "in_a_huddle", "huddle_state_call_id": "R1"}}},
            ("U1", "R1"),
        ),
        ({"user": {"id": "U1", "profile": {"huddle_state": "default_unset"}}}, ("", "")),
        ({"user": {"id": "U1", "profile": {"huddle_state": "in_a_huddle"}}}, ("", "")),
        (
            {
                "user": {
                    "id": "U1",
                    "is_bot": True,
                    "profile": {"huddle_state": "in_a_huddle", "huddle_state_call_id": "R1"},
                }
            },
            ("", ""),
        ),
        ({}, ("", "")),
    ],
)
def test_what_an_event_tells(event: dict[str, Any], found: tuple[str, str]) -> None:
    assert huddle(event) == found


async def test_who_is_not_in_the_channel_takes_nobodys_offer_away(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        eve = here.slack.person(here.team, "Eve")
        for _ in range(3):
            await eve.huddle("R1")
        await settled(here)
        assert len([call for call in here.slack.calls if call.method == "users.conversations"]) == 1
        await here.ann.huddle("R1")
        await here.until(lambda: offers(here.ann))
        await here.bob.huddle("R1")
        await settled(here)
        assert offers(here.bob) == offers(eve) == []


@pytest.mark.parametrize("method", ["users.conversations", "chat.postEphemeral"])
async def test_where_slack_fails_the_next_who_comes_is_asked(tmp_path: Path, method: str) -> None:
    async with huddling(tmp_path) as here:
        here.slack.faults.errors[method] = ["internal_error"]
        await here.ann.huddle("R1")
        await settled(here)
        assert offers(here.ann) == []
        await here.bob.huddle("R1")
        await here.until(lambda: offers(here.bob))


async def test_two_who_come_at_once_are_not_both_asked(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        here.slack.faults.slow["users.conversations"] = 1.0
        for somebody in (here.ann, here.bob):
            await somebody.huddle("R1")
        await here.until(lambda: offers(here.ann) + offers(here.bob))
        await settled(here)
        assert len(offers(here.ann) + offers(here.bob)) == 1


async def test_of_a_huddle_elsewhere_slack_is_not_asked_without_end(tmp_path: Path) -> None:
    async with huddling(tmp_path) as here:
        for number in range(LOOKED_AT + 5):
            await here.slack.person(here.team, f"Person {number}").huddle("R1")
            await asyncio.sleep(4)  # as Slack's limits allow
        assert len([call for call in here.slack.calls if call.method == "users.conversations"]) == LOOKED_AT
