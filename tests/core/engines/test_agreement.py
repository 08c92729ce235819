"""What is shown of changing hypotheses."""

from hypothesis import given
from hypothesis import strategies as st

from core.engines.agreement import Agreement, View, spell, within, word_ends

WORDS = ["", " And", " so", " my", " fellow", " Amer", "icans", ",", " ask", " not", " what"]


def pieces(tokens: tuple[int, ...]) -> list[str]:
    return [WORDS[token] for token in tokens]


def talk(agreement: Agreement, *tokens: int, sure: float = 0.9) -> View:
    return agreement.talking(tokens, pieces(tokens), [sure] * len(tokens))


def test_the_first_look_shows_nothing() -> None:
    assert talk(Agreement(), 1, 2).text == ""


def test_the_second_look_shows_at_least_a_word() -> None:
    agreement = Agreement()
    talk(agreement, 2, 3)
    assert talk(agreement, 1, 2) == View("And", 0)


def test_what_two_looks_agree_on_is_shown_but_for_the_last_word() -> None:
    agreement = Agreement()
    talk(agreement, 1, 2, 3)
    assert talk(agreement, 1, 2, 3, 4).text == "And so"


def test_words_are_kept_once_enough_words_agree_after_them() -> None:
    agreement = Agreement(hold=3)
    talk(agreement, 1, 2, 3, 4, 8)
    assert talk(agreement, 1, 2, 3, 4, 8, 9) == View("And so my fellow", len("And so"))
    assert list(agreement.kept) == [1, 2]


def test_a_word_is_never_kept_in_half() -> None:
    agreement = Agreement(hide=0, hold=0)
    talk(agreement, 1, 5)
    assert talk(agreement, 1, 5, 6).text == "And"
    assert list(agreement.kept) == [1]


def test_a_first_word_that_is_hardly_more_than_a_guess_is_not_shown() -> None:
    agreement = Agreement()
    talk(agreement, 2, 3)
    assert talk(agreement, 1, 2, sure=0.05).text == ""


def test_a_pause_shows_everything() -> None:
    agreement = Agreement()
    tokens = (1, 2, 3, 4, 5, 6)
    assert agreement.paused(tokens, pieces(tokens)).text == "And so my fellow Americans"


def test_a_pause_that_is_surer_of_something_else_is_kept_instead() -> None:
    agreement = Agreement(hold=0)
    talk(agreement, 1, 2, 3)
    talk(agreement, 1, 2, 3)
    assert list(agreement.kept) == [1, 2, 3]
    agreement.paused((1, 4, 5, 6), pieces((1, 4, 5, 6)))
    assert list(agreement.kept) == [1, 4]


def test_pieces_of_a_word_are_known_from_their_first_character() -> None:
    assert [within(piece) for piece in [" a", ",", ".", "icans", "'", "t", "-", ""]] == [
        False, False, False, True, True, True, True, False,
    ]  # fmt: skip
    assert word_ends([" Amer", "icans", ",", " ask"], 4) == [2, 3, 4]
    assert word_ends([" Amer", "icans", ",", " ask"], 1) == []


hypotheses = st.lists(st.lists(st.integers(1, 10), max_size=10), max_size=8)


@given(hypotheses)
def test_what_is_kept_stays_and_begins_what_is_shown(looks: list[list[int]]) -> None:
    agreement = Agreement(hide=1, hold=2)
    for look in looks:
        kept = tuple(agreement.kept)
        tokens = (*kept, *look[len(kept) :])  # as a decoder does that begins with what was kept
        view = talk(agreement, *tokens)
        assert tuple(agreement.kept[: len(kept)]) == kept
        assert view.text.startswith(spell(pieces(tuple(agreement.kept))))
        assert 0 <= view.stable <= len(view.text)


@given(st.lists(st.integers(1, 10), min_size=2, max_size=12), st.integers(1, 3))
def test_a_steady_speaker_never_flickers_after_the_first_word(said: list[int], step: int) -> None:
    agreement = Agreement()
    shown = ""
    for count in range(1, len(said) + 1, step):
        text = talk(agreement, *said[:count]).text
        if len(shown.split()) > 1:
            assert text.startswith(shown)
        shown = text
