"""The fake voice servers keep to Discord's protocol, and the people in their calls are really heard."""

import asyncio
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from core.audio.opus import OpusDecoder
from tests.fakes.discord.voice import FakeVoice, LibDave, voice
from tests.fakes.discord.voice.client import BOT, GUILD, LOUNGE, Client, joined
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import GCM, SILENCE, STEP, XCHACHA
from tests.recordings import record, tone

HALF = tone(0.5, 48_000).tobytes()
"""25 packets."""

SAID = [*frames(HALF), *[SILENCE] * 5]
"""What is sent for it."""


def ops(client: Client) -> list[int]:
    return [op for op, _ in client.messages]


def told(client: Client, op: int) -> list[object]:
    return [data for one, data in client.messages if one == op]


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
async def test_both_ways_are_heard_in_either_mode(mode: str) -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server, mode=mode) as bot:
            await ann.say(HALF)
            await bot.say(frames(HALF))
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID
            assert list(ann.heard[BOT]) == SAID
            assert not bot.counters
            assert not server.line(BOT).counters["undecipherable"]


async def test_what_was_said_can_be_recognised() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(tone(1.0, 16_000, pitch=1000).tobytes(), rate=16_000)
            await asyncio.sleep(0.1)
            decoder = OpusDecoder()
            pcm = b"".join(decoder.decode(packet) for packet in bot.heard[ann.user])
            sound = np.frombuffer(pcm, np.int16)[:16_000].astype(float)
            assert np.argmax(np.abs(np.fft.rfft(sound))) == pytest.approx(1000, abs=2)


async def test_a_file_and_stereo_can_be_said(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(0.4, 16_000))])
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        await ann.say(path)
        assert 20 <= len(ben.heard[ann.user]) - 5 <= 21
        await ann.say(np.repeat(tone(0.2, 48_000), 2).tobytes(), channels=2)
        # The stereo bit of the first byte (RFC 6716, section 3.1).
        assert ben.heard[ann.user][-6][0] & 4


async def test_a_packet_carries_a_copy_of_the_one_before() -> None:
    packets = frames(tone(0.4, 48_000, pitch=300).tobytes())
    whole, holed = OpusDecoder(), OpusDecoder()
    for packet in packets[:9]:
        whole.decode(packet)
        holed.decode(packet)
    sound = np.frombuffer(whole.decode(packets[9]), np.int16).astype(float)
    again = np.frombuffer(holed.recover(packets[10], STEP), np.int16).astype(float)
    guessed = OpusDecoder()
    for packet in packets[:9]:
        guessed.decode(packet)
    guess = np.frombuffer(guessed.conceal(STEP), np.int16).astype(float)
    assert not np.array_equal(again, guess)
    assert np.corrcoef(sound, again)[0, 1] > 0.9


async def test_the_handshake_goes_by_the_book() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            line = server.line(BOT)
            assert [op for op in ops(bot) if op in (8, 2, 4, 25, 11, 30, 22)] == [8, 2, 4, 25, 11, 30, 22]
            assert told(bot, 11) == [{"user_ids": [str(ann.user)]}]
            assert bot.address == line.address
            assert bot.ssrc == line.ssrc
            assert line.counters["op 26"] == line.counters["op 5"] == 1
            assert server.counters == {"identify": 1}


async def test_who_comes_speaks_shows_a_camera_and_goes_is_told() -> None:
    async with voice() as server, joined(server) as bot:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        await ann.say(HALF)
        ann.camera()
        await asyncio.sleep(0.1)
        ssrc = ann.ssrc
        await ann.leave()
        await asyncio.sleep(0.1)
        assert [op for op in ops(bot) if op in (11, 18, 20, 5, 12, 13)] == [11, 18, 20, 5, 5, 12, 13]
        spoken = {"user_id": str(ann.user), "ssrc": ssrc}
        assert told(bot, 5) == [{**spoken, "speaking": 1}, {**spoken, "speaking": 0}]
        assert told(bot, 13) == [{"user_id": str(ann.user)}]
        await ann.join(LOUNGE)
        assert ann.ssrc != ssrc
        await ann.say(HALF)
        await asyncio.sleep(0.1)
        assert bot.heard[ann.user][-30:] == SAID


async def test_timestamps_run_through_silence_and_sequence_numbers_do_not() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(HALF)
            await asyncio.sleep(3.0)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            first, second = bot.packets[29], bot.packets[30]
            assert (second.seq - first.seq) & 0xFFFF == 1
            away = ((second.timestamp - first.timestamp) & 0xFFFFFFFF) / 48_000
            assert 3.0 <= away <= 3.1
            steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(bot.packets[:30])}
            assert steps == {STEP}


async def test_speech_is_paced_by_the_loops_clock() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        loop = asyncio.get_running_loop()
        before = loop.time()
        await ann.say(tone(60.0, 48_000).tobytes())
        assert 60.0 <= loop.time() - before <= 60.3


async def test_somebody_muted_sends_nothing_and_the_time_passes() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE, muted=True)
        async with joined(server) as bot:
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert not bot.packets
            assert not told(bot, 5)
            ann.unmute()
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID


async def test_a_camera_sends_silence_all_the_time_and_pictures_on_the_same_socket() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            ann.camera()
            await asyncio.sleep(1.0)
            await ann.say(HALF)
            ann.camera(on=False)
            await asyncio.sleep(0.1)
            seen = len(bot.packets)
            assert [packet for packet in bot.heard[ann.user] if packet != SILENCE] == list(frames(HALF))
            assert bot.heard[ann.user].count(SILENCE) > 45
            seqs = [packet.seq for packet in bot.packets]
            assert all((b - a) & 0xFFFF == 1 for a, b in pairwise(seqs))
            assert bot.counters["pictures"] > 45
            await asyncio.sleep(1.0)
            assert len(bot.packets) == seen


async def test_three_implementations_share_one_group_over_every_epoch() -> None:
    async with voice() as server:
        ann, ben, cem = (server.person(name) for name in ("Ann", "Ben", "Cem"))
        ben.library = LibDave
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        async with joined(server) as bot:
            await cem.join(LOUNGE)
            encryption = server.room(LOUNGE).encryption
            assert encryption.epoch == 3
            assert encryption.counters["commit"] == 3
            # Where several can commit, all do, and all but the first come too late.
            assert encryption.counters["commit refused"] == 3
            people = [ann.member, ben.member, cem.member, bot.member]
            assert len({member.crypt.authenticator for member in people}) == 1
            await ben.say(HALF)
            await ann.say(HALF)
            await bot.say(frames(HALF))
            await asyncio.sleep(0.1)
            assert bot.heard[ben.user] == bot.heard[ann.user] == SAID
            assert list(ben.heard[ann.user]) == list(cem.heard[ben.user]) == list(ben.heard[BOT]) == SAID
            await ann.leave()
            await asyncio.sleep(0.1)
            assert encryption.epoch == 4
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ben.user] == SAID * 2
            assert isinstance(ben.member.crypt, LibDave)
            assert not ben.member.crypt.failures


async def test_a_stage_has_no_end_to_end_encryption() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE, stage=True)
        async with joined(server, stage=True) as bot:
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert [packet.payload for packet in bot.packets] == SAID
            assert 25 not in ops(bot)
            assert bot.member.version == 0


async def test_the_ping_is_answered_and_so_are_heartbeats() -> None:
    async with voice() as server, joined(server) as bot:
        bot.ping(7)
        await asyncio.sleep(60.0)
        assert struct.pack("!II", 0x1337F00D, 7) in bot.others
        assert len(told(bot, 6)) >= 4
        assert not server.line(BOT).counters["heartbeat without the right seq_ack"]
        assert server.line(BOT).counters["ping"] == 1


async def test_whoever_changes_the_channel_is_put_out_of_the_old_one() -> None:
    async with voice() as server, joined(server) as bot:
        token, endpoint = server.expect(GUILD, 21, BOT, "session")
        await bot.over.wait()
        assert bot.closed == 4014
        assert token
        assert endpoint.endswith(f"discord.media:{server.port}")
        assert not server.room(LOUNGE).seats


async def test_deaf_members_are_sent_nothing() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            server.deaf = lambda guild, user: (guild, user) == (GUILD, BOT)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert not bot.packets
            assert server.line(BOT).counters["deaf"] == 30


async def test_the_same_user_by_another_way_puts_the_first_out() -> None:
    async with voice() as server:
        ann = server.person("Ann", BOT)
        ben = server.person("Ben")
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        async with joined(server) as bot:
            assert ann.channel is None
            assert bot.member.ready
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ben.user] == SAID


def of(server: FakeVoice) -> set[int]:
    return set(server.room(LOUNGE).seats)


async def test_everybody_is_out_when_the_servers_close() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        ann.camera()
        assert of(server) == {ann.user}
    assert of(server) == set()
