"""The fake voice servers keep to Discord's protocol, and the people in their calls are really heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fakes.discord.tls import Doors, connector
from tests.fakes.discord.voice import Davey, FakeVoice, Faults, LibDave, voice
from tests.fakes.discord.voice.client import Client, client
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import GCM, SILENCE, XCHACHA
from tests.recordings import tone

GUILD, LOUNGE, BOT = 10, 20, 30

HALF = tone(0.5, 48_000).tobytes()
"""25 packets."""


@asynccontextmanager
async def calling(
    server: FakeVoice,
    doors: Doors,
    *,
    stage: bool = False,
    mode: str = GCM,
    user: int = BOT,
    channel: int = LOUNGE,
) -> AsyncIterator[Client]:
    """A client that has joined the lounge, and leaves it at the end."""
    token, endpoint = server.expect(GUILD, channel, user, "session", stage)
    async with (
        client(
            endpoint, token, guild=GUILD, channel=channel, user=user, session="session",
            connector=connector(doors), mode=mode,
        ) as bot,
        asyncio.TaskGroup() as tasks,
    ):  # fmt: skip
        running = tasks.create_task(bot.run())
        await bot.connected.wait()
        await asyncio.sleep(0.5)
        yield bot
        await bot.leave()
        await running


@asynccontextmanager
async def lounge(faults: Faults | None = None) -> AsyncIterator[tuple[FakeVoice, Doors]]:
    doors = Doors(0)
    async with voice(faults, doors=doors) as server:
        yield server, doors


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
async def test_both_ways_are_heard_in_either_mode(mode: str) -> None:
    async with lounge() as (server, doors):
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with calling(server, doors, mode=mode) as bot:
            await ann.say(HALF)
            await bot.say(frames(HALF))
            await asyncio.sleep(0.1)
            spoken = [*frames(HALF), *[SILENCE] * 5]
            assert bot.heard[ann.user] == spoken
            assert list(ann.heard[BOT]) == spoken
            assert bot.counters == {}
            assert server.line(BOT).counters["undecipherable"] == 0


async def test_three_implementations_share_one_group_over_every_epoch() -> None:
    async with lounge() as (server, doors):
        ann, ben, cem = (server.person(name) for name in ("Ann", "Ben", "Cem"))
        ben.library = LibDave
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        async with calling(server, doors) as bot:
            await cem.join(LOUNGE)
            encryption = server.room(LOUNGE).encryption
            assert encryption.epoch == 3
            people = [ann.member, ben.member, cem.member, bot.member]
            assert len({member.crypt.authenticator for member in people}) == 1
            await ben.say(HALF)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert len(bot.heard[ben.user]) == len(bot.heard[ann.user]) == 30
            assert len(ben.heard[ann.user]) == len(ann.heard[ben.user]) == len(cem.heard[ben.user]) == 30
            await ann.leave()
            await asyncio.sleep(0.1)
            assert encryption.epoch == 4
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert len(bot.heard[ben.user]) == 60
            assert not ben.member.crypt.failures
