"""The fake voice servers keep to Discord's protocol, and the people in their calls are really heard."""

import asyncio

from tests.fakes.discord.tls import Doors, connector
from tests.fakes.discord.voice import FakeVoice, voice
from tests.fakes.discord.voice.client import Client, client
from tests.fakes.discord.voice.rtp import GCM, SILENCE
from tests.recordings import tone

GUILD, LOUNGE, BOT = 10, 20, 30


async def test_a_client_hears_somebody_speak_in_an_encrypted_call() -> None:
    doors = Doors(0)
    async with voice(doors=doors) as server:
        token, endpoint = server.expect(GUILD, LOUNGE, BOT, "session")
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with (
            client(
                endpoint,
                token,
                guild=GUILD,
                channel=LOUNGE,
                user=BOT,
                session="session",
                connector=connector(doors),
            ) as bot,
            asyncio.TaskGroup() as tasks,
        ):
            running = tasks.create_task(bot.run())
            await bot.connected.wait()
            await asyncio.sleep(0.5)
            assert bot.member.ready
            await ann.say(tone(1.0, 48_000).tobytes())
            await asyncio.sleep(0.1)
            print(bot.counters, ann.counters, {k: len(v) for k, v in bot.heard.items()}, bot.messages[:3])
            assert len(bot.heard[ann.user]) == 55
            await bot.leave()
