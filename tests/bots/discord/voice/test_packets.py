"""Datagrams are packets of sound or nothing, whatever bytes they are."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bots.discord.voice import packets
from bots.discord.voice.packets import SILENCE, Packet
from tests.fakes.discord.voice.rtp import RTX, VIDEO, Rtp, answer, rtcp

_SEAL = bytes(20)  # a tag and a nonce, which are not looked at here

sounds = st.binary(min_size=3, max_size=300).filter(lambda sound: sound[0] != 0)
sent = st.builds(
    Rtp,
    ssrc=st.integers(0, 0xFFFF_FFFF),
    seq=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFF_FFFF),
    payload=sounds,
    marker=st.booleans(),
    extension=st.none() | st.integers(0, 40).map(lambda words: b"\x51" * 4 * words),
    csrcs=st.lists(st.integers(0, 0xFFFF_FFFF), max_size=15).map(tuple),
    padding=st.integers(0, 255),
)


def datagram(packet: Rtp) -> bytes:
    return packet.head() + packet.body() + _SEAL


@given(st.binary(max_size=200), st.binary(max_size=100))
@example(b"\x90\x78" + bytes(10), b"")
@example(b"\xbf\xf8" + bytes(80), b"\xff")
@example(b"\x90\x78" + bytes(12) + b"\0\x09" + bytes(40), b"")
def test_any_bytes_are_a_packet_or_nothing(noise: bytes, opened: bytes) -> None:
    packet = packets.read(noise)
    if packet is not None:
        assert packet.clear + packet.extension + 20 <= len(noise)
        sound = packets.payload(packet, opened)
        assert sound is None or sound in opened
    assert packets.read_address(noise, 1) is None or len(noise) == 74


@given(sent)
def test_whatever_is_sent_is_read(packet: Rtp) -> None:
    read = packets.read(datagram(packet))
    assert read is not None
    assert (read.ssrc, read.sequence, read.timestamp) == (packet.ssrc, packet.seq, packet.timestamp)
    assert read.clear == len(packet.head())
    assert packets.payload(read, packet.body()) == packet.payload


def test_padding_is_taken_off_before_anything_else_is_looked_at() -> None:
    # The marker of end-to-end encryption lies before the padding, at the end of the sound itself.
    frame = b"\x78sealed\xfa\xfa"
    packet = Rtp(1, 2, 3, frame, padding=7, extension=b"abcd" * 3)
    read = packets.read(datagram(packet))
    assert read is not None
    assert packets.payload(read, packet.body()) == frame


@pytest.mark.parametrize("words", [0, 1, 2, 9])
def test_an_extension_has_any_length(words: int) -> None:
    packet = Rtp(1, 2, 3, b"sound", extension=b"\x32" * 4 * words)
    read = packets.read(datagram(packet))
    assert read is not None
    assert read.extension == 4 * words
    assert packets.payload(read, packet.body()) == b"sound"


@pytest.mark.parametrize(
    "body",
    [
        b"",  # nothing
        b"\0\0\0\4",  # padding alone
        b"\0\0\0\x09",  # more padding than there is
        b"sound\0",  # padding of no bytes
    ],
)
def test_a_packet_of_padding_alone_is_nothing(body: bytes) -> None:
    assert packets.payload(Packet(1, 2, 3, 12, 0, padded=True), body) is None


@pytest.mark.parametrize("body", [bytes(1), bytes(60), bytes(30) + b"\x05" + bytes(30)])
def test_a_packet_of_zeros_is_nothing(body: bytes) -> None:
    assert packets.payload(Packet(1, 2, 3, 12, 0, padded=False), body) is None


@pytest.mark.parametrize("kind", range(200, 207))
def test_rtcp_is_no_sound(kind: int) -> None:
    assert packets.read(rtcp(kind, 5)) is None


@pytest.mark.parametrize("kind", [VIDEO, RTX])
def test_video_and_retransmissions_are_no_sound(kind: int) -> None:
    assert packets.read(datagram(Rtp(1, 2, 3, bytes(1100), kind))) is None


def test_pings_and_discovery_are_no_sound() -> None:
    pong = answer(packets.ping(7), ("127.0.0.1", 1))
    found = answer(packets.ask_address(7), ("127.0.0.1", 1))
    assert pong is not None
    assert found is not None
    assert packets.read(pong) is None
    assert packets.read(found) is None


def test_an_address_is_found_out() -> None:
    asked = packets.ask_address(0xDEADBEEF)
    assert len(asked) == 74
    found = answer(asked, ("203.0.113.9", 50_123))
    assert found is not None
    assert packets.read_address(found, 0xDEADBEEF) == ("203.0.113.9", 50_123)
    assert packets.read_address(found, 1) is None
    assert packets.read_address(asked, 0xDEADBEEF) is None


@pytest.mark.parametrize("raw", [b"", b"not an address", b"\xff\xfe", b"1.2.3"])
def test_an_address_that_is_none_is_nothing(raw: bytes) -> None:
    assert packets.read_address(struct.pack("!HHI64sH", 2, 70, 5, raw, 99), 5) is None


def test_pings_count() -> None:
    assert packets.ping(0x1_0000_0002) == bytes.fromhex("1337cafe00000002")


def test_our_own_packets_can_be_read() -> None:
    head = packets.header(70_000, 2**32 + 5, 9)
    read = packets.read(head + SILENCE + _SEAL)
    assert read == Packet(9, 70_000 & 0xFFFF, 5, 12, 0, padded=False)
