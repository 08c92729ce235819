"""Names as they can be shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.people import NAME, clean_name, listed


@given(st.text(max_size=80))
def test_a_name_is_one_short_line_that_steers_nothing(name: str) -> None:
    shown = clean_name(name)
    assert len(shown) <= NAME
    assert shown == " ".join(shown.split())
    assert not any(unicodedata.category(c) in ("Cc", "Cs") or "\u202a" <= c <= "\u202e" for c in shown)


@pytest.mark.parametrize("name", ["", " \n", "\u200b\u2060", "\u3164\u3164", "\u202e", "\u200d"])
def test_a_name_that_nobody_could_see_is_none(name: str) -> None:
    assert clean_name(name) == ""


@pytest.mark.parametrize("name", ["Ann", "Zoë", "李雷", "مريم", "👩\u200d🚀", "A B"])
def test_a_name_that_can_be_shown_stays_as_it_is(name: str) -> None:
    assert clean_name(name) == name


def test_names_are_listed_as_people_say_them() -> None:
    assert listed(()) == ""
    assert listed(("Ann",)) == "Ann"
    assert listed(("Ann", "Ben")) == "Ann and Ben"
    assert listed(("Ann", "Ben", "Cem")) == "Ann, Ben and Cem"
    assert listed(("Ann", "Ben", "Cem", "Dee")) == "Ann, Ben, Cem and 1 other"
    assert listed(tuple("abcdef")) == "a, b, c and 3 others"
