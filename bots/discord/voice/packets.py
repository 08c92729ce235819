"""The datagrams of a voice connection: what is clear in them, and what is around the sound.

Only RTP packets with Opus are of interest; RTCP, video, retransmissions, pings and answers to IP discovery
come to the same socket. The layout is that of the "rtpsize" modes: the fixed header, the CSRCs and the four
bytes that open an extension are clear, everything after them is encrypted, and the last four bytes are a
nonce (docs.discord.com, "Voice Connections"; docs.discord.food, "Voice Connections", "RTP Packet
Structure").
"""

import ipaddress
import struct
from dataclasses import dataclass

OPUS = 120
"""The payload type of Opus on Discord. Video and its retransmissions have others."""

SILENCE = b"\xf8\xff\xfe"
"""An Opus frame of silence, as clients and voice servers send it. It is never end-to-end encrypted."""

NONCE = 4
TAG = 16

_HEADER = struct.Struct(">BBHII")
_DISCOVERY = struct.Struct(">HHI64sH")
_PING = 0x1337CAFE
_PONG = 0x1337F00D


@dataclass(frozen=True, slots=True)
class Packet:
    """What is clear in an RTP packet of sound (RFC 3550, section 5.1).

    `clear`: bytes in front that are not encrypted. `extension`: bytes of header extension that lie,
    encrypted, in front of the sound. `padded`: padding lies behind it.
    """

    ssrc: int
    sequence: int
    timestamp: int
    clear: int
    extension: int
    padded: bool


def read(datagram: bytes) -> Packet | None:
    """The packet of sound in a datagram; None for anything else."""
    size = len(datagram)
    if size < 12 + TAG + NONCE:
        return None
    first, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    # RTCP has its own types (200 to 206) in the second byte, none of which looks like Opus here.
    if first >> 6 != 2 or kind & 0x7F != OPUS:
        return None
    clear = 12 + 4 * (first & 0x0F)
    extension = 0
    if first & 0x10:
        clear += 4
        if size < clear:
            return None
        extension = 4 * (datagram[clear - 2] << 8 | datagram[clear - 1])
    if size < clear + extension + TAG + NONCE:
        return None
    return Packet(ssrc, sequence, timestamp, clear, extension, bool(first & 0x20))


def payload(packet: Packet, opened: bytes) -> bytes | None:
    """The sound in what was encrypted, without extension and padding; None when there is none.

    Padding goes first, before any end-to-end encryption is looked at, because that has its trailer at
    the very end. Some voice servers send packets of padding alone, and packets of zeros.
    """
    end = len(opened)
    if packet.padded:
        padding = opened[-1] if opened else 0
        if not padding:
            return None
        end -= padding
    if end <= packet.extension:
        return None
    sound = opened[packet.extension : end]
    if sound[0] == 0 and sound.count(0) >= len(sound) - 1:
        return None
    return sound


def header(sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The clear header of a packet of ours."""
    return _HEADER.pack(0x80, OPUS, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc)


def ask_address(ssrc: int) -> bytes:
    """The question under which address the voice server sees us (API docs, "IP Discovery")."""
    return _DISCOVERY.pack(1, 70, ssrc, b"", 0)


def read_address(datagram: bytes, ssrc: int) -> tuple[str, int] | None:
    """Our own address and port in the answer to `ask_address`; None for any other datagram."""
    if len(datagram) != _DISCOVERY.size:
        return None
    kind, length, whose, raw, port = _DISCOVERY.unpack(datagram)
    if kind != 2 or length != 70 or whose != ssrc or not port:
        return None
    try:
        return str(ipaddress.ip_address(raw.partition(b"\0")[0].decode("ascii"))), port
    except ValueError:
        return None


def ping(count: int) -> bytes:
    """What keeps the way open for the voice server's packets (docs.discord.food, "Voice Connections")."""
    return struct.pack(">II", _PING, count & 0xFFFF_FFFF)


def is_pong(datagram: bytes) -> bool:
    """Whether it is the answer to a ping. Not every voice server gives one."""
    return len(datagram) == 8 and datagram.startswith(_PONG.to_bytes(4))
