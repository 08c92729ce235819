"""Readers who come in crowds, or again and again: nobody takes another's seat, nor everybody's time."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bots.meet import elsewhere
from bots.meet.elsewhere import LATELY, LINGER
from bots.meet.outlet import PIECE, Viewer
from bots.meet.reading import BURST, DEAR
from tests.bots.meet.house import House, house
from tests.bots.meet.test_elsewhere import shared
from tests.core.test_bridge import Call

FEW = 4


@pytest.fixture
def few_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "SEATS", FEW)


async def sit(h: House, code: str) -> tuple[int, str]:
    status, told = await h.ask("POST", "/api/shared", None, {"code": code})
    return status, str(told.get("seat") or told.get("error"))


async def known(h: House, seat: str) -> bool:
    return (await h.ask("GET", f"/api/shared/{seat}"))[0] == 200


def code_of(h: House, call: Call) -> str:
    code = h.bridge.code(call)
    assert code is not None
    return code.text


@pytest.mark.usefixtures("few_seats")
async def test_nobody_is_put_out_of_their_seat_by_who_sits_down_in_another_call() -> None:
    async with house(people=1) as h:
        seat = await shared(h, Call())
        async with h.reader(seat, of="shared"):
            made = await h.open()
            _, told = await h.ask("POST", f"/api/rooms/{made['room']}/sharing", made["owner"])
            for _ in range(3 * FEW):
                await sit(h, told["code"]["text"])
        assert await known(h, seat)


@pytest.mark.usefixtures("few_seats")
async def test_who_reads_or_lately_read_keeps_their_seat_and_who_never_came_makes_place() -> None:
    async with house(people=2) as h:
        call = Call()
        reads, gone = await shared(h, call), (await sit(h, code_of(h, call)))[1]
        async with h.reader(reads, of="shared"):
            async with h.reader(gone, of="shared"):
                await asyncio.sleep(1)
            first, second = [(await sit(h, code_of(h, call)))[1] for _ in range(2)]
            status, told = await sit(h, code_of(h, call))
            assert (status, told) == (
                503,
                "More browsers than fit want to read this call: try again in a minute.",
            )
            await asyncio.sleep(LINGER + 1)
            third = (await sit(h, code_of(h, call)))[1]
            assert [await known(h, one) for one in (reads, gone, first, second, third)] == [1, 1, 0, 1, 1]
            await sit(h, code_of(h, call))
            assert (await sit(h, code_of(h, call)))[0] == 503, "those who are just coming keep theirs too"
            assert await known(h, gone)
            await asyncio.sleep(LATELY)
            for _ in range(FEW - 1):
                assert (await sit(h, code_of(h, call)))[0] == 201
            assert [await known(h, one) for one in (reads, gone)] == [True, False]


async def test_a_lecture_hall_behind_one_address_sits_down_at_once_and_a_flood_is_told_to_wait() -> None:
    async with house() as h:
        call = Call()
        h.bridge.share(call)
        statuses = [(await sit(h, code_of(h, call)))[0] for _ in range(210)]
        assert statuses[:200] == [201] * 200
        assert statuses[-1] == 429


async def comes(h: House, path: str) -> int:
    """How often somebody is let in who connects again and again, in no time."""
    times = 0
    while True:
        try:
            socket = await h.client.ws_connect(f"{h.url}{path}", max_msg_size=0)
        except aiohttp.WSServerHandshakeError as refused:
            error = refused
            break
        await socket.close()
        times += 1
        assert times < 1000
    assert (error.status, error.headers is not None) == (429, True)
    return times


async def test_who_reads_a_long_call_from_its_beginning_again_and_again_has_to_wait() -> None:
    async with house() as h:
        call = Call()
        seat = await shared(h, call)
        for number in range(DEAR * 40):
            call.say(str(number))
        whole = int(BURST / 41)
        assert await comes(h, f"/api/shared/{seat}/captions?after=0") <= whole + 1
        room = await h.room()
        board = h.rooms.find(room).board
        for number in range(DEAR * 40):
            board.show(call.board.entries[number])  # type: ignore[arg-type]  # they are captions
        await asyncio.sleep(60)
        assert await comes(h, f"/api/rooms/{room}/captions?after=0") <= whole + 1
        await asyncio.sleep(60)
        behind = await comes(h, f"/api/rooms/{room}/captions?after={DEAR * 40}")
        assert behind >= BURST, "who has nearly everything comes back as often as a line may break"


async def test_strangers_who_look_for_calls_have_to_wait() -> None:
    async with house() as h:
        assert await comes(h, "/api/rooms/none/captions") >= BURST
        await asyncio.sleep(60)
        assert await comes(h, "/api/shared/none/captions") >= BURST


class Wire:
    """A socket that takes everything at once."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send_str(self, text: str) -> None:
        self.sent.append(json.loads(text))


async def test_a_long_call_is_sent_in_pieces_and_others_have_their_turn_between() -> None:
    call, wire, turns = Call(), Wire(), 0
    for number in range(PIECE * 10 + 7):
        call.say(str(number))
    call.board.notify("shown", "It is shown elsewhere.")

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            if turns == 3:
                call.say("a word of after")
            await asyncio.sleep(0)

    seen: Any = type("Seen", (), {"version": 1, "keep": "captions", "streamed": 0.0, "now": 5.0})()
    socket: Any = wire
    viewer = Viewer(socket, seen, lambda: {"room": "r"}, after=3)
    async with asyncio.TaskGroup() as tasks:
        beside = tasks.create_task(others())
        await asyncio.sleep(0)
        await viewer.show(call.board)
        beside.cancel()
    assert turns >= 9
    assert [len(one["entries"]) <= 2 * PIECE for one in wire.sent] == [True] * 10
    assert len(wire.sent[-1]["entries"]) > 20, "a page reads out what comes in small numbers"
    assert [entry["text"] for one in wire.sent for entry in one["entries"]] == [
        str(number) for number in range(3, PIECE * 10 + 7)
    ], "what was said meanwhile is for the next time"
    assert [one["first"] for one in wire.sent] == [3 + PIECE * number for number in range(10)]
    assert ["room" in one for one in wire.sent] == [True] + [False] * 9
    assert all(one["notices"] for one in wire.sent)
    await viewer.show(call.board)
    assert [entry["text"] for entry in wire.sent[-1]["entries"]] == ["a word of after"]
