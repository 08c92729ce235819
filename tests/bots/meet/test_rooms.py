import asyncio
import re
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.meet.person import NAME, clean, clean_name
from bots.meet.rooms import AWAY
from bots.meet.terms import Terms
from bots.meet.voice import Full
from core.captions.markup import seen
from core.errors import UserError
from tests.bots.meet.house import House, house
from tests.fakes.engine import numbers, speak


@given(st.text())
def test_a_name_is_clean_or_asked_for_again(name: str) -> None:
    if not any(map(seen, clean(name, NAME))):
        with pytest.raises(UserError, match="name"):
            clean_name(name)
        return
    called = clean_name(name)
    assert 1 <= len(called) <= NAME
    assert called.isprintable()
    assert called == called.strip()


async def test_rooms_have_addresses_that_cannot_be_guessed() -> None:
    async with house(rooms_per_minute=100) as h:
        names = {await h.room() for _ in range(50)}
        assert len(names) == 50
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", name) for name in names)


async def ask(h: House, method: str, path: str, **how: Any) -> tuple[int, Any, aiohttp.ClientResponse]:
    async with h.client.request(method, h.url + path, **how) as answer:
        body = await answer.json() if answer.content_type == "application/json" else await answer.text()
        return answer.status, body, answer


async def test_a_room_tells_what_it_is() -> None:
    async with house() as h:
        room = await h.room()
        status, told, _ = await ask(h, "GET", f"/api/rooms/{room}")
        assert status == 200
        assert told == {
            "room": room,
            "title": "",
            "keep": "captions",
            "record": None,
            "state": "waiting",
            "engine": "Scripted",
            "language": "en",
            "guests": True,
            "origin": None,
            "private": False,
            "closed": None,
            "began": None,
            "people": [],
            "note": None,
            "streamed": None,
        }


async def test_two_people_never_have_the_same_name() -> None:
    async with house() as h:
        room = await h.room()
        names = [(await h.join(room, name))["name"] for name in ["Ann", " Ann\n", "Ann", "A" * 90, "A" * 90]]
        assert names == ["Ann", "Ann (2)", "Ann (3)", "A" * 40, "A" * 35 + " (2)"]


def terms() -> Terms:
    return Terms("en", "Standup", guests=True)


async def test_no_name_looks_like_another() -> None:
    async with house() as h:
        room = h.rooms.open(terms=terms())
        ann = room.join("Ann", "slack:T:U", known=True)
        fakes = ["Ann\u3164", "Ann\u2800", "A\u034fnn", "Ann\ufe0f", "ann", "Anne"]
        names = [room.join(fake).speaker.name for fake in fakes]
        assert [name.endswith(f"({n})") for n, name in enumerate(names, 2)] == [*[True] * 5, False]
        assert ann.speaker.name == "Ann"


async def test_a_name_that_is_proven_is_its_owners_and_a_guest_who_had_it_gets_a_number() -> None:
    async with house() as h:
        room = h.rooms.open(terms=terms())
        guest, other = room.join("Ann\ufe0f"), room.join("Ann (2)")
        async with h.reader(room.name) as reader, h.microphone(room.name, guest.token) as microphone:
            begun = await microphone.send(speak(2, after=3))
            await reader.until(lambda r: r.text == "w1 w2")
            ann = room.join("Ann", "slack:T:U", known=True)
            assert [one.speaker.name for one in (ann, guest, other)] == ["Ann", "Ann\ufe0f (3)", "Ann (2)"]
            assert ann.speaker.id != guest.speaker.id
            await reader.until(lambda r: any("is Ann\ufe0f (3) from now on" in told for told in r.notices))
            await microphone.send(speak([3, 4], after=3), begun)
            await reader.until(lambda r: len(r.text.split()) == 4)
            assert [entry["name"] for entry in reader.entries] == ["Ann\ufe0f", "Ann\ufe0f (3)"]
            assert len({entry["speaker"] for entry in reader.entries}) == 1
            await reader.until(lambda r: not any("from now on" in told for told in r.notices))
        double = room.join("Ann", "slack:T:V", known=True)
        assert double.speaker.name == "Ann (2)", "two may be called so"
        assert other.speaker.name == "Ann (2) (2)"


async def test_who_comes_again_with_a_pass_makes_place_for_nobody() -> None:
    async with house(people=2) as h:
        room = h.rooms.open(terms=terms())
        ann = room.join("Ann", "slack:T:U", known=True)
        room.join("Ben")
        await asyncio.sleep(AWAY + 1)
        again = room.join("Ann", "slack:T:U", known=True)
        assert room.join("Carl") is not None
        assert room.person(again.token) is ann
        with pytest.raises(Full):
            room.join("Dora")


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"name": ""}', '{"name": 7}', '{"name": "\\u200b"}', '{"name": "\\u3164"}', "{}"]
)
async def test_a_bad_name_is_one_sentence(body: str) -> None:
    async with house() as h:
        room = await h.room()
        status, told, _ = await ask(h, "POST", f"/api/rooms/{room}/people", data=body)
        assert status == 400
        assert re.fullmatch(r"[A-Z][^.]+\.", told["error"])


@pytest.mark.real_time  # files are looked for by a thread
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/rooms/nothing", 404),
        ("POST", "/api/rooms/nothing/people", 404),
        ("GET", "/api/rooms/nothing/transcript.md", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/api/rooms", 405),
        ("GET", "/page/../web.py", 404),
        ("GET", "/page/%2e%2e/web.py", 404),
    ],
)
async def test_what_is_not_there_is_one_sentence(method: str, path: str, status: int) -> None:
    async with house() as h:
        got, told, _ = await ask(h, method, path)
        assert (got, set(told)) == (status, {"error"})


async def test_a_body_that_is_too_large_is_turned_away() -> None:
    async with house() as h:
        room = await h.room()
        status, _, _ = await ask(h, "POST", f"/api/rooms/{room}/people", data=b'{"name": "' + b"a" * 100_000)
        assert status == 413


async def test_pages_of_strangers_stay_out() -> None:
    async with house() as h:
        room = await h.room()
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", "http://[", "http://a:b:c"):
            headers = {"Origin": origin}
            assert (await ask(h, "POST", "/api/rooms", headers=headers, json={}))[0] == 403
            for socket in ("captions", "audio"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await h.client.ws_connect(f"{h.url}/api/rooms/{room}/{socket}", headers=headers)
                assert refused.value.status == 403
        assert (await ask(h, "POST", "/api/rooms", headers={"Origin": h.url}, json={}))[0] == 201


async def test_a_strangers_name_for_this_machine_opens_nothing() -> None:
    async with house() as h:
        assert (await ask(h, "GET", "/", headers={"Host": "evil.example"}))[0] == 403
        assert (await ask(h, "GET", "/", headers={"Host": "localhost:99999999"}))[0] in (400, 403)
    async with house(public_url="https://captions.example") as h:
        headers = {"Host": "captions.example", "Origin": "https://captions.example"}
        assert (await ask(h, "POST", "/api/rooms", headers=headers, json={}))[0] == 201


@pytest.mark.real_time  # files are sent by a thread
async def test_browsers_get_strict_orders() -> None:
    async with house() as h:
        for path in ("/", "/room/nothing", "/api/rooms/nothing", "/page/style.css"):
            _, _, answer = await ask(h, "GET", path)
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_new_rooms_are_limited_by_address_and_by_number() -> None:
    async with house(rooms_per_minute=3, rooms=4) as h:
        statuses = [(await ask(h, "POST", "/api/rooms", json={}))[0] for _ in range(4)]
        assert statuses == [201, 201, 201, 429]
        _, told, answer = await ask(h, "POST", "/api/rooms", json={})
        await asyncio.sleep(int(answer.headers["Retry-After"]))
        assert told["error"].endswith(".")
        assert (await ask(h, "POST", "/api/rooms", json={}))[0] == 201
        await asyncio.sleep(20)
        assert (await ask(h, "POST", "/api/rooms", json={}))[0] == 503
        # A room that nobody ever opened holds its place for a minute only.
        await asyncio.sleep(60)
        assert (await ask(h, "POST", "/api/rooms", json={}))[0] == 201


async def test_behind_a_proxy_people_are_told_apart_by_what_the_proxy_added() -> None:
    async with house(public_url="https://captions.example", rooms_per_minute=1) as h:
        said = [
            (await ask(h, "POST", "/api/rooms", json={}, headers={"X-Forwarded-For": forwarded}))[0]
            for forwarded in ("10.0.0.1", "10.0.0.2", "made up, 10.0.0.1", "else, made up, 10.0.0.2")
        ]
        assert said == [201, 201, 429, 429]
    async with house(rooms_per_minute=1) as h:  # without a proxy anybody can write that header
        said = [
            (await ask(h, "POST", "/api/rooms", json={}, headers={"X-Forwarded-For": f"10.0.0.{n}"}))[0]
            for n in (1, 2)
        ]
        assert said == [201, 429]


async def test_a_network_of_the_newer_internet_is_one_asker_however_many_addresses_it_has() -> None:
    async with house(public_url="https://captions.example", rooms_per_minute=1) as h:
        said = [
            (await ask(h, "POST", "/api/rooms", json={}, headers={"X-Forwarded-For": forwarded}))[0]
            for forwarded in ("2001:db8::1", "2001:db8::2", "[2001:db8::3]:4711", "2001:db8:0:1::1")
        ]
        assert said == [201, 429, 429, 201]


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"name": ' + b"[" * 50_000, b"\xff\xfe"])
async def test_a_body_that_is_nonsense_is_one_sentence(body: bytes) -> None:
    async with house() as h:
        room = await h.room()
        status, told, _ = await ask(h, "POST", f"/api/rooms/{room}/people", data=body)
        assert (status, set(told)) == (400, {"error"})


async def test_a_body_that_breaks_off_or_never_comes_is_the_clients_fault() -> None:
    async with house() as h:
        room = await h.room()
        path = f"/api/rooms/{room}/people"
        status, told, _ = await ask(h, "POST", path, data=b"no gzip", headers={"Content-Encoding": "gzip"})
        assert (status, set(told)) == (400, {"error"})


async def test_a_room_that_nobody_uses_is_forgotten_and_one_that_is_read_is_not() -> None:
    async with house() as h:
        unused, read = await h.room(), await h.room()
        async with h.reader(read) as reader:
            await reader.until(lambda r: r.ticks > 700)  # an hour
            h.rooms.sweep()
            assert (await ask(h, "GET", f"/api/rooms/{unused}"))[0] == 404
            assert (await ask(h, "GET", f"/api/rooms/{read}"))[0] == 200


async def test_only_the_holder_of_a_token_can_end_their_share() -> None:
    async with house() as h:
        room = await h.room()
        ann, bob = await h.join(room, "Ann"), await h.join(room, "Bob")
        path = f"/api/rooms/{room}/people/{ann['person']}"
        async with h.microphone(room, ann["token"]):
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {bob['token']}"}):
                assert (await ask(h, "DELETE", path, headers=headers))[0] == 401
            assert h.rooms.find(room).state == "live"
            assert (await ask(h, "DELETE", path, headers={"Authorization": f"Bearer {ann['token']}"}))[
                0
            ] == 204
            assert h.rooms.find(room).state == "ended"


async def test_who_comes_later_reads_everything_and_who_comes_back_only_what_is_new() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            following = await microphone.send(speak([100, 101], after=1.0))
            async with h.reader(room) as late:
                await late.until(lambda r: r.messages)
                assert numbers(late.text) == [100, 101]
            await microphone.send(speak([102], after=1.0), following)
            async with h.reader(room, after=1) as back:
                await back.until(lambda r: r.messages)
                assert (back.messages[0]["first"], numbers(back.text)) == (1, [102])
            for after in ("99999", "-1", "x", "९", "9" * 5000):
                async with h.client.ws_connect(f"{h.url}/api/rooms/{room}/captions?after={after}") as socket:
                    assert (await socket.receive_json())["type"] == "board"


async def test_readers_hear_that_the_line_lives_when_nothing_else_happens() -> None:
    async with house() as h, h.reader(await h.room()) as reader:
        await reader.until(lambda r: r.ticks == 3)


async def test_a_room_takes_only_so_many_readers() -> None:
    async with house(people=2) as h:
        room = await h.room()
        async with h.reader(room) as one, h.reader(room):
            await one.until(lambda r: r.messages)
            async with h.reader(room) as third:
                assert await third.closed() == 4008


async def test_who_reads_a_room_that_is_not_there_is_told_why() -> None:
    async with house() as h, h.reader("nothing") as reader:
        assert await reader.closed() == 4004


async def test_people_who_only_looked_in_make_place_for_others() -> None:
    async with house(people=2) as h:
        room = await h.room()
        ann = await h.join(room, "Ann")
        async with h.microphone(room, ann["token"]):
            for number in range(5):
                await h.join(room, f"Guest {number}")
                status, told, _ = await ask(h, "POST", f"/api/rooms/{room}/people", json={"name": "X"})
                assert (status, told["error"]) == (503, "This room is full.")
                await asyncio.sleep(601)
            assert [p.speaker.name for p in h.rooms.find(room).people.values()] == ["Ann", "Guest 4"]


async def test_when_spokenly_stops_everybody_reads_the_last_words_first() -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            await microphone.send(speak([100, 101, 102]))
            h.switchboard.drain()
            await asyncio.sleep(0.5)
            h.meet.close()
            assert await reader.closed() == 1001
            assert await microphone.closed() == 1001
            assert numbers(reader.text) == [100, 101, 102]


@pytest.mark.parametrize("form", ["md", "txt", "vtt", "srt", "json"])
async def test_what_was_said_can_be_downloaded(form: str) -> None:
    async with house() as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            await microphone.send(speak([100, 101], after=1.0))
            status, body, answer = await ask(h, "GET", f"/api/rooms/{room}/transcript.{form}")
            assert status == 200
            assert answer.headers["Content-Disposition"] == f'attachment; filename="captions.{form}"'
            assert "w100 w101" in str(body)
            assert "Ann" in str(body)
        assert (await ask(h, "GET", f"/api/rooms/{room}/transcript.exe"))[0] == 404
