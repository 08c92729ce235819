"""A recap as one message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.brief import brief, called, harmless, last_words, lately
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.markup import utf16
from core.record.kept import Line
from core.record.recaps.recap import Claim, Recap

ANN = Speaker("u1", "Ann", "discord:1")


def line(number: int, words: str, speaker: Speaker = ANN) -> Line:
    return Line(number, speaker, number, number + 1, words)


def recap(*decisions: str, summary: tuple[str, ...] = (), quoted: bool = True) -> Recap:
    return Recap(
        "quotes",
        "Quotes",
        summary=tuple(Claim(words, (1,)) for words in summary),
        decisions=tuple(Claim(words, (0,)) for words in decisions),
        quoted=quoted,
    )


@pytest.mark.parametrize("title", ["- Home", "+ Home", "1. Home", "2) Home", "-# Home", "> Home", "# Home"])
def test_what_begins_a_line_is_no_list_and_no_heading(title: str) -> None:
    assert harmless(title).startswith("\u200b")
    point, _ = brief(recap(title, quoted=False), [], 2000)
    assert "\n- \u200b" in point
    assert harmless("Home: Lounge - 1. *x*") == "Home: Lounge - 1. \\*x\\*"


def test_what_matters_most_comes_first() -> None:
    text, whole = brief(recap("We ship.", summary=("It rains.",)), [line(0, ""), line(1, "")], 2000)
    assert whole
    assert text == "**Decisions**\n- “We ship.” (Ann)\n\n**Summary**\n- “It rains.” (Ann)"


def test_who_owes_what_stands_before_an_action() -> None:
    found = Recap("llm", "A model", actions=(Claim("Ask finance", (7,), who="Ben", when="Friday"),))
    assert brief(found, [], 2000)[0] == "**Action items**\n- **Ben, Friday:** Ask finance"


def test_a_title_never_stands_alone() -> None:
    text, whole = brief(recap("x" * 50, summary=("y" * 200,)), [], 120)
    assert not whole
    assert "Summary" not in text


@given(
    st.lists(st.text(max_size=300), max_size=12),
    st.text(max_size=60),
    st.integers(min_value=0, max_value=2000),
)
def test_any_words_and_names_fit_and_ping_nobody(said: list[str], name: str, room: int) -> None:
    lines = [line(0, "", Speaker("u1", name))]
    text, _ = brief(recap(*said), lines, room)
    assert utf16(text) <= room
    assert "@everyone" not in text
    assert utf16(last_words([line(0, words, Speaker("u1", name)) for words in said], room)) <= room


def test_a_name_that_is_nothing_is_somebody_and_a_long_one_is_cut() -> None:
    assert called("\u202e") == "Somebody"
    assert called("x" * 40) == "x" * 31 + "…"


def test_the_last_minutes_are_those_of_talk_without_what_was_taken_back() -> None:
    board = Board()
    for start, words in ((0, "Old."), (700, "First."), (1200, "Last.")):
        board.show(Caption(ANN, start, start + 1, words, True))
    board.mark(Gap(ANN, 1201, 1202))
    eve = Speaker("u9", "Eve", "discord:9")
    board.show(Caption(eve, 1199, 1200, "Mine.", True))
    assert [each.text for each in lately(board)] == ["First.", "Mine.", "Last."]
    board.erase("discord:9")
    assert [each.text for each in lately(board)] == ["First.", "Last."]
    assert [each.number for each in lately(board)] == [1, 2]
    assert lately(Board()) == []
