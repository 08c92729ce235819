"""Answers find their way whatever Slack does not take of them."""

import logging
from pathlib import Path

import pytest

from bots.slack.card import OPEN
from tests.bots.slack.office import Office, office, words


def links(acme: Office) -> list[str]:
    """What Ann was given to get into the room, as she sees it: blocks hide the text."""
    return [one.text for one in acme.ann.sees() if not one.blocks and "|Go to the room>" in one.text]


@pytest.mark.parametrize("way", ["address", "channel", "direct messages"])
async def test_the_link_comes_in_words_where_slack_takes_no_blocks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        acme.slack.faults.blocks = True
        if way != "address":
            acme.slack.limits.response = (0, 0.0)
        if way != "channel":
            acme.slack.faults.errors["chat.postEphemeral"] = ["user_not_in_channel"] * 9
        if way != "direct messages":
            acme.slack.faults.errors["chat.postMessage"] = ["messages_tab_disabled"] * 9
        with caplog.at_level(logging.WARNING):
            await acme.ann.press(acme.card, OPEN)
            await acme.until(lambda: links(acme))
        (said,) = links(acme)
        assert "<https://captions.example/room/room0#pass=2|Go to the room>" in said
        assert "This link is yours" in said
        assert "slack.blocks_refused" in [one.message for one in caplog.records]
        assert "pass=" not in caplog.text


async def test_a_card_whose_blocks_slack_refuses_stands_there_in_words_and_keeps_up(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.blocks = True
        await acme.ann.command("/captions", "start Weekly", channel=acme.general)
        await acme.until(lambda: links(acme))
        assert "Weekly" in acme.card.text
        assert "`/captions open`" in acme.card.text
        assert not acme.card.blocks
        (room,) = acme.rooms.opened
        room.joins("Ann")
        await acme.until(lambda: "Heard: Ann" in acme.card.text)
        await acme.bob.command("/captions", "open", channel=acme.general)
        await acme.until(lambda: "|Go to the room>" in acme.told(acme.bob))
        await acme.ann.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: "Ann ended captions." in acme.card.text)


async def test_a_card_that_is_refused_only_later_loses_its_buttons_and_not_its_words(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        assert acme.card.blocks
        acme.slack.faults.blocks = True
        await acme.ann.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: "Ann ended captions." in words(acme.card))
        assert not acme.card.blocks


@pytest.mark.parametrize("name", ["ratelimited", "rate_limited"])
async def test_an_answer_waits_where_slack_asks_for_patience_by_either_name(
    tmp_path: Path, name: str
) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        acme.slack.limits.response = (0, 0.0)
        acme.slack.faults.errors["chat.postEphemeral"] = [name]
        await acme.ann.command("/captions", "status", channel=acme.general)
        await acme.until(lambda: "Captions by" in acme.told(acme.ann))
        assert all(
            one.method != "chat.postMessage" or one.args["channel"] != acme.ann.id for one in acme.slack.calls
        )
