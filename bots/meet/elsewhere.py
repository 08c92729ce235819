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
from bots.meet.reading import Comers, read_along
from bots.meet.share import FULL, NO_ROOM
from bots.meet.shown import fresh
from bots.meet.voice import Full, NotFound, Unwelcome
from core.bridge import Attachment, Bridge, Source
from core.captions.board import Board
from core.captions.publisher import Publisher
from core.codes import Ticket
from core.errors import UserError
from core.limits import Allowances
from core.metrics import Metrics
from core.settings import Settings

LINGER = 30.0
"""Seconds that a browser may take to come, or to come back until people in the call are told."""

SOON = 1.0
"""Seconds between two times that a call is told how many browsers read it."""

SEATS = 1000
"""Browsers that one call knows by a code they once gave, or twice as many as may read it."""

LATELY = 600.0
"""Seconds for which it waits for one that has read, e.g. on a phone that sleeps, however many come."""

AWAY = "a browser that may come back"
"""What people in the call are told of browsers none of which reads it now."""

NOT_SHOWN = "This call is not shown here any more."


@dataclass(slots=True)
class Seat:
    """One browser's own key to a call. `first`: the board's entry that was to come when it gave the code.

    `seen`: when it was given, or read last. `readers`: those who read with it now.
    """

    first: int
    seen: float
    readers: int = 0
    read: bool = False

    @property
    def until(self) -> float:
        """When most likely nobody comes back to it, if nobody reads."""
        return self.seen + (LATELY if self.read else LINGER)

    def left(self, now: float) -> bool:
        """Most likely nobody comes back to it."""
        return not self.readers and now > self.until


class Browsers:
    """All browsers that read one call: for the people in it they are one place. It is an `Outlet` of its
    own that shows nothing: each browser has a publisher, so that a slow one delays no other.
    """

    pace = SOON
    version = 0
    keep = "captions"
    streamed = 0.0
    now = None

    def __init__(
        self, found: Ticket[Source], bridge: Bridge, people: int, gone: Callable[["Browsers"], None]
    ) -> None:
        """`people`: how many may read. Raises `UserError` when the call can't be shown here."""
        self.source = found.shared
        self.seats: dict[str, Seat] = {}
        self._most = max(SEATS, 2 * people)
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

    def sit_down(self) -> str:
        """The key to a new seat: what was said before is for those who were there.

        Who has a seat of this call loses it to nobody while they read, nor soon after; other calls have their
        own. Raises `Full`.
        """
        now = self._loop.time()
        if len(self.seats) >= self._most:
            left = [key for key, one in self.seats.items() if one.left(now)]
            if not left:
                raise Full("More browsers than fit want to read this call: try again in a minute.")
            del self.seats[min(left, key=lambda key: (self.seats[key].read, self.seats[key].seen))]
        key = secrets.token_urlsafe(16)
        self.seats[key] = Seat(self.source.board.count, now)
        return key

    def come(self, publisher: Publisher, seat: Seat) -> None:
        """A browser reads."""
        seat.readers += 1
        seat.read = True
        self.readers.add(publisher)
        self._count()

    def go(self, publisher: Publisher, seat: Seat) -> None:
        """A browser is gone."""
        seat.readers -= 1
        seat.seen = self._loop.time()
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
        """Nobody has read for a while: the place is kept for as long as somebody may come back to it."""
        left = max((seat.until for seat in self.seats.values()), default=0.0) - self._loop.time()
        if left <= 0:
            self._attachment.detach(NOT_SHOWN)
            return
        if any(seat.read for seat in self.seats.values()):
            self._bridge.rename(self._attachment, AWAY)
        self._leaving = self._loop.call_later(max(left, SOON), self._leave)

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


class Elsewhere:
    """The addresses behind "Show elsewhere" and /room/CODE (docs/room-protocol.md)."""

    def __init__(self, rooms: Rooms, bridge: Bridge, settings: Settings, metrics: Metrics) -> None:
        self._rooms = rooms
        self._metrics = metrics
        self._bridge = bridge
        self._people = settings.people
        self._asks = Allowances(20.0, 200.0)
        self._codes = Allowances(1.0, 200.0)  # behind one address there may be a lecture hall
        self._comers = Comers()
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
        enough(request, self._codes)
        code = (await json_body(request)).get("code")
        if not isinstance(code, str):
            raise UserError("code must be a line of text.")
        found = self._bridge.find(code, asker=f"browser:{asker(request)}")
        browsers = next((one for one in self._shown if one.source is found.shared and one.open), None)
        if browsers is None:
            browsers = Browsers(found, self._bridge, self._people, self._shown.remove)
            self._shown.append(browsers)
        return web.json_response(
            {"seat": browsers.sit_down(), **browsers.describe()},
            status=201,
            headers={"Cache-Control": "no-store"},
        )

    def _at(self, request: web.Request) -> tuple[Browsers, Seat] | None:
        key = request.match_info["seat"]
        return next(((one, one.seats[key]) for one in self._shown if key in one.seats), None)

    async def _describe(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        if (at := self._at(request)) is None:
            raise NotFound(NOT_SHOWN)
        return fresh(at[0].describe())

    async def _read(self, request: web.Request) -> web.StreamResponse:
        socket, had = web.WebSocketResponse(heartbeat=15.0, max_msg_size=1024), entries_had(request)
        if (at := self._at(request)) is None:
            self._comers.take(request)
        else:
            self._comers.take(request, at[0].source.board, at[1].first + had)
        await socket.prepare(request)
        if (at := self._at(request)) is None:
            await socket.close(code=NO_ROOM, message=NOT_SHOWN.encode())
            return socket
        browsers, seat = at
        if len(browsers.readers) >= self._people:
            await socket.close(code=FULL, message=b"No more people can read along.")
            return socket
        viewer = Viewer(socket, browsers, browsers.describe, had, seat.first)
        publisher = Publisher(browsers.source.board, viewer)
        browsers.come(publisher, seat)
        self._metrics.viewers.inc()
        try:
            await read_along(socket, publisher, viewer, lambda: browsers.why)
        finally:
            browsers.go(publisher, seat)
            self._metrics.viewers.dec()
        return socket
