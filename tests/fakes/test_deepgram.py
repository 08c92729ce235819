"""A live stream of the fake Deepgram is what Deepgram's own documents say, on the loop's clock."""

import asyncio
import itertools

import pytest

from tests.fakes.deepgram import (
    Manner,
    Style,
    deepgram,
)
from tests.fakes.deepgram.client import client, hear, text
from tests.fakes.engine import numbers, speak


async def test_words_come_once_and_in_order_and_the_stream_ends_with_metadata() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, speak(30, pause=0.1) + speak([31, 32], after=1.0))
    assert heard.words == list(range(1, 33))
    assert heard.messages[-1]["type"] == "Metadata"
    assert heard.messages[-1]["duration"] == pytest.approx(30 * 0.3 + 0.4 + 1.0)
    assert heard.socket.close_code == 1000
    visit = fake.ledger.visits[0]
    assert visit.told == visit.heard == heard.words
    assert visit.audio == pytest.approx(10.4)
    assert visit.ended == "server 1000"


async def test_finals_cover_all_audio_without_a_hole() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, speak(40) + speak([41], after=12.0))
    at = 0.0
    for final in heard.finals:
        assert final["start"] == pytest.approx(at)
        at = final["start"] + final["duration"]
    assert at == pytest.approx(41 * 0.2 + 12.0)


async def test_interims_come_once_a_second_and_replace_one_another() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, speak(20))
    starts = [interim["start"] + interim["duration"] for interim in heard.interims if text(interim)]
    assert starts[:4] == pytest.approx([1.0, 2.0, 3.0, 4.0])
    assert numbers(text(heard.interims[1])) == list(range(1, 11))


async def test_the_end_of_an_interim_may_be_misheard() -> None:
    async with deepgram(manner=Manner(style=Style(unsure=2))) as fake:
        heard = await hear(fake, speak(20))
    assert numbers(text(heard.interims[0])) == [1, 2, 3, 0, 0]
    assert heard.words == list(range(1, 21))


async def test_without_interim_results_only_finals_come() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, speak(20), {"interim_results": "false"})
    assert not heard.interims
    assert heard.words == list(range(1, 21))


async def test_a_final_may_end_before_the_last_interim_did_and_the_word_moves_on() -> None:
    async with deepgram(manner=Manner(longest=5.0, hold=2)) as fake:
        heard = await hear(fake, speak(60))
    first = heard.finals[0]
    before = heard.messages[heard.messages.index(first) - 1]
    assert before["start"] + before["duration"] > first["start"] + first["duration"]
    repeated = set(numbers(text(before))) - set(numbers(text(first)))
    assert repeated
    assert numbers(text(heard.finals[1]))[0] == min(repeated)
    assert heard.words == list(range(1, 61))


async def test_silence_is_told_as_empty_finals() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, bytes(32000 * 16))
    assert [text(final) for final in heard.finals] == [""] * 4
    assert sum(final["duration"] for final in heard.finals) == pytest.approx(16.0)


async def test_a_pause_ends_the_utterance() -> None:
    asked = {"vad_events": "true", "utterance_end_ms": "1000"}
    async with deepgram() as fake:
        heard = await hear(fake, speak(3, after=2.0) + speak([4], after=2.0), asked)
    assert [message["timestamp"] for message in heard.of("SpeechStarted")] == pytest.approx([0.0, 2.6])
    assert [message["last_word_end"] for message in heard.of("UtteranceEnd")] == pytest.approx([0.6, 2.8])
    spoken = [final for final in heard.finals if text(final)]
    assert [final["speech_final"] for final in spoken] == [True, True]
    assert spoken[0]["duration"] == pytest.approx(0.9)


async def test_without_endpointing_a_pause_ends_nothing() -> None:
    async with deepgram() as fake:
        heard = await hear(fake, speak(3, after=2.0), {"endpointing": "false"})
    assert [text(final) for final in heard.finals] == ["w1 w2 w3"]
    assert not heard.finals[0]["speech_final"]


async def test_finalize_settles_what_was_sent_and_the_stream_goes_on() -> None:
    async with deepgram() as fake, client(fake) as each:
        await each.say(speak(3))
        await each.socket.send_json({"type": "Finalize"})
        await asyncio.sleep(0.1)
        assert each.finals[0]["from_finalize"]
        assert each.words == [1, 2, 3]
        await each.socket.send_json({"type": "Finalize"})  # nothing is open: no answer is promised
        await asyncio.sleep(0.1)
        assert len(each.finals) == 1
        await each.say(speak([4, 5]))
        await each.socket.send_bytes(b"")
    assert each.words == [1, 2, 3, 4, 5]
    assert each.socket.close_code == 1000


@pytest.mark.parametrize("cut", [20, 80, 100, 120, 180])
async def test_of_a_word_cut_in_two_exactly_one_part_is_heard(cut: int) -> None:
    pcm = speak(10)
    at = (1000 + cut) * 32  # in the sixth word
    async with deepgram() as fake:
        first = await hear(fake, pcm[:at])
        rest = await hear(fake, pcm[at:])
    assert first.words + rest.words == list(range(1, 11))


async def test_a_word_flushed_in_its_middle_comes_once() -> None:
    async with deepgram() as fake, client(fake) as each:
        for cut in range(0, 32000, 1280):
            await each.say(speak(5)[cut : cut + 1280])
            await each.socket.send_json({"type": "Finalize"})
        await each.socket.send_json({"type": "CloseStream"})
    assert each.words == [1, 2, 3, 4, 5]


async def test_several_languages_are_told_by_word() -> None:
    async with deepgram(manner=Manner(style=Style(tongues={2: "es", 3: "es"}))) as fake:
        heard = await hear(fake, speak(3))
        single = await hear(fake, speak(3), {"language": "en-GB"})
    alternative = heard.finals[0]["channel"]["alternatives"][0]
    assert alternative["languages"] == ["es", "en"]
    assert [word["language"] for word in alternative["words"]] == ["en", "es", "es"]
    assert "languages" not in single.finals[0]["channel"]["alternatives"][0]


async def test_word_times_jitter_anew_on_each_connection_within_their_segment() -> None:
    async with deepgram(manner=Manner(style=Style(jitter=0.06))) as fake:
        one = await hear(fake, speak(40))
        other = await hear(fake, speak(40))
    times = []
    for heard in (one, other):
        words = [word for final in heard.finals for word in final["channel"]["alternatives"][0]["words"]]
        assert all(abs(word["start"] - number * 0.2) <= 0.0601 for number, word in enumerate(words))
        assert all(a["end"] <= b["start"] + 1e-6 for a, b in itertools.pairwise(words))
        times.append([word["start"] for word in words])
    assert times[0] != times[1]


async def test_a_replay_is_cut_elsewhere_when_told_to() -> None:
    async with deepgram(manner=Manner(varied=True)) as fake:
        one = await hear(fake, speak(60))
        other = await hear(fake, speak(60))
    assert [final["duration"] for final in one.finals] != [final["duration"] for final in other.finals]
    assert one.words == other.words == list(range(1, 61))


async def test_punctuation_is_written_when_told_to() -> None:
    async with deepgram(manner=Manner(style=Style(punctuation=True))) as fake:
        heard = await hear(fake, speak(2, after=1.0), {"smart_format": "true"})
    assert text(heard.finals[0]) == "w1 w2."
    assert [word["word"] for word in heard.finals[0]["channel"]["alternatives"][0]["words"]] == ["w1", "w2"]


async def test_a_client_that_says_nothing_is_closed_after_ten_seconds() -> None:
    loop = asyncio.get_running_loop()
    async with deepgram() as fake:
        async with client(fake) as each:
            await each.say(speak(3))
            began = loop.time()
        assert loop.time() - began == pytest.approx(10, abs=0.5)
    assert each.socket.close_code == 1011
    assert each.of("Metadata")[0]["sha256"] == "incomplete"
    assert fake.ledger.ended == {"server 1011": 1}


async def test_a_client_that_only_keeps_alive_is_closed_after_twenty_seconds() -> None:
    async with deepgram() as fake:
        async with client(fake) as each:
            for _ in range(6):
                await each.socket.send_json({"type": "KeepAlive"})
                await asyncio.sleep(3)
        assert each.socket.close_code == 1011
        async with client(fake) as other:
            await other.say(speak(3))
            for _ in range(20):
                await other.socket.send_json({"type": "KeepAlive"})
                await asyncio.sleep(3)
            await other.socket.send_json({"type": "CloseStream"})
    assert other.words == [1, 2, 3]
    assert other.socket.close_code == 1000
    assert fake.ledger.received["KeepAlive"] == 26


async def test_half_a_sample_is_no_audio() -> None:
    async with deepgram() as fake, client(fake) as each:
        await each.socket.send_bytes(b"odd")
    assert each.socket.close_code == 1008


async def test_a_text_that_is_no_message_is_answered_and_the_stream_goes_on() -> None:
    async with deepgram() as fake, client(fake) as each:
        await each.socket.send_str("hello")
        await each.socket.send_json({"type": "Nonsense"})
        await each.say(speak(2))
        await each.socket.send_json({"type": "CloseStream"})
    assert [error["variant"] for error in each.of("Error")] == ["SchemaError"] * 2
    assert each.of("Error")[0]["message"] == "hello"
    assert each.words == [1, 2]


async def test_key_terms_can_be_changed_on_the_way() -> None:
    async with deepgram() as fake, client(fake) as each:
        await each.socket.send_json({"type": "Configure", "keyterms": ["Beckett"]})
        await each.socket.send_json({"type": "Configure", "keyterms": ["interminable " * 200]})
        await each.socket.send_json({"type": "CloseStream"})
    assert each.of("ConfigureSuccess")[0]["keyterms"] == ["Beckett"]
    assert each.of("ConfigureFailure")[0]["code"] == "CONFIGURE_KEYTERM_LIMIT_EXCEEDED"


async def test_what_is_sent_faster_than_it_is_worked_through_is_told_later_and_later() -> None:
    loop = asyncio.get_running_loop()
    async with deepgram(manner=Manner(pace=1.25)) as fake:
        began = loop.time()
        heard = await hear(fake, speak(150), speed=100)  # thirty seconds at once
        took = loop.time() - began
        assert took == pytest.approx(30 / 1.25, abs=1)
        await hear(fake, speak(150))
        assert loop.time() - began - took == pytest.approx(30, abs=1)
    for at, said in zip(heard.arrived, heard.messages, strict=True):
        if said in heard.interims:
            assert at - began == pytest.approx((said["start"] + said["duration"]) / 1.25, abs=0.4)
    assert heard.words == list(range(1, 151))
