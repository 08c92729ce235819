"""The last words of a call: they stand there whatever Slack has no time for just then."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bots.slack.call import FAREWELL
from bots.slack.outlet import ThreadCaptions
from core.bridge import LOST
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.publisher import Publisher
from tests.bots.slack.office import office, words
from tests.bots.slack.test_guests import real
from tests.bots.slack.threadroom import ANN, threadroom
from tests.fakes.slack.limits import Rate


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("count", [3, 10, 11])
async def test_calls_that_end_together_all_show_their_last_word_and_close_their_streams(
    count: int, streams: bool
) -> None:
    async with threadroom() as room, asyncio.TaskGroup() as tasks:
        runs = []
        for number in range(count):
            place = room.slack.channel(room.team, f"c{number}")
            card = (await room.client.chat_postMessage(channel=place.id, text="card"))["ts"]
            await asyncio.sleep(1.5)
            thread = replace(room.thread, channel=place.id, ts=card)
            board = Board()
            captions = ThreadCaptions(room.client, thread, room.governor, lambda: count, streams=streams)
            publisher = Publisher(board, captions)
            tasks.create_task(publisher.run())
            runs.append((place, board, captions, publisher))
        for at in range(20):
            for _, board, *_ in runs:
                board.show(Caption(ANN, at * 3.0, at * 3.0 + 2.5, f"word{at}", final=True))
            await asyncio.sleep(3)
        for _, board, captions, publisher in runs:
            board.show(Caption(ANN, 200, 201, "LASTWORD", final=True))
            captions.end()
            publisher.close(FAREWELL)
        async with asyncio.timeout(10):
            for _, _, captions, _ in runs:
                await captions.said.wait()
        assert [place.text().count("LASTWORD") for place, *_ in runs] == [1] * count
        for place, *_ in runs:
            assert all(place.text().count(f"word{at}\n") <= 1 for at in range(20))
    made = [one.stream for place, *_ in runs for card in place.messages for one in place.thread(card)]
    assert not any(stream.open for stream in made if stream)
    assert any(made) is streams


async def test_last_words_are_posted_where_appends_are_frozen() -> None:
    async with threadroom(streams=True) as room, asyncio.TaskGroup() as tasks:
        publisher = Publisher(room.board, room.captions)
        tasks.create_task(publisher.run())
        room.say("one")
        await asyncio.sleep(5)
        room.slack.limits.methods["chat.appendStream"] = Rate(3)
        for words in ("two", "three", "the decision is no"):
            room.say(words)
            await asyncio.sleep(1)
        room.captions.end()
        publisher.close(FAREWELL)
        async with asyncio.timeout(10):
            await room.captions.said.wait()
        said = " ".join(room.texts)
        assert all(said.count(words) == 1 for words in ("one", "two", "three", "the decision is no"))


async def test_last_words_outlast_a_slack_that_is_away_for_half_a_minute() -> None:
    async with threadroom() as room, asyncio.TaskGroup() as tasks:
        publisher = Publisher(room.board, room.captions)
        ended = tasks.create_task(publisher.run())
        room.say("one")
        await asyncio.sleep(5)
        methods = ("appendStream", "startStream", "stopStream", "update", "postMessage")
        for method in methods:
            room.slack.faults.statuses[f"chat.{method}"] = [503] * 6
        room.say("the decision is no")
        room.captions.end()
        publisher.close(FAREWELL)
        await ended
    assert "the decision is no" in " ".join(room.texts)


@pytest.mark.parametrize("taken", [False, True])
async def test_a_call_whose_last_words_slack_never_took_says_that_they_are_missing(
    tmp_path: Path, *, taken: bool
) -> None:
    async with office(tmp_path, post=real) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        room.says("Ann", "The first words.")
        await acme.until(lambda: "The first words." in acme.general.text())
        if not taken:
            for method in ("postMessage", "startStream", "appendStream", "stopStream", "update"):
                acme.slack.faults.statuses[f"chat.{method}"] = [503] * 1_000
        room.says("Ann", "The decision is no.", 3.0)
        await acme.ann.command("/captions", "stop", channel=acme.general)
        await asyncio.sleep(3 * FAREWELL)
        acme.slack.faults.statuses.clear()
        await acme.until(lambda: acme.finales, 600)
        told = "Ann ended captions." if taken else f"Ann ended captions. {LOST}"
        assert acme.finales[0].why == told
        await acme.until(lambda: told in words(acme.card), 600)
        assert (LOST in words(acme.card)) is not taken
