"""Messages of captions that are done."""

import asyncio

from bots.slack.chat import ChatThread
from bots.slack.ladder import Rung
from bots.slack.sheet import Piece, Sheet
from bots.slack.shelf import DEAD, STUBBORN, Page, Shelf
from tests.bots.slack.threadroom import ThreadRoom, seen, threadroom

ONE, TWO = Piece("u1", "**Ann:**", "one"), Piece("u2", "**Ben:**", "two")


async def tidied(shelf: Shelf) -> None:
    for _ in range(100):
        if (wait := await shelf.tidy()) <= 0:
            return
        await asyncio.sleep(wait)
    raise AssertionError("it never comes to an end")


async def streamed(room: ThreadRoom, chat: ChatThread, text: str) -> Page:
    ts = await chat.start()
    await chat.append(ts, text)
    return Page(ts, Rung.STREAM, asyncio.get_running_loop().time(), streaming=True)


async def test_a_stream_is_ended_and_what_is_missing_on_it_comes() -> None:
    async with threadroom() as room:
        chat, again = ChatThread(room.client, room.thread, room.governor), list[Piece]()
        shelf, page = Shelf(chat, again.extend), await streamed(room, chat, "**Ann:** one")
        page.sheet, page.shown, page.sure = Sheet([ONE, TWO]), "**Ann:** one", 1
        shelf.add(page)
        room.slack.faults.statuses = {"chat.stopStream": [500], "chat.update": [502, 503]}
        await tidied(shelf)
        assert room.texts == ["Ann: one\n\nBen: two"]
        assert page.right
        assert again == []


async def test_a_stream_that_has_died_by_itself_is_not_stopped() -> None:
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        shelf, page = Shelf(chat, lambda pieces: None), await streamed(room, chat, "**Ann:** one")
        page.sheet = Sheet([ONE])
        page.settle()
        shelf.add(page)
        await asyncio.sleep(DEAD)
        await tidied(shelf)
        assert "stopStream ok" not in room.methods


async def test_what_nobody_knows_of_is_shown_elsewhere_when_a_message_cannot_be_put_right() -> None:
    async with threadroom() as room:
        chat, again = ChatThread(room.client, room.thread, room.governor), list[Piece]()
        for error in (["edit_window_closed"], ["message_not_found"], ["streaming_state_conflict"] * STUBBORN):
            shelf, page = Shelf(chat, again.extend), await streamed(room, chat, "**Ann:** one")
            page.sheet, page.shown, page.sure = Sheet([ONE, TWO]), "**Ann:** one", 1
            shelf.add(page)
            room.slack.faults.errors["chat.update"] = error
            await tidied(shelf)
            assert again == [TWO]
            again.clear()
            await asyncio.sleep(10)


async def test_a_message_without_words_goes() -> None:
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        shelf = Shelf(chat, lambda pieces: None)
        for text in ("", "**Ann:** one"):
            ts = await chat.post(text or "…")
            page = Page(ts, Rung.UPDATE, 0, shown=text or "…")
            page.sheet = Sheet([ONE] if text else [])
            shelf.add(page)
            await tidied(shelf)
            await asyncio.sleep(5)
        assert room.texts == ["Ann: one"]


def test_taking_back_keeps_count_of_what_surely_stands_there() -> None:
    page = Page("1.1", Rung.STREAM, 0, Sheet([ONE, TWO, ONE, TWO]), sure=2)
    assert page.erase("u1")
    assert not page.erase("u1")
    assert [piece.text for piece in page.sheet.pieces] == ["two", "two"]
    assert [piece.text for piece in page.unsure] == ["two"]
    assert seen(page.sheet.text) == "Ben: two two"


async def test_what_is_done_takes_a_piece_for_each_line_and_can_still_be_taken_back() -> None:
    words = [Piece("u1", "**Ann:**", f"word{number}") for number in range(50)]
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        shelf = Shelf(chat, lambda pieces: None)
        streaming = await streamed(room, chat, Sheet([TWO, *words]).text)
        streaming.sheet = Sheet([TWO, *words])
        posted = Page(await chat.post(Sheet([TWO, *words]).text), Rung.POST, 0, Sheet([TWO, *words]))
        for page in (streaming, posted):
            page.settle()
            shelf.add(page)
        await tidied(shelf)
        assert [len(page.sheet.pieces) for page in (streaming, posted)] == [2, 2]
        shelf.erase("u1")
        await tidied(shelf)
        assert room.texts == ["Ben: two", "Ben: two"]


async def test_what_somebody_said_hours_ago_in_many_messages_can_still_be_taken_back() -> None:
    async with threadroom() as room:
        shelf = Shelf(ChatThread(room.client, room.thread, room.governor), lambda pieces: None)
        pages = [Page(f"{number}", Rung.UPDATE, 0, Sheet([ONE, TWO])) for number in range(4000)]
        for page in pages:
            page.settle()
            shelf.add(page)
        shelf.erase("u1")
        assert all(page.erased and "one" not in page.sheet.text for page in pages)
