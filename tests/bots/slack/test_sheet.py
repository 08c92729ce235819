"""How the words of one message are laid out, and how little is kept of one that is done."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack.sheet import Piece, Sheet

PIECES = st.builds(
    lambda who, more, text, leftward, alone, mend: Piece(
        who, f"**{who}{more}:**", text, leftward, alone, mend=mend
    ),
    st.sampled_from(["Ann", "Ben"]),
    st.sampled_from(["", "", " Lee"]),
    st.sampled_from(["", "word", "more words", "今日", "x" * 150]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(["", "", ".", "?"]),
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12), PIECES)
def test_bound_it_reads_the_same_and_goes_on_the_same(pieces: list[Piece], more: Piece) -> None:
    sheet = Sheet(pieces)
    bound = sheet.bound()
    assert (bound.text, bound.length) == (sheet.text, sheet.length)
    assert bound.after(more) == sheet.after(more)
    assert len(bound.pieces) <= len(sheet.pieces)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["Ann", "Ben"]))
def test_what_somebody_said_can_be_taken_from_a_bound_one(pieces: list[Piece], who: str) -> None:
    sheet = Sheet(pieces)
    assert words(sheet.bound().without(who)) == words(sheet.without(who))


def words(sheet: Sheet) -> str:
    """The text without the names, which may come again where a line has become long."""
    return "".join(re.sub(r"\*\*(Ann|Ben)( Lee)?:\*\*|\u2068", "", sheet.text).split())


def test_words_that_came_one_by_one_are_bound_to_a_piece_for_each_line() -> None:
    ann = [Piece("Ann", "**Ann:**", f"word{number}") for number in range(30)]
    ben = [Piece("Ben", "**Ben:**", "yes"), Piece("Ben", "**Ben:**", "well")]
    bound = Sheet([*ann, *ben]).bound()
    assert [piece.speaker for piece in bound.pieces] == ["Ann", "Ben"]
    assert bound.text.endswith("word29\n\n**Ben:** yes well")


def test_who_is_called_otherwise_in_the_middle_of_a_line_is_named_anew_from_the_next_words_on() -> None:
    known = "**Ann Lee:**"
    stop = Piece("Ann", known, "", mend=".")
    sheet = Sheet([Piece("Ann", "**Ann:**", "Good"), Piece("Ann", "**Ann:**", "morning"), stop])
    assert sheet.text == "**Ann:** Good morning."
    for sure in (sheet, sheet.bound(), sheet.tip()):
        assert sure.after(Piece("Ann", known, "I am")) == "\n\n**Ann Lee:** I am"
        assert sure.after(Piece("Ann", "**Ann:**", "I am")) == " I am"
    for words in ("I am", "here."):
        sheet.add(Piece("Ann", known, words))
    assert sheet.text == "**Ann:** Good morning.\n\n**Ann Lee:** I am here."


def test_a_full_stop_that_is_told_with_the_next_words_is_not_lost_where_they_begin_a_line() -> None:
    for words, head in (("x" * 500, "**Ann:**"), ("morning", "**Ann Lee:**")):
        sheet = Sheet([Piece("Ann", "**Ann:**", words), Piece("Ann", head, "Here", mend=".")])
        assert sheet.text == f"**Ann:** {words}.\n\n{head} Here"
    others = [Piece("Ben", "**Ben:**", "Yes"), Piece("Ann", "**Ann:**", "Here", mend=".")]
    assert Sheet(others).text == "**Ben:** Yes\n\n**Ann:** Here"
