"""Cards whose post Slack never answered: they may stand there as if captions ran."""

import asyncio
from pathlib import Path

import pytest

from bots.slack.card import DETACH, OPEN, STOP
from bots.slack.places import UNSURE
from bots.slack.stray import OVER
from tests.bots.slack.office import office, words
from tests.core.test_bridge import Call


@pytest.mark.parametrize("again", [False, True])
async def test_a_card_that_slack_never_answered_for_is_put_right_by_whoever_presses_it(
    tmp_path: Path, again: bool
) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.landed["chat.postMessage"] = 1
        await acme.ann.command("/captions", "start Weekly", channel=acme.general)
        await acme.until(lambda: UNSURE in acme.told(acme.ann))
        (stray,) = acme.general.messages
        assert acme.rooms.opened[0].closed
        if again:
            await acme.start("start Weekly")
        await acme.bob.press(stray, OPEN)
        await acme.until(lambda: OVER in words(stray))
        assert "Open the room" not in words(stray)
        assert "Weekly" in words(stray)
        assert f"Started by <@{acme.ann.id}>" in words(stray)
        assert len(acme.bot.calls.running()) == again
        if again:
            await acme.ann.press(acme.card, STOP)
            await acme.until(lambda: not acme.bot.calls.running())


async def test_so_is_one_of_a_call_of_elsewhere(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        code = acme.bridge.share(Call())
        acme.slack.faults.landed["chat.postMessage"] = 1
        await acme.ann.command("/captions", f"attach {code.text}", channel=acme.general)
        await acme.until(lambda: UNSURE in acme.told(acme.ann))
        await acme.ann.press(acme.card, DETACH)
        await acme.until(lambda: OVER in words(acme.card))
        assert f"Attached by <@{acme.ann.id}>" in words(acme.card)


async def test_a_card_that_is_just_coming_or_just_ending_is_left(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.slow["chat.postMessage"] = 4.0
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: acme.general.messages)
        await acme.bob.press(acme.card, OPEN)
        await acme.until(acme.bot.calls.running)
        acme.slack.faults.slow.clear()
        await asyncio.sleep(10)
        assert OVER not in words(acme.card)
        acme.slack.faults.errors["chat.update"] = ["ratelimited"] * 3
        await acme.ann.press(acme.card, STOP)
        await acme.bob.press(acme.card, STOP)
        await acme.until(lambda: "Ann ended captions." in words(acme.card))
