"""The records' addresses: who may read, search, correct, delete and forget what a room kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse

from bots.meet.access import identity
from core.audio.frame import Speaker
from core.errors import RecordAway
from core.record.database.opening import open_store
from core.record.database.store import Store
from core.record.kept import Line
from core.settings import Settings
from tests.bots.meet.house import House, house
from tests.fakes.engine import speak
from tests.fakes.record import kept, numbered

pytestmark = pytest.mark.real_time

ME, OTHER = "m" * 22, "o" * 22
KEY = "open sesame"
ELSEWHERE: dict[str, Any] = {"host": "0.0.0.0", "records_key": KEY}
"""Settings of a Spokenly that others can open too."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(Settings(_env_file=None, data_dir=tmp_path)) as opened:
        yield opened


async def said(h: House, room: str, *people: tuple[str, str | None], words: int = 5) -> None:
    """Everybody says some words, one after the other, until they are in the record."""
    for number, (name, me) in enumerate(people):
        more = {} if me is None else {"me": me}
        token = (await h.join(room, name, **more))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            first = 100 * number + 1
            await microphone.send(speak(range(first, first + words), after=1.2), pace=0.001)
            last = f"w{first + words - 1}"
            await reader.until(lambda r: last in r.text)  # noqa: B023 - awaited at once
            await microphone.say("bye")
    await lines(h, room, len(people))


async def lines(h: House, room: str, at_least: int = 0) -> list[dict[str, Any]]:
    """The lines in the record, when there are enough of them."""
    while True:
        status, answer = await h.ask("GET", f"/api/records/{room}/lines")
        found = [] if status != 200 else [e for e in answer["entries"] if e["kind"] == "line"]
        if len(found) >= at_least:
            return found
        await asyncio.sleep(0.05)


async def ended(h: House, room: str) -> dict[str, Any]:
    while True:
        call = await h.get(f"/api/records/{room}")
        if call["state"] == "ended":
            return dict(call)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def a_call(store: Store, **settings: Any) -> AsyncIterator[tuple[House, str, str]]:
    """A call of Ann and Bo that is over: the house, the room's name and its owner's token."""
    async with house(store=store, **settings) as h:
        opened = await h.open(keep="transcript", title="Stand-up")
        await said(h, opened["room"], ("Ann", ME), ("Bo", OTHER))
        await ended(h, opened["room"])
        yield h, opened["room"], opened["owner"]


async def test_a_kept_call_is_there_when_it_is_over_with_its_recap_and_its_files(store: Store) -> None:
    async with a_call(store) as (h, room, _):
        call = await h.get(f"/api/records/{room}")
        assert (call["title"], call["speakers"], call["lines"]) == ("Stand-up", ["Ann", "Bo"], 2)
        assert call["expires"] > call["ended"]
        one, two = await lines(h, room)
        assert (one["name"], one["text"]) == ("Ann", "w1 w2 w3 w4 w5")
        assert (two["name"], two["text"]) == ("Bo", "w101 w102 w103 w104 w105")
        recap = await h.get(f"/api/records/{room}/recap")
        assert {talk["name"] for talk in recap["talk"]} == {"Ann", "Bo"}
        for form in ("md", "txt", "vtt", "srt", "json", "docx"):
            async with h.client.get(f"{h.url}/api/records/{room}/transcript.{form}") as file:
                assert file.status == 200
                assert f'filename="captions.{form}"' in file.headers["Content-Disposition"]
                assert await file.read()
        for form in ("md", "txt"):
            async with h.client.get(f"{h.url}/api/records/{room}/recap.{form}") as file:
                assert file.status == 200
        assert (await h.ask("GET", f"/api/records/{room}/transcript.pdf"))[0] == 404


async def test_a_room_that_keeps_captions_only_has_no_record_but_can_be_caught_up_with(store: Store) -> None:
    async with house(store=store) as h:
        room = await h.room()
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            await microphone.send(speak(8, after=1.2), pace=0.001)
            await reader.until(lambda r: "w8" in r.text)
            assert reader.room["keep"] == "captions"
            recap = await h.get(f"/api/rooms/{room}/recap?minutes=5")
            assert [talk["name"] for talk in recap["talk"]] == ["Ann"]
            await asyncio.sleep(0.5)
        assert (await h.ask("GET", f"/api/records/{room}"))[0] == 404
        assert (await h.get("/api/records"))["calls"] == []


async def test_catching_up_looks_back_as_far_as_was_asked(store: Store) -> None:
    async with house(store=store) as h:
        room = await h.room()
        for wrong in ("soon", "", "-1", "99999", "²"):
            assert (await h.ask("GET", f"/api/rooms/{room}/recap?minutes={wrong}"))[0] == 400
        assert (await h.get(f"/api/rooms/{room}/recap?minutes=5"))["talk"] == []


async def test_the_page_is_told_what_is_kept_by_default(store: Store) -> None:
    async with house(store=store, keep="transcript", retention_days=7) as h:
        assert await h.get("/api/settings") == {"keep": "transcript", "records": "open", "retention": 7}
        assert (await h.open())["keep"] == "transcript"
        assert (await h.open(keep="captions"))["keep"] == "captions"
    async with house(keep="never") as h:
        assert (await h.get("/api/settings"))["keep"] == "never"
        status, answer = await h.ask("POST", "/api/rooms", words={"keep": "transcript"})
        assert (status, "SPOKENLY_KEEP" in answer["error"]) == (400, True)
        assert (await h.open())["keep"] == "captions"


async def test_words_are_found_in_all_calls_and_marked_as_browsers_count(store: Store) -> None:
    async with a_call(store) as (h, room, owner):
        number = (await lines(h, room))[0]["number"]
        words = {"text": "👍🏽 ship it, José"}
        assert (await h.ask("PATCH", f"/api/records/{room}/lines/{number}", owner, words))[0] == 200
        (hit,) = (await h.get("/api/records/search?q=jose"))["hits"]
        assert hit["call"]["key"] == room
        units = hit["line"]["text"].encode("utf-16-le")
        ((first, last),) = hit["marks"]
        assert units[2 * first : 2 * last].decode("utf-16-le") == "José"
        assert (await h.get(f"/api/records/{room}/search?q=ship+it"))["hits"]
        assert (await h.get("/api/records/search?q=w1"))["hits"] == []


@pytest.mark.parametrize("query", ["", '"', "*", "NEAR(", "-x", "a" * 5000, "%00", '") OR 1=1 --', "col:x"])
async def test_hostile_searches_get_a_clear_answer(store: Store, query: str) -> None:
    async with (
        house(store=store) as h,
        h.client.get(f"{h.url}/api/records/search", params={"q": query}) as answer,
    ):
        body = await answer.json()
        assert answer.status in (200, 400)
        assert body.get("hits") == [] or body["error"].endswith(".")


async def test_a_wrong_line_is_corrected_and_the_files_have_it(store: Store) -> None:
    async with a_call(store, **ELSEWHERE) as (h, room, owner):
        line, other = await lines(h, room)
        path = f"/api/records/{room}/lines/{line['number']}"
        assert (await h.ask("PATCH", path, words={"text": "no"}))[0] == 401
        assert (await h.ask("PATCH", path, OTHER, {"text": "no"}))[0] == 401
        status, mine = await h.ask("PATCH", path, ME, {"text": "What I said"})
        assert (status, mine["text"], mine["heard"], mine["mine"]) == (200, "What I said", line["text"], True)
        theirs = f"/api/records/{room}/lines/{other['number']}"
        assert (await h.ask("PATCH", theirs, ME, {"text": "no"}))[0] == 401
        assert (await h.ask("PATCH", theirs, owner, {"text": "Corrected"}))[0] == 200
        async with h.client.get(f"{h.url}/api/records/{room}/transcript.txt") as file:
            text = await file.text()
        assert "What I said" in text
        assert "Corrected" in text
        assert line["text"] not in text
        status, back = await h.ask("PATCH", path, owner, {"text": None})
        assert (status, back["text"]) == (200, line["text"])
        assert "heard" not in back
        for wrong in ({"text": 5}, {"text": ""}, {"text": "x" * 3000}):
            assert (await h.ask("PATCH", path, owner, wrong))[0] == 400
        assert (await h.ask("PATCH", f"/api/records/{room}/lines/999", owner, {"text": "x"}))[0] == 404
        assert (await h.ask("PATCH", f"/api/records/{room}/lines/one", owner, {"text": "x"}))[0] == 400


async def test_the_list_of_all_records_asks_for_the_key_where_others_can_open_spokenly(store: Store) -> None:
    async with a_call(store, **ELSEWHERE) as (h, room, owner):
        assert (await h.get("/api/settings"))["records"] == "key"
        for path in ("/api/records", "/api/records/search?q=w1"):
            assert (await h.ask("GET", path))[0] == 401
            assert (await h.ask("GET", path, owner))[0] == 401
            assert (await h.ask("GET", path, "wrong"))[0] == 401
            assert (await h.ask("GET", path, KEY))[0] == 200
        # The room's address is the key to its own record.
        assert (await h.get(f"/api/records/{room}"))["may"] == []
        assert (await h.get(f"/api/records/{room}", owner))["may"] == ["correct", "delete"]
        assert (await h.get(f"/api/records/{room}", KEY))["may"] == ["correct", "delete"]


async def test_without_a_key_the_list_is_closed_to_others_and_says_why(store: Store) -> None:
    async with house(store=store, host="0.0.0.0") as h:
        assert (await h.get("/api/settings"))["records"] == "closed"
        status, answer = await h.ask("GET", "/api/records", "anything")
        assert (status, "SPOKENLY_RECORDS_KEY" in answer["error"]) == (401, True)


async def test_a_proxy_on_this_machine_does_not_open_the_list_to_strangers(store: Store) -> None:
    async with house(store=store) as h:
        for header in ("X-Forwarded-For", "Forwarded"):
            async with h.client.get(f"{h.url}/api/records", headers={header: "203.0.113.9"}) as answer:
                assert answer.status == 401


async def test_the_key_can_not_be_guessed_quickly(store: Store) -> None:
    async with house(store=store, **ELSEWHERE) as h:
        answers = [(await h.ask("GET", "/api/records", f"guess {n}"))[0] for n in range(30)]
        assert answers[:5] == [401] * 5
        assert answers[-1] == 429
        # Whoever guesses is told nothing, not even when it is right.
        assert (await h.ask("GET", "/api/records", KEY))[0] == 429


async def test_wrong_keys_lock_out_neither_owners_nor_people_who_ask_for_themselves(store: Store) -> None:
    async with a_call(store, **ELSEWHERE) as (h, room, owner):
        for n in range(15):
            await h.ask("GET", "/api/records", f"guess {n}")
        assert (await h.get(f"/api/records/{room}", owner))["may"] == ["correct", "delete"]
        assert (await h.get("/api/me", ME))["lines"] == 1
        assert (await h.ask("DELETE", f"/api/records/{room}", owner))[0] == 204


async def test_a_room_whose_record_is_behind_is_not_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(store=store) as h:
        room = await h.room(keep="transcript")
        token = (await h.join(room, "Ann"))["token"]
        write = store.write
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            number = await microphone.send(speak(3, after=1.2), pace=0.001)
            await lines(h, room, 1)

            async def away(*_: object) -> None:
                raise RecordAway("the disk is full.")

            monkeypatch.setattr(store, "write", away)
            await microphone.send(speak(range(11, 14), after=1.2), number, pace=0.001)
            await reader.until(lambda r: "w13" in r.text)
            await microphone.say("bye")
            await reader.until(lambda r: r.room["state"] == "ended")
        found = h.rooms.find(room)
        later = asyncio.get_running_loop().time() + 3600
        assert not found.forgettable(later)
        monkeypatch.setattr(store, "write", write)
        assert len(await lines(h, room, 2)) == 2
        await ended(h, room)
        assert found.forgettable(later)


async def test_while_a_call_goes_on_its_recap_is_not_the_last_word(store: Store) -> None:
    async with house(store=store) as h:
        room = await h.room(keep="transcript")
        token = (await h.join(room, "Ann"))["token"]
        async with h.microphone(room, token) as microphone:
            await microphone.send(speak(3, after=1.2), pace=0.001)
            await lines(h, room, 1)
            recap = await h.get(f"/api/records/{room}/recap")
            assert (recap["making"], recap["talk"][0]["words"]) == (True, 3)
            await microphone.say("bye")
        await ended(h, room)
        while (recap := await h.get(f"/api/records/{room}/recap"))["making"]:  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0.05)
        assert recap["talk"][0]["words"] == 3


async def test_a_call_is_deleted_by_whoever_opened_it_and_by_nobody_else(store: Store) -> None:
    async with a_call(store, **ELSEWHERE) as (h, room, owner):
        for token in (None, ME, "x" * 32):
            assert (await h.ask("DELETE", f"/api/records/{room}", token))[0] == 401
        assert (await h.ask("DELETE", f"/api/records/{room}", owner))[0] == 204
        assert (await h.ask("GET", f"/api/records/{room}"))[0] == 404
        assert (await h.ask("DELETE", f"/api/records/{room}", owner))[0] == 404


async def test_after_a_live_call_was_deleted_the_room_says_that_nothing_is_kept(store: Store) -> None:
    async with house(store=store) as h:
        opened = await h.open(keep="transcript")
        room = opened["room"]
        token = (await h.join(room, "Ann"))["token"]
        async with h.reader(room) as reader, h.microphone(room, token) as microphone:
            number = await microphone.send(speak(3, after=1.2), pace=0.001)
            await lines(h, room, 1)
            assert (await h.ask("DELETE", f"/api/records/{room}", opened["owner"]))[0] == 204
            await microphone.send(speak(range(11, 14), after=1.2), number, pace=0.001)
            await reader.until(lambda r: any("deleted" in notice for notice in r.notices))
            assert (await h.get(f"/api/rooms/{room}"))["keep"] == "captions"
            await reader.until(lambda r: r.room["keep"] == "captions")
            await reader.until(lambda r: "w13" in r.text)
        assert (await h.ask("GET", f"/api/records/{room}"))[0] == 404


async def test_everything_somebody_said_is_told_to_them_and_forgotten_everywhere(store: Store) -> None:
    async with house(store=store, **ELSEWHERE) as h:
        rooms = [await h.room(keep="transcript") for _ in range(2)]
        for room in rooms:
            await said(h, room, ("Ann", ME), ("Bo", OTHER))
            await ended(h, room)
        assert await h.get("/api/me", ME) == {"names": ["Ann"], "calls": 2, "lines": 2}
        async with h.client.get(
            f"{h.url}/api/me/said.json", headers={"Authorization": f"Bearer {ME}"}
        ) as file:
            everything = json.loads(await file.text())["said"]
        assert [one["text"] for one in everything] == ["w1 w2 w3 w4 w5"] * 2
        assert (await h.ask("DELETE", "/api/me/lines", ME)) == (200, {"calls": 2, "lines": 2})
        assert await h.get("/api/me", ME) == {"names": [], "calls": 0, "lines": 0}
        for room in rooms:
            assert [line["name"] for line in await lines(h, room)] == ["Bo"]
            assert "w1 " not in json.dumps(await h.get(f"/api/records/{room}/recap"))
        assert (await h.get("/api/me", OTHER))["lines"] == 2


async def test_somebody_who_is_forgotten_in_a_live_call_is_gone_from_the_room_too(store: Store) -> None:
    async with house(store=store) as h:
        room = await h.room(keep="transcript")
        ann = (await h.join(room, "Ann", me=ME))["token"]
        async with h.reader(room) as reader, h.microphone(room, ann) as microphone:
            number = await microphone.send(speak(3, after=1.2), pace=0.001)
            await lines(h, room, 1)
            assert (await h.ask("DELETE", "/api/me/lines", ME))[0] == 200
            await reader.until(lambda r: any(message.get("erased") for message in r.messages))
            async with h.reader(room) as later:
                await later.until(lambda r: r.messages)
                assert "w1" not in later.text
            # What they say from now on is shown, and not kept.
            await microphone.send(speak(range(11, 14), after=1.2), number, pace=0.001)
            await reader.until(lambda r: "w13" in r.text)
            await asyncio.sleep(0.6)
            assert await lines(h, room) == []


@pytest.mark.parametrize("secret", ["short", "x" * 65, "with space in it!", "ä" * 22])
async def test_what_is_no_secret_of_a_browser_is_refused(store: Store, secret: str) -> None:
    async with house(store=store) as h:
        room = await h.room()
        status, answer = await h.ask("POST", f"/api/rooms/{room}/people", words={"name": "A", "me": secret})
        assert (status, answer["error"].endswith(".")) == (400, True)


async def test_unknown_calls_and_bad_dates_are_one_sentence(store: Store) -> None:
    async with house(store=store) as h:
        for path in ("", "/lines", "/recap", "/search?q=x", "/transcript.md"):
            status, answer = await h.ask("GET", f"/api/records/{'x' * 22}{path}")
            assert (status, answer["error"].endswith(".")) == (404, True)
        for wrong in ("yesterday", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"):
            assert (await h.ask("GET", f"/api/records?before={wrong}"))[0] == 400
        assert (await h.ask("GET", "/api/records?before=2026-01-02"))[0] == 200
        assert (await h.ask("GET", "/api/me"))[0] == 401


async def broken_off(answer: ClientResponse) -> bytes:
    """What came of an answer that did not come whole."""
    body = b""
    try:
        async with asyncio.timeout(20):
            async for piece in answer.content.iter_any():
                body += piece
    except ClientError:
        return body
    raise AssertionError("it came whole")


@pytest.mark.parametrize("path", ["/api/records/{key}/transcript.txt", "/api/me/said.json"])
async def test_a_file_that_fails_in_the_middle_is_broken_off_and_not_taken_for_whole(
    store: Store, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = Speaker("p1", "Ann", identity(ME))
    entries = [Line(n, ann, n, n + 1.0, f"word{n} " * 12) for n in range(1_500)]
    call = await kept(store, key="k" * 22, space="here")
    await store.write(call, numbered(entries))
    whole: dict[str, Any] = {"entries": store.entries, "said_by": store.said_by}

    def failing(method: str) -> Any:
        async def some(*args: Any, **more: Any) -> AsyncIterator[Any]:
            count = 0
            async for one in whole[method](*args, **more):
                if (count := count + 1) > 1_000:
                    raise RecordAway("The database is locked.")
                yield one

        return some

    for method in whole:
        monkeypatch.setattr(store, method, failing(method))
    async with house(store=store) as h:
        asking = {"Authorization": f"Bearer {ME}"}
        async with h.client.get(h.url + path.format(key=call.key), headers=asking) as answer:
            body = await broken_off(answer)
    assert b"word9" in body
    assert b"error" not in body
