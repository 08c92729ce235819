"""Names that look the same, and how they are told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.captions.names import apart, skeleton

SAME = [
    "Ann\u3164",
    "Ann\u2800",
    "\u115fAnn",
    "An\u034fn",
    "Ann\ufe0f",
    "Ann\u200b",
    "ann",
    "ＡＮＮ",
    " Ann ",
]


@pytest.mark.parametrize("name", SAME)
def test_a_name_that_looks_the_same_gets_a_number(name: str) -> None:
    assert skeleton(name) == skeleton("Ann")
    assert apart(name, {skeleton("Ann")}, 40) == f"{name} (2)"
    assert apart(name, {skeleton("Ann"), skeleton("Ann (2)")}, 40) == f"{name} (3)"


@pytest.mark.parametrize("name", ["Anne", "An n", "Änn", "李雷", "👩\u200d🚀"])
def test_a_name_that_looks_otherwise_stays_as_it_is(name: str) -> None:
    assert apart(name, {skeleton("Ann")}, 40) == name


@given(st.text(min_size=1, max_size=20), st.sets(st.text(max_size=8), max_size=5))
def test_whatever_the_names_they_are_told_apart_and_stay_short(name: str, others: set[str]) -> None:
    taken = {skeleton(other) for other in (*others, name)}
    given = apart(name, taken, 20)
    assert skeleton(given) not in taken
    assert len(given) <= 20
