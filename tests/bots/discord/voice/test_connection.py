"""A whole voice connection: unmodified discord.py, a voice server that speaks the protocol, real Opus."""

import asyncio

from tests.bots.discord.voice.scene import SPEECH, scene


async def test_somebody_is_heard_in_an_encrypted_call() -> None:
    async with scene() as s:
        await s.join()
        ann = s.guild.member("Ann")
        await ann.join(s.lounge)
        await ann.say(SPEECH)
        await asyncio.sleep(1)
        assert s.ears.seconds(ann.id) >= 1
