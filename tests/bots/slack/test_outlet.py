"""Captions in a Slack thread, against the fake with its limits."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bots.slack.outlet import ThreadCaptions
from core.captions.caption import Caption
from core.captions.publisher import Publisher
from tests.bots.slack.threadroom import ANN, BEN, threadroom


async def test_words_are_streamed_with_a_name_at_each_change_of_speaker() -> None:
    async with threadroom(streams=True) as room:
        room.say("hello there")
        await room.show()
        room.say("and more")
        room.say("hi Ann", BEN)
        await room.show()
        assert room.texts == ["Ann: hello there and more\n\nBen: hi Ann"]
        assert room.messages[0].text.startswith("**Ann:** hello there")
        assert room.methods == ["startStream ok", "appendStream ok", "appendStream ok"]


async def test_of_what_is_being_said_only_what_will_not_change_is_shown() -> None:
    async with threadroom(streams=True) as room:
        room.saying("one two tree", stable="one two")
        await room.show()
        assert room.texts == ["Ann: one two"]
        room.saying("one two three four five", stable="one two three four")
        await room.show()
        room.say("One two three four five six.")
        await room.show()
        assert room.texts == ["Ann: one two three four five six."]


async def test_a_stream_is_turned_before_it_dies_and_no_word_is_lost() -> None:
    async with threadroom(streams=True) as room:
        for number in range(400):
            room.say(f"w{number}")
            await room.show()
            await asyncio.sleep(2)
        words = " ".join(room.texts).replace("Ann:", "").split()
        assert words == [f"w{number}" for number in range(400)]
        assert len(room.messages) == 4
        assert not any("ok" not in method for method in room.methods)
        assert room.methods.count("stopStream ok") == 3


async def test_people_who_speak_at_once_are_told_apart() -> None:
    async with threadroom(streams=True) as room:
        room.saying("one two three", stable="one two")
        await room.show()
        room.saying("eins zwei", stable="eins", speaker=BEN)
        await room.show()
        room.board.show(Caption(ANN, 0, 2, "one two three", final=True))
        room.board.show(Caption(BEN, 0, 2, "eins zwei", final=True))
        await room.show()
        assert room.texts == ["Ann: one two\n\nBen: eins\n\nAnn: three\n\nBen: zwei"]


async def test_a_long_call_goes_on_in_the_next_message() -> None:
    async with threadroom(streams=True) as room:
        for number in range(60):
            room.say(f"w{number} " + "word " * 60)
        await room.show()
        assert len(room.messages) == 2
        assert all(len(message.text) <= 10_000 for message in room.messages)
        assert [word for word in " ".join(room.texts).split() if word[1:].isdigit()] == [
            f"w{number}" for number in range(60)
        ]


async def test_where_streams_are_refused_a_message_is_rewritten_with_what_is_being_said_in_italics() -> None:
    async with threadroom(streams=True) as room:
        room.slack.faults.errors["chat.startStream"] = ["invalid_thread_ts"]
        room.say("one")
        room.saying("two three", stable="two")
        await room.show()
        (message,) = room.messages
        assert message.text == "**Ann:** one two *three*"
        room.say("two three four")
        await room.show()
        assert message.text == "**Ann:** one two three four"


async def test_where_nobody_is_named_as_recipient_nothing_is_streamed() -> None:
    async with threadroom(streams=True, recipient=False) as room:
        room.say("one")
        await room.show()
        assert room.texts == ["Ann: one"]
        assert not any("Stream" in method for method in room.methods)


async def test_a_message_that_is_rewritten_turns_when_it_is_full_and_drops_what_was_being_said() -> None:
    async with threadroom() as room:
        for number in range(30):
            room.saying(f"guess{number} " * 20)
            await room.show()
            room.say(f"w{number} " + "word " * 60)
            await room.show()
        assert len(room.messages) == 3
        assert all(len(message.text) <= 3_900 for message in room.messages)
        text = " ".join(room.texts)
        assert "guess" not in text
        assert [word for word in text.split() if word[1:].isdigit()] == [f"w{number}" for number in range(30)]


async def test_where_nothing_can_be_rewritten_utterances_are_posted() -> None:
    async with threadroom() as room:
        room.slack.faults.errors["chat.update"] = ["edit_window_closed", "edit_window_closed"]
        room.say("one")
        await room.show()
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two"]


async def test_with_many_calls_in_the_workspace_nothing_is_streamed_and_with_few_it_is_again() -> None:
    async with threadroom(streams=True) as room:
        room.saying("one two", stable="one")
        await room.show()
        room.calls = 30
        room.saying("one two three", stable="one two")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two"]
        room.say("one two three")
        await room.show()
        room.saying("four five", stable="four")
        await room.show()
        room.calls = 1
        room.saying("four five six", stable="four five")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two three four", "Ann: five"]


async def test_what_people_must_be_told_stands_there_as_a_line_when_it_begins_and_ends() -> None:
    async with threadroom() as room:
        room.say("one")
        room.board.notify("deaf", "I can't hear Ben.")
        await room.show()
        await room.show()
        assert room.texts == ["Ann: one\n\nI can't hear Ben."]
        await asyncio.sleep(30)
        room.board.notify("deaf", None)
        await room.show()
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: one\n\nI can't hear Ben.\n\nNo longer: I can't hear Ben.\n\nAnn: two"]


async def test_what_somebody_takes_back_goes_from_every_message() -> None:
    async with threadroom(streams=True) as room:
        for number in range(3):
            room.say(f"secret{number}")
            room.say(f"hello{number}", BEN)
            await room.show()
            await asyncio.sleep(300)
        room.saying("secret again", stable="secret")
        await room.show()
        assert ANN.identity is not None
        room.board.erase(ANN.identity)
        await room.show()
        room.clock += 2
        room.saying("more secret", stable="more secret")
        await room.show()
        assert room.texts[-1] == "Ann: more secret"
        room.board.erase(ANN.identity)
        await room.show()
        room.clock += 2
        room.say("after")
        await room.show()
        assert room.texts == ["Ben: hello0", "Ben: hello1", "Ben: hello2", "Ann: after"]


@pytest.mark.parametrize("calls", [1, 50])
async def test_at_the_end_a_sentence_stands_below_the_last_words_and_nothing_streams(calls: int) -> None:
    async with threadroom(calls=calls) as room:
        room.saying("one two", stable="one")
        await room.show()
        publisher = Publisher(room.board, room.captions)
        room.say("one two")
        room.captions.end("Captions have ended.")
        publisher.close()
        await publisher.run()
        assert "\n\n".join(room.texts) == "Ann: one two\n\nCaptions have ended."
        assert not any(message.stream and message.stream.open for message in room.messages)


async def test_calls_of_one_workspace_share_what_slack_takes() -> None:
    async with threadroom(streams=True, calls=3) as room:
        others = [
            ThreadCaptions(room.client, replace(room.thread, recipient=room.thread.recipient), room.governor)
            for _ in range(2)
        ]
        async with asyncio.TaskGroup() as group:
            publishers = [Publisher(room.board, outlet) for outlet in (room.captions, *others)]
            for publisher in publishers:
                group.create_task(publisher.run())
            for number in range(100):
                room.say(f"w{number}")
                await asyncio.sleep(0.5)
            await asyncio.sleep(10)
            for publisher in publishers:
                publisher.close()
        assert not any("ratelimited" in method for method in room.methods)
        appends = Counter(
            message.ts
            for message in room.messages
            for _ in (message.stream.appends if message.stream else ())
        )
        assert max(appends.values()) - min(appends.values()) <= 10  # they began one after the other
        for text in room.texts:
            assert text.replace("Ann:", "").split() == [f"w{number}" for number in range(100)]


async def test_where_slack_takes_no_edit_a_message_goes_rather_than_keep_what_was_taken_back() -> None:
    async with threadroom(streams=True) as room:
        room.say("secret")
        room.say("hello", BEN)
        await room.show()
        room.slack.faults.errors["chat.update"] = ["edit_window_closed"]
        assert ANN.identity is not None
        room.board.erase(ANN.identity)
        await room.show()
        assert room.texts == []


async def test_while_no_stream_can_be_begun_the_old_one_goes_on_but_not_until_it_dies() -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        await asyncio.sleep(256)
        room.governor.refused("chat.startStream", 40)
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: one two"]
        await asyncio.sleep(31)
        room.say("three")
        await room.show()
        assert room.texts == ["Ann: one two", "Ann: three"]
