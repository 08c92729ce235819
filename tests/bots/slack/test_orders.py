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
        ('start "a=b"', Order("start", "a=b")),
        ("start “lang=de private=yes”", Order("start", "lang=de private=yes")),
        ('start Why "a=b" matters', Order("start", 'Why "a=b" matters')),
        ('start The "big" 5" one', Order("start", 'The "big" 5" one')),
        ('start "Weekly  talk" private = yes', Order("start", "Weekly talk", {"private": "yes"})),
        ('start private="yes"', Order("start", "", {"private": "yes"})),
        ("start Sprint:42 at 10:30", Order("start", "Sprint:42 at 10:30")),
        ("start https://example.org/a", Order("start", "https://example.org/a")),
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


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            "start lang=de prvate=yes",
            "`lang=` is nothing that `start` takes. There are `language=`, `keep=` and",
        ),
        ("start Weekly prvate=yes", "`prvate=` is nothing that `start` takes."),
        ("start Weekly prvate:yes", "`prvate=` is nothing that `start` takes."),
        (
            "start a = b",
            "`a=` is nothing that `start` takes. There are `language=`, `keep=` and `private=`. A",
        ),
        ("start language= private=yes", "`language=` lacks its value"),
        ("start x==<!channel>", "`x=` is nothing"),
        ("start <!channel>=1", "What has a = is nothing"),
        ("start private==yes", "`private=` lacks its value"),
        (
            "setup blah=1",
            "`blah=` is nothing that `setup` takes. There are `language=`, `keep=`, `private=`, `gue",
        ),
        ("setup private yes", "Say what to set up: `language=`"),
        ("stop now=yes", "`now=` is nothing that `stop` takes: it has no options."),
    ],
)
def test_an_option_that_there_is_not_never_becomes_a_title(typed: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(typed)
    assert str(refused.value).startswith(told)


@given(st.from_regex(r"\A[a-z]{1,9} ?= ?[a-z]{1,9}\Z"), st.sampled_from(["", "Weekly ", '"A talk" ']))
def test_whatever_is_said_with_a_sign_is_an_option_or_refused(option: str, before: str) -> None:
    try:
        order = parse(f"start {before}{option}")
    except UserError:
        return
    assert "=" not in order.rest
    assert order.options


def test_yes_and_no_are_yes_and_no() -> None:
    said = {"private": "Yes", "guests": "off", "huddles": "maybe"}
    assert yes(said, "private")
    assert not yes(said, "guests")
    with pytest.raises(UserError, match="`huddles=` is yes or no"):
        yes(said, "huddles")


@given(st.text(max_size=2000))
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    try:
        order = parse(typed)
    except UserError:
        return
    assert len(order.rest) <= LONGEST
    assert "\n" not in order.rest
