"""Whatever a server says is read or refused by name; what it means is settled in order."""

import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines.deepgram.failures import answer, closed, failure
from core.engines.deepgram.messages import Metadata, Other, Results, Word, parse, recording
from core.engines.deepgram.settling import Settling, agreed
from core.errors import EngineError, LineBusy, LineLost, Refused

odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    odd, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
times = anything | st.floats(0, 100)


def maybe(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that have some of these fields, right or wrong."""
    return st.fixed_dictionaries({}, optional={key: value | anything for key, value in fields.items()})


word = maybe(
    {"word": st.text(max_size=4), "punctuated_word": st.text(max_size=4), "start": times, "end": times}
)
best = maybe(
    {
        "transcript": st.text(),
        "words": st.lists(word, max_size=3),
        "languages": st.lists(anything, max_size=2),
    }
)
channel = maybe({"alternatives": st.lists(best, max_size=2)})
message = maybe(
    {
        "type": st.sampled_from(["Results", "Metadata", "Error", "SpeechStarted"]),
        "start": times,
        "duration": times,
        "is_final": st.booleans(),
        "channel": channel,
    }
)
utterance = maybe(
    {"start": times, "end": times, "transcript": st.text(), "words": st.lists(word, max_size=3)}
)
results = maybe({"utterances": st.lists(utterance, max_size=3), "channels": st.lists(channel, max_size=2)})
file = maybe({"metadata": maybe({"duration": times}), "results": results})


@given(st.binary() | st.text() | (anything | message).map(json.dumps))
def test_any_message_is_read_or_refused_by_name(data: bytes | str) -> None:
    try:
        read = parse(data)
    except LineLost:
        return
    if isinstance(read, Results):
        assert 0 <= read.start <= read.end < math.inf
        assert all(0 <= one.start <= one.end < math.inf and one.text for one in read.words)
        assert bool(read.words) >= bool(read.text)
        json.dumps([read.text, *(one.text for one in read.words)], ensure_ascii=False).encode()


@given(anything | file)
def test_any_answer_about_a_recording_is_read_or_refused_by_name(told: object) -> None:
    try:
        duration, found = recording(told)
    except LineLost:
        return
    assert math.isfinite(duration)
    assert all(one.final for one in found)
    assert all(a.start <= b.start for a, b in itertools.pairwise(found))


@given(st.integers(100, 599), st.dictionaries(st.text(), st.text()), anything | st.text() | st.binary())
def test_any_refusal_has_a_name(status: int, headers: dict[str, str], body: object) -> None:
    error = failure(answer(status, headers, body), "nova-3", "en")
    assert type(error) in (LineBusy, LineLost, Refused)
    assert "\n" not in str(error)


@given(st.integers(1000, 4999), st.text())
def test_any_close_has_a_name(code: int, reason: str) -> None:
    assert isinstance(closed(code, reason), EngineError)
    assert isinstance(closed(code, reason), Refused) == (code == 1008)


def test_deep_nesting_is_refused_by_name() -> None:
    with pytest.raises(LineLost):
        parse("[" * 200_000)


def test_a_number_too_large_for_a_time_is_refused_by_name() -> None:
    with pytest.raises(LineLost):
        parse('{"type":"Metadata","duration":1' + "0" * 400 + "}")


def test_what_is_not_known_is_told_apart() -> None:
    assert parse('{"type":"UtteranceEnd","last_word_end":3.1}') == Other("UtteranceEnd")
    assert parse("[1]") == Other("")
    assert parse('{"type":"Metadata","duration":2.5,"sha256":"x"}') == Metadata(2.5)


def said(best: dict[str, Any], **more: Any) -> Results:
    whole = {"type": "Results", "start": 1.0, "duration": 2.0, "is_final": True} | more
    read = parse(json.dumps(whole | {"channel": {"alternatives": [best]}}))
    assert isinstance(read, Results)
    return read


def test_a_word_is_written_as_deepgram_would_write_it() -> None:
    told = {"word": "spokenly", "punctuated_word": "Spokenly.", "start": 1.0, "end": 1.5, "confidence": 0.5}
    read = said({"transcript": "Spokenly.", "confidence": 0.9, "words": [told | {"language": "nl"}]})
    assert read.words == (Word("Spokenly.", 1.0, 1.5, 0.5, "nl"),)
    assert (read.start, read.end, read.final, read.confidence) == (1.0, 3.0, True, 0.9)


def test_results_without_alternatives_say_nothing() -> None:
    read = parse('{"type":"Results","start":0,"duration":1,"is_final":true,"channel":{"alternatives":[]}}')
    assert read == Results(0.0, 1.0, True)


@pytest.mark.parametrize("words", [None, [], [{"word": "a"}], [{"word": "a", "start": 2, "end": 1}], ["a"]])
def test_a_text_whose_words_have_no_times_lasts_as_long_as_its_results(words: object) -> None:
    assert said({"transcript": "a b", "words": words}).words == (Word("a b", 1.0, 3.0),)


def test_half_a_character_and_line_breaks_become_something_that_can_be_written() -> None:
    assert said({"transcript": "a\ud800\r\n b"}).text == "a? b"


def test_a_reason_is_read_from_the_header_or_else_from_the_body() -> None:
    body = '{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r1"}'
    assert "(Gone; request r2)" in str(
        failure(answer(401, {"dg-error": "Gone", "dg-request-id": "r2"}, body), "m", "l")
    )
    assert "(INVALID_AUTH: Invalid credentials; request r1)." in str(failure(answer(401, {}, body), "m", "l"))
    assert str(failure(answer(401, {}, "<html>"), "m", "l")).endswith("to a valid one.")


@pytest.mark.parametrize(
    ("reason", "setting"),
    [
        ("Keyterm limit exceeded", "SPOKENLY_DEEPGRAM_KEYTERMS"),
        ("redact: unknown value", "SPOKENLY_DEEPGRAM_REDACT"),
        ("No such model/language/tier combination found.", "SPOKENLY_LANGUAGE"),
    ],
)
def test_a_bad_request_names_the_setting_that_its_reason_is_about(reason: str, setting: str) -> None:
    assert setting in str(failure(answer(400, {"dg-error": reason}), "nova-3", "de"))


# What it means


def heard(start: float, end: float, *words: Word, final: bool = True, text: str | None = None) -> Results:
    return Results(start, end, final, " ".join(one.text for one in words) if text is None else text, words)


def test_a_text_that_loses_its_first_words_keeps_its_own_spacing() -> None:
    settling = Settling(known=1.0)
    words = (Word("東京", 0.5, 1.0), Word("です", 1.0, 1.5), Word("。", 1.5, 1.6))
    found = settling.hear(heard(0, 2, *words, text="東京です。"), 2.0)
    assert found is not None
    assert (found.text, found.start, found.end) == ("です。", 1.0, 1.85)


def test_a_text_that_is_not_its_words_is_put_together_from_them() -> None:
    settling = Settling(known=1.0)
    words = (Word("five", 0.0, 0.5), Word("dollars", 1.0, 1.5), Word("each", 1.5, 2.0))
    found = settling.hear(heard(0, 2, *words, text="$5 each"), 2.0)
    assert found is not None
    assert found.text == "dollars each"


def test_a_retracted_interim_is_taken_back() -> None:
    settling = Settling()
    assert settling.hear(heard(0, 1, final=False), 1.0) is None
    assert settling.hear(heard(0, 1, Word("a", 0, 0.5), final=False), 1.0) is not None
    gone = settling.hear(heard(0, 2, final=False), 2.0)
    assert gone is not None
    assert (gone.text, gone.final) == ("", False)
    assert not settling.pending


def test_what_two_interims_begin_with_is_stable() -> None:
    assert agreed("w1 w2 w3", "w1 w2 w4 w5") == len("w1 w2")
    assert agreed("", "w1") == 0
    assert agreed("w1", "w1") == 2


def test_finals_that_leave_something_out_are_a_lost_line() -> None:
    settling = Settling()
    settling.hear(heard(0, 1), 1.0)
    settling.hear(heard(1.05, 2), 2.0)
    with pytest.raises(LineLost):
        settling.hear(heard(2.2, 3), 3.0)


def test_a_final_that_comes_twice_settles_nothing_and_says_nothing_when_it_is_empty() -> None:
    settling = Settling()
    assert settling.hear(heard(0, 1), 1.0) is not None
    assert settling.hear(heard(0, 1), 1.0) is None


spans = st.floats(0, 10)
streams = st.lists(
    st.tuples(
        spans, spans, st.booleans(), st.lists(st.tuples(spans, spans, st.text(min_size=1)), max_size=3)
    ),
    max_size=8,
)


@given(streams, st.floats(0, 3), st.floats(0, 20))
def test_finals_never_overlap_whatever_the_times_are(
    told: list[tuple[float, float, bool, list[tuple[float, float, str]]]], known: float, sent: float
) -> None:
    settling = Settling(known=known)
    before = known
    for start, length, final, listed in told:
        words = sorted((Word(text, at, at + long) for at, long, text in listed), key=lambda one: one.start)
        try:
            found = settling.hear(heard(start, start + length, *words, final=final), sent)
        except LineLost:
            continue
        if found is None:
            continue
        assert known <= found.start <= found.end <= max(sent, known)
        assert 0 <= found.stable <= len(found.text)
        assert found.start >= before
        if found.final:
            assert found.stable == len(found.text)
            before = found.end
