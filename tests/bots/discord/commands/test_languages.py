"""Languages as people name them."""

import pytest

from bots.discord.commands.languages import NAMES, chosen, name, offered
from core.errors import UserError


def anything(_tag: str) -> bool:
    return True


def english(tag: str) -> bool:
    return tag.partition("-")[0] == "en"


@pytest.mark.parametrize(
    ("typed", "tag"),
    [("German", "de"), ("deutsch", "de"), (" DE ", "DE"), ("日本語", "ja"), ("pt-BR", "pt-BR"), ("xx", "xx")],
)
def test_a_name_or_a_tag_is_a_language(typed: str, tag: str) -> None:
    assert chosen(typed, anything) == tag


@pytest.mark.parametrize("typed", ["", "  ", "Klingonisch", "<@1>", "d", "e n", "de_DE", "x" * 500])
def test_anything_else_is_none(typed: str) -> None:
    with pytest.raises(UserError, match="I don't know that language"):
        chosen(typed, anything)


def test_what_the_engine_does_not_hear_is_refused_with_what_it_does() -> None:
    with pytest.raises(UserError, match=r"^Portuguese \(BR\) is not heard here\. What is: English\.$"):
        chosen("pt-BR", english)
    with pytest.raises(UserError, match="and others"):
        chosen("en", lambda tag: tag != "en")


def test_what_is_offered_fits_discords_list() -> None:
    found = offered("", anything)
    assert len(found) == 25
    assert found[0] == ("English", "en")
    assert all(len(shown) <= 100 for shown, _ in offered("", anything, most=1000))
    assert offered("ger", anything) == [("German · Deutsch", "de")]
    assert offered("", english) == [("English", "en")]
    assert offered("zzz", anything) == []


def test_every_language_has_names_of_its_own() -> None:
    spoken = [own for names in NAMES.values() for own in set(names)]
    assert len(set(spoken)) == len(spoken)
    assert name("de-AT") == "German (AT)"
    assert name("xx") == "xx"
