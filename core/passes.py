"""Passes: signed links that let one person into one room, under the name they have elsewhere."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass

from core.errors import UserError


@dataclass(frozen=True, slots=True)
class Pass:
    """Who somebody is, by the word of whoever issued it. `identity`: the same in every call."""

    name: str
    identity: str


class Passes:
    """Issues passes and knows them again. `secret`: random bytes, at least 32.

    A pass says who, and until when; its signature (HMAC with SHA-256, RFC 2104) covers the room as well.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("a secret of fewer than 32 bytes can be guessed")
        self._secret = secret

    def issue(self, room: str, name: str, identity: str, until: float) -> str:
        """A pass into `room`, good until a moment (seconds of any clock, the same as for `read`); for
        addresses, in plain letters.
        """
        body = json.dumps([name, identity, round(until)], separators=(",", ":")).encode()
        return f"{_text(body)}.{_text(self._sign(room, body))}"

    def read(self, text: str, room: str, now: float) -> Pass:
        """Who the pass lets into `room`, at `now` (seconds).

        Raises `UserError` when it is not for this room, when somebody has changed it, and when it is too old.
        """
        body, _, signature = text.partition(".")
        try:
            said, signed = _bytes(body), _bytes(signature)
        except (Error, ValueError):
            said = signed = b""
        if not hmac.compare_digest(signed, self._sign(room, said)):
            raise UserError("This link does not open this room: ask for a new one where you got it.")
        name, identity, until = json.loads(said)
        if now >= until:
            raise UserError("This link is too old: ask for a new one where you got it.")
        return Pass(name, identity)

    def _sign(self, room: str, body: bytes) -> bytes:
        return hmac.digest(self._secret, room.encode() + b"\0" + body, hashlib.sha256)


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(value: str) -> bytes:
    return urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
