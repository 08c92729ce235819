"""The end-to-end encryption by itself: two of us and the server's half of the protocol, without a network."""

import json

import davey
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.discord.voice.dave import KEPT, RECOVERIES, VERSION, Dave
from bots.discord.voice.messages import (
    Commit,
    DaveMessage,
    ExecuteTransition,
    ExternalSender,
    PrepareEpoch,
    PrepareTransition,
    Proposals,
    Welcome,
)
from tests.bots.discord.voice.group import ANN, BOT, CHANNEL, Ends, Group


async def test_two_of_us_understand_each_other() -> None:
    group = Group(ANN, BOT)
    bot = group.seats[BOT].dave
    assert bot.ready
    assert bot.members == {ANN}
    frame = group.frame()
    assert frame.endswith(b"\xfa\xfa")
    assert bot.open(ANN, frame, group.now) == b"\x78sound of some length"


async def test_a_frame_opens_once_and_for_its_sender_alone() -> None:
    group = Group(ANN, BOT, 3)
    bot = group.seats[BOT].dave
    frame = group.frame()
    assert bot.open(3, frame, group.now) is None
    assert bot.open(ANN, frame, group.now) is not None
    assert bot.open(ANN, frame, group.now) is None


async def test_frames_out_of_order_open() -> None:
    group = Group(ANN, BOT)
    sent = [group.frame(bytes([0x78, number]) * 10) for number in range(20)]
    bot = group.seats[BOT].dave
    assert all(bot.open(ANN, frame, group.now) for frame in [sent[0], *reversed(sent[1:])])


async def test_the_keys_before_a_change_still_open_what_was_sent_with_them() -> None:
    group = Group(ANN, BOT)
    before = group.frame()
    group.come(3)
    assert group.seats[BOT].dave.open(ANN, before, group.now) is not None


async def test_a_key_package_is_offered_without_being_asked() -> None:
    dave = Dave(BOT, CHANNEL)
    (offered,) = dave.begin(1)
    assert isinstance(offered, bytes)
    assert offered[0] == 26


async def test_the_servers_key_is_remembered_until_the_session_begins_and_after() -> None:
    group = Group(ANN, BOT)
    bot = group.seats[BOT]
    bot.say(bot.dave.recover())
    group.deliver()
    assert bot.dave.ready
    assert bot.dave.open(ANN, group.frame(), group.now) is not None


async def test_nothing_is_offered_where_nothing_is_encrypted() -> None:
    dave = Dave(BOT, CHANNEL)
    assert dave.begin(0) == []
    assert dave.takes_plain(0.0)
    assert not dave.expects_sealed(0.0)
    assert dave.recover() == []


async def test_a_version_that_we_cannot_do_is_counted() -> None:
    dave = Dave(BOT, CHANNEL)
    assert dave.begin(VERSION + 7) == []
    assert dave.counts.rejected == 1


async def test_whoever_is_not_in_the_channel_is_not_let_into_the_group() -> None:
    group = Group(ANN, BOT)
    for seat in group.seats.values():
        seat.dave._pending.clear()
    bot = group.seats[BOT]
    stranger = Ends(group, 66)
    group.seats[66] = stranger
    stranger.tell_binary(25, group.encryption._sender.package)
    stranger.say(stranger.dave.begin(1))
    proposed = [message for message in bot.inbox if isinstance(message, Proposals)]
    assert proposed
    assert bot.dave.take(proposed[0], [ANN], group.now) == []
    assert bot.dave.counts.rejected == 1


async def test_a_commit_that_does_not_fit_is_answered_by_asking_to_be_added_again() -> None:
    group = Group(ANN, BOT)
    bot = group.seats[BOT]
    said = bot.dave.take(Commit(9, b"nonsense"), [ANN], group.now)
    assert [json.loads(one) for one in said if isinstance(one, str)] == [
        {"op": 31, "d": {"transition_id": 9}}
    ]
    assert [one[0] for one in said if isinstance(one, bytes)] == [26]
    # What others send with the old keys meanwhile is still heard.
    assert bot.dave.open(ANN, group.frame(), group.now) is not None
    bot.say(said)
    group.deliver()
    assert bot.dave.ready
    assert bot.dave.open(ANN, group.frame(), group.now) is not None


async def test_a_welcome_that_does_not_fit_is_answered_in_the_same_way() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    said = dave.take(Welcome(4, b"nonsense"), [], 0.0)
    assert json.loads(str(said[0])) == {"op": 31, "d": {"transition_id": 4}}


async def test_a_commit_of_the_others_before_we_are_welcomed_is_not_ours() -> None:
    group = Group(ANN)
    late = Dave(BOT, CHANNEL)
    late.take(ExternalSender(group.encryption._sender.package), [], 0.0)
    late.begin(1)
    assert late.take(Commit(5, b"of the others"), [ANN], 0.0) == []
    assert late.counts.recoveries == 0


async def test_asking_again_is_given_up_after_some_attempts() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    said = [dave.take(Welcome(4, b"nonsense"), [], 0.0) for _ in range(RECOVERIES + 3)]
    assert [bool(one) for one in said] == [True] * RECOVERIES + [False] * 3
    assert dave.exhausted


async def test_a_frame_that_opens_ends_the_counting_of_attempts() -> None:
    group = Group(ANN, BOT)
    bot = group.seats[BOT]
    for _ in range(RECOVERIES * 2):
        bot.say(bot.dave.recover())
        group.deliver()
        assert bot.dave.open(ANN, group.frame(), group.now) is not None
    assert not bot.dave.exhausted


async def test_old_keys_are_kept_no_longer_than_late_packets_are_late() -> None:
    group = Group(ANN, BOT)
    bot = group.seats[BOT]
    first, second = group.frame(), group.frame()
    bot.say(bot.dave.recover())
    group.deliver()
    assert bot.dave.open(ANN, first, group.now) is not None
    assert bot.dave.open(ANN, second, group.now + KEPT) is None


async def test_transitions_are_confirmed_but_for_the_immediate_one() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    (ready,) = dave.take(PrepareTransition(7, 0), [], 0.0)
    assert json.loads(str(ready)) == {"op": 23, "d": {"transition_id": 7}}
    assert dave.version == 1
    dave.take(ExecuteTransition(7), [], 0.0)
    assert dave.version == 0
    assert dave.take(PrepareTransition(0, 1), [], 0.0) == []
    assert dave.version == 1


async def test_unencrypted_sound_is_believed_from_the_announcement_on_and_a_while_after_an_upgrade() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    assert not dave.takes_plain(100.0)
    dave.take(PrepareTransition(7, 0), [], 100.0)
    assert dave.takes_plain(100.0)
    dave.take(ExecuteTransition(7), [], 101.0)
    assert dave.takes_plain(1e9)
    assert dave.expects_sealed(101.0 + KEPT - 1)
    assert not dave.expects_sealed(101.0 + KEPT)
    dave.take(PrepareTransition(8, 1), [], 200.0)
    dave.take(ExecuteTransition(8), [], 200.0)
    assert dave.takes_plain(200.0 + KEPT - 1)
    assert not dave.takes_plain(200.0 + KEPT)


async def test_a_transition_that_nobody_announced_changes_nothing() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    dave.take(ExecuteTransition(3), [], 0.0)
    assert dave.version == 1


async def test_only_the_first_epoch_founds_a_group() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    assert dave.take(PrepareEpoch(2, 1), [], 0.0) == []
    (offered,) = dave.take(PrepareEpoch(1, 1), [], 0.0)
    assert isinstance(offered, bytes)


messages = st.one_of(
    st.builds(ExternalSender, st.binary(max_size=90)),
    st.builds(Proposals, st.booleans(), st.binary(max_size=90)),
    st.builds(Commit, st.integers(0, 0xFFFF), st.binary(max_size=90)),
    st.builds(Welcome, st.integers(0, 0xFFFF), st.binary(max_size=90)),
    st.builds(PrepareTransition, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    st.builds(ExecuteTransition, st.integers(0, 3)),
    st.builds(PrepareEpoch, st.integers(0, 3), st.integers(0, 0xFFFF)),
)


@settings(max_examples=40)
@given(st.lists(messages, max_size=12), st.binary(max_size=90))
def test_any_messages_in_any_order_are_survived(said: list[DaveMessage], noise: bytes) -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(1)
    for message in said:
        dave.take(message, [ANN], 0.0)
        dave.open(ANN, noise + b"\xfa\xfa", 0.0)
    assert isinstance(dave.members, frozenset)


@given(st.binary(max_size=120), st.integers(0, 255), st.integers(0, 255))
async def test_any_frame_of_a_member_is_opened_or_not(noise: bytes, at: int, byte: int) -> None:
    group = await _two()
    whole = group.frame()
    broken = whole[: at % len(whole)] + bytes([byte]) + whole[at % len(whole) + 1 :]
    bot = group.seats[BOT].dave
    for frame in (noise, noise + b"\xfa\xfa", noise + bytes([at, byte]) + b"\xfa\xfa", whole[at:]):
        bot.open(ANN, frame, 0.0)
    if broken != whole:
        assert bot.open(ANN, broken, 0.0) is None


_KEPT: list[Group] = []


async def _two() -> Group:
    """A group of two, founded once: that takes time."""
    if not _KEPT:
        _KEPT.append(Group(ANN, BOT))
    return _KEPT[0]


def test_the_library_is_one_whose_commits_install_their_keys() -> None:
    """davey 0.2 waits for another call, and would let us hear nothing without saying so."""
    assert not hasattr(davey.DaveSession, "execute_transition")


def test_plain_sound_is_taken_while_encryption_is_being_set_up() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(0)
    dave.take(PrepareEpoch(1, VERSION), [ANN], 100.0)
    assert dave.takes_plain(100.0 + KEPT - 0.1)
    assert not dave.takes_plain(100.0 + KEPT)


def test_plain_sound_is_not_taken_because_an_encrypted_call_begins_a_new_group() -> None:
    dave = Dave(BOT, CHANNEL)
    dave.begin(VERSION)
    dave.take(PrepareEpoch(1, VERSION), [ANN], 100.0)
    assert not dave.takes_plain(100.0)
