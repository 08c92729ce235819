"""MLS as the voice server needs it: it adds and removes members from outside, and reads what they answer.

The server is the group's external sender (RFC 9420, section 12.1.8). It signs proposals and never holds a
key of the group, so neither HPKE nor the key schedule is here. Byte layouts are RFC 9420's; what Discord
adds is from its DAVE protocol whitepaper, version 1.1.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SUITE: Final = 2
"""MLS_128_DHKEMP256_AES128GCM_SHA256_P256."""

_VERSION, _PUBLIC, _WELCOME, _KEY_PACKAGE = 1, 1, 3, 5
_MEMBER, _EXTERNAL = 1, 2
_PROPOSAL, _COMMIT = 2, 3
_ADD, _REMOVE = 1, 3


class Refused(Exception):
    """These bytes are not what they should be. The text says why."""


class Reader:
    """Bytes of the TLS presentation language (RFC 9420, section 2.1), read from left to right."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises `Refused` when there are fewer."""
        piece = self.data[self.at : self.at + count]
        if len(piece) != count:
            raise Refused("it ends too early")
        self.at += count
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        """A vector whose length is a varint of 1, 2 or 4 bytes (section 2.1.2)."""
        first = self.number(1)
        if first >> 6 == 3:
            raise Refused("no length begins like this")
        size = 1 << (first >> 6)
        return self.take((first & 0x3F) << 8 * (size - 1) | self.number(size - 1))

    def since(self, start: int) -> bytes:
        return self.data[start : self.at]

    def expect(self, size: int, value: int, what: str) -> None:
        """Raises `Refused` unless the next number is this one."""
        got = self.number(size)
        if got != value:
            raise Refused(f"{what} is {got}, not {value}")

    @property
    def rest(self) -> bytes:
        return self.data[self.at :]


def vector(data: bytes) -> bytes:
    """`data` behind its length."""
    size = len(data)
    if size < 1 << 6:
        return bytes([size]) + data
    if size < 1 << 14:
        return (size | 1 << 14).to_bytes(2, "big") + data
    return (size | 2 << 30).to_bytes(4, "big") + data


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def _labelled(label: str, content: bytes) -> bytes:
    """SignContent (section 5.1.2) and RefHashInput (section 5.2) have the same shape."""
    return vector(b"MLS 1.0 " + label.encode()) + vector(content)


def reference(label: str, content: bytes) -> bytes:
    """RefHash (section 5.2)."""
    return hashlib.sha256(_labelled(label, content)).digest()


def verify(key: bytes, label: str, content: bytes, signature: bytes) -> None:
    """VerifyWithLabel (section 5.1.2), ECDSA over P-256. Raises `Refused`."""
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        public.verify(signature, _labelled(label, content), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise Refused(f"the signature of {label} is wrong") from error


@dataclass(frozen=True, slots=True)
class Leaf:
    """A member as it introduces itself (LeafNode, section 7.2)."""

    signature_key: bytes
    identity: bytes


def _read_leaf(reader: Reader, *, sources: tuple[int, ...]) -> tuple[Leaf, bytes, bytes]:
    """A LeafNode: the member, what was signed, the signature."""
    start = reader.at
    reader.vector()  # encryption_key
    key = reader.vector()
    reader.expect(2, 1, "the credential's type")
    identity = reader.vector()
    for _ in range(5):
        reader.vector()  # capabilities: versions, suites, extensions, proposals, credentials
    source = reader.number(1)
    if source not in sources:
        raise Refused(f"a leaf of source {source} does not belong here")
    if source == 1:
        reader.take(16)  # lifetime
    elif source == 3:
        reader.vector()  # parent_hash
    reader.vector()  # extensions
    signed = reader.since(start)
    return Leaf(key, identity), signed, reader.vector()


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """What a joining member is added by (section 10)."""

    raw: bytes
    leaf: Leaf

    @property
    def ref(self) -> bytes:
        return reference("KeyPackage Reference", self.raw)

    @property
    def user(self) -> int:
        """Discord's id of the member."""
        return int.from_bytes(self.leaf.identity, "big")


def read_key_package(data: bytes) -> KeyPackage:
    """Op 26. Raises `Refused` when a signature or anything else is wrong.

    Clients send it bare; the whitepaper wraps it in an MLSMessage. Both are taken.
    """
    if data[:4] == _number(_VERSION, 2) + _number(_KEY_PACKAGE, 2):
        data = data[4:]
    reader = Reader(data)
    reader.expect(2, _VERSION, "the version")
    reader.expect(2, SUITE, "the cipher suite")
    reader.vector()  # init_key
    leaf, signed, signature = _read_leaf(reader, sources=(1,))
    verify(leaf.signature_key, "LeafNodeTBS", signed, signature)
    reader.vector()  # extensions
    content = reader.since(0)
    verify(leaf.signature_key, "KeyPackageTBS", content, reader.vector())
    if reader.rest:
        raise Refused("something follows the key package")
    if len(leaf.identity) != 8:
        raise Refused("an identity is a user's id, 8 bytes")
    return KeyPackage(data, leaf)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as far as the server understands it (section 12.4)."""

    raw: bytes
    group: bytes
    epoch: int
    leaf: int
    """Who commits."""
    refs: tuple[bytes, ...]
    """The proposals that it commits, in order."""


def read_commit(data: bytes) -> tuple[Commit, bytes]:
    """Op 28: a commit, and the Welcome (or nothing) that follows it without a length between.

    Raises `Refused`. The commit's own signature covers the group's tree, so only members can check it.
    """
    reader = Reader(data)
    reader.expect(2, _VERSION, "the version")
    reader.expect(2, _PUBLIC, "the wire format")
    group, epoch = reader.vector(), reader.number(8)
    reader.expect(1, _MEMBER, "the sender's type")
    leaf = reader.number(4)
    reader.vector()  # authenticated_data
    reader.expect(1, _COMMIT, "the content's type")
    listed, refs = Reader(reader.vector()), []
    while listed.rest:
        listed.expect(1, 2, "the kind of a proposal")  # by reference
        refs.append(listed.vector())
    if reader.number(1):  # an UpdatePath
        _read_leaf(reader, sources=(3,))
        reader.vector()
    reader.vector()  # signature
    reader.vector()  # confirmation_tag
    reader.vector()  # membership_tag
    return Commit(reader.since(0), group, epoch, leaf, tuple(refs)), reader.rest


@dataclass(frozen=True, slots=True)
class Welcome:
    """What lets the added members in (section 12.4.3.1)."""

    secrets: dict[bytes, bytes]
    """The part for each, by the reference of the key package."""
    info: bytes

    def cut(self, ref: bytes) -> bytes:
        """The Welcome that one member gets: its own secrets alone."""
        return _number(SUITE, 2) + vector(self.secrets[ref]) + vector(self.info)


def read_welcome(data: bytes) -> Welcome:
    """Raises `Refused`."""
    if data[:4] == _number(_VERSION, 2) + _number(_WELCOME, 2):
        data = data[4:]
    reader = Reader(data)
    reader.expect(2, SUITE, "the cipher suite")
    listed, secrets = Reader(reader.vector()), {}
    while listed.rest:
        start = listed.at
        ref = listed.vector()
        listed.vector()  # kem_output
        listed.vector()  # ciphertext
        secrets[ref] = listed.since(start)
    info = reader.vector()
    if reader.rest:
        raise Refused("something follows the welcome")
    return Welcome(secrets, info)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One signed proposal of the external sender's."""

    message: bytes
    """MLSMessage, as it is sent."""

    @property
    def ref(self) -> bytes:
        """AuthenticatedContent begins where the MLSMessage's version ends, and a proposal has no tags."""
        return reference("Proposal Reference", self.message[2:])


class ExternalSender:
    """The server's own key, which every group trusts by op 25."""

    def __init__(self, identity: bytes = b"\0") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.package = vector(point) + _number(1, 2) + vector(identity)
        """The payload of op 25: ExternalSender (section 12.1.8.1)."""

    def add(self, group: bytes, epoch: int, key_package: bytes) -> Proposal:
        return self._propose(group, epoch, _number(_ADD, 2) + key_package)

    def remove(self, group: bytes, epoch: int, leaf: int) -> Proposal:
        return self._propose(group, epoch, _number(_REMOVE, 2) + _number(leaf, 4))

    def _propose(self, group: bytes, epoch: int, proposal: bytes) -> Proposal:
        content = (
            _number(_VERSION, 2) + _number(_PUBLIC, 2)
            + vector(group) + _number(epoch, 8)
            + _number(_EXTERNAL, 1) + _number(0, 4)  # the first of the group's external senders
            + vector(b"")  # authenticated_data
            + _number(_PROPOSAL, 1) + proposal
        )  # fmt: skip
        signature = self._key.sign(_labelled("FramedContentTBS", content), ec.ECDSA(hashes.SHA256()))
        return Proposal(content + vector(signature))
