"""The mood is told of a call as a whole, only where it was asked for, and only of English."""

import asyncio
import sys
from dataclasses import replace

import pytest

from core.errors import UserError
from core.record.recaps.mood import feeling, mood_of
from core.record.recaps.quotes import Quotes, quote
from core.record.recaps.recap import Claim, Conversation, Mood
from tests.core.record.recaps.meeting import ANN, BEN, TALK, lines

BRIGHT = "I love this wonderful idea, it makes everybody happy."
DARK = "The terrible printer failed again and the audience was angry."
PLAIN = "The printer stands in the box office."
CALL = Conversation("", "en", lines([(ANN, BRIGHT), (BEN, DARK), (ANN, PLAIN)]))


def test_the_brightest_and_the_darkest_line_stand_for_a_call() -> None:
    mood = quote(CALL, mood=feeling()).mood
    assert mood is not None
    assert -1 < mood.score < 1
    assert mood.brightest == Claim(BRIGHT, (1,))
    assert mood.darkest == Claim(DARK, (4,))


def test_those_lines_are_among_what_a_recap_cites() -> None:
    recap = quote(CALL, mood=feeling())
    assert recap.mood is not None
    assert {recap.mood.brightest, recap.mood.darkest} <= {*recap.claims}


def test_a_plain_call_has_neither() -> None:
    assert mood_of([(PLAIN, Claim(PLAIN, (1,)))], feeling()) == Mood(0.0)


def test_nobody_asks_for_the_mood_by_default() -> None:
    assert quote(CALL).mood is None


def test_no_mood_is_told_of_other_languages_or_of_silence() -> None:
    assert quote(replace(CALL, language="de"), mood=feeling()).mood is None
    assert quote(replace(CALL, lines=[]), mood=feeling()).mood is None


@pytest.mark.real_time
async def test_a_summariser_tells_it_where_it_was_asked_to() -> None:
    meeting = Conversation("", "en", lines(TALK))
    assert (await (await asyncio.to_thread(Quotes, mood=True)).summarise(meeting)).mood is not None
    assert (await Quotes().summarise(meeting)).mood is None


def test_a_missing_package_is_a_sentence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    with pytest.raises(UserError, match=r"pip install 'spokenly\[mood\]'"):
        Quotes(mood=True)
    Quotes()
