"""Spokenly runs for weeks: when calls are over, all that they took has come back."""

import asyncio
from pathlib import Path

from tests.bots.slack.office import Office, office
from tests.bots.slack.test_guests import real
from tests.core.test_bridge import Call
from tests.fakes.slack import Place
from tests.holdings import grown, holdings

REMEMBERED = ("bots.slack.seen.Seen._seen",)
"""What Slack delivered, for when it comes again: the newest 5,000 (test_bot.py)."""


async def one_call(acme: Office, other: Place) -> None:
    """Somebody speaks and stops; a socket breaks, and a call of elsewhere is shown for a while."""
    await acme.ann.command("/captions", "start", channel=acme.general)
    await acme.until(acme.bot.calls.running)
    room, elsewhere = acme.rooms.opened.pop(), Call()
    room.joins("Ann")
    room.says("Ann", "Hello there.")
    acme.bridge.share(room)
    code = acme.bridge.share(elsewhere)
    await acme.bob.command("/captions", f"attach {code.text}", channel=other)
    await acme.until(lambda: acme.bot.calls.guests.of(acme.team.id, other.id))
    elsewhere.say("Hello from elsewhere.")
    acme.slack.sockets.cut()
    await acme.until(lambda: acme.slack.sockets.connected == 2)
    await asyncio.sleep(20)
    assert "Hello there." in str(acme.slack.world.messages)
    acme.bridge.ended(elsewhere)
    acme.bridge.ended(room)
    await acme.ann.command("/captions", "stop", channel=acme.general)
    await acme.until(lambda: not acme.bot.calls.running() and not acme.bot.calls.guests.running())
    await asyncio.sleep(60)
    acme.finales.clear()


async def test_calls_that_are_over_leave_nothing_behind(tmp_path: Path) -> None:
    async with office(tmp_path, post=real) as acme:
        other = acme.slack.channel(acme.team, "random", acme.bob)
        for _ in range(3):
            await one_call(acme, other)
        before = holdings()
        for _ in range(4):
            await one_call(acme, other)
        more = grown(before, holdings())
        assert not {name: count for name, count in more.items() if not name.startswith(REMEMBERED)}
