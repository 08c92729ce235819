"""What people type after /captions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.slack.orders import LONGEST, Order, mentioned, parse, yes
from core.errors import UserError


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("", Order("help")),
        ("  help ", Order("help")),
        ("Start", Order("start")),
        ("start Weekly  planning", Order("start", "Weekly planning")),
        (
            "start Weekly language=de keep:transcript",
            Order("start", "Weekly", {"language": "de", "keep": "transcript"}),
        ),
        ("start language=pt-BR Weekly", Order("start", "Weekly", {"language": "pt-BR"})),
        ("start R&amp;D &lt;3", Order("start", "R&D <3")),
        ("start a=b", Order("start", "a=b")),
        ("attach abcd-efgh", Order("attach", "abcd-efgh")),
        ("stop.", Order("stop")),
        ("start Weekly private=yes", Order("start", "Weekly", {"private": "yes"})),
        ("start Private talk", Order("start", "Private talk")),
        ("setup private=no", Order("setup", "", {"private": "no"})),
        ("setup guests=yes huddles=no", Order("setup", "", {"guests": "yes", "huddles": "no"})),
    ],
)
def test_what_is_typed_is_understood(typed: str, order: Order) -> None:
    assert parse(typed) == order


def test_a_mention_says_the_same_wherever_the_name_stands() -> None:
    assert mentioned("<@U0123> start Weekly") == Order("start", "Weekly")
    assert mentioned("start Weekly <@W0123|spokenly>") == Order("start", "Weekly")
    assert mentioned("<@U0123>") == Order("help")


@pytest.mark.parametrize("typed", ["begin", "stop language=de", "start guests=yes", "share private=no"])
def test_what_there_is_not_is_told_with_what_there_is(typed: str) -> None:
    with pytest.raises(UserError, match=r"/captions|only"):
        parse(typed)


def test_yes_and_no_are_yes_and_no() -> None:
    assert yes("Yes")
    assert not yes("off")
    with pytest.raises(UserError):
        yes("maybe")


@given(st.text(max_size=2000))
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    try:
        order = parse(typed)
    except UserError:
        return
    assert len(order.rest) <= LONGEST
    assert "\n" not in order.rest
