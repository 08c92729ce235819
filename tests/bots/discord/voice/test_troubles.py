"""What happens to a voice connection in the field, and that it is heard again afterwards, or told why not."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import pytest

from bots.discord.voice.connection import VoiceLine
from bots.discord.voice.listener import Gone, Phase, Reason
from tests.bots.discord.voice.scene import Scene, scene
from tests.bots.discord.voice.test_connection import speech
from tests.fakes.discord import Member
from tests.fakes.discord.session import Session


async def in_a_call(s: Scene) -> Member:
    """The bot and Ann are in the lounge, and everybody is heard."""
    await s.join()
    ann = s.guild.member("Ann")
    await ann.join(s.lounge)
    assert await speech(s, ann) >= 1
    return ann


@pytest.mark.parametrize("code", [None, 4015, 4013, 1001])
async def test_a_dropped_gateway_is_resumed_and_nothing_is_missed(code: int | None) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        async with asyncio.TaskGroup() as talk:
            talking = talk.create_task(speech(s, ann))
            await asyncio.sleep(0.3)
            s.session.drop(code)
        assert talking.result() >= 1
        assert s.session.counters["resumed"] == 1
        assert s.voice.counters["identify"] == 1
        # The sound went on all the time, so nobody needs to be told.
        assert s.ears.stood == [Phase.CONNECTING, Phase.HEARING]
        assert s.ears.gone == []


async def test_who_came_while_the_gateway_was_away_is_heard() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.faults.silent_at = "connect"
        s.session.drop()
        await asyncio.sleep(1)
        ben = s.guild.member("Ben")
        async with asyncio.TaskGroup() as joining:
            joining.create_task(ben.join(s.lounge))
            await asyncio.sleep(1)
            s.faults.silent_at = ""
        await asyncio.sleep(20)
        assert await speech(s, ben) >= 1
        assert s.ears.stood[-1] is Phase.HEARING
        assert Phase.RECONNECTING in s.ears.stood


@pytest.mark.parametrize("after", [True, False])
async def test_what_was_missed_may_come_before_or_after_the_resumption(after: bool) -> None:
    async with scene() as s:
        await in_a_call(s)
        s.faults.replay_after_resumed = after
        s.session.drop()
        ben = s.guild.member("Ben")
        await ben.join(s.lounge)
        await asyncio.sleep(2)
        assert await speech(s, ben) >= 1


async def test_sequence_numbers_wrap_around() -> None:
    async with scene() as s:
        await s.join()
        s.session.start_counting_at(65_530)
        people = [s.guild.member(f"Number {number}") for number in range(3)]
        for one in people:
            await one.join(s.lounge)
        assert s.session.last_seq < 100
        s.session.drop()
        await asyncio.sleep(1)
        assert s.session.counters["resumed"] == 1
        assert await speech(s, people[0]) >= 1


@pytest.mark.parametrize("code", [4006, 4009])
async def test_a_session_that_was_forgotten_is_begun_anew(code: int) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.faults.refuse_resume = code
        s.session.drop()
        await asyncio.sleep(3)
        assert s.voice.counters["identify"] == 2
        assert await speech(s, ann) >= 1
        # It is a new session with new numbers: what is heard from now on has a clock of its own.
        assert ann.id in s.ears.gone


async def test_a_gateway_that_answers_no_heartbeat_is_left() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.faults.deaf_to_heartbeats = True
        await asyncio.sleep(20)
        s.faults.deaf_to_heartbeats = False
        await asyncio.sleep(20)
        assert s.session.counters["resumed"] >= 1
        assert s.voice.counters["identify"] == 1
        assert await speech(s, ann) >= 1


async def test_a_kicked_bot_stays_away_and_says_so() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.guild.disconnect_bot()
        await s.ears.until(Gone)
        assert isinstance(s.ears.now, Gone)
        assert s.ears.now.reason is Reason.KICKED
        await asyncio.sleep(30)
        assert s.guild.bot_in is None
        assert s.client.voice_clients == []


async def test_a_bot_thrown_out_of_the_server_says_so() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.guild.remove_bot()
        await s.ears.until(Gone)


async def test_a_deleted_channel_is_said_to_be_deleted() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.guild.delete(s.lounge)
        await s.ears.until(Gone)
        assert isinstance(s.ears.now, Gone)
        assert s.ears.now.reason is Reason.DELETED


@pytest.mark.parametrize("server_first", [False, True])
async def test_a_moved_bot_hears_in_the_other_channel(server_first: bool) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        line = s.client.voice_clients[0]
        s.fake.rooms.server_first = server_first
        other = s.guild.voice("Library")
        await asyncio.sleep(0.1)
        s.guild.move_bot(other)
        await asyncio.sleep(5)
        assert getattr(line.channel, "id", None) == other.id
        assert s.voice.counters["identify"] == 2
        assert s.ears.stood[-1] is Phase.HEARING
        ben = s.guild.member("Ben")
        await ben.join(other)
        assert await speech(s, ben) >= 1
        assert await speech(s, ann) == 0
        assert ann.id in s.ears.gone


async def test_a_move_that_no_new_voice_server_is_told_for_is_followed_all_the_same() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        (line,) = s.client.voice_clients
        assert isinstance(line, VoiceLine)
        state = {"channel_id": str(s.guild.voice("Library").id), "session_id": s.session.ticket.session}
        await line.on_voice_state_update(state)
        await asyncio.sleep(5)
        assert s.voice.counters["identify"] == 2
        await line.on_voice_state_update({**state, "channel_id": str(s.lounge.id)})
        await asyncio.sleep(5)
        assert s.voice.counters["identify"] == 3
        assert await speech(s, ann) >= 1


async def test_a_moved_bot_hears_on_a_stage_and_back() -> None:
    async with scene() as s:
        await in_a_call(s)
        stage = s.guild.stage()
        await asyncio.sleep(0.1)
        s.guild.move_bot(stage)
        ben = s.guild.member("Ben")
        await ben.join(stage)
        ben.come_forward()
        await asyncio.sleep(3)
        assert await speech(s, ben) >= 1
        s.guild.move_bot(s.lounge)
        await asyncio.sleep(3)
        await ben.join(s.lounge)
        assert await speech(s, ben) >= 1


@pytest.mark.parametrize("code", [4014, 4022])
async def test_a_changed_region_is_followed(code: int) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        await s.voice.change_region(s.lounge.id, gap=3, code=code)
        await s.ears.until(Phase.HEARING)
        await asyncio.sleep(2)
        assert Phase.RECONNECTING in s.ears.stood
        assert await speech(s, ann) >= 1


async def test_a_changed_key_in_the_middle_of_a_call_is_used_at_once() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        offered = s.session.counters["op 26"]
        s.voice.rotate_key(s.lounge.id)
        await asyncio.sleep(0.1)
        assert await speech(s, ann) >= 1
        # The end-to-end encryption is none of its business.
        assert s.session.counters["op 26"] == offered


async def test_a_lost_main_gateway_that_is_resumed_changes_nothing() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.fake.gateway.drop()
        await asyncio.sleep(10)
        assert await speech(s, ann) >= 1
        assert s.voice.counters["identify"] == 1


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("answered", [True, False])
async def test_a_main_gateway_that_is_lost_while_joining_is_asked_again(
    *, resumed: bool, answered: bool
) -> None:
    async with scene() as s:
        asked, wishes = s.fake.rooms.asked, s.fake.rooms.asked_for

        def lost(session: Session, wish: Mapping[str, Any]) -> None:
            if answered or wishes:
                asked(session, wish)
            if len(wishes) <= 1:
                wishes.append(wish)
                s.fake.gateway.forget = not resumed
                s.fake.gateway.drop()

        s.fake.rooms.asked = lost  # type: ignore[method-assign]  # a connection that breaks just then
        await s.join(patience=30.0)
        assert s.ears.now is Phase.HEARING
        assert (s.fake.gateway.resumed, s.fake.gateway.identified) == ((1, 1) if resumed else (0, 2))


async def test_a_main_gateway_with_a_new_session_is_followed() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.fake.gateway.invalidate()
        await asyncio.sleep(60)
        assert s.ears.stood[-1] is Phase.HEARING
        assert await speech(s, ann) >= 1


async def test_a_deafened_bot_says_so_until_it_is_undone() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.fake.rooms.place(s.guild.id, s.fake.bot_id, s.lounge.id, deaf=True)
        await asyncio.sleep(0.1)
        assert s.ears.stood[-1:] == [Phase.DEAFENED]
        s.fake.rooms.place(s.guild.id, s.fake.bot_id, s.lounge.id, deaf=False)
        await asyncio.sleep(0.1)
        assert s.ears.stood[-1:] == [Phase.HEARING]


async def test_a_voice_server_that_is_gone_for_good_is_given_up_in_the_end() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.faults.silent_at = "connect"
        s.session.drop()
        await s.ears.until(Gone, patience=1200)
        assert s.client.voice_clients == []


async def test_any_bytes_on_the_socket_are_survived() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        for datagram in (b"", b"\x80", b"\x80\x78" + bytes(30), b"\xb0\x78" + b"\xff" * 60, b"\x81\xc8" * 20):
            s.session.raw(datagram)
        s.session.raw(bytes(74))
        assert await speech(s, ann) >= 1


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "{",
        '{"op":5}',
        '{"op":5,"d":{"user_id":"x","ssrc":-1}}',
        '{"op":4,"d":{}}',
        '{"op":99,"d":1,"seq":"a"}',
        b"",
        b"\0\1",
        b"\0\1\x19",
        b"\0\1\x1bxyz",
        b"\0\1\x1d\0\1garbage",
        b"\0\1\x1e\0\1garbage",
        b"\0\1\x63abc",
    ],
)
async def test_any_message_is_survived(frame: str | bytes) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        wire = s.session.wire
        assert wire is not None
        wire.send(frame)
        await asyncio.sleep(3)
        assert await speech(s, ann) >= 1


async def test_too_many_requests_are_not_answered_with_one_more() -> None:
    async with scene() as s:
        await in_a_call(s)
        identified = s.voice.counters["identify"]
        s.session.close(4021)
        await s.ears.until(Gone)
        assert s.ears.stood[-1:] == [Gone(Reason.REFUSED, 4021)]
        assert s.voice.counters["identify"] == identified


async def test_a_session_that_is_closed_without_a_word_of_discords_is_joined_anew() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.session.close(4014)
        await asyncio.sleep(30)
        assert s.ears.stood[-1:] == [Phase.HEARING]
        assert await speech(s, ann) >= 1


@contextlib.contextmanager
def no_network(s: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bot's machine is cut off: every connection breaks, and none can be opened."""

    async def refuse(*_: object, **__: object) -> None:
        raise aiohttp.ClientConnectionError("network is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(aiohttp.TCPConnector, "connect", refuse)
        # The library's own waits before it connects again are left to chance, and grow to minutes.
        patch.setattr("discord.backoff.ExponentialBackoff.delay", lambda _self: 5.0)
        s.faults.downlink.loss = 1.0
        s.fake.gateway.drop()
        s.session.drop()
        yield
    s.faults.downlink.loss = 0.0


@pytest.mark.parametrize("seconds", [10, 45, 120, 400])
async def test_an_outage_of_the_internet_is_ridden_out(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        with no_network(s, monkeypatch):
            await asyncio.sleep(seconds)
            assert s.ears.now is Phase.RECONNECTING
        await s.ears.until(Phase.HEARING)
        await asyncio.sleep(5)
        assert await speech(s, ann) >= 1
        assert not any(isinstance(one, Gone) for one in s.ears.stood)


async def test_a_bot_that_discord_put_out_during_an_outage_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        with no_network(s, monkeypatch):
            await asyncio.sleep(20)
            s.guild.disconnect_bot()
            await asyncio.sleep(5)
        await asyncio.sleep(60)
        assert s.ears.now is Phase.HEARING
        assert await speech(s, ann) >= 1


async def test_a_kick_long_after_an_outage_is_a_kick(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as s:
        await in_a_call(s)
        with no_network(s, monkeypatch):
            await asyncio.sleep(20)
        await s.ears.until(Phase.HEARING)
        await asyncio.sleep(60)
        s.guild.disconnect_bot()
        await asyncio.sleep(60)
        assert s.ears.now == Gone(Reason.KICKED, 4014)
        assert s.guild.bot_in is None


async def test_a_network_that_never_comes_back_is_told_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as s:
        await in_a_call(s)
        with no_network(s, monkeypatch):
            await s.ears.until(Gone, patience=2000)
        assert s.ears.now == Gone(Reason.UNREACHABLE)


async def test_a_channel_that_lets_nobody_in_any_more_is_told_once_that_is_sure() -> None:
    async with scene() as s:
        await in_a_call(s)
        s.fake.rooms.silent = True
        s.session.close(4014)
        await asyncio.sleep(60)
        assert s.ears.stood[-1:] == [Phase.RECONNECTING]
        await s.ears.until(Gone, patience=200)
        assert s.ears.stood[-1:] == [Gone(Reason.NO_ANSWER)]


async def test_a_gateway_that_is_dead_without_a_word_is_not_taken_for_a_full_channel() -> None:
    async with scene() as s:
        ann = await in_a_call(s)
        s.fake.rooms.silent = True
        s.session.close(4014)
        await asyncio.sleep(90)
        s.fake.rooms.silent = False
        await s.ears.until(Phase.HEARING)
        assert await speech(s, ann) >= 1
