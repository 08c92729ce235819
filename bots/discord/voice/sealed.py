"""The encryption between us and the voice server, in the two modes that Discord still takes.

In both, the clear header is authenticated, and the nonce is a counter in the last four bytes of the
datagram (docs.discord.com, "Voice Connections", "Transport Encryption Modes").
"""

from collections.abc import Callable, Collection
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl import bindings
from nacl.exceptions import CryptoError


class Seal(Protocol):
    """One key of one mode."""

    def open(self, datagram: bytes, clear: int) -> bytes | None:
        """What is encrypted behind the first `clear` bytes; None when it is not under this key."""

    def close(self, header: bytes, payload: bytes) -> bytes:
        """A whole datagram of ours."""


class AesGcm:
    """`aead_aes256_gcm_rtpsize`, which is the quicker one where the processor helps."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._count = 0

    def open(self, datagram: bytes, clear: int) -> bytes | None:
        try:
            return self._cipher.decrypt(
                datagram[-4:] + b"\0\0\0\0\0\0\0\0", datagram[clear:-4], datagram[:clear]
            )
        except InvalidTag:
            return None

    def close(self, header: bytes, payload: bytes) -> bytes:
        self._count = (self._count + 1) & 0xFFFF_FFFF
        nonce = self._count.to_bytes(4, "big")
        return header + self._cipher.encrypt(nonce + bytes(8), payload, header) + nonce


class XChaCha:
    """`aead_xchacha20_poly1305_rtpsize`, which every voice server takes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def open(self, datagram: bytes, clear: int) -> bytes | None:
        try:
            return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                datagram[clear:-4], datagram[:clear], datagram[-4:] + bytes(20), self._key
            )
        except CryptoError:
            return None

    def close(self, header: bytes, payload: bytes) -> bytes:
        self._count = (self._count + 1) & 0xFFFF_FFFF
        nonce = self._count.to_bytes(4, "big")
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            payload, header, nonce + bytes(20), self._key
        )
        return header + sealed + nonce


MODES: dict[str, Callable[[bytes], Seal]] = {
    "aead_aes256_gcm_rtpsize": AesGcm,
    "aead_xchacha20_poly1305_rtpsize": XChaCha,
}
"""The modes by their names, the preferred one first."""


def choose(offered: Collection[str]) -> str | None:
    """The mode to ask for; None when the voice server offers none that we know."""
    return next((mode for mode in MODES if mode in offered), None)
