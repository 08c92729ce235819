"""A room's call shown elsewhere, and calls of elsewhere read in the browser."""

import asyncio

import pytest

from bots.meet.elsewhere import AWAY, LATELY, LINGER
from bots.meet.share import FULL, NO_ROOM
from core.audio.frame import Speaker
from core.bridge import ENDED, REVOKED, STOPPED, Bridge
from core.captions.board import Board
from core.captions.caption import Caption
from core.codes import LIFE, TRIES
from tests.bots.meet.house import House, house
from tests.core.test_bridge import Call


async def shared(h: House, call: Call) -> str:
    """The seat of a browser that typed the call's code."""
    code = h.bridge.share(call)
    status, told = await h.ask("POST", "/api/shared", None, {"code": code.spaced.lower()})
    assert status == 201
    assert (told["title"], told["from"]) == (call.title, call.origin)
    return str(told["seat"])


async def test_whoever_opened_a_room_shares_it_and_ends_that() -> None:
    async with house() as h:
        made = await h.open(title="Weekly")
        path, owner = f"/api/rooms/{made['room']}/sharing", made["owner"]
        nothing = {"private": False, "places": [], "code": None}
        assert await h.get(path, owner) == nothing
        _, told = await h.ask("POST", path, owner)
        code = told["code"]["text"]
        assert (len(code), told["code"]["left"]) == (9, LIFE)
        assert await h.get(path, owner) == told
        status, seat = await h.ask("POST", "/api/shared", None, {"code": code})
        assert (status, seat["title"], seat["from"]) == (201, "Weekly", "a room in the browser")
        async with (
            h.reader(seat["seat"], of="shared") as reader,
            h.reader(made["room"]) as inside,
        ):
            await inside.until(lambda r: any("shown elsewhere: a browser" in one for one in r.notices))
            assert (await h.get(path, owner))["places"] == ["a browser"]
            assert (await h.ask("DELETE", path, owner))[0] == 204
            assert await reader.closed() == NO_ROOM
            assert reader.why == REVOKED
            await inside.until(lambda r: not r.notices)
        assert await h.get(path, owner) == nothing


async def test_nobody_else_shares_a_room() -> None:
    async with house() as h:
        made = await h.open()
        for method in ("GET", "POST", "DELETE"):
            for token in (None, "somebody's", (await h.open())["owner"]):
                status, told = await h.ask(method, f"/api/rooms/{made['room']}/sharing", token)
                assert status == 401
                assert told["error"]


@pytest.mark.parametrize("private", ["yes", 1, None])
async def test_a_wish_for_privacy_that_is_not_understood_opens_no_room(private: object) -> None:
    async with house() as h:
        status, told = await h.ask("POST", "/api/rooms", words={"private": private})
        assert (status, told["error"]) == (400, "private must be true or false.")


async def test_a_private_room_is_shown_nowhere_else() -> None:
    async with house() as h:
        made = await h.open(private=True)
        path = f"/api/rooms/{made['room']}/sharing"
        assert (await h.get(path, made["owner"]))["private"] is True
        status, told = await h.ask("POST", path, made["owner"])
        assert status == 400
        assert "private" in told["error"]


async def test_a_call_is_read_live_and_its_last_words_come_before_its_end() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        async with h.reader(seat, of="shared") as reader:
            call.say("one")
            await reader.until(lambda r: r.text == "one")
            call.say("two")
            call.over = True
            h.bridge.ended(call)
            assert await reader.closed() == NO_ROOM
            assert (reader.text, reader.why) == ("one two", ENDED)
        assert (await h.ask("GET", f"/api/shared/{seat}"))[0] == 404


async def test_a_seat_is_good_when_the_code_is_not_any_more() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        async with h.reader(seat, of="shared"):
            await asyncio.sleep(LIFE)
        await asyncio.sleep(LINGER / 2)  # the network was gone
        assert (await h.get(f"/api/shared/{seat}"))["title"] == call.title
        async with h.reader(seat, of="shared") as reader:
            call.say("still here")
            await reader.until(lambda r: r.text == "still here")


async def test_a_browser_is_shown_what_is_said_once_it_gave_the_code_and_again_when_it_comes_back() -> None:
    async with house() as h:
        call = Call()
        call.say("before")
        first = await shared(h, call)
        call.say("one")
        second = await shared(h, call)
        async with h.reader(first, of="shared") as early, h.reader(second, of="shared") as late:
            call.say("two")
            await early.until(lambda r: r.text == "one two")
            await late.until(lambda r: r.text == "two")
        call.say("three")  # while the line is cut
        async with h.reader(first, after=2, of="shared") as early:
            await early.until(lambda r: r.text == "three")
            assert early.messages[0]["first"] == 2
        async with h.reader(first, of="shared") as reloaded:
            await reloaded.until(lambda r: r.text == "one two three")
            assert reloaded.messages[0]["first"] == 0, "nothing is missing on its page"


async def test_what_was_forgotten_or_taken_back_is_counted_from_a_browsers_own_beginning() -> None:
    async with house() as h:
        call, ben = Call(), Speaker("b", "Ben", "room:ben")
        call.board = Board(limit=10)
        call.board.show(Caption(ben, 0.0, 1.0, "before", final=True))
        seat = await shared(h, call)
        call.board.erase("room:ben")
        async with h.reader(seat, of="shared") as reader:
            call.say("one")
            await reader.until(lambda r: r.text == "one")
            assert not any("erased" in one for one in reader.messages), "it never saw that"
            call.board.show(Caption(ben, 2.0, 3.0, "two", final=True))
            await reader.until(lambda r: r.text == "one two")
            call.board.erase("room:ben")
            await reader.until(lambda r: r.messages[-1].get("erased") == {"b": 2})
        for number in range(20):
            call.say(str(number))
        async with h.reader(seat, after=2, of="shared") as reader:
            await reader.until(lambda r: r.entries)
            assert reader.messages[0]["first"] == call.board.forgotten - 1
            assert reader.messages[0]["first"] + len(reader.entries) == 22


async def test_a_browser_is_not_shown_what_is_said_after_sharing_ended() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        async with h.reader(seat, of="shared") as reader:
            call.say("one")
            await reader.until(lambda r: r.text == "one")
            h.bridge.revoke(call)
            call.say("a secret")
            assert await reader.closed() == NO_ROOM
            assert (reader.text, reader.why) == ("one", REVOKED)


async def test_a_stop_of_spokenly_is_said_to_every_browser_after_the_last_words() -> None:
    bridge, call = Bridge(), Call()
    await bridge.__aenter__()
    async with house(bridge=bridge) as h:
        seat = await shared(h, call)
        async with h.reader(seat, of="shared") as reader:
            call.say("last words")
            await bridge.__aexit__(None, None, None)
            assert await reader.closed() == NO_ROOM
            assert (reader.text, reader.why) == ("last words", STOPPED)


async def test_browsers_are_one_place_and_the_call_is_told_how_many() -> None:
    async with house() as h:
        call = Call()
        seats = [await shared(h, call)]
        code = h.bridge.code(call)
        assert code is not None
        for _ in range(2):
            _, told = await h.ask("POST", "/api/shared", None, {"code": code.text})
            seats.append(told["seat"])
        async with h.reader(seats[0], of="shared"):
            async with h.reader(seats[1], of="shared"), h.reader(seats[2], of="shared"):
                await asyncio.sleep(2)
                assert call.told[-1] == ["3 browsers"]
                assert h.metrics.viewers._value.get() == 3
            await asyncio.sleep(2)
            assert call.told[-1] == ["a browser"]
        await asyncio.sleep(LINGER + 2)
        assert call.told[-1] == [AWAY]
        async with h.reader(seats[0], of="shared"):
            await asyncio.sleep(2)
            assert call.told[-1] == ["a browser"]
        await asyncio.sleep(LATELY + 2)
        assert call.told[-2:] == [[AWAY], []]
        assert h.bridge.places(call) == []


async def test_whoever_read_needs_no_code_again_though_their_phone_slept_and_misses_nothing() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        async with h.reader(seat, of="shared") as reader:
            call.say("one")
            await reader.until(lambda r: r.text == "one")
        for number in range(3):
            await asyncio.sleep(LATELY - 10)
            call.say(str(number))
            async with h.reader(seat, after=1 + number, of="shared") as reader:
                await reader.until(lambda r: r.text)
                assert reader.text == str(number)


async def test_a_call_whose_code_was_given_by_somebody_who_never_came_is_shown_no_more() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        await asyncio.sleep(LINGER + 2)
        assert call.told == [["a browser"], []]
        assert (await h.ask("GET", f"/api/shared/{seat}"))[0] == 404


async def test_who_gives_the_code_when_nobody_has_read_for_long_has_time_to_come() -> None:
    async with house() as h:
        call = Call()
        await shared(h, call)
        await asyncio.sleep(LINGER - 1)
        code = h.bridge.code(call)
        assert code is not None
        _, told = await h.ask("POST", "/api/shared", None, {"code": code.text})
        await asyncio.sleep(LINGER / 2)
        async with h.reader(told["seat"], of="shared") as reader:
            call.say("here")
            await reader.until(lambda r: r.text == "here")


async def test_a_wrong_code_is_one_sentence_and_codes_can_not_be_guessed() -> None:
    async with house() as h:
        call = Call()
        code = h.bridge.share(call)
        for _ in range(TRIES):
            status, told = await h.ask("POST", "/api/shared", None, {"code": "AAAA-AAAA"})
            assert status == 400
            assert "shows no call" in told["error"]
        _, told = await h.ask("POST", "/api/shared", None, {"code": "AAAA-AAAA"})
        assert "Too many codes" in told["error"]
        status, _ = await h.ask("POST", "/api/shared", None, {"code": code.text})
        assert status == 201, "others may have tried those, at the same address"
        assert (await h.ask("POST", "/api/shared", None, {"code": 7}))[0] == 400


async def test_more_browsers_than_fit_are_turned_away() -> None:
    async with house(people=1) as h:
        seat = await shared(h, Call())
        async with h.reader(seat, of="shared"), h.reader(seat, of="shared") as second:
            assert await second.closed() == FULL
        async with h.reader("nothing", of="shared") as lost:
            assert await lost.closed() == NO_ROOM


@pytest.mark.real_time  # files are looked for by a thread
@pytest.mark.parametrize("typed", ["ABCD2345", "abcd-2345", "ABCD%202345"])
async def test_the_address_of_a_code_is_a_page_of_its_own(typed: str) -> None:
    async with house() as h, h.client.get(f"{h.url}/room/{typed}") as answer:
        assert answer.status == 200
        assert "shared.js" in await answer.text()


async def test_a_room_that_is_forgotten_ends_where_it_was_shown() -> None:
    async with house() as h:
        made = await h.open()
        await h.ask("POST", f"/api/rooms/{made['room']}/sharing", made["owner"])
        source = h.rooms.opened(h.rooms.find(made["room"]))
        code = h.bridge.code(source)
        assert code is not None
        _, told = await h.ask("POST", "/api/shared", None, {"code": code.text})
        async with h.reader(told["seat"], of="shared") as reader:
            await asyncio.sleep(120)
            h.rooms.sweep()
            assert await reader.closed() == NO_ROOM
            assert reader.why == ENDED
