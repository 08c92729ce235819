"""Before every request: strangers' pages stay out, failures become sentences, browsers get strict orders."""

import logging
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bots.meet.voice import Full, NotFound, Taken, Unwelcome
from core.errors import NoSuchRecord, RecordAway, UserError
from core.settings import Settings


def _status(error: UserError) -> int:
    return {NotFound: 404, NoSuchRecord: 404, Unwelcome: 401, Taken: 409, Full: 503}.get(type(error), 400)


log = logging.getLogger(__name__)

_BEGUN = web.RequestKey("_BEGUN", web.StreamResponse)
"""Where a request holds its answer from its headers on."""

LOCAL = ("127.0.0.1", "::1", "localhost")


def only_local(settings: Settings) -> bool:
    """Whether nobody but this machine can open Spokenly."""
    return settings.host in LOCAL and settings.public_url is None


def guard(settings: Settings) -> Middleware:
    """Middleware: strangers' pages stay out, failures are sentences, and browsers get strict orders."""
    public = urlsplit(str(settings.public_url)).netloc if settings.public_url else None
    alone = only_local(settings)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _well_formed(request) or not _welcome(request, public, only_local=alone):
            return web.json_response({"error": "This address is not open to that page."}, status=403)
        if public is not None and (came_from := _forwarded(request)):
            request = request.clone(remote=came_from)
        try:
            return await _whole(request, handler)
        except UserError as error:
            return web.json_response({"error": str(error)}, status=_status(error))
        except RecordAway as error:
            away = f"The record can't be had now: {error}"
            return web.json_response({"error": away}, status=503, headers={"Retry-After": "10"})
        except web.HTTPException as error:
            if error.status < 400 or error.content_type == "application/json":
                raise
            return web.json_response(
                {"error": _WORDS.get(error.status, error.reason)}, status=error.status, headers=_kept(error)
            )

    return middleware


async def _whole(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the handler answers. An answer that fails when it has begun is broken off, so that nobody takes
    what came of it, or a sentence in its middle, for a whole file.
    """
    try:
        return await handler(request)
    except (UserError, RecordAway):
        begun: web.StreamResponse | None = request.get(_BEGUN)
        if begun is None:
            raise
        log.warning("the record failed in the middle of an answer")
        if request.transport is not None:
            request.transport.abort()
        return begun


def _welcome(request: web.Request, public: str | None, *, only_local: bool) -> bool:
    """Whether the page that asks is one of ours; what is no page says no Origin."""
    if only_local and urlsplit(f"//{request.host}").hostname not in LOCAL:
        # A stranger's name that resolves to this machine (DNS rebinding).
        return False
    origin = request.headers.get("Origin")
    looks = request.method in ("GET", "HEAD") and "Upgrade" not in request.headers
    # WHIP answers for itself: it is opened by a token that no browser sends by itself.
    if origin is None or looks or request.path.startswith("/whip/"):
        return True
    return urlsplit(origin).netloc in (request.host, public)


def _forwarded(request: web.Request) -> str:
    """Who asked the proxy: it added the last address of X-Forwarded-For; those before it can be made up."""
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64]


def _well_formed(request: web.Request) -> bool:
    try:
        urlsplit(f"//{request.host}").port  # noqa: B018 - it raises for a port that is none
        urlsplit(request.headers.get("Origin", "")).port  # noqa: B018
    except ValueError:
        return False
    return True


_WORDS = {404: "There is nothing at this address.", 413: "That is too large."}


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}


async def strict_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Tell browsers what the page may do (`on_response_prepare`): nothing but talk to this origin."""
    request[_BEGUN] = response
    response.headers["Server"] = "Spokenly"
    sockets = f"ws://{request.host} wss://{request.host}"
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; manifest-src 'self'; "
        f"img-src 'self' data:; media-src 'self' blob:; connect-src 'self' {sockets}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # The address of a room is the key to it: it must not travel with links.
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Permissions-Policy", "microphone=(self), display-capture=(self), camera=()")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if request.path.startswith("/page/"):
        # Asked again each time, answered 304: a new version is never mixed with an old one.
        response.headers.setdefault("Cache-Control", "no-cache")
