"""HTTP manners: who asks, with what body, and what a refusal looks like."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bots.meet.sdp import Malformed, Unsupported
from bots.meet.voice import Full, NotFound, Taken, Unwelcome
from core.errors import UserError
from core.limits import Allowances, whose

_BODY = 64 * 1024
"""Bytes of a session description, which has 2 to 6 thousand."""

_BODY_TIME = 10.0
"""Seconds in which it must arrive."""

_STATUS = {Malformed: 400, Unwelcome: 401, NotFound: 404, Taken: 409, Unsupported: 422, Full: 503}


class Refused(UserError):
    """A request that HTTP has a number for."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}


def refusal(error: UserError) -> web.Response:
    """The error as a number and one sentence."""
    status = error.status if isinstance(error, Refused) else _STATUS.get(type(error), 400)
    response = web.json_response({"error": str(error)}, status=status)
    if isinstance(error, Refused):
        response.headers.update(error.headers)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="spokenly"'
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response


def bearer(request: web.Request) -> str:
    """The token (RFC 6750, section 2.1). Raises `Unwelcome`."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unwelcome("A room's token is needed: Authorization: Bearer <token>.")
    return token.strip()


def same(one: str, other: str) -> bool:
    """Whether two tokens are equal, in the same time for all."""
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def digest(token: str) -> str:
    """What is kept instead of a token: its SHA-256 in hex. Tokens are random, so that is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def body(request: web.Request, kind: str) -> str:
    """The request's text. Raises `Refused` or `Malformed`."""
    if request.content_type != kind:
        raise Refused(415, f"The body must be {kind}.", {"Accept": kind})
    pieces, size = [], 0
    try:
        async with asyncio.timeout(_BODY_TIME):
            async for piece in request.content.iter_chunked(8192):
                size += len(piece)
                if size > _BODY:
                    raise Refused(413, "The body is too large for a session description.")
                pieces.append(piece)
    except TimeoutError as error:
        raise Refused(408, "The body took too long to arrive.") from error
    except (web.RequestPayloadError, ConnectionResetError) as error:
        raise Malformed("The body broke off, or is packed in a way that can't be read.") from error
    try:
        return b"".join(pieces).decode()
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8 text.") from error


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object. Raises `UserError`."""
    try:
        async with asyncio.timeout(_BODY_TIME):
            body = await request.json()
    except (ValueError, RecursionError, TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise UserError("The request's body must be JSON, and arrive whole.") from error
    if not isinstance(body, dict):
        raise UserError("The request's body must be a JSON object.")
    return body


def asker(request: web.Request) -> str:
    """Who asks, as far as an address tells."""
    return whose(request.remote or "")


def enough(request: web.Request, allowances: Allowances, amount: float = 1.0) -> None:
    """Nobody may ask too often. Raises 429 with Retry-After."""
    wait = allowances.take(asker(request), asyncio.get_running_loop().time(), amount)
    if wait:
        raise too_often(wait, "That was too often. Please wait a moment.")


def too_often(wait: float, sentence: str) -> web.HTTPTooManyRequests:
    """429: come back in `wait` seconds."""
    return web.HTTPTooManyRequests(
        text=json.dumps({"error": sentence}),
        content_type="application/json",
        headers={"Retry-After": str(max(1, round(wait)))},
    )
