"""The fake Discord holds a bot to Discord's limits, with Discord's own headers and errors."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.discord import Channel, FakeDiscord, Limits, Window
from tests.fakes.discord.client import running
from tests.fakes.discord.limits import Buckets, major, route, seconds

Answered = tuple[int, Mapping[str, str], Any]
API = "https://discord.com/api/v10"


class Wire:
    """Requests as they are, without a library that waits for limits."""

    def __init__(self, fake: FakeDiscord, session: aiohttp.ClientSession) -> None:
        self._fake = fake
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answered:
        headers = {"Authorization": f"Bot {token or self._fake.token}"}
        async with self._session.request(method, API + path, json=body, headers=headers) as answer:
            data = await answer.json() if answer.status != 204 else None
            return answer.status, answer.headers, data

    async def post(self, channel: Channel, text: str = "x") -> Answered:
        return await self.ask("POST", f"/channels/{channel.id}/messages", {"content": text})

    async def edit(self, channel: Channel, message: str, text: str = "x") -> Answered:
        return await self.ask("PATCH", f"/channels/{channel.id}/messages/{message}", {"content": text})


@asynccontextmanager
async def wired(limits: Limits | None = None) -> AsyncIterator[tuple[FakeDiscord, Wire, Channel]]:
    async with FakeDiscord(limits=limits) as fake:
        chat = fake.guild().text()
        async with aiohttp.ClientSession(connector=fake.connector()) as session:
            yield fake, Wire(fake, session), chat


async def test_five_messages_in_five_seconds_for_each_channel() -> None:
    async with wired() as (fake, wire, chat):
        other = fake.guild("Other").text()
        answers = [await wire.post(chat) for _ in range(6)]
        assert [status for status, _, _ in answers] == [200] * 5 + [429]
        assert [headers["X-RateLimit-Remaining"] for _, headers, _ in answers] == list("432100")
        _, headers, body = answers[5]
        assert headers["X-RateLimit-Limit"] == "5"
        assert headers["X-RateLimit-Scope"] == "user"
        assert headers["X-RateLimit-Reset-After"] == "5.000"
        assert headers["Retry-After"] == "5"
        assert "Via" in headers
        assert headers["Content-Type"] == "application/json"
        assert body == {"message": "You are being rate limited.", "retry_after": 5.0, "global": False}
        assert (await wire.post(other))[1]["X-RateLimit-Bucket"] == headers["X-RateLimit-Bucket"]
        await asyncio.sleep(4.9)
        assert (await wire.post(chat))[0] == 429
        await asyncio.sleep(0.1)
        assert (await wire.post(chat))[0] == 200
        assert len(chat.posted) == 6
        assert fake.rest.buckets.refused == {"POST /channels/{}/messages": 2}
        assert fake.rest.invalid == 2


async def test_edits_have_a_bucket_of_their_own_for_the_whole_channel() -> None:
    async with wired() as (_, wire, chat):
        one, two = [(await wire.post(chat))[2]["id"] for _ in range(2)]
        answers = [await wire.edit(chat, number) for number in (one, two, one, two, one, two)]
        assert [status for status, _, _ in answers] == [200] * 5 + [429]


async def test_messages_older_than_an_hour_take_three_edits_in_six_seconds() -> None:
    async with wired() as (_, wire, chat):
        old = (await wire.post(chat))[2]["id"]
        await asyncio.sleep(3600)
        assert (await wire.edit(chat, old))[0] == 200
        await asyncio.sleep(10)
        assert [(await wire.edit(chat, old, str(number)))[0] for number in range(4)] == [200, 200, 200, 429]
        await asyncio.sleep(5.5)
        status, headers, body = await wire.edit(chat, old)
        assert (status, body["code"], body["retry_after"]) == (429, 30046, 0.5)
        assert headers["Retry-After"] == "1"
        assert headers["X-RateLimit-Remaining"] == "4"
        young = (await wire.post(chat))[2]["id"]
        assert (await wire.edit(chat, young))[0] == 200
        assert chat.posted[0].content == "2"


async def test_fifty_requests_a_second_for_the_whole_bot_without_webhooks() -> None:
    async with wired() as (fake, wire, chat):
        hook = fake.state.create_webhook(chat.id, "hook", fake.bot_id)
        for _ in range(50):
            assert (await wire.ask("GET", "/users/@me"))[0] == 200
        status, headers, body = await wire.ask("GET", "/users/@me")
        assert (status, body["global"], headers["X-RateLimit-Global"]) == (429, True, "true")
        assert headers["X-RateLimit-Scope"] == "global"
        said = await wire.ask("POST", f"/webhooks/{hook.id}/{hook.token}?wait=true", {"content": "hello"})
        assert said[0] == 200
        await asyncio.sleep(1)
        assert (await wire.ask("GET", "/users/@me"))[0] == 200


async def test_a_webhook_takes_five_in_two_seconds() -> None:
    async with wired() as (fake, wire, chat):
        hook = fake.state.create_webhook(chat.id, "hook", fake.bot_id)
        path = f"/webhooks/{hook.id}/{hook.token}?wait=true"
        found = [(await wire.ask("POST", path, {"content": "x"}))[0] for _ in range(6)]
        assert found == [200] * 5 + [429]
        await asyncio.sleep(2)
        assert (await wire.ask("POST", path, {"content": "x"}))[0] == 200


async def test_limits_are_numbers_that_a_test_may_change() -> None:
    async with wired(Limits(rules={"POST /channels/{}/messages": Window(1, 2.0)})) as (fake, wire, chat):
        assert [(await wire.post(chat))[0] for _ in range(2)] == [200, 429]
        fake.limits.rules["POST /channels/{}/messages"] = Window(2, 1.0)
        assert [(await wire.post(chat))[0] for _ in range(3)] == [200, 200, 429]
        fake.limits.everything = None
        fake.limits.content = 3
        assert (await wire.ask("PATCH", f"/channels/{chat.id}/messages/1", {"content": "four"}))[0] == 400


@pytest.mark.parametrize(("text", "status"), [("😀" * 2000, 200), ("😀" * 2001, 400), ("é" * 2000, 200)])
async def test_a_message_has_2000_code_points(text: str, status: int) -> None:
    async with wired() as (_, wire, chat):
        found, _, body = await wire.post(chat, text)
        assert found == status
        if status == 400:
            assert body["code"] == 50035
            assert body["errors"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"


async def test_a_message_is_trimmed_and_never_empty() -> None:
    async with wired() as (_, wire, chat):
        assert (await wire.post(chat, "\n  one \n"))[2]["content"] == "one"
        status, _, body = await wire.post(chat, " \n ")
        assert (status, body["code"]) == (400, 50006)


async def test_a_file_has_10_mib_and_a_request_25() -> None:
    async with FakeDiscord(limits=Limits(file=1000, request=3000)) as fake:
        chat = fake.guild().text()
        client = discord.Client(intents=discord.Intents.none(), connector=fake.connector())

        def files(*sizes: int) -> list[discord.File]:
            return [discord.File(io.BytesIO(bytes(size)), f"{n}.txt") for n, size in enumerate(sizes)]

        async with running(client, fake):
            place = client.get_partial_messageable(chat.id)
            await place.send(files=files(1000, 1000))
            for sizes in ((1001,), (1000, 1000, 1000)):
                with pytest.raises(discord.HTTPException) as caught:
                    await place.send(files=files(*sizes))
                assert (caught.value.status, caught.value.code) == (413, 40005)
        assert [len(one.files) for one in chat.posted] == [2]


async def test_discord_py_waits_for_the_limits_by_itself() -> None:
    async with FakeDiscord() as fake:
        chat = fake.guild().text()
        client = discord.Client(intents=discord.Intents.none(), connector=fake.connector())
        async with running(client, fake):
            place = client.get_partial_messageable(chat.id)
            for number in range(12):
                await place.send(str(number))
            assert [one.posted for one in chat.posted] == sorted(one.posted for one in chat.posted)
            assert chat.posted[11].posted - chat.posted[0].posted >= 10
            assert not fake.rest.buckets.refused


@pytest.mark.parametrize(
    ("take", "code"),
    [(("send_messages",), 50013), (("view_channel",), 50001), (("attach_files",), None)],
)
async def test_a_missing_permission_has_its_own_code(take: tuple[str, ...], code: int | None) -> None:
    async with wired() as (_, wire, chat):
        chat.deny(None, *take)
        status, _, body = await wire.post(chat)
        assert (status, body.get("code")) == ((403, code) if code else (200, None))


async def test_what_is_not_there_has_its_own_code() -> None:
    async with wired() as (fake, wire, chat):
        assert (await wire.ask("POST", "/channels/1/messages", {"content": "x"}))[2]["code"] == 10003
        assert (await wire.edit(chat, "1"))[2]["code"] == 10008
        lounge = fake.guild("Voice").voice()
        refused = await wire.ask("POST", f"/channels/{lounge.id}/threads", {"name": "x", "type": 11})
        assert (refused[0], refused[2]["code"]) == (400, 50024)
        ann = fake.state.make_user("Ann")
        theirs = fake.state.create_message(chat.id, ann.id, "mine")
        assert (await wire.edit(chat, str(theirs.id)))[2]["code"] == 50005


async def test_a_wrong_token_is_unauthorised() -> None:
    async with wired() as (_, wire, _chat):
        status, _, body = await wire.ask("GET", "/users/@me", token="wrong")
        assert (status, body) == (401, {"message": "401: Unauthorized", "code": 0})


@pytest.mark.parametrize(
    ("path", "door", "top"),
    [
        ("/channels/12/messages/34", "PATCH /channels/{}/messages/{}", "12"),
        ("/webhooks/12/abc/messages/@original", "PATCH /webhooks/{}/{}/messages/{}", "12/abc"),
        ("/webhooks/12/abc", "PATCH /webhooks/{}/{}", "12/abc"),
        ("/interactions/12/abc/callback", "PATCH /interactions/{}/{}/callback", ""),
        ("/guilds/12/members/34", "PATCH /guilds/{}/members/{}", "12"),
    ],
)
def test_a_bucket_is_a_route_and_its_top_resource(path: str, door: str, top: str) -> None:
    assert route("PATCH", path) == door
    assert major(path) == top


@given(st.floats(0, 100), st.floats(0, 1000))
def test_who_waits_as_long_as_the_header_says_is_never_too_early(spent: float, start: float) -> None:
    buckets = Buckets(Limits(everything=None))
    for _ in range(5):
        assert buckets.ask("POST", "/channels/1/messages", start).wait is None
    now = start + min(spent, 4.99)
    verdict = buckets.ask("POST", "/channels/1/messages", now)
    assert verdict.wait is not None
    after = now + float(seconds(verdict.wait))
    assert buckets.ask("POST", "/channels/1/messages", after).wait is None


async def test_latency_delays_what_is_done_and_what_is_heard_of_it() -> None:
    async with wired() as (fake, wire, chat):
        fake.rest.latency = 0.2
        loop = asyncio.get_running_loop()
        began = loop.time()
        await wire.post(chat)
        assert chat.posted[0].posted - began == pytest.approx(0.1)
        assert loop.time() - began == pytest.approx(0.2)


async def test_an_enforced_nonce_posts_a_message_once() -> None:
    async with wired() as (fake, wire, chat):
        body = {"content": "x", "nonce": "abc", "enforce_nonce": True}
        path = f"/channels/{chat.id}/messages"
        first, again = [(await wire.ask("POST", path, body))[2]["id"] for _ in range(2)]
        assert first == again
        await wire.ask("POST", path, {**body, "enforce_nonce": False})
        assert len(chat.posted) == 2
        await asyncio.sleep(fake.limits.nonce + 1)
        assert (await wire.ask("POST", path, body))[2]["id"] != first
        assert (await wire.ask("POST", path, {**body, "nonce": "x" * 26}))[0] == 400


async def test_a_thread_that_is_closed_opens_for_a_message_and_not_when_it_is_locked() -> None:
    async with wired() as (fake, wire, chat):
        number = (await wire.post(chat))[2]["id"]
        path = f"/channels/{chat.id}/messages/{number}/threads"
        thread = fake.channel(int((await wire.ask("POST", path, {"name": "live"}))[2]["id"]))
        assert (await wire.ask("POST", path, {"name": "live"}))[2]["code"] == 160004
        inside = (await wire.post(thread))[2]["id"]
        thread.archive()
        assert (await wire.edit(thread, inside))[2]["code"] == 50083
        assert (await wire.post(thread))[0] == 200
        assert not thread.archived
        fake.home().bot("manage_threads", allow=False)
        thread.archive(locked=True)
        assert (await wire.post(thread))[2]["code"] == 160005


async def test_a_name_changes_twice_in_ten_minutes_although_the_headers_leave_room() -> None:
    async with wired() as (_, wire, chat):
        path = f"/channels/{chat.id}"
        found = [(await wire.ask("PATCH", path, {"name": one}))[0] for one in ("a", "b", "b")]
        assert found == [200, 200, 200]
        status, headers, body = await wire.ask("PATCH", path, {"name": "c"})
        assert (status, body["retry_after"]) == (429, 600.0)
        assert (headers["X-RateLimit-Remaining"], headers["X-RateLimit-Scope"]) == ("1", "shared")


async def test_without_keeping_only_the_present_is_left() -> None:
    async with wired() as (fake, wire, chat):
        fake.state.keeps = False
        number = (await wire.post(chat, "one"))[2]["id"]
        await wire.edit(chat, number, "two")
        (message,) = chat.posted
        assert [one.content for one in message.versions] == ["two"]
        message.delete()
        assert chat.history == []
        assert not fake.state.versions
        fake.limits.everything = None
        for _ in range(150):
            await wire.ask("GET", "/users/@me")
        assert len(fake.rest.asked) < 110
