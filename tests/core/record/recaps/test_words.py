"""Talk is cut where sentences end, in any script, and what only keeps the floor is known as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.record.recaps.words import (
    content,
    length,
    nods,
    opening,
    sentences,
    sounds_english,
    stumbles,
    words,
)


def cut(text: str) -> list[str]:
    return [text[first:last] for first, last in sentences(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        (
            "Mr. Smith pays 3.50 at St. James, e.g. tonight.",
            ["Mr. Smith pays 3.50 at St. James, e.g. tonight."],
        ),
        ("So did I. Then we left.", ["So did I.", "Then we left."]),
        ("Well... maybe not. Fine…", ["Well... maybe not.", "Fine…"]),
        ('She said "stop." Then she left.', ['She said "stop."', "Then she left."]),
        ("今天开会。明天休息！好吗？", ["今天开会。", "明天休息！", "好吗？"]),
        ("आज बैठक है। कल नहीं।", ["आज बैठक है।", "कल नहीं।"]),
        ("متى نبدأ؟ الآن.", ["متى نبدأ؟", "الآن."]),
        ("and so on", ["and so on"]),
        ("  ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


@given(st.text())
def test_cutting_loses_nothing_but_spaces(text: str) -> None:
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    assert all(words(text))
    assert len(content(text, "en")) <= len(words(text))
    assert 0 <= opening(text) <= len(text)
    assert 0 <= length(text) <= len(text)


def test_words_are_whole_in_every_script() -> None:
    assert words("Don’t panic, it's 12.5 T-shirts!") == ["don't", "panic", "it's", "12.5", "t-shirts"]
    assert words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"]
    assert words("会議の予定") == ["会議", "議の", "の予", "予定"]
    assert length("会議の予定 for us") == 5


def test_only_what_carries_meaning_is_content() -> None:
    assert content("So, um, I think we should really send the designs to the printers", "en") == [
        "send",
        "design",
        "printer",
    ]
    assert content("Wir haben heute die neue Bühne gesehen", "de-AT") == ["heute", "neue", "bühne", "gesehen"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Um, so, well, the bridge is closed.", "the bridge is closed."),
        ("Yeah. But the bridge is closed.", "But the bridge is closed."),
        ("You know, I mean, it works.", "it works."),
        ("Some say so.", "Some say so."),
        ("Normally it works.", "Normally it works."),
        ("Okay.", ""),
    ],
)
def test_what_leads_up_to_a_sentence_is_left_out(text: str, rest: str) -> None:
    assert text[opening(text) :] == rest


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I I think the the plan um works", 3),
        ("We we're using techno technology", 2),
        ("I think I think it works", 1),
        ("That is very very good", 0),
        ("The plan works in the end", 0),
    ],
)
def test_false_starts_are_counted(text: str, count: int) -> None:
    assert stumbles(text) == count


def test_a_nod_is_no_word_of_its_own() -> None:
    assert nods("Mm-hmm. Yeah, right.")
    assert not nods("Yeah, the right one.")


def test_english_is_known_by_its_commonest_words() -> None:
    assert sounds_english(["I think that we should go there now."])
    assert not sounds_english(["Ich denke, wir sollten jetzt dorthin gehen."])
    assert not sounds_english([])
