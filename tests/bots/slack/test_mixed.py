"""Captions by edits and posts: the newest message is rewritten, or the next begun where that comes sooner."""

import asyncio
from contextlib import suppress

import pytest

from bots.slack.ladder import late
from bots.slack.mixed import PATIENCE
from bots.slack.pace import SOON
from bots.slack.posts import EMPTY
from core.captions.publisher import Publisher
from core.errors import OutletBusy
from tests.bots.slack.threadroom import ANN, BEN, ThreadRoom, threadroom
from tests.fakes.slack.limits import Rate

LINE = "this is what somebody has said now"
MANY = 10


def no_edits(room: ThreadRoom, seconds: float = 600.0) -> None:
    """As if others had used up what Slack takes."""
    room.governor.refused("chat.update", seconds)


async def test_the_newest_message_grows_while_there_are_edits() -> None:
    async with threadroom(calls=MANY) as room:
        for number in range(5):
            room.say(f"{LINE} {number}")
            await room.show()
            await asyncio.sleep(5)
        assert len(room.messages) == 1
        assert room.methods == ["postMessage ok", *["update ok"] * 4]


async def test_where_no_edit_comes_in_time_the_next_message_begins_and_the_one_before_stays_as_it_is() -> (
    None
):
    async with threadroom(calls=MANY) as room:
        room.say(f"{LINE} 1")
        await room.show()
        no_edits(room, 20)
        room.say(f"{LINE} 2")
        await room.show()
        await asyncio.sleep(30)
        room.say(f"{LINE} 3", BEN)
        await room.show()
        assert room.texts == [f"Ann: {LINE} 1", f"Ann: {LINE} 2\n\nBen: {LINE} 3"]
        assert not room.messages[0].edits


async def test_words_within_a_sentence_are_posted_when_they_have_waited_for_long_enough() -> None:
    async with threadroom(calls=MANY) as room:
        no_edits(room)
        room.saying(f"{LINE} and", stable=LINE)
        began = asyncio.get_running_loop().time()
        await room.show()
        assert room.texts == [f"Ann: {LINE}"]
        assert 0 <= asyncio.get_running_loop().time() - began - late(MANY) < 1


async def test_a_word_or_two_wait_for_more_before_they_become_a_message() -> None:
    async with threadroom(calls=MANY) as room, asyncio.TaskGroup() as tasks:
        no_edits(room)
        publisher = Publisher(room.board, room.captions)
        tasks.create_task(publisher.run())
        room.saying("well then", stable="well")
        await asyncio.sleep(late(MANY) + 1)
        assert room.texts == []
        room.say(f"well then {LINE}")
        await asyncio.sleep(1)
        assert room.texts == [f"Ann: well then {LINE}"]
        publisher.close()


async def test_where_edits_are_to_spare_what_is_being_said_stands_in_italics() -> None:
    async with threadroom() as room:
        room.saying("one two three", stable="one two")
        await room.show()
        assert room.messages[0].text == "**Ann:** one two *three*"
        room.calls = 2
        room.saying("one two three four five", stable="one two three")
        await room.show()
        assert room.messages[0].text == "**Ann:** one two three"


async def test_a_call_alone_posts_nothing_that_could_not_be_sent_again() -> None:
    async with threadroom() as room:
        room.slack.faults.landed["chat.postMessage"] = 1
        room.slack.faults.landed["chat.update"] = 1
        room.say(LINE)
        await room.show()
        assert room.texts == [EMPTY, f"Ann: {LINE}"]


@pytest.mark.parametrize("failures", [0, 3])
async def test_an_empty_message_of_which_nobody_knew_goes_where_the_app_may_read(failures: int) -> None:
    async with threadroom() as room:
        room.team.scopes.add("channels:history")
        room.slack.faults.landed["chat.postMessage"] = 2
        room.slack.faults.statuses["conversations.replies"] = [503] * failures
        room.say(LINE)
        began = asyncio.get_running_loop().time()
        with pytest.raises(OutletBusy):
            await room.captions.show(room.board)
        assert room.methods[0] == "postMessage ok", "it stands there, or stood"
        while f"Ann: {LINE}" not in room.texts:
            with suppress(OutletBusy):
                await room.captions.show(room.board)
            await asyncio.sleep(0.1)
        assert asyncio.get_running_loop().time() - began < 10, "words wait for no such look"
        await room.show()
        assert room.texts == [f"Ann: {LINE}"]
        room.saying("and more")
        await room.show()
        assert len(room.texts) == 1


async def test_an_empty_message_that_is_to_be_rewritten_stays_while_others_are_looked_for() -> None:
    async with threadroom() as room:
        room.team.scopes.add("channels:history")
        room.slack.faults.landed["chat.postMessage"] = 1
        room.slack.faults.statuses["conversations.replies"] = [503]
        room.saying(LINE)
        with pytest.raises(OutletBusy):
            await room.captions.show(room.board)
        await asyncio.sleep(10)
        room.slack.faults.statuses["chat.update"] = [503] * 2
        await room.show()
        assert room.texts == [f"Ann: {LINE}"]
        assert "conversations.replies ok" in room.methods
        assert room.methods.count("postMessage ok") == 2


async def test_a_call_alone_posts_its_words_where_edits_are_frozen_for_long() -> None:
    async with threadroom() as room:
        room.say("one")
        await room.show()
        no_edits(room)
        began = asyncio.get_running_loop().time()
        room.say(LINE)
        await room.show()
        assert room.texts == ["Ann: one", f"Ann: {LINE}"]
        assert asyncio.get_running_loop().time() - began < 2 * PATIENCE


async def test_a_call_alone_that_begins_while_edits_are_frozen_posts_its_words_at_once() -> None:
    async with threadroom() as room:
        no_edits(room)
        room.say(LINE)
        await room.show()
        assert room.methods == ["postMessage ok"]


async def test_what_comes_after_a_post_of_which_nobody_knows_stands_below_it() -> None:
    async with threadroom(calls=MANY) as room:
        room.team.scopes.add("channels:history")
        room.say(f"{LINE} 1")
        await room.show()
        no_edits(room, 10)
        room.slack.faults.landed["chat.postMessage"] = 1
        room.say(f"{LINE} 2")
        await room.show()
        await asyncio.sleep(30)
        room.say(f"{LINE} 3")
        await room.show()
        assert room.texts == [f"Ann: {LINE} {number}" for number in (1, 2, 3)]


async def test_words_that_may_be_missing_come_though_new_ones_want_every_edit() -> None:
    async with threadroom(calls=3) as room, asyncio.TaskGroup() as tasks:
        publisher = Publisher(room.board, room.captions)
        tasks.create_task(publisher.run())
        room.say(f"{LINE} first")
        await asyncio.sleep(5)
        room.slack.faults.statuses["chat.update"] = [503]
        room.say(f"{LINE} missing")
        await asyncio.sleep(0.5)
        room.governor.refused("chat.update", 6)
        for number in range(60):
            room.say(f"{LINE} {number}")
            await asyncio.sleep(0.5)
        assert "missing" in " ".join(room.texts)
        publisher.close()


async def test_what_somebody_takes_back_goes_though_words_want_every_edit() -> None:
    async with threadroom(calls=3) as room, asyncio.TaskGroup() as tasks:
        publisher = Publisher(room.board, room.captions)
        tasks.create_task(publisher.run())
        for number in range(6):
            room.say(f"secret{number}")
            room.say(f"{LINE} {number}", BEN)
            await asyncio.sleep(3)
            no_edits(room, 5)
        assert len(room.messages) > 3
        assert ANN.identity is not None
        room.board.erase(ANN.identity)
        room.clock += 1
        for number in range(100):
            room.say(f"{LINE} again {number}", BEN)
            await asyncio.sleep(0.5)
        assert "secret" not in " ".join(room.texts)
        said = " ".join(room.texts)
        assert all(said.count(f"again {number} ") <= 1 for number in range(100))
        publisher.close()


async def test_last_words_are_posted_where_edits_are_frozen_however_few_they_are() -> None:
    async with threadroom(calls=MANY) as room:
        room.say(LINE)
        await room.show()
        no_edits(room)
        await asyncio.sleep(5)
        room.say("no")
        room.captions.end("Over.")
        began = asyncio.get_running_loop().time()
        publisher = Publisher(room.board, room.captions)
        publisher.close(10)
        await publisher.run()
        assert room.captions.said.is_set()
        assert asyncio.get_running_loop().time() - began < SOON, "there are no more to wait for"
        assert room.texts[0] == f"Ann: {LINE}"
        assert "Ann: no" in room.texts[1]
        assert room.texts[-1].endswith("Over.")


async def test_words_whose_edit_was_refused_for_long_are_posted() -> None:
    async with threadroom(calls=MANY) as room:
        room.say(f"{LINE} 1")
        await room.show()
        await asyncio.sleep(5)
        room.slack.limits.methods["chat.update"] = Rate(1)
        room.say(f"{LINE} 2")
        await room.show()
        room.say(f"{LINE} 3")
        began = asyncio.get_running_loop().time()
        await room.show()
        assert "update ratelimited" in room.methods
        assert room.texts == [f"Ann: {LINE} 1 {LINE} 2", f"Ann: {LINE} 3"]
        assert asyncio.get_running_loop().time() - began < 10
