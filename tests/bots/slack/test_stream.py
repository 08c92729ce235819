"""The board as text that only grows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack.sheet import PARAGRAPH, Piece, Sheet
from bots.slack.stream import AHEAD, NEAR, Script, settled, spaced, tokens
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from tests.bots.slack.threadroom import seen

ANN, BEN = Speaker("u1", "Ann", identity="a"), Speaker("u2", "Ben", identity="b")


def said(text: str, start: float = 0, end: float = 1, *, speaker: Speaker = ANN) -> Caption:
    return Caption(speaker, start, end, text, final=True)


def saying(text: str, stable: str, start: float = 0, end: float = 1, *, speaker: Speaker = ANN) -> Caption:
    return Caption(speaker, start, end, text, final=False, stable=len(stable))


def read(*captions: Caption | Gap, eager: bool = True, limit: int = 10_000) -> str:
    """What stands there when everything was shown one after the other."""
    board, script, sheet = Board(), Script(), Sheet()
    for at, caption in enumerate(captions):
        board.mark(caption) if isinstance(caption, Gap) else board.show(caption)
        script.update(board, at, eager=eager)
        pieces, text = script.chunk(sheet, limit)
        before = sheet.text
        for piece in pieces:
            sheet.add(piece)
        assert sheet.text == before + text
        script.done(pieces)
    return seen(sheet.text)


def test_each_word_comes_once() -> None:
    text = read(saying("one two", "one"), saying("one two three", "one two"), said("One two three."))
    assert text == "Ann: one two three."


def test_punctuation_that_the_final_brings_is_put_behind_the_last_word() -> None:
    assert read(saying("one two", "one two"), said("one two.")) == "Ann: one two."
    assert read(saying("one two", "one two"), said("One, two!"), said("so", 2, 3)) == "Ann: one two! so"


def test_punctuation_does_not_come_alone_behind_somebody_else() -> None:
    text = read(saying("one", "one"), said("hi", speaker=BEN), said("one."))
    assert text == "Ann: one\n\nBen: hi"


def test_people_who_speak_at_once_each_have_their_lines() -> None:
    text = read(
        saying("one two", "one"),
        saying("eins zwei", "eins", speaker=BEN),
        said("one two"),
        said("eins zwei", speaker=BEN),
    )
    assert text == "Ann: one\n\nBen: eins\n\nAnn: two\n\nBen: zwei"


def test_a_final_that_says_otherwise_is_shown_as_a_change() -> None:
    assert read(saying("one tree", "one tree"), said("one three four")) == "Ann: one tree → three four"


def test_what_the_engine_hears_otherwise_in_the_middle_is_left_to_the_final() -> None:
    text = read(saying("one two", "one two"), saying("one tree five", "one tree"), said("one tree five"))
    assert text == "Ann: one two → tree five"


def test_words_of_before_that_are_heard_late_leave_alone_what_is_being_said() -> None:
    text = read(saying("one two", "one", 10, 11), said("before", 1, 2), said("one two", 10, 12))
    assert text == "Ann: one before two"


def test_a_final_of_the_first_part_leaves_the_rest_to_the_next() -> None:
    text = read(
        saying("one two three", "one two three", 0, 3),
        said("one two", 0, 2),
        saying("three four", "three", 2, 3),
        said("three four", 2, 4),
    )
    assert text == "Ann: one two three four"


def test_words_beyond_a_final_are_not_missed_in_what_comes_much_later() -> None:
    text = read(saying("yes yes", "yes yes"), said("yes"), said("yes", 5, 6))
    assert text == "Ann: yes yes yes"
    assert NEAR < 4


def test_what_is_taken_away_without_a_final_does_not_swallow_what_comes_next() -> None:
    text = read(saying("um", "um", 0, 1), said("", 0, 1), said("um yes", 5, 6))
    assert text == "Ann: um um yes"


def test_what_may_still_change_is_not_shown() -> None:
    assert read(saying("one two three", "one t")) == "Ann: one"
    assert read(saying("one two", "one two"), eager=False) == ""


@pytest.mark.parametrize(
    ("text", "stable", "kept"),
    [
        ("one two", 3, "one"),
        ("one two", 5, "one "),
        ("one two", 7, "one two"),
        ("one", 0, ""),
        ("今日は", 2, "今日"),
    ],
)
def test_only_whole_words_are_settled(text: str, stable: int, kept: str) -> None:
    assert settled(Caption(ANN, 0, 1, text, final=False, stable=stable)) == kept


def test_scripts_without_spaces_grow_sign_by_sign() -> None:
    text = read(saying("今日は", "今日"), said("今日はいい天気。"))
    assert text == "Ann: 今日はいい天気。"


def test_a_gap_and_a_sentence_stand_on_their_own_lines() -> None:
    assert read(said("one"), Gap(ANN, 1, 4), said("two", 4, 5)) == (
        "Ann: one\n\nAnn: 3 s could not be heard\n\nAnn: two"
    )


def test_a_long_speech_is_cut_into_lines_with_the_name_again() -> None:
    text = read(*(said(f"word{number} " * 20, number, number + 1) for number in range(12)))
    assert text.count("Ann:") >= 3
    assert max(map(len, text.split("\n\n"))) < 2 * PARAGRAPH


def test_a_monologue_without_end_fits_into_messages() -> None:
    board, script = Board(), Script()
    board.show(said("x" * 30_000))
    script.update(board, 0, eager=True)
    total = 0
    while script.pending:
        pieces, text = script.chunk(Sheet(), 3900)
        assert pieces
        assert len(text) <= 3900
        total += text.count("x")
        script.done(pieces)
    assert total == 30_000


def test_what_cannot_be_shown_yet_stays_on_the_board() -> None:
    board, script = Board(), Script()
    for number in range(500):
        board.show(said("word " * 60, number, number + 1))
    script.update(board, 0, eager=True)
    assert sum(len(piece.text) for piece in script.pending) < AHEAD + 400
    words = 0
    while script.pending:
        pieces, text = script.chunk(Sheet(), 3900)
        words += text.count("word")
        script.done(pieces)
        script.update(board, 0, eager=True)
    assert words == 500 * 60


def test_what_the_board_has_forgotten_is_told() -> None:
    board, script = Board(limit=10), Script()
    for number in range(50):
        board.show(said(f"w{number}", number, number + 1))
    script.update(board, 0, eager=True)
    assert seen(script.chunk(Sheet(), 10_000)[1]).startswith(
        "Some captions could not be shown here.\n\nAnn: w4"
    )


def test_what_somebody_takes_back_is_not_shown_any_more() -> None:
    board, script = Board(), Script()
    board.show(said("secret"))
    board.show(said("hello", speaker=BEN))
    board.show(saying("more secret", "more secret", 2, 3))
    script.update(board, 0, eager=True)
    board.erase("a")
    assert script.update(board, 1, eager=True) == ["u1"]
    assert script.update(board, 1, eager=True) == []
    board.show(said("after", 4, 5))
    script.update(board, 2, eager=True)
    assert seen(script.chunk(Sheet(), 10_000)[1]) == "Ben: hello\n\nAnn: after"


def test_what_could_not_be_shown_comes_again_first() -> None:
    script = Script()
    pieces = [Piece("u1", "**Ann:**", text) for text in ("one", "two", "three")]
    script.pending.extend(pieces)
    script.done(pieces[:2])
    script.again(pieces[:2])
    assert list(script.pending) == pieces


def test_interim_words_are_those_beyond_what_was_taken() -> None:
    board, script = Board(), Script()
    board.show(saying("one two three", "one two"))
    script.update(board, 0, eager=True)
    assert [seen(piece.text) for piece in script.interim(board)] == ["three"]


def test_a_line_from_right_to_left_stays_one() -> None:
    text = read(said("שלום לכולם."), said("hello", 1, 2))
    assert text == "Ann: \u2068שלום לכולם.\n\nAnn: hello"


@settings(deadline=None)
@given(st.text("ab 今日。.,'x \u200b", max_size=60))
def test_tokens_make_the_same_text_again(text: str) -> None:
    assert tokens(spaced(tokens(text))) == tokens(text)


def utterances(data: st.DataObject, speaker: Speaker) -> tuple[list[Caption], list[str]]:
    """What one person says: utterances that settle in steps, whose interim ends come out otherwise."""
    captions, wanted = list[Caption](), list[str]()
    for utterance in range(data.draw(st.integers(1, 4))):
        words = [f"{speaker.id}x{utterance}y{part}" for part in range(data.draw(st.integers(1, 6)))]
        wanted += words
        at = utterance * 10
        for upto in sorted(data.draw(st.lists(st.integers(0, len(words)), max_size=4))):
            stable = " ".join(words[:upto])
            captions.append(saying(f"{stable} guess".strip(), stable, at, at + 5, speaker=speaker))
        text = " ".join(words) + data.draw(st.sampled_from(["", ".", "?"]))
        captions.append(said(text, at, at + 6, speaker=speaker))
    return captions, wanted


def everything(script: Script, limit: int) -> str:
    """All that waits, on messages of limited length."""
    sheet, shown = Sheet(), ""
    while script.pending:
        pieces, text = script.chunk(sheet, limit)
        shown += text
        for piece in pieces:
            sheet.add(piece)
        script.done(pieces)
        if not pieces:
            sheet, shown = Sheet(), f"{shown}\n"
    return seen(shown)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_however_words_settle_each_comes_once_and_in_order(data: st.DataObject) -> None:
    (ann, anns), (ben, bens) = utterances(data, ANN), utterances(data, BEN)
    board, script, shown = Board(), Script(), ""
    while ann or ben:
        board.show(data.draw(st.sampled_from([one for one in (ann, ben) if one])).pop(0))
        if data.draw(st.booleans()):
            script.update(board, 0, eager=data.draw(st.booleans()))
        if data.draw(st.booleans()):
            shown += f"{everything(script, 200)}\n"
    script.update(board, 0, eager=True)
    shown += everything(script, data.draw(st.integers(100, 400)))
    words = [word.strip(".?") for word in shown.split()]
    assert [word for word in words if word.startswith("u1")] == anns
    assert [word for word in words if word.startswith("u2")] == bens
