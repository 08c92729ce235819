"""The fake voice gateway closes, forgets, falls silent and moves, as Discord's does."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord.voice import FakeVoice, Faults, voice
from tests.fakes.discord.voice.client import BOT, GUILD, LOUNGE, Client, joined
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import SILENCE
from tests.recordings import tone

HALF = tone(0.5, 48_000).tobytes()
SAID = [*frames(HALF), *[SILENCE] * 5]


def ops(client: Client) -> list[int]:
    return [op for op, _ in client.messages]


async def test_a_cut_connection_is_resumed_and_what_was_missed_comes_again() -> None:
    async with voice() as server, asyncio.TaskGroup() as tasks:
        ann, ben = server.person("Ann"), server.person("Ben")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            line = server.line(BOT)
            line.drop()
            await bot.over.wait()
            assert bot.closed == 1006
            await ben.join(LOUNGE)
            assert server.room(LOUNGE).encryption.counters["transition timeout"] == 1
            again = tasks.create_task(bot.run(resume=True))
            await bot.connected.wait()
            await asyncio.sleep(0.1)
            assert bot.member.known == {BOT, ann.user, ben.user}
            assert not bot.counters
            assert line.counters["resumed"] == 1
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ben.user] == SAID
            await bot.leave()
            await again


@pytest.mark.parametrize("after", [False, True])
async def test_op_9_comes_before_or_after_what_was_missed(after: bool) -> None:
    async with (
        voice(Faults(replay_after_resumed=after)) as server,
        asyncio.TaskGroup() as tasks,
        joined(server) as bot,
    ):
        server.line(BOT).drop(4015)
        await bot.over.wait()
        assert bot.closed == 4015
        await server.person("Ann").join(LOUNGE, patience=0)
        seen = len(bot.messages)
        again = tasks.create_task(bot.run(resume=True))
        await bot.connected.wait()
        await asyncio.sleep(0.1)
        new = [op for op in ops(bot)[seen:] if op in (9, 11)]
        assert new == ([9, 11] if after else [11, 9])
        await bot.leave()
        await again


async def test_sequence_numbers_wrap_and_a_resume_still_finds_its_place() -> None:
    async with voice() as server, asyncio.TaskGroup() as tasks, joined(server) as bot:
        server.line(BOT).start_counting_at(65533)
        bot.seq_ack = 65533
        server.line(BOT).drop()
        await bot.over.wait()
        ann = server.person("Ann")
        await ann.join(LOUNGE, patience=0)
        again = tasks.create_task(bot.run(resume=True))
        await bot.connected.wait()
        await asyncio.sleep(1.0)
        assert bot.seq_ack < 20
        assert not bot.counters
        await ann.say(HALF)
        await asyncio.sleep(0.1)
        assert bot.heard[ann.user] == SAID
        assert not server.line(BOT).counters["heartbeat without the right seq_ack"]
        await bot.leave()
        await again


async def test_a_session_that_expired_or_was_forgotten_is_closed_with_4006() -> None:
    async with voice(Faults(resume_window=20.0)) as server, joined(server) as bot:
        server.line(BOT).drop()
        await bot.over.wait()
        await asyncio.sleep(21.0)
        assert not server.room(LOUNGE).seats
        await bot.run(resume=True)
        assert bot.closed == 4006
        server.faults.refuse_resume = 4009
        await bot.run(resume=True)
        assert bot.closed == 4009


@pytest.mark.parametrize("code", [4004, 4006, 4009, 4014, 4016, 4017, 4021, 4022])
async def test_an_identify_can_be_refused_with_any_code(code: int) -> None:
    async with voice() as server, joined(server) as bot:
        await bot.leave()
        await bot.over.wait()
        server.faults.refuse_identify = code
        await bot.run()
        assert bot.closed == code


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (99, {}, 4001),
        (0, {}, 4005),
        (1, {"protocol": "webrtc", "data": {}}, 4012),
        (1, {"protocol": "udp", "data": {"mode": "xsalsa20_poly1305"}}, 4016),
        (1, {}, 4020),
        (5, {"speaking": None}, 4020),
        (3, 5, 4020),
    ],
)
async def test_whoever_breaks_the_protocol_is_closed_with_its_code(op: int, data: Any, code: int) -> None:
    async with voice() as server, joined(server) as bot:
        bot.send(op, data)
        await bot.over.wait()
        assert bot.closed == code
        assert not server.room(LOUNGE).seats


async def test_json_in_a_binary_frame_is_closed_with_4002() -> None:
    async with voice() as server, joined(server) as bot:
        bot.send_binary(ord("{"), b'"op": 3}')
        await bot.over.wait()
        assert bot.closed == 4002


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": "another"}, 4004),
        ({"session_id": "another"}, 4006),
        ({"user_id": "5"}, 4006),
        ({"server_id": "x"}, 4020),
        ({"max_dave_protocol_version": 0}, 4017),
    ],
)
async def test_an_identify_that_is_wrong_is_refused(change: dict[str, Any], code: int) -> None:
    async with voice() as server, joined(server) as bot:
        await bot.leave()
        await bot.over.wait()
        bot.hello.update(change)
        await bot.run()
        assert bot.closed == code


async def test_a_token_may_be_good_for_one_identify_alone() -> None:
    async with voice(Faults(tokens_once=True)) as server, joined(server) as bot:
        server.line(BOT).drop()
        await bot.over.wait()
        await bot.run()
        assert bot.closed == 4006
        assert server.counters["identify"] == 2


async def test_a_renewed_promise_makes_the_old_session_unresumable() -> None:
    async with voice() as server, joined(server) as bot:
        server.line(BOT).drop()
        await bot.over.wait()
        token, _ = server.expect(GUILD, LOUNGE, BOT, "session")
        await bot.run(resume=True)
        assert bot.closed == 4006
        bot.hello["token"] = token
        await bot.run(resume=True)
        assert bot.closed == 4006


async def test_a_client_whose_heart_stands_still_is_closed_with_4009() -> None:
    async with voice() as server, joined(server) as bot:
        bot.stop_heart()
        await bot.over.wait()
        assert bot.closed == 4009


async def test_a_client_that_ignores_the_endpoints_port_is_not_served() -> None:
    async with voice() as server, joined(server) as bot:
        await bot.leave()
        await bot.over.wait()
        bot.endpoint = bot.endpoint.partition(":")[0]
        await bot.run()
        assert bot.closed == 4011


async def test_a_kick_is_4014_and_a_deleted_channel_4022_for_all() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            server.dismiss(GUILD, BOT)
            await bot.over.wait()
            assert bot.closed == 4014
            await bot.run(resume=True)
            assert bot.closed == 4006
        async with joined(server) as bot:
            server.delete(LOUNGE)
            await bot.over.wait()
            assert bot.closed == 4022
        assert ann.channel is None


@pytest.mark.parametrize("step", ["connect", "identify", "select", "discovery"])
async def test_a_server_may_stop_answering_at_any_step(step: Any) -> None:
    async with voice() as server, asyncio.TaskGroup() as tasks:
        async with joined(server) as bot:
            await bot.leave()
            await bot.over.wait()
        server.faults.silent_at = step
        told = len(bot.messages)
        async with asyncio.timeout(1000):
            hung = tasks.create_task(hang(server))
            await asyncio.sleep(20.0)
            assert not server.room(LOUNGE).seats
            hung.cancel()
        assert told


async def hang(server: FakeVoice) -> None:
    async with joined(server):
        raise AssertionError("it answered")


async def test_the_upgrade_may_be_refused_by_http() -> None:
    async with voice() as server, joined(server) as bot:
        await bot.leave()
        await bot.over.wait()
        server.faults.refuse_upgrade = 503
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await bot.run()
        assert refused.value.status == 503


async def test_any_frame_can_be_sent_to_a_client() -> None:
    async with voice() as server, joined(server) as bot:
        server.line(BOT).frame('{"op": 99, "d": {"new": 1}}')
        await asyncio.sleep(0.1)
        assert bot.messages[-1] == (99, {"new": 1})


async def test_media_may_take_a_new_way_in_the_same_session() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            before = bot.address
            await bot.take_another_way()
            await asyncio.sleep(0.2)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert server.line(BOT).address == bot.address != before
            assert bot.heard[ann.user] == SAID
            assert server.room(LOUNGE).encryption.epoch == 1


async def test_heartbeats_may_stay_unanswered() -> None:
    async with voice(Faults(deaf_to_heartbeats=True)) as server, joined(server) as bot:
        await asyncio.sleep(30.0)
        assert 6 not in ops(bot)


async def test_another_region_means_a_null_endpoint_then_another_one_and_all_keys_are_new() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        said: list[tuple[int, str | None]] = []
        server.announce = lambda _guild, user, _token, endpoint: said.append((user, endpoint))
        async with joined(server) as bot:
            before, ssrc = server.line(BOT), ann.ssrc
            await server.change_region(LOUNGE)
            assert bot.closed == 4022
            assert said[0] == (BOT, None)
            assert said[1][1] not in (None, bot.endpoint)
            assert ann.ssrc != ssrc
            assert before.over
        async with joined(server) as bot:
            assert bot.endpoint == said[1][1]
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID


async def test_the_secret_key_may_change_in_mid_call() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            old = server.line(BOT).down
            await ann.say(HALF)
            server.rotate_key(LOUNGE)
            await asyncio.sleep(0.1)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            new = server.line(BOT).down
            assert old
            assert new
            assert old.key != new.key
            assert bot.heard[ann.user] == SAID * 2
            assert server.room(LOUNGE).encryption.epoch == 1
