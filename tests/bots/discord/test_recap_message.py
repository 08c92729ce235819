"""The message that ends a call: it fits, it tells what matters first, and speech is only ever text in it."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bots.discord.place import LONGEST
from bots.discord.recap_message import recap_message
from core.audio.frame import Speaker
from core.captions.markup import utf16
from core.record.kept import Call, Line
from core.record.recaps.recap import Claim, Recap

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANN = Speaker("u1", "Ann", "discord:1")
HOSTILE = (
    "@everyone <@1> <#2> **b** [x](http://evil.example) `c` ||s|| # h <t:1> :smile: https://evil.example"
)


def call(*, lines: int = 2, minutes: float = 61.0, speakers: tuple[str, ...] = ("Ann", "Ben")) -> Call:
    ended = BEGAN + timedelta(minutes=minutes)
    return Call(1, "k", "discord:1", "Lounge", BEGAN, ended, "ended", "en", "Pitches", lines, speakers)


def recap(text: str, *, quoted: bool = False, many: int = 1) -> Recap:
    claims = tuple(Claim(text, (0,), "Ann", "tomorrow") for _ in range(many))
    return Recap("llm", "A model", claims, claims, claims, claims, ("budget",), quoted=quoted)


def test_it_tells_how_long_it_was_and_who_spoke() -> None:
    text = recap_message("It is over.", call(), recap("We ship it."))
    assert text.startswith("It is over.\n\n1 h 1 min, 2 lines: Ann, Ben\n\n**Summary**")
    assert "- **Ann, tomorrow**: We ship it." in text
    assert text.endswith("-# Recap by A model.")


def test_a_quote_is_somebodys_own_words() -> None:
    said = [Line(0, ANN, 0, 1, "We ship it.")]
    assert "- “We ship it.” (Ann)" in recap_message("Over.", call(), recap("We ship it.", quoted=True), said)


def test_a_call_in_which_nothing_was_said_says_so() -> None:
    text = recap_message("Over.", call(lines=0, speakers=()), None)
    assert "Nothing was said" in text


def test_nothing_that_was_said_can_ping_link_or_format() -> None:
    text = recap_message("Over.", call(speakers=(HOSTILE,)), recap(HOSTILE))
    assert not re.search(r"@everyone|(?<!\\)<[@#t]|https?://|(?<!\\)\|\||(?<!\\)`|(?<!\\)\]\(http", text)


@given(st.text(max_size=600), st.integers(1, 30), st.booleans())
def test_it_always_fits_into_one_message(words: str, many: int, quoted: bool) -> None:
    said = [Line(0, Speaker("u1", words[:40], None), 0, 1, words)]
    text = recap_message("Over.", call(speakers=(words[:40],)), recap(words, quoted=quoted, many=many), said)
    assert utf16(text) <= LONGEST
    assert not text.endswith("**")
    assert text.startswith("Over.")
