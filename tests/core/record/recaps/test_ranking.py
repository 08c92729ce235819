"""The sentences that tell most are chosen: by their words, without saying a thing twice, always the same."""

from hypothesis import given
from hypothesis import strategies as st

from core.record.recaps.ranking import telling, weights

BAGS = [
    ["weather"],
    ["ticket", "price", "theatre"],
    ["ticket", "price", "theatre"],
    ["refund", "card", "provider"],
    ["refund", "card", "lawyer"],
    ["ticket", "refund"],
]


def chosen(count: int, worth: list[float] | None = None) -> list[int]:
    return telling(BAGS, worth or [1.0] * len(BAGS), weights(BAGS), count)


def test_the_next_sentence_is_about_something_else() -> None:
    first, second = chosen(2)
    assert {first, second} in ({1, 3}, {1, 4}, {3, 1})


def test_what_is_worth_nothing_is_never_chosen() -> None:
    assert chosen(6, [1, 0, 1, 0, 1, 0]) == sorted(chosen(6, [1, 0, 1, 0, 1, 0]), key=[2, 4, 0].index)


def test_of_equals_the_first_is_chosen() -> None:
    assert telling([["a"], ["a"]], [1, 1], weights([["a"], ["a"]]), 1) == [0]


bags = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), max_size=30)


@given(bags, st.integers(0, 12))
def test_no_sentence_is_chosen_twice(some: list[list[str]], count: int) -> None:
    found = telling(some, [1.0] * len(some), weights(some), count)
    assert len(found) == len(set(found)) == min(count, len(some))


@given(bags)
def test_a_word_tells_more_the_oftener_it_comes_elsewhere(some: list[list[str]]) -> None:
    before = weights([*some, ["z"], ["y"]])
    after = weights([*some, ["z", "z"], ["y"]])
    assert before["z"] == before["y"]
    assert after["z"] > after["y"]


def test_nothing_is_chosen_from_nothing() -> None:
    assert telling([], [], weights([]), 5) == []


def test_saying_a_word_again_does_not_tell_more() -> None:
    some = [["ticket", "ticket", "ticket"], ["ticket", "price"]]
    assert telling(some, [1.0, 1.0], weights(some), 1) == [1]
