"""Messages of the voice gateway, version 8, from bytes to values and back.

Whatever is not understood is None, never an exception. Text messages are JSON with an opcode; binary ones
carry the key exchange of DAVE (docs.discord.com, "Voice Connections"; daveprotocol.com, "Voice Gateway
Opcodes").
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bots.discord.voice.sealed import KEY

SPEAKING = 1
"""The bit of a speaking state that means a microphone."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message. `interval`: seconds between heartbeats."""

    interval: float


@dataclass(frozen=True, slots=True)
class Ready:
    """We are identified: where to send datagrams, and which modes of encryption there are."""

    ssrc: int
    address: str
    port: int
    modes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """The session is complete. `dave`: the version of end-to-end encryption, 0 for none."""

    mode: str
    key: bytes = field(repr=False)
    dave: int


@dataclass(frozen=True, slots=True)
class Source:
    """The stream `ssrc` is `user`'s. `speaking`: whether they are shown as speaking with this message."""

    user: int
    ssrc: int
    speaking: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A heartbeat arrived."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session goes on; everything missed was sent again."""


@dataclass(frozen=True, slots=True)
class Came:
    """These people are in the channel."""

    users: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Went:
    """This person left the channel."""

    user: int


@dataclass(frozen=True, slots=True)
class PrepareTransition:
    """End-to-end encryption will change to `version` (0: none) by `transition`."""

    transition: int
    version: int


@dataclass(frozen=True, slots=True)
class ExecuteTransition:
    """Senders use what `transition` prepared."""

    transition: int


@dataclass(frozen=True, slots=True)
class PrepareEpoch:
    """A new group is founded when `epoch` is 1."""

    epoch: int
    version: int


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """The voice server's own key, with which it signs proposals."""

    package: bytes


@dataclass(frozen=True, slots=True)
class Proposals:
    """Who is to be added to the group or removed; or, with `revoke`, what is taken back."""

    revoke: bool
    proposals: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that won: members go over to the next epoch."""

    transition: int
    commit: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """We were added to the group."""

    transition: int
    welcome: bytes


DaveMessage = (
    PrepareTransition | ExecuteTransition | PrepareEpoch | ExternalSender | Proposals | Commit | Welcome
)
Message = Hello | Ready | Described | Source | Acknowledged | Resumed | Came | Went | DaveMessage


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it came. `sequence`: its number in the session, to be acknowledged, where it has one."""

    message: Message | None
    sequence: int | None


def read(text: str) -> Envelope | None:
    """The message in a text frame; None when that is no message at all."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    sequence = raw.get("seq")
    if not _whole(sequence, 0xFFFF):
        sequence = None
    code = raw.get("op")
    build = _TEXT.get(code) if isinstance(code, int) else None
    if build is None:
        return Envelope(None, sequence)
    body = raw.get("d")
    try:
        return Envelope(build(body if isinstance(body, dict) else {}), sequence)
    except _Unreadable:
        return Envelope(None, sequence)


def read_binary(data: bytes) -> Envelope | None:
    """The message in a binary frame: a sequence number, an opcode, a body."""
    if len(data) < 3:
        return None
    sequence, code = struct.unpack_from(">HB", data)
    body = data[3:]
    if code == 25:
        return Envelope(ExternalSender(body), sequence)
    if code == 27 and body and body[0] in (0, 1):
        return Envelope(Proposals(body[0] == 1, body[1:]), sequence)
    if code in (29, 30) and len(body) >= 2:
        (transition,) = struct.unpack_from(">H", body)
        kind = Commit if code == 29 else Welcome
        return Envelope(kind(transition, body[2:]), sequence)
    return Envelope(None, sequence)


class _Unreadable(Exception):
    """A message that lacks what it must have."""


T = TypeVar("T")


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _number(body: Mapping[str, Any], name: str, most: int = 0xFFFF_FFFF) -> int:
    value = body.get(name)
    if not _whole(value, most):
        raise _Unreadable
    assert isinstance(value, int)
    return value


def _id(value: object) -> int:
    """A snowflake: digits in a string, or a number."""
    if isinstance(value, str) and 0 < len(value) <= 20 and value.isascii() and value.isdecimal():
        value = int(value)
    if not _whole(value, 0xFFFF_FFFF_FFFF_FFFF) or not value:
        raise _Unreadable
    assert isinstance(value, int)
    return value


def _hello(body: Mapping[str, Any]) -> Message:
    interval = body.get("heartbeat_interval")
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 < interval < 1e9:
        raise _Unreadable
    return Hello(interval / 1000)


def _ready(body: Mapping[str, Any]) -> Message:
    address, modes = body.get("ip"), body.get("modes")
    if not isinstance(address, str) or not isinstance(modes, list):
        raise _Unreadable
    known = tuple(mode for mode in modes if isinstance(mode, str))
    return Ready(_number(body, "ssrc"), address, _number(body, "port", 0xFFFF), known)


def _described(body: Mapping[str, Any]) -> Message:
    mode, key = body.get("mode"), body.get("secret_key")
    if not isinstance(mode, str) or not isinstance(key, list) or len(key) != KEY:
        raise _Unreadable
    if not all(_whole(byte, 0xFF) for byte in key):
        raise _Unreadable
    dave = _number(body, "dave_protocol_version", 0xFFFF) if "dave_protocol_version" in body else 0
    return Described(mode, bytes(key), dave)


def _speaking(body: Mapping[str, Any]) -> Message:
    state = body.get("speaking")
    speaking = isinstance(state, int) and bool(state & SPEAKING)
    return Source(_id(body.get("user_id")), _number(body, "ssrc"), speaking)


def _video(body: Mapping[str, Any]) -> Message:
    ssrc = _number(body, "audio_ssrc")
    if not ssrc:
        raise _Unreadable
    return Source(_id(body.get("user_id")), ssrc, speaking=False)


def _came(body: Mapping[str, Any]) -> Message:
    users = body.get("user_ids")
    if not isinstance(users, list):
        raise _Unreadable
    return Came(tuple(_id(user) for user in users))


def _transition(body: Mapping[str, Any]) -> int:
    return _number(body, "transition_id", 0xFFFF)


_TEXT: dict[int, Callable[[Mapping[str, Any]], Message]] = {
    2: _ready,
    4: _described,
    5: _speaking,
    6: lambda _body: Acknowledged(),
    8: _hello,
    9: lambda _body: Resumed(),
    11: _came,
    12: _video,
    13: lambda body: Went(_id(body.get("user_id"))),
    21: lambda body: PrepareTransition(_transition(body), _number(body, "protocol_version", 0xFFFF)),
    22: lambda body: ExecuteTransition(_transition(body)),
    24: lambda body: PrepareEpoch(_number(body, "epoch"), _number(body, "protocol_version", 0xFFFF)),
}


def write(code: int, body: object) -> str:
    """A text frame: a message of ours."""
    return json.dumps({"op": code, "d": body}, separators=(",", ":"))


def identify(*, guild: int, user: int, session: str, token: str, dave: int) -> str:
    """Who we are. `dave`: the newest version of end-to-end encryption that we can do."""
    return write(
        0,
        {
            "server_id": str(guild),
            "user_id": str(user),
            "session_id": session,
            "token": token,
            "max_dave_protocol_version": dave,
        },
    )


def select(address: str, port: int, mode: str) -> str:
    """Where to send sound, and how encrypted."""
    return write(1, {"protocol": "udp", "data": {"address": address, "port": port, "mode": mode}})


def heartbeat(nonce: int, sequence: int) -> str:
    """We are alive, and have got everything up to `sequence` (-1: nothing)."""
    return write(3, {"t": nonce, "seq_ack": sequence})


def not_speaking(ssrc: int) -> str:
    """Nothing will be sent; without this message a voice server may send nothing either."""
    return write(5, {"speaking": 0, "delay": 0, "ssrc": ssrc})


def resume(*, guild: int, session: str, token: str, sequence: int) -> str:
    """Go on after what came up to `sequence`."""
    return write(7, {"server_id": str(guild), "session_id": session, "token": token, "seq_ack": sequence})


def transition_ready(transition: int) -> str:
    """We can open what is sent after `transition`."""
    return write(23, {"transition_id": transition})


def key_package(package: bytes) -> bytes:
    """Our key, with which others add us to the group."""
    return b"\x1a" + package


def commit_welcome(commit: bytes, welcome: bytes | None) -> bytes:
    """A commit to the proposals, and the welcome for those that it adds."""
    return b"\x1c" + commit + (welcome or b"")


def invalid_commit(transition: int) -> str:
    """The commit or welcome of `transition` can't be used: we are to be removed and added again."""
    return write(31, {"transition_id": transition})
