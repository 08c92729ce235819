"""Names as they can be shown."""

import unicodedata
from types import SimpleNamespace
from typing import cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.guests import Guests
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


@pytest.mark.parametrize(
    "name", ["Ann\u200d", "An\u200cn", "Ann\ufe0f", "Ann\u034f", "Ann\u3164", "\u2800Ann", "ＡＮＮ", "ann"]
)
def test_a_name_that_looks_the_same_is_told_apart(name: str) -> None:
    names = {1: "Ann", 2: name, 3: "Anne"}
    guild = SimpleNamespace(
        get_member=lambda user: SimpleNamespace(display_name=names[user], name="x", bot=False)
    )
    guests = Guests(1, cast(discord.Client, SimpleNamespace(get_guild=lambda _: guild)))
    assert guests.meet(1).name == "Ann"
    assert guests.meet(2).name.endswith(" (2)")
    assert guests.meet(3).name == "Anne"
    assert guests.meet(1).name == "Ann"


def test_whoever_discord_tells_of_late_gets_their_name_then_and_keeps_it() -> None:
    names: dict[int, str] = {2: "Ann"}
    guild = SimpleNamespace(
        get_member=lambda user: (
            names.get(user) and SimpleNamespace(display_name=names[user], name="x", bot=False)
        )
    )
    guests = Guests(1, cast(discord.Client, SimpleNamespace(get_guild=lambda _: guild)))
    assert guests.meet(2).name == "Ann"
    assert [guests.meet(user).name for user in (1, 3, 1)] == ["Somebody", "Somebody (2)", "Somebody"]
    names[1] = "Ann"
    assert guests.meet(1).name == "Ann (2)"
    assert guests.meet(3).name == "Somebody (2)"
    names[1] = "Anna"
    assert guests.meet(1).name == "Ann (2)", "whoever is known keeps their name for the call"


@pytest.mark.parametrize("name", ["می\u200cخواهم", "क्\u200dष", "👩🏽\u200d🚀", "❤️\u200d🔥"])
def test_joiners_stay_where_signs_need_them(name: str) -> None:
    assert clean_name(name) == unicodedata.normalize("NFC", name)


def test_names_are_listed_as_people_say_them() -> None:
    assert listed(()) == ""
    assert listed(("Ann",)) == "Ann"
    assert listed(("Ann", "Ben")) == "Ann and Ben"
    assert listed(("Ann", "Ben", "Cem")) == "Ann, Ben and Cem"
    assert listed(("Ann", "Ben", "Cem", "Dee")) == "Ann, Ben, Cem and 1 other"
    assert listed(tuple("abcdef")) == "a, b, c and 3 others"
