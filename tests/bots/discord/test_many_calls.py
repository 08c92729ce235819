"""Spokenly runs for weeks: when calls are over, all that they took has come back."""

import asyncio

from tests.bots.discord.bench import Scene, scene
from tests.core.test_bridge import Call
from tests.fakes.discord import Channel, Member
from tests.fakes.pitch import pitched
from tests.holdings import grown, holdings

REMEMBERED = ("bots.discord.governor.", "bots.discord.pace.")
"""Limits that Discord told of threads, which stay until there are `governor.LANES` (test_governor.py)."""


async def one_call(home: Scene, ann: Member, den: Channel) -> None:
    """Somebody speaks, a connection breaks, the bot is moved; a call of elsewhere is shown for a while."""
    await ann.join(home.lounge)
    call, other = await home.start(ann), Call()
    home.bridge.share(home.calls.sharing.source(call))
    shown = await ann.command("captions attach", {"code": home.bridge.share(other).text}, channel=home.chat)
    await shown.settle()
    other.say("Hello from elsewhere.")
    await ann.say(pitched(600, seconds=0.5))
    home.fake.voice.lines[-1].drop(4015)
    await asyncio.sleep(5)
    home.guild.move_bot(den)
    await ann.join(den)
    await asyncio.sleep(5)
    await ann.say(pitched(700, seconds=0.5))
    await asyncio.sleep(5)
    assert "t700" in home.everything()
    home.bridge.ended(other)
    await call.stop("Ann")
    await ann.leave()
    await asyncio.sleep(60)


async def test_calls_that_are_over_leave_nothing_behind() -> None:
    async with scene() as home:
        ann, den = home.guild.member("Ann", "administrator"), home.guild.voice("Den")
        async with home.running():
            for _ in range(3):
                await one_call(home, ann, den)
            before = holdings()
            for _ in range(4):
                await one_call(home, ann, den)
            more = grown(before, holdings())
            assert not {name: count for name, count in more.items() if not name.startswith(REMEMBERED)}
