"""Frames of the voice gateway, read: text ones are JSON with an opcode, binary ones carry DAVE's keys.

Whatever is not understood is None, never an exception.
"""

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bots.discord.voice.messages import (
    Acknowledged,
    Came,
    Commit,
    Described,
    ExecuteTransition,
    ExternalSender,
    Hello,
    Message,
    PrepareEpoch,
    PrepareTransition,
    Proposals,
    Ready,
    Resumed,
    Source,
    Welcome,
    Went,
)

_SPEAKING = 1
"""The bit of a speaking state that means a microphone."""

_KEY = 32
"""Bytes of a secret key."""


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


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _number(body: Mapping[str, Any], name: str, most: int = 0xFFFF_FFFF) -> int:
    value = body.get(name)
    if not _whole(value, most):
        raise _Unreadable
    assert isinstance(value, int)
    return value


def _stream(body: Mapping[str, Any], name: str) -> int:
    """An SSRC; 0 stands for none."""
    ssrc = _number(body, name)
    if not ssrc:
        raise _Unreadable
    return ssrc


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
    if not isinstance(mode, str) or not isinstance(key, list) or len(key) != _KEY:
        raise _Unreadable
    if not all(_whole(byte, 0xFF) for byte in key):
        raise _Unreadable
    dave = _number(body, "dave_protocol_version", 0xFFFF) if "dave_protocol_version" in body else 0
    return Described(mode, bytes(key), dave)


def _speaking(body: Mapping[str, Any]) -> Message:
    state = body.get("speaking")
    speaking = isinstance(state, int) and bool(state & _SPEAKING)
    return Source(_id(body.get("user_id")), _stream(body, "ssrc"), speaking)


def _video(body: Mapping[str, Any]) -> Message:
    return Source(_id(body.get("user_id")), _stream(body, "audio_ssrc"), speaking=False)


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
