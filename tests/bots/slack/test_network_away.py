"""The network is away for ten minutes: both sockets are cut, and no request comes to anything."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bots.slack.card import OPEN
from bots.slack.sockets import LOOK, PING
from tests.bots.slack.office import Office, office, words
from tests.bots.slack.test_slow_slack import METHODS, _captions

AWAY = 600.0


class Expiring(set[str]):
    """The tickets for sockets; while the network is away, none is good by the time that it is used."""

    def __init__(self) -> None:
        self.away = False

    def add(self, ticket: str) -> None:
        if not self.away:
            super().add(ticket)


def numbers(acme: Office) -> list[str]:
    return re.findall(r"\bw\d+\b", acme.general.text())


@pytest.mark.parametrize("refused", [True, False])
async def test_captions_catch_up_and_commands_work_when_the_network_is_back(
    tmp_path: Path, refused: bool
) -> None:
    loop = asyncio.get_running_loop()
    async with office(tmp_path) as acme:
        acme.bot.calls.house = replace(acme.bot.calls.house, post=_captions)
        await acme.start()
        card, (room,) = acme.card, acme.rooms.opened
        room.joins("Ann")
        room.says("Ann", "w0")
        await acme.until(lambda: numbers(acme) == ["w0"])
        acme.slack.sockets.deaf = True
        acme.slack.sockets.cut()
        acme.slack.sockets.cut()
        if refused:
            acme.slack.faults.statuses = {method: [503] * 10_000 for method in METHODS}
        else:
            acme.slack.faults.hang = set(METHODS)
        for number in range(1, 121):
            room.says("Ann", f"w{number}", number * 5.0)
            await asyncio.sleep(AWAY / 120)
        assert numbers(acme) == ["w0"]
        assert not room.closed
        back = loop.time()
        acme.slack.faults.statuses, acme.slack.faults.hang = {}, set()
        acme.slack.sockets.deaf = False
        await acme.until(lambda: acme.slack.sockets.connected == 2)
        assert loop.time() - back <= 2 * PING
        assert not (await acme.bob.press(card, OPEN)).failed
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        await acme.until(lambda: len(numbers(acme)) == 121, 120)
        assert loop.time() - back <= (45 if refused else 105)
        room.says("Ann", "w121", 700.0)
        await acme.until(lambda: len(numbers(acme)) == 122)
        assert sorted(numbers(acme)) == sorted(f"w{number}" for number in range(122)), "each once"
        await acme.until(lambda: "Captions are live." in words(card), 150)
    await asyncio.sleep(3600 if not refused else 0)


async def test_addresses_for_sockets_that_are_not_good_any_more_are_not_tried_for_ever(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        tickets = acme.slack.sockets._tickets = Expiring()
        tickets.away = True
        acme.slack.sockets.cut()
        acme.slack.sockets.cut()
        await asyncio.sleep(AWAY)
        assert acme.slack.sockets.connected == 0
        tickets.away = False
        await asyncio.sleep(LOOK + 2 * PING)
        assert acme.slack.sockets.connected == 2
        assert not (await acme.ann.command("/captions", "help", channel=acme.general)).failed
