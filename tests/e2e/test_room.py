import asyncio

import pytest

from core.audio.frame import RATE, WIDTH
from tests.bots.meet.house import STEP
from tests.e2e.spoken import TOLERANCE, TRIED, missed, spokenly, tried

pytestmark = pytest.mark.real_time


async def test_recorded_speech_over_a_connection_that_is_cut_three_times_is_captioned_whole() -> None:
    sound = await tried() + bytes(RATE * WIDTH * 2)
    size = STEP * WIDTH
    frames = [sound[n : n + size] for n in range(0, len(sound), size)]
    async with spokenly() as server:
        room = await server.room()
        token = (await server.join(room, "Sam"))["token"]
        async with server.reader(room) as reader:
            number = 0
            for until in (25, 55, 95, len(frames)):  # all in the middle of a word
                async with server.microphone(room, token) as microphone:
                    assert microphone.answer["next"] <= number
                    for again in range(microphone.answer["next"], number):
                        await microphone.frame(again, frames[again])
                    for new in range(number, until):
                        await microphone.frame(new, frames[new])
                        await asyncio.sleep(STEP / RATE)
                    number = until
                    if until < len(frames):
                        microphone.cut()
                    else:
                        await microphone.say("bye")
                        await reader.until(lambda r: r.room["state"] == "ended" and not r.partials)
        assert missed(TRIED, reader.text) < TOLERANCE
        assert not [entry for entry in reader.entries if entry["kind"] == "gap"]
        assert {entry["name"] for entry in reader.entries} == {"Sam"}


async def test_when_it_is_stopped_in_the_middle_of_a_sentence_the_last_words_appear() -> None:
    sound = (await tried())[: RATE * WIDTH * 4]
    async with spokenly() as server:
        room = await server.room()
        token = (await server.join(room, "Sam"))["token"]
        async with server.reader(room) as reader, server.microphone(room, token) as microphone:
            await microphone.send(sound)
            code = await server.stop()
            assert await reader.closed() == 1001
            assert await microphone.closed() == 1001
    assert code == 0
    assert "ever tried" in reader.text.lower()
    assert not reader.partials
    assert "Traceback" not in server.said
