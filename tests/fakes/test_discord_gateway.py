"""The fake Discord's gateway, as Discord's documentation has it."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from tests.fakes.discord import FakeDiscord, Limits
from tests.fakes.discord.client import Bot, running

GUILDS, VOICE_STATES, MESSAGES, CONTENT = 1, 1 << 7, 1 << 9, 1 << 15


class Wire:
    """A connection to the gateway without a library."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, packed: bool) -> None:
        self.ws = ws
        self._inflate = zlib.decompressobj() if packed else None

    async def hear(self) -> dict[str, Any]:
        """The next message; {"op": None, "code": …} when it's closed."""
        message = await self.ws.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            assert self._inflate is None
            return dict(json.loads(message.data))
        if message.type is aiohttp.WSMsgType.BINARY:
            assert self._inflate is not None
            assert message.data.endswith(b"\x00\x00\xff\xff")
            return dict(json.loads(self._inflate.decompress(message.data)))
        return {"op": None, "code": self.ws.close_code}

    async def say(self, op: int, data: Any) -> None:
        await self.ws.send_json({"op": op, "d": data})

    async def identify(self, fake: FakeDiscord, intents: int = GUILDS, **more: Any) -> dict[str, Any]:
        assert (await self.hear())["op"] == 10
        await self.say(2, {"token": fake.token, "intents": intents, "properties": {}, **more})
        return await self.hear()


@asynccontextmanager
async def wired(fake: FakeDiscord, *, packed: bool = False) -> AsyncIterator[Wire]:
    url = "wss://gateway.discord.gg/?v=10&encoding=json" + ("&compress=zlib-stream" if packed else "")
    async with (
        aiohttp.ClientSession(connector=fake.connector()) as session,
        session.ws_connect(url) as ws,
    ):
        yield Wire(ws, packed)


@pytest.mark.parametrize("packed", [False, True])
async def test_ready_says_where_to_resume_and_who_one_is(packed: bool) -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        async with wired(fake, packed=packed) as wire:
            ready = await wire.identify(fake)
            assert (ready["t"], ready["s"]) == ("READY", 1)
            assert ready["d"]["user"]["id"] == str(fake.bot_id)
            assert ready["d"]["application"]["id"] == str(fake.state.application_id)
            assert ready["d"]["resume_gateway_url"].startswith("wss://")
            assert ready["d"]["guilds"] == [{"id": str(guild.id), "unavailable": True}]
            created = await wire.hear()
            assert (created["t"], created["d"]["name"]) == ("GUILD_CREATE", "Home")
            await wire.say(1, created["s"])
            assert (await wire.hear())["op"] == 11


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", 4002),
        ('{"d": 1}', 4002),
        ('{"op": 4, "d": {}}', 4003),
        ('{"op": 2, "d": {"token": "wrong", "intents": 0}}', 4004),
        ('{"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}', 4004),
    ],
)
async def test_what_it_does_not_understand_closes_it(said: str, code: int) -> None:
    async with FakeDiscord() as fake, wired(fake) as wire:
        await wire.hear()
        await wire.ws.send_str(said)
        assert await wire.hear() == {"op": None, "code": code}


async def test_nobody_identifies_twice_on_one_connection() -> None:
    async with FakeDiscord() as fake, wired(fake) as wire:
        await wire.identify(fake)
        await wire.say(2, {"token": fake.token, "intents": 0})
        assert await wire.hear() == {"op": None, "code": 4005}


async def test_a_session_that_missed_too_much_is_invalid() -> None:
    async with FakeDiscord(limits=Limits(missed=3)) as fake:
        chat = fake.guild().text()
        async with wired(fake) as wire:
            name = (await wire.identify(fake, GUILDS))["d"]["session_id"]
            await wire.ws.close(code=4000)
        for number in range(5):
            chat.rename(f"name-{number}")
        async with wired(fake) as wire:
            await wire.hear()
            await wire.say(6, {"token": fake.token, "session_id": name, "seq": 2})
            assert await wire.hear() == {"op": 9, "d": False, "s": None, "t": None}


async def test_what_was_missed_comes_with_a_resume() -> None:
    async with FakeDiscord(limits=Limits(missed=3)) as fake:
        chat = fake.guild().text()
        async with wired(fake) as wire:
            name = (await wire.identify(fake, GUILDS))["d"]["session_id"]
            last = (await wire.hear())["s"]
            await wire.ws.close(code=4000)
        for one in ("a", "b"):
            chat.rename(one)
        async with wired(fake) as wire:
            await wire.hear()
            await wire.say(6, {"token": fake.token, "session_id": name, "seq": last})
            told = [await wire.hear() for _ in range(3)]
            assert [one["t"] for one in told] == ["CHANNEL_UPDATE", "CHANNEL_UPDATE", "RESUMED"]
            assert [one["s"] for one in told] == [last + 1, last + 2, last + 3]


@pytest.mark.parametrize(("code", "stays"), [(1000, False), (1001, False), (4000, True)])
async def test_a_session_that_its_bot_ends_is_out_of_voice_too(code: int, stays: bool) -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        lounge = guild.voice()
        async with wired(fake) as wire:
            await wire.identify(fake, GUILDS)
            await wire.say(4, {"guild_id": str(guild.id), "channel_id": str(lounge.id)})
            await fake.bell.until(lambda: guild.bot_in is not None, 1)
            await wire.ws.close(code=code)
        await asyncio.sleep(1)
        assert (guild.bot_in == lounge) is stays


async def test_an_intent_that_was_not_declared_brings_nothing() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, lounge = guild.text(), guild.voice()
        ann = guild.member("Ann")
        async with wired(fake) as wire:
            await wire.identify(fake, GUILDS | MESSAGES)
            created = (await wire.hear())["d"]
            assert [one["user"]["id"] for one in created["members"]] == [str(fake.bot_id)]
            await ann.join(lounge)
            ann.post(chat, "hello")
            told = await wire.hear()
            assert (told["t"], told["d"]["content"]) == ("MESSAGE_CREATE", "")
            ann.post(chat, f"hello {ann.mention} <@{fake.bot_id}>")
            assert (await wire.hear())["d"]["content"]


async def test_with_voice_states_come_the_members_who_are_there() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        lounge, ann = guild.voice(), guild.member("Ann")
        guild.member("Ben")
        await ann.join(lounge)
        async with wired(fake) as wire:
            await wire.identify(fake, GUILDS | VOICE_STATES)
            created = (await wire.hear())["d"]
            assert [one["user"]["username"] for one in created["members"]] == ["Spokenly", "Ann"]
            assert [one["channel_id"] for one in created["voice_states"]] == [str(lounge.id)]


async def test_a_shard_hears_of_its_own_guilds() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        shard = (guild.id >> 22) % 2
        for one, expected in ((shard, 1), (1 - shard, 0)):
            async with wired(fake) as wire:
                ready = await wire.identify(fake, GUILDS, shard=[one, 2])
                assert len(ready["d"]["guilds"]) == expected


async def test_members_are_looked_up() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        ann = guild.member("Ann")
        async with running(Bot(fake), fake) as bot:
            found = await bot.guilds[0].query_members(user_ids=[ann.id, 1])
            assert [one.display_name for one in found] == ["Ann"]
            assert [one.name for one in await bot.guilds[0].query_members("an")] == ["Ann"]
            assert (await bot.guilds[0].fetch_member(ann.id)).name == "Ann"


async def test_an_outage_of_a_server_is_told_and_its_end_too() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        bot, seen = Bot(fake), []

        @bot.event
        async def on_guild_unavailable(one: discord.Guild) -> None:
            seen.append(f"{one.name} is away")

        @bot.event
        async def on_guild_available(one: discord.Guild) -> None:
            seen.append(f"{one.name} is back")

        async with running(bot, fake):
            seen.clear()
            guild.outage()
            await asyncio.sleep(1)
            guild.outage(over=True)
            await asyncio.sleep(1)
            assert seen == ["Home is away", "Home is back"]


async def test_a_quiet_hour_on_a_virtual_clock_loses_no_connection() -> None:
    async with FakeDiscord() as fake, running(Bot(fake), fake):
        beats = fake.gateway.heartbeats
        await asyncio.sleep(3600)
        assert fake.gateway.resumed == 0
        assert fake.gateway.heartbeats - beats >= 3600 / fake.gateway.heartbeat / 1.2


async def test_discord_py_paces_what_it_says_by_the_virtual_clock() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        async with running(Bot(fake), fake) as bot:
            here = bot.get_guild(guild.id)
            assert here is not None
            began = asyncio.get_running_loop().time()
            for _ in range(150):
                await here.change_voice_state(channel=None)
                await asyncio.sleep(20)
            assert asyncio.get_running_loop().time() - began == pytest.approx(3000, abs=1)
            assert not bot.is_ws_ratelimited()


@pytest.mark.real_time  # discord.py's heartbeats come from a thread
async def test_heartbeats_are_counted_and_answered() -> None:
    async with FakeDiscord() as fake:
        fake.gateway.heartbeat = 0.02
        async with running(Bot(fake, guild_ready_timeout=0.01), fake) as bot:
            assert await fake.bell.until(lambda: fake.gateway.heartbeats > 3, 10)
            assert bot.latency < 10
