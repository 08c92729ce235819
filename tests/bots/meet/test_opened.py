"""Rooms that were opened for people elsewhere: who may speak there, under which name, and how they end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from bots.meet.doors import GUESTS_READ
from bots.meet.opened import Opened
from bots.meet.opener import Opener
from bots.meet.rooms import FORGET
from core.captions.caption import Caption
from core.errors import UserError
from core.record.database.opening import open_store
from core.rooms import Keep, OpenedRoom, RoomOpener
from core.settings import Settings
from tests.bots.meet.house import House, house
from tests.fakes.engine import speak

OVER = "Ann stopped the captions."


@asynccontextmanager
async def opened(
    *, guests: bool = True, keep: Keep = "captions", private: bool = False, store: Path | None = None
) -> AsyncIterator[tuple[House, Opened]]:
    """A house, and a room that was opened for a channel of Slack."""
    async with AsyncExitStack() as stack:
        found = None
        if store is not None:
            settings = Settings(_env_file=None, data_dir=store)
            found = await stack.enter_async_context(open_store(settings))
        h = await stack.enter_async_context(house(store=found))
        room = Opener(h.rooms).open(
            title="Weekly", keep=keep, language="en", guests=guests, private=private, space="slack:T1"
        )
        yield h, room


def ticket(room: Opened, ttl: float = 60.0) -> str:
    return room.link("Ann Lee", "slack:T1:U1", ttl).partition("#pass=")[2]


async def test_a_room_for_others_keeps_its_promises() -> None:
    async with opened() as (h, room):
        opener: RoomOpener = Opener(h.rooms)
        promised: OpenedRoom = room
        assert opener is not None
        assert (promised.title, promised.language, promised.private) == ("Weekly", "en", False)
        assert promised.address == f"{h.url}/room/{room.key}"
        assert (promised.state, promised.began, promised.record, promised.over) == (
            "waiting",
            None,
            None,
            False,
        )
        assert room.origin == "Slack"


async def test_a_private_one_is_shown_nowhere_else_and_read_at_its_address() -> None:
    async with opened(private=True) as (h, room):
        assert room.private
        with pytest.raises(UserError, match="private"):
            h.bridge.share(room)
        status, told = await h.ask("GET", f"/api/rooms/{room.key}")
        assert (status, told["private"]) == (200, True)


async def test_it_stays_although_nobody_uses_it_until_it_is_closed() -> None:
    async with opened() as (h, room):
        await asyncio.sleep(10 * FORGET)
        h.rooms.sweep()
        assert h.rooms.find(room.key).name == room.key
        room.close(OVER)
        await asyncio.sleep(2 * FORGET)
        h.rooms.sweep()
        with pytest.raises(UserError, match="no such room"):
            h.rooms.find(room.key)


async def test_whoever_has_a_pass_speaks_under_the_name_on_it() -> None:
    async with opened(guests=False) as (h, room):
        status, told = await h.ask("POST", f"/api/rooms/{room.key}/pass", None, {"pass": ticket(room)})
        assert (status, told) == (200, {"name": "Ann Lee"})
        status, ann = await h.ask(
            "POST", f"/api/rooms/{room.key}/people", None, {"name": "Eve", "pass": ticket(room)}
        )
        assert (status, ann["name"]) == (201, "Ann Lee")
        async with h.microphone(room.key, ann["token"]) as microphone:
            assert room.speakers == ["Ann Lee"]
            assert room.state == "live"
            await microphone.send(speak(3, after=1))
            await asyncio.sleep(2)
        said = [entry for entry in room.board.entries if isinstance(entry, Caption)]
        assert [(one.speaker.name, one.speaker.identity) for one in said] == [("Ann Lee", "slack:T1:U1")]


async def test_whoever_comes_again_with_a_pass_is_the_same_person() -> None:
    async with opened() as (h, room):
        path = f"/api/rooms/{room.key}/people"
        first = await h.ask("POST", path, None, {"pass": ticket(room)})
        assert await h.ask("POST", path, None, {"pass": ticket(room)}) == first
        # Somebody who only says so is somebody else.
        assert (await h.join(room.key, "Ann Lee"))["name"] == "Ann Lee (2)"


@pytest.mark.parametrize("path", ["people", "pass"])
async def test_a_pass_that_is_too_old_or_made_up_is_one_sentence(path: str) -> None:
    async with opened() as (h, room), opened() as (_, other):
        late = ticket(room, ttl=5)
        await asyncio.sleep(6)
        for text, sentence in (
            (late, "This link is too old"),
            (ticket(other), "does not open this room"),
            (ticket(room)[:-4], "does not open this room"),
            (7, "does not open this room"),
        ):
            status, told = await h.ask("POST", f"/api/rooms/{room.key}/{path}", None, {"pass": text})
            assert status == 400
            assert sentence in told["error"]


async def test_where_guests_may_not_speak_they_read() -> None:
    async with opened(guests=False) as (h, room):
        status, told = await h.ask("POST", f"/api/rooms/{room.key}/people", None, {"name": "Guest"})
        assert (status, told["error"]) == (401, GUESTS_READ)
        shown = await h.get(f"/api/rooms/{room.key}")
        assert shown["guests"] is False
        assert shown["origin"] == "Slack"
        async with h.reader(room.key) as reader:
            await reader.until(lambda r: r.room)


@pytest.mark.real_time  # the database works in a thread
async def test_closing_hears_the_last_words_and_tells_everybody(tmp_path: Path) -> None:
    async with opened(keep="transcript", store=tmp_path) as (h, room):
        ann = await h.join(room.key, "Ann")
        async with h.reader(room.key) as reader, h.microphone(room.key, ann["token"]) as microphone:
            next_frame = await microphone.send(speak(4))
            room.close(OVER)
            room.close("Somebody else did.")
            await room.ended()
            assert (room.over, room.state, bool(room.record)) == (True, "ended", True)
            lines = await h.get(f"/api/records/{room.record}/lines")
            assert [one["text"] for one in lines["entries"]] == ["w1 w2 w3 w4"]
            with suppress(aiohttp.ClientConnectionResetError):
                await microphone.send(bytes(32_000), next_frame)
            assert {"type": "refused", "error": OVER} in microphone.messages
            await reader.until(lambda r: r.room.get("closed") == OVER and r.text == "w1 w2 w3 w4")
        status, told = await h.ask("POST", f"/api/rooms/{room.key}/people", None, {"name": "Late"})
        assert (status, told["error"]) == (400, OVER)


@pytest.mark.real_time  # the database works in a thread
async def test_who_has_the_address_of_a_room_for_others_does_not_read_its_record(tmp_path: Path) -> None:
    async with opened(keep="transcript", store=tmp_path) as (h, room):
        ann = await h.join(room.key, "Ann")
        async with h.reader(room.key) as reader, h.microphone(room.key, ann["token"]) as microphone:
            await microphone.send(speak(4))
            room.close(OVER)
            await room.ended()
            assert (reader.room["keep"], reader.room["record"]) == ("transcript", None)
        for what in ("", "/lines", "/recap", "/transcript.txt", "/search?q=w1"):
            assert (await h.ask("GET", f"/api/records/{room.key}{what}"))[0] == 404
        described = json.dumps(await h.get(f"/api/rooms/{room.key}"))
        assert room.record is not None
        assert room.record not in described
        (call,) = (await h.get("/api/records"))["calls"]
        assert (call["key"], call["lines"]) == (room.record, 1)


async def test_whoever_is_muted_learns_that_the_room_was_closed() -> None:
    async with opened() as (h, room):
        ann = await h.join(room.key, "Ann")
        async with h.microphone(room.key, ann["token"]) as microphone:
            await microphone.say("muted")
            await asyncio.sleep(1)
            room.close(OVER)
            await microphone.until(lambda m: {"type": "refused", "error": OVER} in m.messages)


async def test_a_room_in_which_nobody_spoke_ends_at_once() -> None:
    async with opened() as (_, room), asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(room.ended())
        await asyncio.sleep(1)
        assert not waiting.done()
        room.close(OVER)


async def test_too_many_rooms_and_records_where_none_are_kept_are_refused() -> None:
    async with house(rooms=1) as h:
        opener = Opener(h.rooms)
        with pytest.raises(UserError, match="SPOKENLY_KEEP"):
            opener.open(
                title="", keep="transcript", language="en", guests=True, private=False, space="slack:T1"
            )
        opener.open(title="", keep="captions", language="en", guests=True, private=False, space="slack:T1")
        with pytest.raises(UserError, match="1 rooms are open"):
            opener.open(
                title="", keep="captions", language="en", guests=True, private=False, space="slack:T1"
            )
