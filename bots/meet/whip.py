"""The door for WebRTC: WHIP (RFC 9725), for OBS, FFmpeg, GStreamer and browsers.

`POST /whip/{room}` with an offer opens a session, whose own address is in `Location`; candidates are
trickled there by PATCH, and DELETE ends it. What is not there: ICE restarts (422, and the session goes on).
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self

from aiohttp import web

from bots.meet.ice import LOOPBACK, read_servers
from bots.meet.ingest import Ingest
from bots.meet.manners import Refused, asker, bearer, body, refusal, same
from bots.meet.sdp import Unsupported, read_fragment, read_offer
from bots.meet.voice import Doors, Full, NotFound, Taken, Unwelcome, Voice
from core.audio import opus
from core.errors import UserError
from core.limits import Allowances
from core.metrics import Metrics
from core.settings import Settings

log = logging.getLogger(__name__)

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

_TOMBSTONES = 1000
"""Sessions remembered after their end, so that a client's late DELETE is no error."""

_STALE = 2.0
"""Seconds of nothing after which the same person may open another session: a client that crashed."""

_HEADERS = "Authorization, Content-Type, If-Match, Link"
_EXPOSED = "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate"

_Answer = Callable[[web.Request], Awaitable[web.Response]]


class Whip:
    """All WHIP sessions. Use as an async context: leaving it ends them and leaves nothing behind.

    `origins`: whether pages of that origin may send; all may by default, because what opens the door is
    the token, which no browser sends by itself. `addresses`: where sound is received; by default every
    address of this machine, or loopback alone when the web server listens there alone without a proxy.
    Entering raises `EngineMissing` when there is no libopus; making one raises `UserError` for a bad
    `ice_servers` setting.
    """

    def __init__(
        self,
        doors: Doors,
        settings: Settings,
        metrics: Metrics,
        *,
        origins: Callable[[str], bool] = lambda origin: True,
        addresses: Sequence[str] | None = None,
        silence: float = 5.0,
    ) -> None:
        self._doors = doors
        self._metrics = metrics
        self._origins = origins
        self._servers = read_servers(settings.ice_servers)
        alone = settings.host in ("localhost", "::1", LOOPBACK) and settings.public_url is None
        if addresses is None and alone and not self._servers:
            addresses = (LOOPBACK,)
        self._addresses = addresses
        self._silence = silence
        self._patience = settings.patience
        self._limit = settings.rooms * settings.speakers
        self._sessions: dict[str, Ingest] = {}
        self._tags: dict[str, str] = {}
        self._tombs: dict[str, str] = {}
        self._offers = Allowances(rate=0.5, burst=20)
        self._asks = Allowances(rate=10, burst=60)
        self._group = asyncio.TaskGroup()
        self._stopping = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(opus.load)
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_raised: object) -> None:
        self._stopping = True
        for session in self._sessions.values():
            session.end("stopping")
        # Sessions end by themselves now; what went wrong outside is not the group's to wrap.
        await self._group.__aexit__(None, None, None)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.route("*", "/whip/{room}", self._endpoint),
            web.route("*", "/whip/{room}/{session}", self._session),
        ]

    async def _endpoint(self, request: web.Request) -> web.Response:
        return await self._serve(
            request, {"GET": _nothing, "HEAD": _nothing, "POST": self._open}, {"Accept-Post": SDP}
        )

    async def _session(self, request: web.Request) -> web.Response:
        methods = {"GET": _nothing, "HEAD": _nothing, "PATCH": self._trickle, "DELETE": self._close}
        return await self._serve(request, methods, {"Accept-Patch": FRAGMENT})

    async def _serve(
        self, request: web.Request, methods: Mapping[str, _Answer], accepts: Mapping[str, str]
    ) -> web.Response:
        """Find the answer, turn failures into sentences, and say what a browser may know (CORS)."""
        allowed = ", ".join([*methods, "OPTIONS"])
        origin = request.headers.get("Origin")
        welcome = origin is None or self._origins(origin)
        try:
            if request.method == "OPTIONS":
                response = web.Response(headers={"Allow": allowed, **accepts})
            elif not welcome:
                raise Refused(403, "This address is not open to that page.")
            elif request.method not in methods:
                raise Refused(405, "That can't be done here.", {"Allow": allowed})
            else:
                response = await methods[request.method](request)
        except UserError as error:
            response = refusal(error)
        response.headers["Vary"] = "Origin"
        if origin is not None and welcome:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = allowed
                response.headers["Access-Control-Allow-Headers"] = _HEADERS
                response.headers["Access-Control-Max-Age"] = "600"
        return response

    async def _open(self, request: web.Request) -> web.Response:
        """POST: an offer of sound (RFC 9725, section 4.2)."""
        self._allow(self._offers, request)
        token = bearer(request)
        offer = read_offer(await body(request, SDP))
        if self._stopping or len(self._sessions) >= self._limit:
            raise Full("Spokenly takes no more senders at the moment. Try again later.")
        voice = await self._admit(request.match_info["room"], token)
        session = Ingest(voice, token, silence=self._silence, patience=self._patience)
        name, tag = secrets.token_urlsafe(24), f'"{secrets.token_urlsafe(9)}"'
        self._sessions[name], self._tags[name] = session, tag
        self._metrics.whip_sessions.set(len(self._sessions))
        watched = False
        try:
            answer = await session.negotiate(offer, self._servers, self._addresses)
            if self._stopping:
                raise Full("Spokenly is stopping.")
            self._group.create_task(self._watch(name, session), name="whip session")
            watched = True
        finally:
            if not watched:
                self._forget(name)
                await session.close()
        response = web.Response(status=201, text=answer, content_type=SDP)
        response.headers["Location"] = f"{request.rel_url.raw_path}/{name}"
        response.headers["ETag"] = tag
        for server in self._servers:
            response.headers.add("Link", server.link())
        return response

    async def _admit(self, room: str, token: str) -> Voice:
        """A line into the room, in the place of a session of the same person that fell silent."""
        try:
            return self._doors.admit(room, token)
        except Taken:
            now = asyncio.get_running_loop().time()
            stale = [s for s in self._sessions.values() if same(s.token, token) and s.idle(now) > _STALE]
            if not stale:
                raise
        for session in stale:
            session.end("replaced")
            await session.ended()
        return self._doors.admit(room, token)

    async def _watch(self, name: str, session: Ingest) -> None:
        try:
            await session.run()
        except Exception:
            # The bulkhead: one session's bug must not end the others. It is loud in the log and in Sentry.
            log.exception("whip.bug")
        finally:
            self._metrics.frames_dropped["jitter"].inc(session.late)
            self._tombs[name] = session.token
            while len(self._tombs) > _TOMBSTONES:
                del self._tombs[next(iter(self._tombs))]
            self._forget(name)

    def _forget(self, name: str) -> None:
        del self._sessions[name], self._tags[name]
        self._metrics.whip_sessions.set(len(self._sessions))

    async def _trickle(self, request: web.Request) -> web.Response:
        """PATCH: more addresses of the client (RFC 9725, section 4.3)."""
        self._allow(self._asks, request)
        name = request.match_info["session"]
        session = self._sessions.get(name)
        _prove(request, session.token if session else None)
        assert session is not None
        text = await body(request, FRAGMENT)
        tags = {tag.strip() for tag in request.headers.get("If-Match", "").split(",")} - {""}
        if not tags:
            raise Refused(428, "This request needs an If-Match header with the session's ETag.")
        if not tags & {"*", self._tags[name]}:
            raise Refused(412, "The ETag in If-Match is not this session's.")
        fragment = read_fragment(text)
        if fragment.ufrag != session.ufrag:
            raise Unsupported("A session can't be restarted with new ICE credentials; open another one.")
        await session.add(fragment.candidates)
        return web.Response(status=204)

    async def _close(self, request: web.Request) -> web.Response:
        """DELETE: the end of the session, or of one that has ended already."""
        self._allow(self._asks, request)
        name = request.match_info["session"]
        session = self._sessions.get(name)
        _prove(request, session.token if session else self._tombs.get(name))
        if session is not None:
            session.end("deleted")
            await session.ended()
        return web.Response()

    def _allow(self, allowances: Allowances, request: web.Request) -> None:
        wait = allowances.take(asker(request), asyncio.get_running_loop().time())
        if wait:
            later = {"Retry-After": str(math.ceil(wait))}
            raise Refused(429, "Too many requests from this address. Wait a little.", later)


async def _nothing(_request: web.Request) -> web.Response:
    """GET and HEAD: there is nothing to see (RFC 9725, section 4.1)."""
    return web.Response(status=204)


def _prove(request: web.Request, token: str | None) -> None:
    """Only whoever opened a session may change it. Raises `Unwelcome` or `NotFound`."""
    given = bearer(request)
    if token is None:
        raise NotFound("There is no such session, or it is over.")
    if not same(given, token):
        raise Unwelcome("This token did not open the session.")
