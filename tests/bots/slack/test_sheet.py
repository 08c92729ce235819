"""How the words of one message are laid out, and how little is kept of one that is done."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack.sheet import Piece, Sheet

PIECES = st.builds(
    lambda who, text, leftward, alone, mend: Piece(who, f"**{who}:**", text, leftward, alone, mend=mend),
    st.sampled_from(["Ann", "Ben"]),
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
    return "".join(sheet.text.replace("**Ann:**", "").replace("**Ben:**", "").replace("\u2068", "").split())


def test_words_that_came_one_by_one_are_bound_to_a_piece_for_each_line() -> None:
    ann = [Piece("Ann", "**Ann:**", f"word{number}") for number in range(30)]
    ben = [Piece("Ben", "**Ben:**", "yes"), Piece("Ben", "**Ben:**", "well")]
    bound = Sheet([*ann, *ben]).bound()
    assert [piece.speaker for piece in bound.pieces] == ["Ann", "Ben"]
    assert bound.text.endswith("word29\n\n**Ben:** yes well")
