"""What a model is asked, how long calls are cut, and how answers are read."""

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.record.recaps import answer, prompt
from core.record.recaps.answer import Nonsense
from core.record.recaps.evidence import Evidence, Overlap, addresses, alive, cut
from core.record.recaps.prompt import Row
from core.record.recaps.recap import Claim, Recap
from tests.core.record.recaps.calls import MEETING, conversation

TEXT = st.text(st.characters(), max_size=40)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60)), max_size=60),
    st.integers(40, 200),
    st.integers(0, 3),
)
def test_parts_hold_every_line_in_order_and_fit(
    shape: list[tuple[int, int]], budget: int, overlap: int
) -> None:
    rows = [Row((number,), turn, "x", cost) for number, (turn, cost) in enumerate(shape)]
    parts = prompt.parts(rows, budget, overlap)
    read: list[int] = []
    for part in parts:
        numbers = [row.lines[0] for row in part]
        assert numbers == [*range(numbers[0], numbers[-1] + 1)]
        assert sum(row.cost for row in part) <= budget + max(row.cost for row in part) * (len(part) == 1)
        assert numbers[-1] not in read, "each part reads something new"
        assert not read or numbers[0] <= read[-1] + 1, "nothing is left out between two parts"
        read += [number for number in numbers if number not in read]
    assert read == [*range(len(rows))]


def test_parts_are_cut_between_turns() -> None:
    rows = [Row((number,), number // 5, "x", 10) for number in range(40)]
    parts = prompt.parts(rows, 130, overlap=0)
    assert len(parts) > 2
    assert all(part[0].lines[0] % 5 == 0 for part in parts)


def test_parts_begin_with_the_end_of_the_one_before() -> None:
    rows = [Row((number,), number, "x", 5) for number in range(100)]
    parts = prompt.parts(rows, 150)
    for before, after in pairwise(parts):
        assert before[-2:] == after[:2]


@given(st.lists(TEXT, max_size=8), st.integers(1, 20))
def test_a_line_of_data_is_one_line_of_json_that_closes_nothing(texts: list[str], most: int) -> None:
    lines = conversation(texts).lines
    rows = prompt.rows(lines, most)
    assert [row.lines for row in rows] == [(line.number,) for line in lines if line.text.strip()]
    for row in rows:
        assert "\n" not in row.json
        assert "<" not in row.json
        assert prompt.tokens(json.loads(row.json)["text"]) <= most
        assert row.cost >= prompt.tokens(row.json)


@pytest.mark.parametrize(
    ("text", "least"),
    [("", 0), ("harbour " * 30, 30), ("мост " * 30, 60), ("橋" * 30, 30), ("גשר " * 30, 60), ("🌉" * 30, 60)],
)
def test_tokens_are_counted_with_caution(text: str, least: int) -> None:
    assert least <= prompt.tokens(text) <= 4 * len(text)


@given(st.lists(st.lists(st.integers(1, 50), max_size=5), max_size=20))
def test_neighbours_are_grouped_as_far_as_they_fit(costs: list[list[int]]) -> None:
    written = [[Row((), part, "x", cost) for cost in some] for part, some in enumerate(costs)]
    groups = prompt.groups(written, 500)
    assert [some for group in groups for some in group] == written
    assert all(sum(row.cost for some in group for row in some) <= 500 for group in groups)
    assert all(len(group) > 1 for group in groups[:-1])


def test_what_a_part_says_is_shortened_evenly() -> None:
    claims = tuple(Claim(f"Claim number {number}.", (number,)) for number in range(20))
    recap = Recap("llm", "", summary=claims[:12], decisions=claims[:3], phrases=("bridge",))
    kinds = [json.loads(row.json)["kind"] for row in prompt.claim_rows(1, recap, 130)]
    assert kinds.count("summary") < 12
    assert kinds.count("decision") >= 2
    assert "topic" in kinds
    assert prompt.claim_rows(1, recap, 0) == []


# Answers


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_a_model_writes_is_an_answer_or_nonsense(text: str) -> None:
    for written in (
        text,
        "{" + text + "}",
        json.dumps({"summary": text}),
        json.dumps({"summary": [{"text": text}]}),
    ):
        with suppress(Nonsense):
            answer.read(written)


def test_nonsense_is_told_without_what_it_says() -> None:
    for written in (
        "",
        "Volcanoes",
        "{Volcanoes}",
        '{"Volcanoes": 1}',
        '{"summary": "Volcanoes"}',
        "[[[" * 9**5,
    ):
        with pytest.raises(Nonsense) as nonsense:
            answer.read(written)
        told = f"{nonsense.value} {nonsense.value.complaint} {nonsense.value.__cause__}"
        assert "Volcanoes" not in told
        assert len(told) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["summary", "decisions", "actions", "questions", "topics"], JSON)
    )
)
def test_any_json_is_an_answer_or_nonsense(value: Any) -> None:
    with suppress(Nonsense):
        answer.read(json.dumps(value))


@given(JSON)
def test_ids_are_read_whatever_they_are(value: Any) -> None:
    (said,) = answer.read(json.dumps({"summary": [{"text": "x", "lines": value}]})).summary
    assert all(isinstance(number, int) for number in said.lines)


# Evidence


@given(TEXT, st.integers(1, 50))
def test_what_is_shown_is_short_and_on_one_line(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short) <= most
    assert short.splitlines() in ([], [short])
    short.encode()


@pytest.mark.parametrize(
    "text",
    ["It costs 3.50 euros.", "We use Node.js, e.g. for this.", "Ben: yes.", "10:30 at Ana's", "a/b tests",
     "50 % of v2.0", "the file report.pdf", "U.S. law", "and/or", "Er sagt: ja.", "He said…no"],
)  # fmt: skip
def test_plain_sentences_hold_no_address(text: str) -> None:
    assert not alive(text)


def test_long_speech_is_looked_through_at_once() -> None:
    for text in ("a" * 50_000, "a." * 25_000, "a-" * 25_000, "a@" * 25_000, "http:" * 10_000):
        addresses(text[:3200])
        assert not addresses("a" * 50_000)
        assert cut(text)


def test_a_sentence_rests_on_the_lines_that_share_its_rare_words() -> None:
    overlap = Overlap(conversation().lines, "en")
    assert overlap.lines("The bridge will be painted green.") == (7,)
    assert overlap.lines("A small budget; lights on the bridge.") == (4,)
    assert overlap.lines("Volcanoes erupt on distant planets.") == ()
    assert overlap.lines("The bridge was seen by volcanoes, planets, comets and moons.") == ()
    assert overlap.lines("") == ()
    assert Overlap([], "en").lines("The bridge.") == ()


def test_a_claim_cites_lines_that_exist_and_not_too_many() -> None:
    evidence = Evidence(conversation(["bridge"] * 20).lines, "en")
    assert evidence.claim("A bridge.", [2, 4, 99, 4]) == Claim("A bridge.", (4,))
    assert evidence.claim("A bridge.", [2, 99]) is None
    assert evidence.dropped == 1
    claim = evidence.claim("A bridge.", range(100))
    assert claim is not None
    assert len(claim.lines) == 8


def test_phrases_are_those_whose_words_were_said() -> None:
    evidence = Evidence(conversation().lines, "en")
    wanted = [
        "Harbour bridge",
        "harbour bridge",
        "painting",
        "budgets",
        "volcanoes",
        "bridge volcano",
        "",
        "the",
    ]
    assert evidence.phrases(wanted) == ("Harbour bridge", "painting", "budgets")
    assert evidence.phrases(["bridge"] * 3 + [word for text in MEETING for word in text.split()] * 2) != ()
    assert len(evidence.phrases(word for text in MEETING for word in text.split())) == 12
