"""The room's addresses: pages, the little API behind them, and the two sockets."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from bots.meet.limits import Allowances
from bots.meet.outlet import Viewer
from bots.meet.rooms import Room, Rooms
from bots.meet.socket import Microphones
from bots.meet.voice import Full, NotFound, Taken, Unwelcome
from core.captions.caption import Entry
from core.captions.publisher import Publisher
from core.errors import OutletGone, UserError
from core.record import exports
from core.settings import Settings
from core.telemetry import Metrics

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"

FORMS = {
    "md": ("markdown", "text/markdown"),
    "txt": ("text", "text/plain"),
    "vtt": ("vtt", "text/vtt"),
    "srt": ("srt", "application/x-subrip"),
    "json": ("json", "application/json"),
}
"""Endings of the transcript's address: the export, and its media type."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MeetingRoom:
    """What the browser asks for. `routes` go into the web application, `guard` before all of them."""

    def __init__(
        self,
        rooms: Rooms,
        settings: Settings,
        metrics: Metrics,
        *,
        engine: str,
        note: str | None,
        sample: Path | None,
    ) -> None:
        self._rooms = rooms
        self._settings = settings
        self._metrics = metrics
        self._engine = engine
        self._note = note
        self._sample = sample
        self._new_rooms = Allowances(settings.rooms_per_minute / 60, settings.rooms_per_minute)
        self._asks = Allowances(20.0, 200.0)
        self._viewers: set[Publisher] = set()
        self.microphones = Microphones(rooms, settings.patience, metrics)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", _file("index.html")),
            web.get("/room/{room}", self._room_page),
            web.static("/page", PAGE),
            web.get("/sample.wav", self._sample_file),
            web.post("/api/rooms", self._open),
            web.get("/api/rooms/{room}", self._describe),
            web.post("/api/rooms/{room}/people", self._join),
            web.delete("/api/rooms/{room}/people/{person}", self._leave),
            web.get("/api/rooms/{room}/transcript.{form}", self._transcript),
            web.get("/api/rooms/{room}/captions", self._read),
            web.get("/api/rooms/{room}/audio", self._speak),
        ]

    async def _room_page(self, request: web.Request) -> web.StreamResponse:
        try:
            self._rooms.find(request.match_info["room"])
        except NotFound:
            return web.FileResponse(PAGE / "gone.html", status=404, headers=_FRESH)
        return web.FileResponse(PAGE / "room.html", headers=_FRESH)

    async def _sample_file(self, _request: web.Request) -> web.StreamResponse:
        if self._sample is None:
            raise NotFound("The speech model on this machine carries no sample.")
        return web.FileResponse(self._sample)

    async def _open(self, request: web.Request) -> web.Response:
        self._ask(request, self._new_rooms)
        room = self._rooms.open()
        return web.json_response({"room": room.name, "url": f"/room/{room.name}"}, status=201)

    async def _describe(self, request: web.Request) -> web.Response:
        self._ask(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        return web.json_response(room.describe(self._engine, self._note), headers=_FRESH)

    async def _join(self, request: web.Request) -> web.Response:
        self._ask(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        name = (await _json(request)).get("name")
        if not isinstance(name, str):
            raise UserError("Please give a name, so that others know who speaks.")
        person = room.join(name)
        return web.json_response(
            {
                "person": person.speaker.id,
                "name": person.speaker.name,
                "token": person.token,
                "whip": f"/whip/{room.name}",
            },
            status=201,
            headers=_FRESH,
        )

    async def _leave(self, request: web.Request) -> web.Response:
        self._ask(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        person = room.person(token.strip() if scheme.lower() == "bearer" else "")
        if person.speaker.id != request.match_info["person"]:
            raise Unwelcome("This token is somebody else's.")
        self.microphones.stop(person, room)
        return web.Response(status=204)

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        self._ask(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        form = request.match_info["form"]
        if form not in FORMS:
            raise NotFound(f"There is no such format; there are {', '.join(FORMS)}.")
        entries: list[Entry] = sorted(room.board.entries, key=lambda entry: entry.start)
        heading = exports.Heading(
            title="Conversation", began=room.began_at, language=self._settings.language, engine=self._engine
        )
        response = web.StreamResponse(headers=_FRESH | _download(form))
        await response.prepare(request)
        write = exports.FORMATS[FORMS[form][0]]
        for number, piece in enumerate(write(heading, entries)):
            await response.write(piece.encode())
            if number % 200 == 0:
                # A long call must not hold up the others while it is laid out.
                await asyncio.sleep(0)
        await response.write_eof()
        return response

    async def _read(self, request: web.Request) -> web.StreamResponse:
        room = self._rooms.find(request.match_info["room"])
        if room.viewers >= self._settings.people:
            raise Full("This room is full: no more people can read along.")
        after = request.query.get("after", "0")
        socket = web.WebSocketResponse(heartbeat=15.0, max_msg_size=1024)
        await socket.prepare(request)
        viewer = Viewer(
            socket, room, self._engine, self._note, int(after) if after.isascii() and after.isdigit() else 0
        )
        publisher = Publisher(room.board, viewer)
        self._viewers.add(publisher)
        self._count(room, 1)
        try:
            await _until_gone(socket, publisher, viewer)
        finally:
            self._viewers.discard(publisher)
            self._count(room, -1)
        return socket

    def _count(self, room: Room, change: int) -> None:
        room.viewers += change
        room.used = asyncio.get_running_loop().time()
        self._metrics.viewers.inc(change)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        self._ask(request, self._asks)
        return await self.microphones.serve(request)

    def _ask(self, request: web.Request, allowances: Allowances) -> None:
        """Nobody may ask too often. Raises 429 with Retry-After."""
        wait = allowances.take(request.remote or "", asyncio.get_running_loop().time())
        if wait:
            raise web.HTTPTooManyRequests(
                text=_sentence("That was too often. Please wait a moment."),
                content_type="application/json",
                headers={"Retry-After": str(max(1, round(wait)))},
            )

    async def close(self) -> None:
        """Every call has ended: show each reader the last words, then say goodbye."""
        for publisher in self._viewers:
            publisher.close()


async def _until_gone(socket: web.WebSocketResponse, publisher: Publisher, viewer: Viewer) -> None:
    """Show the board until the reader closes the page or the publisher is closed."""

    async def show() -> None:
        await publisher.run()
        await socket.close(code=1001, message=b"Spokenly is stopping")

    async def tick() -> None:
        try:
            await viewer.tick()
        except OutletGone:
            return

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(show(), name="viewer")
        ticking = tasks.create_task(tick(), name="tick")
        # The page says nothing here; reading answers its pings and sees it go.
        async for _ in socket:
            pass
        publisher.close()
        ticking.cancel()


def _file(name: str) -> Handler:
    async def send(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / name, headers=_FRESH)

    return send


_FRESH = {"Cache-Control": "no-store"}


def _download(form: str) -> dict[str, str]:
    return {
        "Content-Type": f"{FORMS[form][1]}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="captions.{form}"',
    }


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise UserError("The request's body must be JSON.") from error
    if not isinstance(body, dict):
        raise UserError("The request's body must be a JSON object.")
    return body


def _sentence(text: str) -> str:
    return json.dumps({"error": text})


def _status(error: UserError) -> int:
    return {NotFound: 404, Unwelcome: 401, Taken: 409, Full: 503}.get(type(error), 400)


def guard(settings: Settings) -> Middleware:
    """Middleware: strangers' pages stay out, failures are sentences, and browsers get strict orders."""
    public = urlsplit(str(settings.public_url)) if settings.public_url else None
    local = settings.host in ("127.0.0.1", "::1", "localhost")

    def welcome(request: web.Request) -> bool:
        host = request.host
        if (
            local
            and public is None
            and urlsplit(f"//{host}").hostname not in ("127.0.0.1", "::1", "localhost")
        ):
            # A stranger's name that resolves to this machine (DNS rebinding).
            return False
        origin = request.headers.get("Origin")
        looks = request.method in ("GET", "HEAD") and "Upgrade" not in request.headers
        if origin is None or looks:
            return True
        if request.path.startswith("/whip/"):
            return True  # WHIP answers for itself: its token is asked for, not a cookie
        asked = urlsplit(origin)
        return asked.netloc == host or (public is not None and asked.netloc == public.netloc)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _well_formed(request) or not welcome(request):
            return web.json_response({"error": "This address is not open to that page."}, status=403)
        try:
            return await handler(request)
        except UserError as error:
            return web.json_response({"error": str(error)}, status=_status(error))
        except web.HTTPException as error:
            if error.status < 400 or error.content_type == "application/json":
                raise
            return web.json_response(
                {"error": _WORDS.get(error.status, error.reason)}, status=error.status, headers=_kept(error)
            )

    return middleware


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
