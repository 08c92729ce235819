"""A channel that is closed while nobody speaks: its room is not listened to any longer."""

import asyncio
from pathlib import Path

import pytest

from bots.slack import places
from bots.slack.call import ASK, LOOK, PLACE_GONE
from bots.slack.listening import CLOSED
from tests.bots.slack.office import office
from tests.core.test_bridge import Call


@pytest.mark.parametrize("kind", CLOSED)
async def test_the_room_of_a_closed_channel_is_closed_though_nobody_speaks(tmp_path: Path, kind: str) -> None:
    async with office(tmp_path) as acme:
        other = acme.slack.channel(acme.team, "other", acme.ann)
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        acme.general.state.archived = True
        for channel in (other, acme.general):
            await acme.slack.sockets.event(acme.team.id, {"type": kind, "channel": channel.id})
            assert bool(room.closed) == (channel is acme.general)
        assert room.closed == PLACE_GONE


async def test_what_is_shown_in_a_closed_channel_is_shown_there_no_more(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        source = Call()
        code = acme.bridge.share(source)
        await acme.bob.command("/captions", f"attach {code.text}", channel=acme.general)
        await acme.until(lambda: source.told)
        acme.general.state.archived = True
        await acme.slack.sockets.event(acme.team.id, {"type": "channel_archive", "channel": acme.general.id})
        await acme.until(lambda: source.told[-1] == [])
        await acme.until(lambda: not acme.bot.calls.guests.running())


@pytest.mark.parametrize("how", ["archived", "put out", "deleted"])
async def test_a_channel_that_was_closed_without_a_word_is_found_out(tmp_path: Path, how: str) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        await asyncio.sleep(10)
        acme.general.state.archived = how == "archived"
        if how == "put out":
            acme.general.state.members.discard(acme.team.bot)
        if how == "deleted":
            acme.slack.faults.errors["conversations.info"] = ["channel_not_found"]
        await asyncio.sleep(ASK + 2 * LOOK)
        assert room.closed == PLACE_GONE


async def test_a_channel_of_which_slack_tells_nothing_counts_as_there(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        acme.slack.faults.errors["conversations.info"] = ["internal_error", "ratelimited", "missing_scope"]
        await asyncio.sleep(4 * ASK)
        assert not acme.slack.faults.errors["conversations.info"]
        assert not room.closed
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        assert not await places.closed(found[0], acme.general.id)
        asked = [call.method for call in acme.slack.calls].count("conversations.info")
        await asyncio.sleep(2 * ASK)
        assert [call.method for call in acme.slack.calls].count("conversations.info") - asked <= 2
