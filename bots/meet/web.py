"""The room's addresses: pages, the little API behind them, and the two sockets."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.meet.doors import Rooms
from bots.meet.limits import Allowances
from bots.meet.manners import bearer
from bots.meet.outlet import Viewer
from bots.meet.rooms import Room
from bots.meet.share import FULL, NO_ROOM
from bots.meet.socket import Microphones
from bots.meet.voice import NotFound, Unwelcome
from core.captions.caption import Entry
from core.captions.publisher import Publisher
from core.errors import OutletGone, UserError
from core.record import exports
from core.settings import Settings
from core.telemetry import Metrics

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"

BODY = 10.0
"""Seconds that a request's body may take to arrive."""

FORMS = {
    "md": ("markdown", "text/markdown"),
    "txt": ("text", "text/plain"),
    "vtt": ("vtt", "text/vtt"),
    "srt": ("srt", "application/x-subrip"),
    "json": ("json", "application/json"),
}
"""Endings of the transcript's address: the export, and its media type."""


class MeetingRoom:
    """What the browser asks for. `routes` go into the web application, `bots.meet.guard` before them."""

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
        self._joins = Allowances(0.5, 60.0)
        self._viewers: set[Publisher] = set()
        self._microphones = Microphones(rooms, settings.patience)

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
        self._ask(request, self._joins)
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
        person = room.person(bearer(request))
        if person.speaker.id != request.match_info["person"]:
            raise Unwelcome("This token is somebody else's.")
        self._microphones.stop(person, room, request.query.get("share"))
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
        socket = web.WebSocketResponse(heartbeat=15.0, max_msg_size=1024)
        await socket.prepare(request)
        # A page sees why a socket closed, but not why one was never opened.
        try:
            room = self._rooms.find(request.match_info["room"])
        except NotFound as error:
            await socket.close(code=NO_ROOM, message=str(error).encode())
            return socket
        if room.viewers >= self._settings.people:
            await socket.close(code=FULL, message=b"This room is full: no more people can read along.")
            return socket
        after = request.query.get("after", "0")[:9]
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
        return await self._microphones.serve(request)

    def _ask(self, request: web.Request, allowances: Allowances) -> None:
        """Nobody may ask too often. Raises 429 with Retry-After."""
        wait = allowances.take(request.remote or "", asyncio.get_running_loop().time())
        if wait:
            raise web.HTTPTooManyRequests(
                text=_sentence("That was too often. Please wait a moment."),
                content_type="application/json",
                headers={"Retry-After": str(max(1, round(wait)))},
            )

    def close(self) -> None:
        """Every call has ended: show each reader the last words, then say goodbye to everybody."""
        for publisher in self._viewers:
            publisher.close()
        self._microphones.close()


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
        async with asyncio.timeout(BODY):
            body = await request.json()
    except (ValueError, RecursionError, TimeoutError, web.RequestPayloadError, ConnectionError) as error:
        raise UserError("The request's body must be JSON, and arrive whole.") from error
    if not isinstance(body, dict):
        raise UserError("The request's body must be a JSON object.")
    return body


def _sentence(text: str) -> str:
    return json.dumps({"error": text})
