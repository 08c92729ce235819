"""The fake Discord's bad days befall an unmodified discord.py as Discord's own do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest

from tests.fakes.discord import Banned, Channel, FakeDiscord, Hang, Http, Late, Limits, Reset, Slow
from tests.fakes.discord.client import running

INTENTS = discord.Intents(guilds=True, voice_states=True, guild_messages=True)


class Client(discord.Client):
    """Notes what happens to its connection."""

    def __init__(self, fake: FakeDiscord, **more: Any) -> None:
        super().__init__(intents=INTENTS, connector=fake.connector(), **more)
        self.seen: list[str] = []

    async def on_resumed(self) -> None:
        self.seen.append("resumed")

    async def on_ready(self) -> None:
        self.seen.append("ready")

    async def on_disconnect(self) -> None:
        self.seen.append("disconnect")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.seen.append(f"out of {guild.name}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.seen.append(f"{channel.name} deleted")

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(f"message of {message.author.name}")


@asynccontextmanager
async def home(limits: Limits | None = None) -> AsyncIterator[tuple[FakeDiscord, Client, Channel]]:
    async with FakeDiscord(limits=limits) as fake:
        chat = fake.guild("Home").text()
        async with running(Client(fake), fake) as client:
            yield fake, client, chat


# REST


async def test_a_storm_of_429_is_waited_out() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Http(429, retry_after=2.5), "POST /channels/*/messages", times=3)
        began = asyncio.get_running_loop().time()
        await client.get_partial_messageable(chat.id).send("at last")
        assert asyncio.get_running_loop().time() - began == pytest.approx(7.5)
        assert [one.content for one in chat.posted] == ["at last"]
        assert [one.status for one in fake.rest.asked if one.method == "POST"] == [429] * 3 + [200]


async def test_a_429_for_everything_stops_everything() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Http(429, retry_after=3, everything=True), "GET /users/@me")
        async with asyncio.TaskGroup() as group:
            group.create_task(client.http.request(discord.http.Route("GET", "/users/@me")))
            await asyncio.sleep(0.1)
            await client.get_partial_messageable(chat.id).send("later")
        assert chat.posted[0].posted - fake.rest.asked[-1].at == pytest.approx(0, abs=0.01)
        first = next(one for one in fake.rest.asked if one.status == 429)
        assert chat.posted[0].posted - first.at >= 3


async def test_a_ban_of_the_address_is_no_answer_of_discord() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Banned(), "POST **")
        with pytest.raises(discord.HTTPException) as caught:
            await client.get_partial_messageable(chat.id).send("x")
        assert (caught.value.status, caught.value.code) == (429, 0)
        assert fake.rest.asked[-1].status == 429


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_5xx_is_tried_again(status: int) -> None:
    async with home() as (fake, client, chat):
        plan = fake.rest.faults.add(Http(status), "POST /channels/*/messages", times=2)
        await client.get_partial_messageable(chat.id).send("x")
        assert plan.hits == 2
        assert len(chat.posted) == 1


async def test_a_503_goes_to_the_caller() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Http(503), "POST **")
        with pytest.raises(discord.DiscordServerError):
            await client.get_partial_messageable(chat.id).send("x")


async def test_a_slow_answer_comes_and_a_late_one_was_carried_out_before() -> None:
    async with home() as (fake, client, chat):
        loop, place = asyncio.get_running_loop(), client.get_partial_messageable(chat.id)
        began = loop.time()
        fake.rest.faults.add(Slow(4), "POST /channels/*/messages")
        await place.send("slow")
        assert chat.posted[0].posted - began == pytest.approx(4)
        fake.rest.faults.add(Late(4), "POST /channels/*/messages")
        await place.send("late")
        assert chat.posted[1].posted - began == pytest.approx(4)
        assert loop.time() - began == pytest.approx(8)


async def test_a_hanging_request_ends_with_the_patience_of_who_asked() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Hang(), "POST /channels/*/messages")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await client.get_partial_messageable(chat.id).send("x")
        assert chat.posted == []


@pytest.mark.parametrize("after", [False, True])
async def test_a_reset_tells_nothing_of_what_was_done(after: bool) -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Reset(after=after), "POST /channels/*/messages")
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get_partial_messageable(chat.id).send("x")
        assert len(chat.posted) == after


async def test_faults_go_by_and_can_be_cleared() -> None:
    async with home() as (fake, client, chat):
        fake.rest.faults.add(Http(400, 50035, "Invalid Form Body"), f"POST /channels/{chat.id}/**", None)
        place = client.get_partial_messageable(chat.id)
        for _ in range(2):
            with pytest.raises(discord.HTTPException) as caught:
                await place.send("x")
            assert caught.value.code == 50035
        await client.http.request(discord.http.Route("GET", "/users/@me"))
        fake.rest.faults.clear()
        await place.send("x")


# The gateway


@pytest.mark.parametrize("code", [None, 1006, 4000, 4009])
async def test_a_dropped_gateway_is_resumed_and_nothing_is_missed(code: int | None) -> None:
    async with home() as (fake, client, chat):
        ann = fake.state.make_user("Ann")
        fake.gateway.drop(None if code == 1006 else code)
        fake.state.create_message(chat.id, ann.id, "meanwhile")
        await fake.bell.until(lambda: fake.gateway.resumed == 1, 30)
        await asyncio.sleep(1)
        assert client.seen == ["ready", "disconnect", "message of Ann", "resumed"]
        assert fake.gateway.identified == 1


async def test_a_request_to_reconnect_is_followed() -> None:
    async with home() as (fake, client, _):
        fake.gateway.reconnect()
        await asyncio.sleep(30)
        assert client.seen == ["ready", "disconnect", "resumed"]


async def test_an_invalid_session_begins_a_new_one_five_seconds_later() -> None:
    async with home() as (fake, client, _):
        fake.gateway.invalidate()
        await asyncio.sleep(30)
        assert client.seen == ["ready", "disconnect", "ready"]
        assert fake.gateway.identified == 2


async def test_a_session_that_is_gone_can_not_be_resumed() -> None:
    async with home(Limits(resume=0.5)) as (fake, client, _):
        fake.rest.faults.add(Slow(0))
        fake.gateway.forget = True
        fake.gateway.drop()
        await asyncio.sleep(60)
        assert client.seen[-1] == "ready"
        assert (fake.gateway.identified, fake.gateway.resumed) == (2, 0)


async def test_who_identifies_twice_in_five_seconds_has_an_invalid_session() -> None:
    async with FakeDiscord() as fake:
        fake.guild()
        loop = asyncio.get_running_loop()
        async with running(Client(fake), fake):
            pass
        began = loop.time()
        async with running(Client(fake), fake):
            assert loop.time() - began >= 5


async def test_a_revoked_token_is_refused_everywhere() -> None:
    async with FakeDiscord() as fake:
        client = Client(fake)
        await client.login(fake.token)
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(_ended(client))
            await client.wait_until_ready()
            fake.revoke()
            assert (await ended) == 4004
        again = Client(fake)
        with pytest.raises(discord.LoginFailure):
            await again.login(fake.token)
        await again.close()


async def _ended(client: discord.Client) -> int | None:
    try:
        await client.connect()
    except discord.ConnectionClosed as error:
        return error.code
    finally:
        await client.close()
    return None


async def test_intents_that_are_not_allowed_close_the_gateway() -> None:
    async with FakeDiscord() as fake:
        fake.gateway.privileged = False
        intents = discord.Intents(guilds=True, message_content=True)
        client = discord.Client(intents=intents, connector=fake.connector())
        await client.login(fake.token)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.connect()
        await client.close()


async def test_a_bot_that_is_thrown_out_has_no_access() -> None:
    async with home() as (fake, client, chat):
        place = client.get_partial_messageable(chat.id)
        server = fake.home("Home")
        ann = server.member("Ann")
        server.remove_bot()
        ann.post(chat, "anybody here?")
        await asyncio.sleep(1)
        assert client.seen == ["ready", "out of Home"]
        assert not client.guilds
        with pytest.raises(discord.Forbidden) as caught:
            await place.send("x")
        assert caught.value.code == 50001
        server.invite_bot()
        await asyncio.sleep(1)
        assert [one.name for one in client.guilds] == ["Home"]
        await place.send("back")


async def test_a_deleted_channel_is_unknown() -> None:
    async with home() as (fake, client, chat):
        place = client.get_partial_messageable(chat.id)
        message = await place.send("x")
        fake.home("Home").delete(chat)
        await asyncio.sleep(1)
        assert client.seen[-1] == "general deleted"
        with pytest.raises(discord.NotFound) as caught:
            await place.send("x")
        assert caught.value.code == 10003
        with pytest.raises(discord.NotFound) as caught:
            await message.edit(content="y")
        assert caught.value.code == 10003


async def test_a_deleted_message_is_unknown_and_still_known_to_the_test() -> None:
    async with home() as (_, client, chat):
        message = await client.get_partial_messageable(chat.id).send("x")
        (posted,) = chat.posted
        posted.delete()
        with pytest.raises(discord.NotFound) as caught:
            await message.edit(content="y")
        assert caught.value.code == 10008
        assert (chat.posted, posted.deleted, posted.content) == ([], True, "x")


async def test_events_and_messages_to_the_gateway_have_limits() -> None:
    async with home() as (fake, client, _):
        await client.ws.send(f'{{"op": 3, "d": "{"x" * 5000}"}}')
        await asyncio.sleep(10)
        assert client.seen == ["ready", "disconnect", "resumed"]
        with contextlib.suppress(ConnectionError):
            for _ in range(130):
                await client.ws.socket.send_str('{"op": 3, "d": null}')
        await asyncio.sleep(10)
        assert client.seen == ["ready", "disconnect", "resumed", "disconnect", "resumed"]
        assert fake.gateway.identified == 1
