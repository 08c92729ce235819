"""What Slack did without an answer may stand there or not, and can be taken back all the same."""

import asyncio

import pytest

from bots.slack.posts import AGAIN, EMPTY
from core.errors import OutletBusy
from tests.bots.slack.threadroom import ANN, BEN, ThreadRoom, threadroom

SECRET = "the secret is one two three"
ANNS = "slack:T1:U1"
MANY = 10


async def unanswered(room: ThreadRoom, method: str) -> None:
    """Slack does what captions ask next, and the answer is lost."""
    room.slack.faults.landed[method] = 1
    with pytest.raises(OutletBusy):
        await room.captions.show(room.board)
    assert "secret" in " ".join(room.texts)


async def shown_for_long(room: ThreadRoom) -> None:
    for _ in range(3):
        await room.show()
        await asyncio.sleep(300)


async def begun(room: ThreadRoom) -> None:
    """Words of somebody else stand there."""
    room.say("words of somebody else", BEN)
    await room.show()
    await asyncio.sleep(10)


async def posted(room: ThreadRoom, speech: str) -> None:
    """A message of which nobody knows whether it came."""
    room.governor.refused("chat.update", 30)
    room.say(speech)
    await unanswered(room, "chat.postMessage")


@pytest.mark.parametrize("streams", [False, True])
async def test_what_is_taken_back_goes_though_nobody_knows_whether_it_came(streams: bool) -> None:
    async with threadroom(calls=MANY, streams=streams) as room:
        await begun(room)
        room.governor.refused("chat.stopStream", 20)
        room.say(SECRET)
        await unanswered(room, "chat.appendStream" if streams else "chat.update")
        room.board.erase(ANNS)
        await shown_for_long(room)
        assert room.texts == ["Ben: words of somebody else"]


async def test_what_is_taken_back_goes_from_a_message_that_was_put_right_without_an_answer() -> None:
    async with threadroom(calls=MANY) as room:
        await begun(room)
        room.slack.faults.statuses["chat.update"] = [503]
        room.say(SECRET)
        with pytest.raises(OutletBusy):
            await room.captions.show(room.board)
        room.governor.refused("chat.update", 5)
        room.say("more words than a few of somebody else", BEN)
        with pytest.raises(OutletBusy):
            await room.captions.show(room.board)
        assert len(room.texts) == 2
        await asyncio.sleep(10)
        await unanswered(room, "chat.update")
        room.board.erase(ANNS)
        await shown_for_long(room)
        assert "secret" not in " ".join(room.texts)


async def test_words_that_came_to_nothing_go_though_nobody_knows_whether_they_came() -> None:
    async with threadroom() as room:
        await begun(room)
        room.saying(SECRET)
        await unanswered(room, "chat.update")
        room.saying("")
        await shown_for_long(room)
        assert room.texts == ["Ben: words of somebody else"]


@pytest.mark.parametrize("found", [False, True])
async def test_what_is_taken_back_goes_from_a_message_whose_answer_was_lost(found: bool) -> None:
    async with threadroom(calls=MANY) as room:
        room.team.scopes.add("channels:history")
        await begun(room)
        room.say("and more words of somebody else", BEN)
        await posted(room, SECRET)
        if found:
            await room.show()
        room.board.erase(ANNS)
        await shown_for_long(room)
        assert room.texts == ["Ben: words of somebody else", "Ben: and more words of somebody else"]


async def test_of_a_message_that_did_not_come_what_was_not_taken_back_comes() -> None:
    async with threadroom(calls=MANY) as room:
        room.governor.refused("chat.update", 30)
        room.slack.faults.statuses["chat.postMessage"] = [503]
        room.say("words of somebody else", BEN)
        room.say(SECRET)
        with pytest.raises(OutletBusy):
            await room.captions.show(room.board)
        room.board.erase(ANNS)
        await shown_for_long(room)
        assert [text.removeprefix(AGAIN).strip() for text in room.texts] == ["Ben: words of somebody else"]


async def test_a_sentence_of_any_length_stops_no_words() -> None:
    async with threadroom(calls=MANY) as room:
        places = [f"#{'&' * 90} in {'&' * 100} on Discord" for _ in range(10)]
        room.board.notify("shown", f"This call is shown elsewhere: {', '.join(places)}.")
        await room.show()
        await asyncio.sleep(30)
        await room.show()
        room.say("words of somebody", BEN)
        await room.show()
        await asyncio.sleep(30)
        await room.show()
        told = "".join(room.texts)
        assert told.endswith("Ben: words of somebody")
        assert told.count("Discord") == len(places)


async def test_what_is_being_said_is_read_on_the_next_message_where_this_one_is_full() -> None:
    async with threadroom() as room:
        for number in range(30):
            room.say("x" * 130, BEN if number % 2 else ANN)
            await room.show()
        before = len(room.messages)
        size = len(room.messages[-1].text)
        room.saying(f"{'x' * (3900 - size)} and some words more")
        await room.show()
        assert len(room.messages) == before + 1
        assert room.texts[-1].endswith("and some words more")
        assert EMPTY not in room.texts
