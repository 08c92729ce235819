"""Deepgram's text intelligence, and where in a call its findings lie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RecapFailed
from core.record.recaps.deepgram_read import DeepgramRead
from core.record.recaps.places import sent
from core.record.recaps.recap import Claim, Talk
from tests.core.record.recaps.calls import MEETING, conversation, long
from tests.fakes.deepgram_read import FakeDeepgramRead, Hang, Raw, Status, fake_deepgram_read

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def reader(
    fake: FakeDeepgramRead, *, key: str = "dg-right", mood: bool = False, url: str = "", seconds: float = 20
) -> AsyncIterator[DeepgramRead]:
    def make() -> DeepgramRead:
        return DeepgramRead(key, mood=mood, url=url or fake.url, timeout=seconds)

    async with await asyncio.to_thread(make) as made:
        yield made


async def failure(fake: FakeDeepgramRead, **settings: Any) -> str:
    async with reader(fake, **settings) as made:
        with pytest.raises(RecapFailed) as failed:
            await made.summarise(conversation())
    sentence = str(failed.value)
    assert not any(words in sentence for words in ("harbour", "Ana", "dg-right"))
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("nested", [False, True])
async def test_a_recap_holds_what_deepgram_found_with_the_lines_it_rests_on(nested: bool) -> None:
    async with fake_deepgram_read() as fake, reader(fake) as made:
        fake.nested = nested
        recap = await made.summarise(conversation())
    assert recap.by == "deepgram"
    assert recap.name == made.name == "Deepgram"
    assert [claim.lines for claim in recap.summary] == [(4,), (1,)]
    assert recap.actions == (Claim("Send the report", (10,)),)
    assert recap.decisions == recap.questions == ()
    assert recap.phrases == ("bridge", "build", "spring", "tomorrow", "met")
    assert recap.talk[0] == Talk("Ana Lima", 6, 25)
    assert recap.mood is None
    assert recap.note is not None
    assert "found by the words that they share" in recap.note
    assert fake.queries == [{"language": "en", "summarize": "true", "topics": "true", "intents": "true"}]
    assert fake.texts == ["\n".join(MEETING)], "names stay here"


async def test_the_mood_is_asked_for_only_where_it_is_wanted() -> None:
    async with fake_deepgram_read() as fake, reader(fake, mood=True) as made:
        recap = await made.summarise(conversation([*MEETING, "I hate the terrible bad noise."]))
        assert fake.queries[0]["sentiment"] == "true"
    assert recap.mood is not None
    assert recap.mood.score == -0.5
    assert recap.mood.brightest == Claim(MEETING[5], (16,))
    assert recap.mood.darkest == Claim("I hate the terrible bad noise.", (19,))


async def test_a_sentence_of_the_summary_that_no_line_supports_is_dropped() -> None:
    async with fake_deepgram_read() as fake, reader(fake) as made:
        fake.results = {
            "summary": {
                "text": "The budget of the bridge is too small. Volcanoes erupted on distant planets. "
                "Visit https://evil.example for the bridge budget."
            }
        }
        recap = await made.summarise(conversation())
    assert [claim.text for claim in recap.claims] == ["The budget of the bridge is too small."]
    assert 4 in recap.summary[0].lines


@pytest.mark.parametrize(
    ("text", "start", "end", "lines"),
    [
        ("Who pays for the lights on the bridge?", 54, 61, (13,)),
        ("who pays for the lights", 0, 3, (13,)),
        ("in spring. I will send", 40, 45, (7, 10)),
        ("Who pays? For the lights, on the harbour bridge?", 54, 61, (13,)),
        ("Volcanoes erupt.", 54, 61, ()),
        ("Volcanoes erupt.", None, None, ()),
        ("Volcanoes erupt.", 4000, 4001, ()),
        ("Volcanoes erupt.", -5, 1e30, ()),
        ("", None, None, ()),
        ("", 54, 61, ()),
        (None, 0, 1, ()),
    ],
)
async def test_a_finding_counts_where_its_words_were_said(
    text: str | None, start: float | None, end: float | None, lines: tuple[int, ...]
) -> None:
    segment = {
        "text": text,
        "start_word": start,
        "end_word": end,
        "intents": [{"intent": "Book a room", "confidence_score": 0.9}],
    }
    async with fake_deepgram_read() as fake, reader(fake) as made:
        fake.results = {"intents": {"segments": [segment]}, "summary": {"text": "The budget of the bridge."}}
        recap = await made.summarise(conversation())
    assert recap.actions == ((Claim("Book a room", lines),) if lines else ())


@pytest.mark.parametrize(
    ("intent", "score", "taken"),
    [("Schedule a meeting", 0.9, True), ("Schedule a meeting", 0.1, False), ("Ask about lights", 0.9, False),
     ("Provide information", 0.99, False), ("Decide on green", 0.99, False), ("Send @here money", 0.9, False),
     ("Send www.evil.example", 0.9, False), ("", 0.9, False)],
)  # fmt: skip
async def test_only_what_somebody_has_to_act_on_is_an_action(intent: str, score: float, taken: bool) -> None:
    segment = {
        "text": MEETING[4],
        "start_word": 53,
        "end_word": 60,
        "intents": [{"intent": intent, "confidence_score": score}],
    }
    async with fake_deepgram_read() as fake, reader(fake) as made:
        fake.results = {"intents": {"segments": [segment]}, "summary": {"text": "The budget of the bridge."}}
        recap = await made.summarise(conversation())
    assert bool(recap.actions) == taken
    assert recap.decisions == ()


async def test_a_topic_that_calls_people_or_links_is_none() -> None:
    topics = ["Lights", "@here", "www.evil.example", "", "Lights"]
    told = [{"topic": topic, "confidence_score": 0.9} for topic in topics]
    segment = {"text": MEETING[4], "start_word": 54, "end_word": 61, "topics": told}
    nowhere = {"text": "Volcanoes erupt.", "topics": [{"topic": "Volcano", "confidence_score": 0.9}]}
    async with fake_deepgram_read() as fake, reader(fake) as made:
        fake.results = {"topics": {"segments": [segment, nowhere]}}
        recap = await made.summarise(conversation())
    assert recap.phrases == ("Lights",)


async def test_half_a_character_does_not_stop_the_rest() -> None:
    async with fake_deepgram_read() as fake, reader(fake) as made:
        recap = await made.summarise(conversation([*MEETING, "a\ud800b"]))
    assert recap.claims


async def test_what_is_said_twice_is_found_where_it_was_meant() -> None:
    call = conversation(["Send the report."] * 20)
    (part,) = sent(call.lines)
    assert part.lines("Send the report.", 30, 32) == (31,)
    assert part.lines("Send the report. Send", 30, 33) == (31, 34)


@given(st.lists(st.text("ab .\n\u00e9\u05d0", max_size=12), max_size=12), st.integers(3, 30))
def test_every_word_that_is_sent_is_found_on_its_own_line(texts: list[str], budget: int) -> None:
    lines = conversation(texts).lines
    parts = sent(lines, budget)
    said = [line for line in lines if line.text.strip()]
    at = [(part, word) for part in parts for word in range(len(part.words))]
    own = [line.number for line in said for _ in line.text.split()]
    assert [part.lines("", word, word) for part, word in at] == [()] * len(at), "nothing is nowhere"
    assert "\n".join(part.text for part in parts).split() == [
        word for line in said for word in line.text.split()
    ]
    for (part, word), number in zip(at, own, strict=True):
        assert part.lines(part.text.split()[word], word, word) == (number,)


async def test_a_call_of_any_length_is_read_in_parts_that_deepgram_takes() -> None:
    call = long(1.5, ["We agreed about the bridge " * 12])
    async with fake_deepgram_read() as fake, reader(fake) as made:
        recap = await made.summarise(call)
    assert len(fake.texts) == 6
    assert "\n".join(fake.texts).split("\n") == [" ".join(line.text.split()) for line in call.lines]
    assert recap.summary


async def test_another_language_is_not_sent() -> None:
    async with fake_deepgram_read() as fake, reader(fake) as made:
        for language in ("de", "pt-BR", "enm"):
            with pytest.raises(RecapFailed, match="English only"):
                await made.summarise(conversation(language=language))
        with pytest.raises(RecapFailed, match="English only"):
            await made.summarise(conversation(["Wir malen die Brücke grün."] * 20, language="multi"))
        assert fake.texts == []
        for language in ("en", "en-GB", "multi"):
            assert (await made.summarise(conversation(language=language))).claims


async def test_fifty_words_are_too_few() -> None:
    async with fake_deepgram_read() as fake, reader(fake) as made:
        with pytest.raises(RecapFailed, match="more than 50 words"):
            await made.summarise(conversation(["word"] * 50))
        assert fake.texts == []
        await made.summarise(conversation(["word"] * 51))


@pytest.mark.parametrize(
    ("fault", "told", "tries"),
    [
        (Status(401), "DEEPGRAM_API_KEY", 1),
        (Status(403), "DEEPGRAM_API_KEY", 1),
        (Status(402), "nothing left to spend", 1),
        (Status(400), "refuses what it was sent (HTTP 400)", 1),
        (Status(429, headers={"Retry-After": "0.01"}), "too much to do", 2),
        (Status(500), "HTTP 500", 2),
        (Raw(b"<html>"), "can't be read", 1),
        (Raw(b""), "can't be read", 1),
        (Raw(b"[]"), "can't be read", 1),
        (Raw(b"null"), "can't be read", 1),
        (Raw(b'{"results": 5}'), "can't be read", 1),
        (Raw(b'{"results": {"intents": {"segments": [5]}}}'), "can't be read", 1),
        (Raw(b'{"results": {"intents": {"segments": [{"start_word": 1e999}]}}}'), "can't be read", 1),
        (Raw(b'{"results": {}}'), "nothing in this call", 1),
        (Raw(b"\xff"), "can't be read", 1),
    ],
)
async def test_a_bad_day_is_told_in_one_sentence(fault: Status | Raw, told: str, tries: int) -> None:
    async with fake_deepgram_read() as fake:
        fake.always = fault
        assert told in await failure(fake)
        assert len(fake.texts) == tries


async def test_a_wrong_key_an_away_and_a_silent_deepgram_are_told_apart() -> None:
    async with fake_deepgram_read() as fake:
        assert "DEEPGRAM_API_KEY" in await failure(fake, key="dg-wrong")
        assert "DEEPGRAM_API_KEY" in await failure(fake, key="dg-schlüssel")
        assert "can't be reached" in await failure(fake, url="http://127.0.0.1:9")
        fake.always = Hang()
        assert await failure(fake, seconds=0.2) == "Deepgram did not answer in 0.2 seconds."
