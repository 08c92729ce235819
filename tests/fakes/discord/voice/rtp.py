"""What Discord sends over UDP: RTP (RFC 3550) in the two "rtpsize" modes, RTCP, pings, IP discovery.

In both modes the fixed header, the CSRCs and the four bytes that announce an extension travel in the clear
and are authenticated; the extension's elements, the payload and the padding are encrypted; the last four
bytes count the packets (userdoccers, "Voice Connections").
"""

import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings
from nacl.exceptions import CryptoError

GCM: Final = "aead_aes256_gcm_rtpsize"
XCHACHA: Final = "aead_xchacha20_poly1305_rtpsize"

OPUS, VIDEO, RTX = 120, 101, 102
"""Payload types."""

SILENCE: Final = b"\xf8\xff\xfe"
"""The Opus packet of 20 ms that says nothing; it is never end-to-end encrypted."""

STEP: Final = 960
"""20 ms of Opus's clock of 48 kHz."""

_ONE_BYTE = 0xBEDE  # the profile of one-byte extension elements, RFC 8285


@dataclass(frozen=True, slots=True)
class Rtp:
    """One packet, opened."""

    ssrc: int
    seq: int
    timestamp: int
    payload: bytes
    kind: int = OPUS
    marker: bool = False
    extension: bytes | None = None
    """The elements, a multiple of four bytes."""
    csrcs: tuple[int, ...] = ()
    padding: int = 0
    """Bytes of padding, its own count included; 0: none."""

    def head(self) -> bytes:
        """What travels in the clear."""
        flags = 0x80 | bool(self.padding) << 5 | (self.extension is not None) << 4 | len(self.csrcs)
        head = struct.pack(
            f"!BBHII{len(self.csrcs)}I",
            flags, self.marker << 7 | self.kind, self.seq & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc,
            *self.csrcs,
        )  # fmt: skip
        if self.extension is not None:
            head += struct.pack("!HH", _ONE_BYTE, len(self.extension) // 4)
        return head

    def body(self) -> bytes:
        """What is encrypted."""
        tail = bytes(self.padding - 1) + bytes([self.padding]) if self.padding else b""
        return (self.extension or b"") + self.payload + tail


def head_length(packet: bytes) -> int | None:
    """How much of an rtpsize packet is in the clear; None when it is no RTP of payload types 96 to 127."""
    if len(packet) < 12 or packet[0] >> 6 != 2 or packet[1] & 0x7F < 96:
        return None
    length = 12 + 4 * (packet[0] & 15) + (4 if packet[0] & 0x10 else 0)
    return length if len(packet) >= length else None


def parse(head: bytes, body: bytes) -> Rtp | None:
    """The packet of a clear head and a decrypted body; None when they contradict themselves."""
    flags, kind, seq, timestamp, ssrc = struct.unpack_from("!BBHII", head)
    csrcs = struct.unpack_from(f"!{flags & 15}I", head, 12)
    padding = body[-1] if flags & 0x20 and body else 0
    extension = None
    if flags & 0x10:
        size = 4 * int.from_bytes(head[-2:], "big")
        extension, body = body[:size], body[size:]
        if len(extension) != size:
            return None
    if padding > len(body) or (flags & 0x20 and not padding):
        return None
    payload = body[: len(body) - padding]
    return Rtp(ssrc, seq, timestamp, payload, kind & 0x7F, bool(kind & 0x80), extension, csrcs, padding)


class Seal:
    """One direction of one connection's transport encryption: key, mode and the count of packets."""

    def __init__(self, mode: str, key: bytes) -> None:
        self.mode, self.key = mode, key
        self._gcm = AESGCM(key)
        self.count = 0

    def close(self, head: bytes, body: bytes) -> bytes:
        """The packet as it is sent."""
        count = struct.pack("!I", self.count)
        self.count = (self.count + 1) & 0xFFFFFFFF
        if self.mode == GCM:
            return head + self._gcm.encrypt(count + bytes(8), body, head) + count
        nonce = count + bytes(20)
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(body, head, nonce, self.key)
        return head + bytes(sealed) + count

    def open(self, packet: bytes, length: int) -> bytes | None:
        """The body behind a clear head of `length` bytes; None when it was not sealed with this key."""
        head, body, count = packet[:length], packet[length:-4], packet[-4:]
        if len(body) < 16:
            return None
        try:
            if self.mode == GCM:
                return self._gcm.decrypt(count + bytes(8), body, head)
            nonce = count + bytes(20)
            return bytes(bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(body, head, nonce, self.key))
        except (InvalidTag, CryptoError):
            return None


def rtcp(kind: int, ssrc: int) -> bytes:
    """An RTCP packet of this type (200 to 206); what it says is encrypted, so any bytes will do here."""
    return struct.pack("!BBHI", 0x81 if kind > 200 else 0x80, kind, 6, ssrc) + bytes(range(20)) + bytes(24)


_PING, _PONG = bytes.fromhex("1337cafe"), bytes.fromhex("1337f00d")


def answer(packet: bytes, reachable: tuple[str, int]) -> bytes | None:
    """What is answered to a ping or to IP discovery; None when it is neither.

    `reachable`: the sender's address as the server sees it.
    """
    if len(packet) == 8 and packet.startswith(_PING):
        return _PONG + packet[4:]
    if len(packet) == 74 and packet.startswith(b"\0\1\0\x46"):
        host, port = reachable
        return b"\0\2\0\x46" + packet[4:8] + host.encode().ljust(64, b"\0") + struct.pack("!H", port)
    return None
