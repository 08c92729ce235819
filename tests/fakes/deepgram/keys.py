"""Keys, and the tokens that are granted for them."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.deepgram.query import Rejected


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may do."""

    member: bool = True
    """May list projects and grant tokens; without it a key may only listen and read."""
    models: frozenset[str] | None = None
    """The models it may use; None: all."""
    credit: bool = True


class Keys:
    """Knows whose request it is."""

    def __init__(self, keys: Mapping[str, Key]) -> None:
        self._keys = dict(keys)
        self._grants: dict[str, tuple[float, Key]] = {}

    def of(self, request: web.Request, *, grants: bool = True) -> Key:
        """`grants`: whether a granted token will do. Raises `Rejected`."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not value:
            scheme, _, value = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
        scheme, value = scheme.lower(), value.strip()
        if scheme == "token" and value in self._keys:
            return self._keys[value]
        if scheme == "bearer" and grants and value in self._grants:
            expires, key = self._grants[value]
            if asyncio.get_running_loop().time() < expires:
                return key
        raise Rejected(401)

    def grant(self, key: Key, seconds: float) -> str:
        """A token that stands for the key; it need only be valid when a connection is opened."""
        number = len(self._grants)
        token = f"e30.{uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex}.{number}"
        self._grants[token] = (asyncio.get_running_loop().time() + seconds, key)
        return token
