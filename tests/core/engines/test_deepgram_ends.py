"""The last messages of a stream, in forms that Deepgram's own servers rarely give them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve

from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.protocol import Hypothesis
from core.errors import LineLost
from tests.fakes.engine import speak

End = Literal["close", "hang", "abort"]


def results(start: float, end: float, text: str = "", *, final: bool = True) -> dict[str, Any]:
    """Words of equal length."""
    spoken = text.split()
    length = (end - start) / max(1, len(spoken))
    listed = [
        {"word": word, "start": start + at * length, "end": start + (at + 1) * length}
        for at, word in enumerate(spoken)
    ]
    channel = {"alternatives": [{"transcript": text, "confidence": 0.9, "words": listed}]}
    return {
        "type": "Results",
        "start": start,
        "duration": end - start,
        "is_final": final,
        "channel": channel,
    }


def metadata(duration: float) -> dict[str, Any]:
    return {"type": "Metadata", "duration": duration}


@asynccontextmanager
async def engine(last: Sequence[object], end: End = "close") -> AsyncIterator[Deepgram]:
    """One whose server says `last` when it is asked to end, and then does what `end` says."""

    async def talk(connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, str) and json.loads(message)["type"] == "CloseStream":
                break
        for each in last:
            await connection.send(json.dumps(each))
        if end == "abort":
            connection.transport.abort()
        elif end == "hang":
            await connection.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = DeepgramOptions(url=f"ws://127.0.0.1:{port}")
        async with Deepgram(SecretStr("key"), options) as one:
            yield one


async def hear(one: Deepgram, words: int = 5) -> list[Hypothesis]:
    async with asyncio.timeout(600), one.recognize("en") as stream:
        await stream.send(speak(words))
        await stream.finish()
        return [each async for each in stream]


@pytest.mark.parametrize("end", ["close", "hang", "abort"])
async def test_how_the_connection_ends_after_the_last_message_does_not_matter(end: End) -> None:
    loop = asyncio.get_running_loop()
    async with engine([results(0, 1, "a b c"), metadata(1.0)], end) as one:
        before = loop.time()
        assert [each.text for each in await hear(one)] == ["a b c"]
        assert loop.time() - before <= 1.0


async def test_seconds_are_counted_as_deepgram_counts_them() -> None:
    async with engine([results(0, 1, "a"), metadata(1.05)]) as one:
        await hear(one)
        assert one.spent.seconds == 1.05


@pytest.mark.parametrize("counted", [0.0, 0.8, 1.2])
async def test_a_count_that_is_not_what_was_sent_is_a_lost_line(counted: float) -> None:
    async with engine([results(0, 1, "a"), metadata(counted)]) as one:
        with pytest.raises(LineLost, match=rf"{counted:.1f} of 1\.0 seconds"):
            await hear(one)
        assert one.spent.seconds == pytest.approx(1.0)


async def test_a_count_told_too_early_is_taken_for_what_it_is() -> None:
    async with engine([metadata(0.2), results(0, 1, "a"), metadata(1.0)]) as one:
        assert [each.text for each in await hear(one)] == ["a"]


async def test_an_end_without_a_count_is_a_lost_line() -> None:
    async with engine([results(0, 1, "a")]) as one:
        with pytest.raises(LineLost, match="before all was told"):
            await hear(one)


async def test_words_that_never_became_final_are_a_lost_line() -> None:
    async with engine([results(0, 1, "a b", final=False), metadata(1.0)]) as one:
        with pytest.raises(LineLost, match="last words"):
            await hear(one)


async def test_an_end_that_no_final_covers_is_a_lost_line() -> None:
    async with engine([results(0, 0.5, "a b"), metadata(1.0)]) as one:
        with pytest.raises(LineLost, match="last words"):
            await hear(one)


async def test_an_end_too_short_for_a_word_is_settled_as_silence() -> None:
    async with engine([results(0, 0.95, "a b"), metadata(1.0)]) as one:
        first, last = await hear(one)
        assert (first.text, last.text) == ("a b", "")
        assert first.end == pytest.approx(0.95, abs=0.002)
        assert last.end == 1.0


async def test_nothing_at_all_about_a_long_stream_is_a_lost_line() -> None:
    async with engine([metadata(2.0)]) as one:
        with pytest.raises(LineLost, match="last words"):
            await hear(one, 10)


async def test_a_final_beyond_what_was_sent_settles_only_what_was_sent() -> None:
    async with engine([results(0, 9, "a b"), metadata(1.0)]) as one:
        assert [each.end for each in await hear(one)] == [1.0]


async def test_a_stream_without_sound_ends_even_if_nobody_answers() -> None:
    loop = asyncio.get_running_loop()
    async with engine([], "hang") as one:
        before = loop.time()
        assert await hear(one, 0) == []
        assert loop.time() - before <= 1.0
