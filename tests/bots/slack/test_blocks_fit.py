"""Whatever people are called, say and type: Slack takes every block that is made of it.

Held against the fake's reading of Block Kit (tests/fakes/slack/blocks.py), which refuses in every other test.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack import forms, home, starting
from bots.slack.archive import Filed
from bots.slack.card import Look, bare, card, link, short
from bots.slack.setup import Setup
from core.audio.frame import Speaker
from core.captions.markup import utf16
from core.record.kept import Call, Hit, Line
from tests.fakes.slack.blocks import faults, length, view_faults
from tests.fakes.slack.limits import Limits

patient = settings(max_examples=60, deadline=None)
LIMITS = Limits()

STRANGE = [
    "",
    " \n\t ",
    "\u200b\u2060",
    "\u202eevil\u2066",
    "\u3164",
    "🎉" * 3000,
    "👩\u200d👩\u200d👧\u200d👦" * 500,
    "<!channel>&" * 300,
    "&" * 3000,
    "a\nb" * 1000,
    "*_~`" * 750,
    "evil.com:x@#" * 250,
    "e" + "\u0301" * 3000,
    "\x00\x07\ud800",
    "x" * 3000,
]
text = st.one_of(st.sampled_from(STRANGE), st.text(max_size=300))
few = st.lists(text, max_size=12)


def taken(blocks: list[dict[str, Any]]) -> None:
    """Slack takes these as a message."""
    assert faults(blocks, LIMITS, most=LIMITS.blocks) == []
    assert length(blocks) <= LIMITS.blocks_text


def shows(view: dict[str, Any]) -> None:
    """Slack takes this as a form, or as App Home."""
    assert view_faults(view, LIMITS) == []
    assert len(json.dumps(view).encode()) <= LIMITS.view


looks = st.builds(
    Look,
    title=text,
    started_by=st.just("U012AB3CD"),
    keep=st.sampled_from(["captions", "transcript"]),
    state=text.map("From {}".format),
    heard=few.map(tuple),
    late=st.none() | st.integers(0, 10**6),
    notices=few.map(tuple),
    ended=st.none() | text,
    guest=st.booleans(),
    private=st.booleans(),
)
calls = st.builds(
    Call,
    id=st.just(1),
    key=st.just("k" * 32),
    space=st.just("slack:T1"),
    title=text,
    began=st.integers(0, 2**32).map(lambda at: datetime.fromtimestamp(at, UTC)),
    ended=st.none(),
    state=st.sampled_from(["live", "ended"]),
    language=st.just("en"),
    engine=text,
    lines=st.integers(0, 10**9),
    speakers=few.map(tuple),
)


@patient
@given(looks)
def test_a_card_fits(look: Look) -> None:
    said, blocks = card(look)
    taken(blocks)
    assert 0 < len(said) <= LIMITS.update
    assert 0 < len(bare(look)) <= LIMITS.update
    assert not {"\u202e", "\u2066", "\x07"} & set(json.dumps(blocks, ensure_ascii=False))


@given(st.text("abc/#=", max_size=2000))
def test_a_link_fits(path: str) -> None:
    taken(link(f"https://captions.example/{path}")[1])


@patient
@given(st.lists(calls, max_size=12), text, few, st.booleans())
def test_app_home_fits(found: list[Call], trouble: str, kept: list[str], manages: bool) -> None:
    filed = [Filed(call, "C012AB3CD") for call in found]
    shows(home.home(home.Page(filed, "", ["*Sound* is never kept."], manages)))
    shows(home.home(home.Page((), short(trouble, 500), kept[:0], manages)))


@patient
@given(text, st.lists(st.tuples(calls, text, text), max_size=25), st.booleans())
def test_what_a_search_finds_fits(words: str, found: list[tuple[Call, str, str]], more: bool) -> None:
    hits = [(_hit(call, name, said), "C012AB3CD") for call, name, said in found]
    shows(home.modal("Found", home.hits(words, hits, more=more)))


def _hit(call: Call, name: str, said: str) -> Hit:
    return Hit(call, Line(1, Speaker("x", name), 1.0, 2.0, said), ((0, 1),))


@pytest.mark.parametrize("channel", ["", "C012AB3CD"])
@pytest.mark.parametrize("setup", [Setup(), Setup("de-AT", "transcript", 36_500, True, True, True)])
def test_forms_fit(channel: str, setup: Setup) -> None:
    shows(forms.form(channel, setup))
    shows(forms.waiting())
    shows(starting.form())


@patient
@given(text)
def test_a_sentence_in_a_forms_place_fits(sentence: str) -> None:
    shows(forms.told(f"That is: {sentence}"))


@given(text, st.integers(2, 300))
def test_what_is_cut_is_no_longer_than_it_may_be_however_one_counts(said: str, longest: int) -> None:
    assert utf16(short(said, longest)) <= longest
