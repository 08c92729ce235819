"""Captions in a Slack thread, against the fake with its limits."""

import asyncio

from tests.bots.slack.threadroom import BEN, threadroom


async def test_words_are_streamed_with_a_name_at_each_change_of_speaker() -> None:
    async with threadroom() as room:
        room.say("hello there")
        await room.show()
        room.say("and more")
        room.say("hi Ann", BEN)
        await room.show()
        assert room.texts == ["Ann: hello there and more\n\nBen: hi Ann"]
        assert room.messages[0].text.startswith("**Ann:** hello there")
        assert room.methods == ["startStream ok", "appendStream ok", "appendStream ok"]


async def test_of_what_is_being_said_only_what_will_not_change_is_shown() -> None:
    async with threadroom() as room:
        room.saying("one two tree", stable="one two")
        await room.show()
        assert room.texts == ["Ann: one two"]
        room.saying("one two three four five", stable="one two three four")
        await room.show()
        room.say("One two three four five six.")
        await room.show()
        assert room.texts == ["Ann: one two three four five six."]


async def test_a_stream_is_turned_before_it_dies_and_no_word_is_lost() -> None:
    async with threadroom() as room:
        for number in range(400):
            room.say(f"w{number}")
            await room.show()
            await asyncio.sleep(2)
        words = " ".join(room.texts).replace("Ann:", "").split()
        assert words == [f"w{number}" for number in range(400)]
        assert len(room.messages) == 4
        assert not any("ok" not in method for method in room.methods)
        assert room.methods.count("stopStream ok") == 3


async def test_an_append_whose_answer_is_lost_is_not_repeated_and_no_word_is_lost() -> None:
    async with threadroom() as room:
        room.say("one")
        await room.show()
        room.slack.faults.landed["chat.appendStream"] = 1
        room.say("two")
        await room.show()
        room.say("three")
        await room.show()
        assert room.texts == ["Ann: one two", "Ann: three"]
        room.slack.faults.statuses["chat.appendStream"] = [503]
        room.say("four")
        await room.show()
        assert room.texts == ["Ann: one two", "Ann: three four"]
