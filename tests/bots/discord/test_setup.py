"""How a server is set up: what is kept comes back, and what can't be is as in a new server."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bots.discord.setup import AUTO_JOIN, GuildSetup

IDS = st.integers(1, (1 << 64) - 1)
SETUPS = st.builds(
    GuildSetup,
    language=st.none() | st.sampled_from(["en", "de", "pt-BR"]),
    keep=st.sampled_from([None, "captions", "transcript"]),
    retention_days=st.none() | st.integers(0, 36_500),
    where=st.sampled_from(["thread", "voice"]) | IDS,
    starters=st.sampled_from(["everyone", "managers"]) | IDS,
    auto_join=st.lists(IDS, unique=True, max_size=AUTO_JOIN).map(tuple),
    leave_when_empty=st.booleans(),
    private=st.booleans(),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)


@given(SETUPS)
def test_what_is_kept_comes_back(setup: GuildSetup) -> None:
    assert GuildSetup.from_json(json.loads(json.dumps(setup.to_json()))) == setup


@given(ANYTHING)
def test_nothing_that_is_kept_can_break_a_server(kept: object) -> None:
    assert isinstance(GuildSetup.from_json(kept), GuildSetup)


@given(SETUPS, st.sampled_from([*GuildSetup().to_json()]), ANYTHING)
def test_one_thing_that_cannot_be_leaves_the_others_as_they_are(
    setup: GuildSetup, name: str, value: object
) -> None:
    read = GuildSetup.from_json(setup.to_json() | {name: value})
    assert all(getattr(read, other) == getattr(setup, other) for other in setup.to_json() if other != name)


def test_a_server_that_was_set_up_before_there_were_private_calls_has_none() -> None:
    kept = GuildSetup(language="de").to_json()
    del kept["private"]
    assert GuildSetup.from_json(kept) == GuildSetup(language="de", private=False)


def test_who_may_start_captions() -> None:
    everyone, managers, role = GuildSetup(), GuildSetup(starters="managers"), GuildSetup(starters=7)
    assert everyone.forbids([], manages=False, present=True) is None
    assert "Join the voice channel" in str(everyone.forbids([], manages=False, present=False))
    assert everyone.forbids([], manages=True, present=False) is None
    assert "manages this server" in str(managers.forbids([7], manages=False, present=True))
    assert managers.forbids([], manages=True, present=True) is None
    assert role.forbids([7], manages=False, present=True) is None
    assert "<@&7>" in str(role.forbids([8], manages=False, present=True))
    assert role.forbids([], manages=True, present=True) is None
