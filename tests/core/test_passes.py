"""Passes let one person into one room, for a while, and can't be made by anybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.passes import Pass, Passes

NOW = 1_800_000_000.0
PASSES = Passes(bytes(range(32)))


@given(st.text(min_size=1), st.text(), st.text())
def test_a_pass_says_who_comes_in(room: str, name: str, identity: str) -> None:
    text = PASSES.issue(room, name, identity, NOW + 60)
    assert text.isascii()
    assert not set(text) & set("/?#&=+% ")
    assert PASSES.read(text, room, NOW) == Pass(name, identity)


def test_a_pass_ends_at_its_time() -> None:
    text = PASSES.issue("room", "Ann", "slack:T1:U1", NOW + 60)
    assert PASSES.read(text, "room", NOW + 59.9).name == "Ann"
    with pytest.raises(UserError, match="too old"):
        PASSES.read(text, "room", NOW + 60)


def test_a_pass_opens_no_other_room() -> None:
    text = PASSES.issue("room", "Ann", "slack:T1:U1", NOW + 60)
    with pytest.raises(UserError, match="does not open this room"):
        PASSES.read(text, "another", NOW)


@given(st.data())
def test_whoever_changes_a_pass_has_none(data: st.DataObject) -> None:
    text = PASSES.issue("room", "Ann", "slack:T1:U1", NOW + 60)
    place = data.draw(st.integers(0, len(text) - 1))
    # The last letters of Base64 hold bits that mean nothing; they are not what somebody would change.
    letter = data.draw(st.sampled_from("-_.AZaz09").filter(lambda one: one != text[place]))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert PASSES.read(changed, "room", NOW) == Pass("Ann", "slack:T1:U1")
        assert place == len(text) - 1
    except UserError as error:
        assert "does not open this room" in str(error)  # noqa: PT017 - it may also be no change at all


@given(st.text())
def test_anything_else_is_no_pass(text: str) -> None:
    with pytest.raises(UserError, match="does not open this room"):
        PASSES.read(text, "room", NOW)


def test_a_pass_of_another_spokenly_is_none() -> None:
    text = Passes(bytes(32)).issue("room", "Ann", "slack:T1:U1", NOW + 60)
    with pytest.raises(UserError, match="does not open this room"):
        PASSES.read(text, "room", NOW)


def test_a_short_secret_is_a_bug() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Passes(b"short")
