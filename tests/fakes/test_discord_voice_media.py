"""What the fake voice servers do to media on a bad day really happens, and looks as Discord's does."""

import asyncio
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from tests.fakes.discord.voice import Faults, Media, Weather, live, voice
from tests.fakes.discord.voice.client import BOT, LOUNGE, Client, joined
from tests.fakes.discord.voice.downlink import Dresser
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import GCM, OPUS, SILENCE, XCHACHA, Rtp, Seal, head_length, parse, rtcp
from tests.recordings import tone

HALF = tone(0.5, 48_000).tobytes()
SAID = [*frames(HALF), *[SILENCE] * 5]
LONG = tone(4.0, 48_000).tobytes()


def ops(client: Client) -> list[int]:
    return [op for op, _ in client.messages]


async def hear(faults: Faults, what: bytes = LONG) -> tuple[Client, int]:
    """A client to whom somebody has spoken on such a day, and the speaker's id."""
    async with voice(faults) as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(what)
            await asyncio.sleep(0.5)
        return bot, ann.user


async def test_padding_hides_the_encryptions_end_and_is_counted_in_its_last_byte() -> None:
    bot, ann = await hear(Faults(media=Media(padding=0.1)))
    padded = [packet for packet in bot.packets if packet.padding]
    assert 5 <= len(padded) <= 40
    assert len(bot.heard[ann]) == 205
    assert not bot.counters


async def test_packets_of_padding_alone_take_a_sequence_number() -> None:
    bot, ann = await hear(Faults(media=Media(padding_only=0.1)))
    empty = [packet for packet in bot.packets if not packet.payload]
    assert 5 <= len(empty) <= 40
    first = bot.packets[0].seq
    assert [(packet.seq - first) & 0xFFFF for packet in bot.packets] == list(range(len(bot.packets)))
    assert len(bot.heard[ann]) == 205


async def test_packets_of_mostly_zeros_are_nobodys_audio() -> None:
    bot, _ = await hear(Faults(media=Media(zeros=0.1)))
    zeros = [packet for packet in bot.packets if packet.payload.count(0) > len(packet.payload) * 0.9]
    assert 5 <= len(zeros) <= 40
    assert not any(packet.payload.endswith(b"\xfa\xfa") for packet in zeros)


async def test_extensions_have_any_length() -> None:
    bot, ann = await hear(Faults(media=Media(extension=(0, 1, 2, 3, 5))))
    lengths = Counter(None if one.extension is None else len(one.extension) for one in bot.packets)
    assert set(lengths) == {None, 4, 8, 12, 20}
    assert len(bot.heard[ann]) == 205


async def test_the_server_adds_silence_of_its_own_when_somebody_stops() -> None:
    async with voice(Faults(media=Media(injected_silence=3))) as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(HALF)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == [*SAID, *[SILENCE] * 3] * 2
            assert [(b.seq - a.seq) & 0xFFFF for a, b in pairwise(bot.packets)] == [1] * 65


async def test_all_kinds_of_rtcp_come_on_the_same_socket() -> None:
    bot, _ = await hear(Faults(media=Media(rtcp=(200, 201, 202, 203, 204, 205, 206))))
    assert {packet[1] for packet in bot.others} == set(range(200, 207))


async def test_packets_are_lost_doubled_and_overtaken() -> None:
    bot, _ = await hear(Faults(downlink=Weather(loss=0.05, duplicated=0.05, reordered=0.05)))
    seqs = [(packet.seq - bot.packets[0].seq) & 0xFFFF for packet in bot.packets]
    assert 185 <= len(set(seqs)) < 205
    assert 2 <= len(seqs) - len(set(seqs)) <= 25
    assert seqs != sorted(seqs)


async def test_the_same_seed_brings_the_same_weather() -> None:
    one, other = (Weather(loss=0.3, reordered=0.2, seed=9) for _ in range(2))
    assert [one.arrivals() for _ in range(100)] == [other.arrivals() for _ in range(100)]


async def test_an_ordinary_day_has_something_of_everything() -> None:
    bot, ann = await hear(live())
    assert len(bot.heard[ann]) > 190
    assert bot.others


async def test_one_persons_own_connection_may_be_bad() -> None:
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        ann.uplink = Weather(loss=0.2)
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        await ann.say(LONG)
        await ben.say(HALF)
        assert 120 < len(ben.heard[ann.user]) < 190
        assert list(ann.heard[ben.user]) == SAID


async def test_who_speaks_is_not_told_of_those_who_began_before() -> None:
    async with voice(Faults(hide_speaking="present")) as server, asyncio.TaskGroup() as tasks:
        ann, ben = server.person("Ann"), server.person("Ben")
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        speech = tasks.create_task(ann.say(LONG))
        await asyncio.sleep(1.0)
        async with joined(server) as bot:
            await speech
            assert bot.counters["unknown ssrc"] > 100
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user][-30:] == SAID


async def test_op_5_may_come_once_or_never() -> None:
    async with voice(Faults(never_quiet=True)) as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(HALF)
            await ann.say(HALF)
            assert ops(bot).count(5) == 1
            server.faults.hide_speaking = "all"
            await ann.join(LOUNGE)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert ops(bot).count(5) == 1
            assert bot.counters["unknown ssrc"] == 30


async def test_nothing_is_heard_before_op_5_or_before_some_packets_were_sent() -> None:
    async with voice(Faults(needs_packets=5)) as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            await ann.say(HALF)
            assert not bot.packets
            await bot.say(())
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID
            server.line(BOT).spoken = False
            await ann.say(HALF)
            assert server.line(BOT).counters["never sent op 5"] == 30


async def test_udp_dies_silently_without_a_keepalive() -> None:
    async with voice(Faults(udp_patience=30.0)) as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            for count in range(12):
                bot.ping(count)
                await asyncio.sleep(5.0)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID
            await asyncio.sleep(60.0)
            await ann.say(HALF)
            bot.ping(99)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert len(bot.heard[ann.user]) == 30
            assert server.line(BOT).counters["udp is dead"] >= 60
            assert bot.closed is None


async def test_any_datagram_can_be_sent_to_a_client() -> None:
    async with voice() as server, joined(server) as bot:
        server.line(BOT).raw(b"nonsense")
        await asyncio.sleep(0.1)
        assert bot.others == [b"nonsense"]


async def test_what_a_client_may_not_send_is_counted_and_goes_no_further() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            line = server.line(BOT)
            assert line.up
            seal = Seal(GCM, line.up.key)
            good = seal.close(Rtp(bot.ssrc, 1, 1, SILENCE).head(), SILENCE)
            line.datagram(good)
            line.datagram(good)
            line.datagram(good[:-5] + b"!" + good[-4:])
            line.datagram(seal.close(Rtp(5, 1, 1, SILENCE).head(), SILENCE))
            line.datagram(b"?")
            for fault in ("nonce used twice", "undecipherable", "somebody else's ssrc", "ignored", "taken"):
                assert line.counters[fault] == 1, fault
            assert list(ann.heard[BOT]) == [SILENCE]


@given(
    some.builds(
        Rtp,
        ssrc=some.integers(0, 2**32 - 1),
        seq=some.integers(0, 65535),
        timestamp=some.integers(0, 2**32 - 1),
        payload=some.binary(max_size=300),
        kind=some.sampled_from([OPUS, 101, 102]),
        marker=some.booleans(),
        extension=some.none() | some.integers(0, 6).map(lambda words: bytes(4 * words)),
        csrcs=some.lists(some.integers(0, 2**32 - 1), max_size=3).map(tuple),
        padding=some.integers(0, 255),
    ),
    some.sampled_from([GCM, XCHACHA]),
)
def test_a_packet_is_opened_as_it_was_sealed(packet: Rtp, mode: str) -> None:
    sealed = Seal(mode, bytes(32)).close(packet.head(), packet.body())
    length = head_length(sealed)
    assert length == len(packet.head())
    body = Seal(mode, bytes(32)).open(sealed, length)
    assert body == packet.body()
    assert parse(sealed[:length], body) == packet
    assert Seal(mode, bytes(31) + b"!").open(sealed, length) is None


@given(some.binary(max_size=200))
def test_any_bytes_are_a_packet_or_nothing(data: bytes) -> None:
    length = head_length(data)
    if length is not None:
        Seal(GCM, bytes(32)).open(data, length)
        parse(data[:length], data[length:])


def test_rtcp_is_no_rtp() -> None:
    assert all(head_length(rtcp(kind, 5)) is None for kind in range(200, 207))


def test_silence_is_added_only_to_streams_that_were_heard() -> None:
    assert Dresser(live(), seed=1).quiet(5) == []
