"""The room's addresses: pages, the little API behind them, and the two sockets."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bots.meet import shown
from bots.meet.access import identity
from bots.meet.doors import Rooms
from bots.meet.files import chosen, send
from bots.meet.manners import bearer, digest, enough, json_body
from bots.meet.opener import TITLE
from bots.meet.outlet import Viewer, entries_had
from bots.meet.person import clean, clean_name
from bots.meet.reading import Comers, read_along
from bots.meet.records import Records
from bots.meet.rooms import Room
from bots.meet.share import FULL, NO_ROOM
from bots.meet.shown import Ear, fresh
from bots.meet.socket import Microphones
from bots.meet.terms import Terms
from bots.meet.voice import NotFound, Unwelcome
from core.captions.board import Board
from core.captions.caption import Caption, Entry
from core.captions.publisher import Publisher
from core.codes import looks_like_code
from core.errors import UserError
from core.limits import Allowances
from core.metrics import Metrics
from core.record.files.heading import Heading
from core.record.kept import Line
from core.record.recaps.minutes import as_json
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation
from core.settings import Settings

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"


class MeetingRoom:
    """What the browser asks for. `routes` go into the web application, `bots.meet.guard` before them."""

    def __init__(
        self,
        rooms: Rooms,
        settings: Settings,
        metrics: Metrics,
        *,
        ear: Ear,
        sample: Path | None,
        records: Records | None = None,
    ) -> None:
        self._rooms = rooms
        self._records = records
        self._settings = settings
        self._metrics = metrics
        self._ear = ear
        self._sample = sample
        self._new_rooms = Allowances(settings.rooms_per_minute / 60, settings.rooms_per_minute)
        self._asks = Allowances(20.0, 200.0)
        self._joins = Allowances(0.5, 60.0)
        self._comers = Comers()
        self._viewers: set[Publisher] = set()
        self._microphones = Microphones(rooms, settings.patience)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/", _file("index.html")),
            web.get("/records", _file("records.html")),
            web.get("/records/{call}", _file("record.html")),
            web.get("/api/settings", self._chosen),
            web.get("/room/{room}", self._room_page),
            web.static("/page", PAGE),
            web.get("/sample.wav", self._sample_file),
            web.post("/api/rooms", self._open),
            web.get("/api/rooms/{room}", self._describe),
            web.post("/api/rooms/{room}/people", self._join),
            web.post("/api/rooms/{room}/pass", self._pass),
            web.delete("/api/rooms/{room}/people/{person}", self._leave),
            web.get("/api/rooms/{room}/transcript.{form}", self._transcript),
            web.get("/api/rooms/{room}/recap", self._catch_up),
            web.get("/api/rooms/{room}/captions", self._read),
            web.get("/api/rooms/{room}/audio", self._speak),
        ]

    async def _room_page(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["room"]
        if looks_like_code(name):
            return web.FileResponse(PAGE / "shared.html", headers=_FRESH)
        try:
            self._rooms.find(name)
        except NotFound:
            return web.FileResponse(PAGE / "gone.html", status=404, headers=_FRESH)
        return web.FileResponse(PAGE / "room.html", headers=_FRESH)

    async def _sample_file(self, _request: web.Request) -> web.StreamResponse:
        if self._sample is None:
            raise NotFound("The speech model on this machine carries no sample.")
        return web.FileResponse(self._sample)

    async def _chosen(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        return fresh(
            {
                "keep": "never" if self._records is None else self._settings.keep,
                "records": "closed" if self._records is None else self._records.state(request),
                "retention": self._settings.retention_days,
            }
        )

    async def _open(self, request: web.Request) -> web.Response:
        enough(request, self._new_rooms)
        wanted = await json_body(request)
        keep, title, private = wanted.get("keep"), wanted.get("title", ""), wanted.get("private", False)
        if keep not in (None, "captions", "transcript") or not isinstance(title, str):
            raise UserError("keep must be captions or transcript, and title a line of text.")
        if not isinstance(private, bool):
            raise UserError("private must be true or false.")
        owner = secrets.token_urlsafe(24)
        terms = Terms(self._settings.language, clean(title, TITLE), private=private, owner=digest(owner))
        room = self._rooms.open(keep, terms)
        return web.json_response(
            {"room": room.name, "url": f"/room/{room.name}", "keep": room.keep, "owner": owner},
            status=201,
            headers=_FRESH,
        )

    async def _describe(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        return web.json_response(self._told(room), headers=_FRESH)

    def _told(self, room: Room) -> dict[str, Any]:
        return shown.room(room, self._ear)

    async def _pass(self, request: web.Request) -> web.Response:
        """Whether a pass is good, before anybody relies on it."""
        enough(request, self._joins)
        room = self._rooms.find(request.match_info["room"])
        known = self._rooms.read_pass(room, (await json_body(request)).get("pass"))
        return fresh({"name": clean_name(known.name)})

    async def _join(self, request: web.Request) -> web.Response:
        enough(request, self._joins)
        room = self._rooms.find(request.match_info["room"])
        wanted = await json_body(request)
        name, me = wanted.get("name"), wanted.get("me")
        person = self._rooms.join(
            room,
            name if isinstance(name, str) else None,
            None if me is None else identity(me),
            wanted.get("pass"),
        )
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
        enough(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        person = room.person(bearer(request))
        if person.speaker.id != request.match_info["person"]:
            raise Unwelcome("This token is somebody else's.")
        self._microphones.stop(person, room, request.query.get("share"))
        return web.Response(status=204)

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        enough(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        form = chosen(request.match_info["form"])
        heading = Heading(
            title=room.title or "Conversation",
            began=room.began_at,
            language=room.terms.language,
            engine=self._ear.engine,
        )
        return await send(request, form, heading, _sorted(room.board.entries))

    async def _catch_up(self, request: web.Request) -> web.Response:
        """What has been said until now, for whoever asks; nothing is written anywhere."""
        enough(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        minutes = request.query.get("minutes")
        if minutes is not None and not (minutes.isascii() and minutes.isdigit() and 0 < len(minutes) < 5):
            raise UserError("minutes must be a whole number.")
        since = 0.0 if minutes is None else (room.now or 0.0) - 60.0 * int(minutes)
        lines = [
            Line(number, entry.speaker, entry.start, entry.end, entry.text, language=entry.language)
            for number, entry in enumerate(room.board.entries, room.board.forgotten)
            if isinstance(entry, Caption) and entry.text and entry.end > since
        ]
        lines.sort(key=lambda line: line.start)
        recap = await Quotes().summarise(Conversation(room.title, room.terms.language, lines))
        return fresh(as_json(recap, lines))

    async def _read(self, request: web.Request) -> web.StreamResponse:
        socket, name = web.WebSocketResponse(heartbeat=15.0, max_msg_size=1024), request.match_info["room"]
        self._comers.take(request, self._board(name), entries_had(request))
        await socket.prepare(request)
        # A page sees why a socket closed, but not why one was never opened.
        try:
            room = self._rooms.find(name)
        except NotFound as error:
            await socket.close(code=NO_ROOM, message=str(error).encode())
            return socket
        if room.viewers >= self._settings.people:
            await socket.close(code=FULL, message=b"This room is full: no more people can read along.")
            return socket
        viewer = Viewer(socket, room, lambda: self._told(room), entries_had(request))
        publisher = Publisher(room.board, viewer)
        self._viewers.add(publisher)
        self._count(room, 1)
        try:
            await read_along(socket, publisher, viewer)
        finally:
            self._viewers.discard(publisher)
            self._count(room, -1)
        return socket

    def _board(self, name: str) -> Board | None:
        try:
            return self._rooms.find(name).board
        except NotFound:
            return None

    def _count(self, room: Room, change: int) -> None:
        room.viewers += change
        room.used = asyncio.get_running_loop().time()
        self._metrics.viewers.inc(change)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        enough(request, self._asks)
        return await self._microphones.serve(request)

    def close(self) -> None:
        """Every call has ended: show each reader the last words, then say goodbye to everybody."""
        for publisher in self._viewers:
            publisher.close()
        self._microphones.close()


def _file(name: str) -> Handler:
    async def send(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / name, headers=_FRESH)

    return send


_FRESH = {"Cache-Control": "no-store"}


async def _sorted(entries: Sequence[Entry]) -> AsyncIterator[Entry]:
    for entry in sorted(entries, key=lambda entry: entry.start):
        yield entry
