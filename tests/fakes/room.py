"""A room's server as docs/room-protocol.md has it, with everything that goes wrong at the test's command."""

import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes import archive
from tests.fakes.archive import ARCHIVE, OWNER, FakeArchive
from tests.fakes.files import file

ROOM = "abcdefghijklmnopqrstuv"


@dataclass(slots=True)
class Received:
    """One frame as it came: sequence number, seconds, samples; `connection` counts from 0."""

    sequence: int
    at: float
    pcm: bytes
    connection: int
    share: str


@dataclass(slots=True)
class FakeRoom:
    """What the server knows, and what it shall do."""

    base: str = ""
    began: int | None = 1_790_000_000_000
    state: str = "live"
    title: str = ""
    keep: str = "captions"
    opened_elsewhere: bool = False  # whoever has its address does not read its record
    archive: FakeArchive = field(default_factory=FakeArchive)
    note: str | None = None
    people: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    partials: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    lateness: float | None = None
    sample: bytes | None = None

    kept_from: int = 0  # entries before this one are forgotten
    full: bool = False  # then readers are turned away
    turned_away: int = 0
    exists: bool = True
    lines_up: bool = True  # when not, sockets are refused as a dead network refuses them
    refusal: tuple[int, str] | None = None  # of the audio socket: close code and sentence
    forgotten: set[str] = field(default_factory=set)  # tokens that are good no more
    ack_every: int = 10  # frames
    forget_from: int | None = None  # frames from this number on were never received
    wishes: list[dict[str, Any]] = field(default_factory=list)  # of whoever opened a room
    names: list[str] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)  # `me` of whoever joined
    goodbyes: list[tuple[str, str | None]] = field(default_factory=list)  # DELETEs: person and mark
    dismissed: list[str] = field(default_factory=list)  # people whose share a DELETE has ended
    hellos: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # muted, unmuted, bye
    frames: list[Received] = field(default_factory=list)
    readers: list[web.WebSocketResponse] = field(default_factory=list)
    afters: list[int] = field(default_factory=list)
    speakers: list[web.WebSocketResponse] = field(default_factory=list)
    sharing: dict[str, tuple[str, web.WebSocketResponse]] = field(default_factory=dict)  # by token
    replaced: set[str] = field(default_factory=set)  # marks of shares that gave way to another tab's
    swallow_close: bool = False  # a refusal's words arrive, its code does not

    @property
    def address(self) -> str:
        return f"{self.base}/room/{ROOM}"

    def description(self) -> dict[str, Any]:
        return {
            "room": ROOM,
            "title": self.title,
            "keep": self.keep,
            "record": ROOM if self.keep == "transcript" and not self.opened_elsewhere else None,
            "origin": "Slack" if self.opened_elsewhere else None,
            "state": self.state,
            "engine": "Moonshine tiny, on this machine",
            "language": "en",
            "began": self.began,
            "people": self.people,
            "note": self.note,
        }

    def board(self, first: int) -> dict[str, Any]:
        first = max(first, self.kept_from)
        return {
            "type": "board",
            "room": self.description(),
            "first": first,
            "entries": self.entries[first:],
            "partials": self.partials,
            "notices": self.notices,
            "lateness": self.lateness,
            "now": 60.0,
        }

    async def show(self, *entries: dict[str, Any], partials: list[dict[str, Any]] | None = None) -> None:
        """Commits entries, replaces the partials and tells every reader."""
        first = len(self.entries)
        self.entries.extend(entries)
        self.partials = partials or []
        for socket in list(self.readers):
            with suppress(ConnectionError):
                await socket.send_json(self.board(first))

    async def cut(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Drops every socket."""
        for socket in [*self.readers, *self.speakers]:
            await socket.close(code=code)

    def next_wanted(self, share: str = "") -> int:
        """The number after the last frame of this share, or of the one that began last."""
        share = share or self.hellos[-1]["share"]
        return max((frame.sequence + 1 for frame in self.frames if frame.share == share), default=0)

    async def acknowledge(self) -> None:
        """Tells every speaker what has arrived."""
        for share, socket in list(self.sharing.values()):
            with suppress(ConnectionError):
                await socket.send_json({"type": "ack", "next": self.next_wanted(share)})


FAKE = web.AppKey("fake", FakeRoom)


async def _home(request: web.Request) -> web.Response:
    return file(request, "index.html")


async def _room_page(request: web.Request) -> web.Response:
    if request.match_info["room"] != ROOM or not request.app[FAKE].exists:
        return file(request, "gone.html", 404)
    return file(request, "room.html")


async def _asset(request: web.Request) -> web.Response:
    return file(request, request.match_info["file"])


async def _new_room(request: web.Request) -> web.Response:
    fake = request.app[FAKE]
    wish = await request.json()
    fake.wishes.append(wish)
    fake.keep, fake.title = wish.get("keep", "captions"), wish.get("title", "")
    made = {"room": ROOM, "url": f"/room/{ROOM}", "keep": fake.keep, "owner": OWNER}
    return web.json_response(made, status=201)


async def _room(request: web.Request) -> web.Response:
    fake = request.app[FAKE]
    if not fake.exists:
        return web.json_response({"error": "There is no such room."}, status=404)
    return web.json_response(fake.description())


async def _people(request: web.Request) -> web.Response:
    fake = request.app[FAKE]
    wish = await request.json()
    name = wish["name"]
    fake.secrets.append(wish.get("me"))
    given = f"{name} (2)" if name in fake.names else name
    fake.names.append(given)
    person = f"p{len(fake.names)}"
    return web.json_response(
        {"person": person, "name": given, "token": f"token-{person}", "whip": f"/whip/{ROOM}"}, status=201
    )


async def _dismiss(request: web.Request) -> web.Response:
    person = request.match_info["person"]
    if request.headers.get("Authorization") != f"Bearer token-{person}":
        return web.json_response({"error": "That is not your token."}, status=401)
    fake, mark = request.app[FAKE], request.query.get("share")
    fake.goodbyes.append((person, mark))
    share, socket = fake.sharing.get(f"token-{person}", ("", None))
    if socket is not None and mark in (None, share):
        fake.dismissed.append(person)
        await _refuse(socket, 4009, "This share has ended.")
    return web.Response(status=204)


async def _sample(request: web.Request) -> web.Response:
    sample = request.app[FAKE].sample
    if sample is None:
        raise web.HTTPNotFound
    return web.Response(body=sample, content_type="audio/wav")


async def _transcript(request: web.Request) -> web.Response:
    return web.Response(
        text="transcript",
        headers={"Content-Disposition": f"attachment; filename=t.{request.match_info['format']}"},
    )


async def _captions(request: web.Request) -> web.WebSocketResponse:
    fake = request.app[FAKE]
    if not fake.lines_up or not fake.exists:
        raise web.HTTPServiceUnavailable
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    if fake.full:
        fake.turned_away += 1
        await socket.close(code=4008)
        return socket
    after = int(request.query["after"])
    fake.afters.append(after)
    fake.readers.append(socket)
    await socket.send_json(fake.board(after))
    try:
        async for _message in socket:
            pass
    finally:
        fake.readers.remove(socket)
    return socket


async def _audio(request: web.Request) -> web.WebSocketResponse:
    fake = request.app[FAKE]
    if not fake.lines_up:
        raise web.HTTPServiceUnavailable
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    fake.hellos.append(await socket.receive_json())
    refusal = fake.refusal
    if fake.hellos[-1]["token"] in fake.forgotten:
        refusal = (4001, "This token opens nothing in this room.")
    if fake.hellos[-1]["share"] in fake.replaced:
        refusal = (4009, "You share from another tab now.")
    if refusal is not None:
        await _refuse(socket, *refusal, swallow=fake.swallow_close)
        return socket
    connection = len(fake.hellos) - 1
    token, mark = fake.hellos[-1]["token"], fake.hellos[-1]["share"]
    older = fake.sharing.get(token)
    fake.sharing[token] = (mark, socket)
    if older is not None:
        if older[0] != mark:
            fake.replaced.add(older[0])
        await _refuse(older[1], 4009, "You share from another tab now.")
    fake.speakers.append(socket)
    await socket.send_json({"type": "ready", "next": fake.next_wanted(mark)})
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                fake.said.append(json.loads(message.data)["type"])
                await fake.acknowledge()
            elif message.type is WSMsgType.BINARY:
                await _frame(fake, message.data, connection)
    finally:
        fake.speakers.remove(socket)
    return socket


async def _refuse(socket: web.WebSocketResponse, code: int, sentence: str, *, swallow: bool = False) -> None:
    with suppress(ConnectionError):
        await socket.send_json({"type": "refused", "error": sentence})
        await socket.close(code=WSCloseCode.INTERNAL_ERROR if swallow else code)


async def _frame(fake: FakeRoom, data: bytes, connection: int) -> None:
    sequence, at = struct.unpack_from("<Id", data)
    if fake.forget_from is not None and sequence >= fake.forget_from:
        return
    fake.frames.append(Received(sequence, at, data[12:], connection, fake.hellos[connection]["share"]))
    if len(fake.frames) % fake.ack_every == 0:
        await fake.acknowledge()


@asynccontextmanager
async def serve(port: int = 0) -> AsyncIterator[FakeRoom]:
    """Serves one fake room on loopback for as long as the context lasts."""
    fake = FakeRoom()
    app = web.Application()
    app[FAKE] = fake
    app[ARCHIVE] = fake.archive
    app.add_routes(archive.routes())
    room = f"/api/rooms/{{room:{ROOM}}}"
    app.add_routes(
        [
            web.get("/", _home),
            web.get("/room/{room}", _room_page),
            web.get("/page/{file}", _asset),
            web.post("/api/rooms", _new_room),
            web.get(room, _room),
            web.post(f"{room}/people", _people),
            web.delete(f"{room}/people/{{person}}", _dismiss),
            web.get(f"{room}/transcript.{{format}}", _transcript),
            web.get(f"{room}/captions", _captions),
            web.get(f"{room}/audio", _audio),
            web.get("/sample.wav", _sample),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    fake.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await fake.cut()
        await runner.cleanup()
