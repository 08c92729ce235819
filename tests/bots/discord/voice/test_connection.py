"""A whole voice connection: unmodified discord.py, a voice server that speaks the protocol, real Opus."""

import asyncio

from tests.bots.discord.voice.scene import scene
from tests.recordings import tone


async def test_somebody_is_heard_in_an_encrypted_call() -> None:
    async with scene() as s:
        line = await s.join()
        ann = s.voice.person("Ann", guild=s.guild.id)
        await ann.join(s.lounge.id)
        await ann.say(tone(2.0, 48_000).tobytes())
        await asyncio.sleep(1)
        assert s.ears.seconds(ann.user) >= 1.9
