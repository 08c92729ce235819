"""The key phrases are what people kept naming, in any script, without what keeps the floor."""

from core.audio.frame import Speaker
from core.record.kept import Line
from core.record.recaps.phrases import phrases
from core.record.recaps.sentences import said
from tests.core.record.recaps.meeting import TALK, lines


def found(*texts: str, language: str = "en", count: int = 5) -> tuple[str, ...]:
    talk = [Line(n, Speaker("p", "Ann"), n, n + 1, text) for n, text in enumerate(texts)]
    return phrases(list(said(talk, language)), count)


def test_things_of_a_meeting_are_named() -> None:
    named = phrases(list(said(lines(TALK), "en")), 8)
    assert {"box office", "seating plan", "ticket printer", "Dutch provider"} <= set(named)


def test_fillers_and_nods_are_no_phrases() -> None:
    assert found("Yeah, yeah, um, okay.", "Yeah, um, right, okay.", "Okay, you know, yeah.") == ()


def test_what_was_said_once_is_no_key_phrase() -> None:
    assert found("The bridge is closed.", "The ferry runs.") == ()


def test_a_longer_phrase_stands_for_its_parts() -> None:
    assert found("A remote control.", "The remote control works.", "One remote control is lost.") == (
        "remote control",
    )


def test_plural_and_singular_are_one() -> None:
    assert len(found("We need a printer here.", "Two printers broke.", "Old printers smell.")) == 1


def test_a_name_keeps_its_capital_and_a_first_word_does_not_lend_one() -> None:
    assert found("Printers break.", "Old printers break.", "I saw Vienna.", "We like Vienna.") == (
        "printers break",
        "Vienna",
    )


def test_phrases_of_other_languages() -> None:
    german = ("Der Fahrplan ist neu.", "Wir brauchen den Fahrplan.", "Ohne Fahrplan geht es nicht.")
    assert found(*german, language="de") == ("Fahrplan",)
    assert found("我们讨论预算。", "今年的预算很少。", "预算不够。", language="zh") == ("预算",)
    assert found("サーバーが遅い。", "新しいサーバーを買う。", language="ja") == ("サーバー",)


def test_nothing_has_no_phrases() -> None:
    assert found() == ()
