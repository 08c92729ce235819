"""A room's call shown elsewhere, and calls of elsewhere read in the browser."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bots.meet.doors import Rooms
from bots.meet.manners import asker, bearer, digest, enough, json_body, same
from bots.meet.opened import Opened
from bots.meet.outlet import Viewer, entries_had
from bots.meet.reading import read_along
from bots.meet.share import FULL, NO_ROOM
from bots.meet.shown import fresh
from bots.meet.voice import NotFound, Unwelcome
from core.bridge import Attachment, Bridge, Source
from core.captions.board import Board
from core.captions.publisher import Publisher
from core.codes import Ticket
from core.errors import UserError
from core.limits import Allowances
from core.metrics import Metrics
from core.settings import Settings

LINGER = 30.0
"""Seconds that a browser whose connection broke may take to come back."""

SOON = 1.0
"""Seconds between two times that a call is told how many browsers read it."""

SEATS = 10_000
"""Browsers that are known by a code they once gave; the earliest is forgotten first."""

NOT_SHOWN = "This call is not shown here any more."


class Browsers:
    """All browsers that read one call: for the people in it they are one place. It is an `Outlet` of its
    own that shows nothing: each browser has a publisher, so that a slow one delays no other.
    """

    pace = SOON
    version = 0
    keep = "captions"
    streamed = 0.0
    now = None

    def __init__(self, found: Ticket[Source], bridge: Bridge, gone: Callable[["Browsers"], None]) -> None:
        """Raises `UserError` when the call can't be shown here."""
        self.source = found.shared
        self.why: str | None = None
        """Why it is not shown here any more."""
        self.readers: set[Publisher] = set()
        self._bridge = bridge
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._telling: asyncio.TimerHandle | None = None
        self._attachment: Attachment = bridge.attach(found, self, "a browser", self._end, closing=self._end)
        self._leaving = self._loop.call_later(LINGER, self._leave)

    @property
    def open(self) -> bool:
        """Whether more of them may come."""
        return self._attachment.live

    async def show(self, board: Board) -> None:
        """Each browser is shown the board by its own publisher."""

    def describe(self) -> dict[str, Any]:
        """The call, as the page reads it."""
        source = self.source
        return {"title": source.title, "from": source.origin, "language": source.language, "state": "live"}

    def come(self, publisher: Publisher) -> None:
        """A browser reads."""
        self.readers.add(publisher)
        self._count()

    def go(self, publisher: Publisher) -> None:
        """A browser is gone."""
        self.readers.discard(publisher)
        self._count()

    def _count(self) -> None:
        self._leaving.cancel()
        if not self.readers and self.why is None:
            self._leaving = self._loop.call_later(LINGER, self._leave)
        if self._telling is None and self.why is None:
            self._telling = self._loop.call_later(SOON, self._tell)

    def _tell(self) -> None:
        self._telling = None
        number = len(self.readers)
        self._bridge.rename(self._attachment, f"{number} browsers" if number > 1 else "a browser")

    def _leave(self) -> None:
        self._attachment.detach(NOT_SHOWN)

    def _end(self, why: str) -> None:
        if self.why is not None:
            return
        self.why = why or NOT_SHOWN
        self._leaving.cancel()
        if self._telling is not None:
            self._telling.cancel()
        self._gone(self)
        last = self.source.board.excerpt()  # the call may go on
        for publisher in self.readers:
            publisher.close(last=last)


@dataclass(frozen=True, slots=True)
class Seat:
    """One browser's own key to a call. `first`: the board's entry that was to come when it gave the code."""

    browsers: Browsers
    first: int


class Elsewhere:
    """The addresses behind "Show elsewhere" and /room/CODE (docs/room-protocol.md)."""

    def __init__(self, rooms: Rooms, bridge: Bridge, settings: Settings, metrics: Metrics) -> None:
        self._rooms = rooms
        self._metrics = metrics
        self._bridge = bridge
        self._people = settings.people
        self._asks = Allowances(20.0, 200.0)
        self._seats: dict[str, Seat] = {}
        self._shown: list[Browsers] = []

    def routes(self) -> list[web.AbstractRouteDef]:
        sharing = "/api/rooms/{room}/sharing"
        return [
            web.get(sharing, self._where),
            web.post(sharing, self._share),
            web.delete(sharing, self._revoke),
            web.post("/api/shared", self._sit_down),
            web.get("/api/shared/{seat}", self._describe),
            web.get("/api/shared/{seat}/captions", self._read),
        ]

    # For whoever opened a room

    def _mine(self, request: web.Request) -> Opened:
        """The room of whoever opened it. Raises `UserError`."""
        enough(request, self._asks)
        room = self._rooms.find(request.match_info["room"])
        if room.terms.owner is None or not same(digest(bearer(request)), room.terms.owner):
            raise Unwelcome("Only whoever opened this room can show it elsewhere.")
        return self._rooms.opened(room)

    def _told(self, room: Opened) -> dict[str, Any]:
        code = self._bridge.code(room)
        left = 0.0 if code is None else code.until - asyncio.get_running_loop().time()
        return {
            "private": room.private,
            "places": self._bridge.places(room),
            "code": None if code is None else {"text": code.spaced, "left": round(left)},
        }

    async def _where(self, request: web.Request) -> web.Response:
        return fresh(self._told(self._mine(request)))

    async def _share(self, request: web.Request) -> web.Response:
        room = self._mine(request)
        self._bridge.share(room)
        return fresh(self._told(room))

    async def _revoke(self, request: web.Request) -> web.Response:
        self._bridge.revoke(self._mine(request))
        return web.Response(status=204)

    # For whoever has a code

    async def _sit_down(self, request: web.Request) -> web.Response:
        """A seat for a browser: its own key to the call, which is good when the code is not any more."""
        enough(request, self._asks)
        code = (await json_body(request)).get("code")
        if not isinstance(code, str):
            raise UserError("code must be a line of text.")
        found = self._bridge.find(code, asker=f"browser:{asker(request)}")
        browsers = next((one for one in self._shown if one.source is found.shared and one.open), None)
        if browsers is None:
            browsers = Browsers(found, self._bridge, self._over)
            self._shown.append(browsers)
        seat = secrets.token_urlsafe(16)
        # What was said before is for those who were there.
        self._seats[seat] = Seat(browsers, found.shared.board.count)
        if len(self._seats) > SEATS:
            del self._seats[next(iter(self._seats))]
        return web.json_response(
            {"seat": seat, **browsers.describe()}, status=201, headers={"Cache-Control": "no-store"}
        )

    def _over(self, browsers: Browsers) -> None:
        self._shown.remove(browsers)
        self._seats = {seat: one for seat, one in self._seats.items() if one.browsers is not browsers}

    def _at(self, request: web.Request) -> Seat:
        seat = self._seats.get(request.match_info["seat"])
        if seat is None:
            raise NotFound(NOT_SHOWN)
        return seat

    async def _describe(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        return fresh(self._at(request).browsers.describe())

    async def _read(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=15.0, max_msg_size=1024)
        await socket.prepare(request)
        try:
            seat = self._at(request)
        except NotFound as error:
            await socket.close(code=NO_ROOM, message=str(error).encode())
            return socket
        browsers = seat.browsers
        if len(browsers.readers) >= self._people:
            await socket.close(code=FULL, message=b"No more people can read along.")
            return socket
        viewer = Viewer(socket, browsers, browsers.describe, entries_had(request), seat.first)
        publisher = Publisher(browsers.source.board, viewer)
        browsers.come(publisher)
        self._metrics.viewers.inc()
        try:
            await read_along(socket, publisher, viewer, lambda: browsers.why)
        finally:
            browsers.go(publisher)
            self._metrics.viewers.dec()
        return socket
