"""Sentences are put together from lines as people said them, and each knows its lines."""

from core.audio.frame import Speaker
from core.record.kept import Line
from core.record.recaps.sentences import Sentence, said
from tests.core.record.recaps.meeting import ANN, BEN, lines


def heard(*talk: tuple[Speaker, str], pause: float = 0.6) -> list[Sentence]:
    # The full stop of the last line shows that the engine writes some.
    return list(said(lines([*talk, (Speaker("p9", "Zoe"), "That is all.")], pause), "en"))[:-1]


def test_a_sentence_goes_on_over_lines_and_nods() -> None:
    (one,) = heard((ANN, "The provider charges three per cent,"), (BEN, "Mm-hmm."), (ANN, "which is a lot."))
    assert (one.text, one.lines) == ("The provider charges three per cent, which is a lot.", (1, 7))
    assert one.whole
    assert one.speaker == ANN


def test_a_line_of_several_sentences_is_cited_by_each() -> None:
    assert [
        (one.text, one.lines) for one in heard((ANN, "It rains. Um, take a coat! And"), (ANN, "boots."))
    ] == [
        ("It rains.", (1,)),
        ("take a coat!", (1,)),
        ("boots.", (4,)),
    ]


def test_what_another_says_in_between_ends_a_sentence() -> None:
    texts = [
        one.text for one in heard((ANN, "The provider charges"), (BEN, "Three per cent."), (ANN, "a lot."))
    ]
    assert texts == ["The provider charges", "Three per cent.", "a lot."]


def test_a_long_pause_ends_a_sentence() -> None:
    texts = [one.text for one in heard((ANN, "The provider charges"), (ANN, "three per cent."), pause=10)]
    assert texts == ["The provider charges", "three per cent."]


def test_without_full_stops_each_line_is_a_sentence() -> None:
    talk = lines([(ANN, "the provider charges"), (ANN, "three per cent"), (BEN, "that is a lot")])
    assert [one.text for one in said(talk, "en")] == [
        "the provider charges",
        "three per cent",
        "that is a lot",
    ]


def test_a_sentence_that_nothing_ends_has_an_end() -> None:
    talk = [(ANN, "and more and more and more words")] * 400
    assert all(len(one.text) < 400 for one in heard(*talk))


def test_a_line_has_its_own_language() -> None:
    talk = [Line(1, ANN, 0.0, 1.0, "Guten Tag.", language="de"), Line(2, BEN, 2.0, 3.0, "Good morning.")]
    assert [one.language for one in said(talk, "en")] == ["de", "en"]


def test_corrected_words_are_what_was_said() -> None:
    (one,) = said([Line(1, ANN, 0.0, 1.0, "The fridge is closed.", corrected="The bridge is closed.")], "en")
    assert one.text == "The bridge is closed."


def test_a_line_without_words_leaves_no_hole_in_a_sentence() -> None:
    (one,) = heard((ANN, "The provider charges"), (ANN, " "), (ANN, "three per cent."))
    assert (one.text, one.lines) == ("The provider charges three per cent.", (1, 7))


def test_lines_without_words_say_nothing() -> None:
    assert heard((ANN, "   "), (BEN, "Um, okay."), (ANN, "")) == []
