"""The page's own transport: audio over a WebSocket that may break and come back (docs/room-protocol.md)."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bots.meet.doors import Rooms
from bots.meet.person import Past, Person
from bots.meet.rooms import Room
from bots.meet.sequence import MOST, Garbage
from bots.meet.share import (
    BAD_TOKEN,
    ELSEWHERE,
    FULL,
    GARBAGE,
    NO_ROOM,
    TOO_MUCH,
    Connection,
    Refusal,
    Share,
    acknowledge,
    refuse,
    say,
)
from bots.meet.voice import Full, NotFound, Taken, Unwelcome
from core.audio.frame import seconds
from core.errors import UserError

log = logging.getLogger(__name__)

HELLO = 10.0
"""Seconds in which a page must say who it is."""

QUIET = 3.0
"""Seconds without a frame after which readers are told that nothing arrives."""

AHEAD = 4.0
"""Seconds of sound that may wait to be listened to before no more is read."""

ALIVE = 2.0
"""Seconds after which a page that waits is told that the line is alive."""

REPLACED = 16
"""Shares of one person that are remembered as replaced."""

ACK = 10
"""Frames after which the page is told what has arrived."""

SOURCES = ("microphone", "tab", "sample")


class Microphones:
    """Every share over the page's WebSocket."""

    def __init__(self, rooms: Rooms, patience: float) -> None:
        self._rooms = rooms
        self._patience = patience
        self._shares: dict[tuple[str, str], Share] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from hello to bye or break."""
        socket = web.WebSocketResponse(heartbeat=10.0, max_msg_size=8192, compress=False)
        await socket.prepare(request)
        connection = Connection(socket)
        try:
            share = await self._hello(socket, request.match_info["room"])
        except Refusal as answer:
            await refuse(socket, answer)
            return socket
        if share is not None:
            share.connection = connection
            async with asyncio.TaskGroup() as tasks:
                aside = tasks.create_task(connection.step_aside(), name="step aside")
                await self._follow(connection, share)
                aside.cancel()
        await socket.close()
        return socket

    async def _follow(self, connection: Connection, share: Share) -> None:
        """Serve a share over this connection until either ends."""
        over = False
        refusal: Refusal | None = None
        try:
            share.acknowledged = share.sequence.next
            share.voice.silent(False)
            await say(connection.socket, {"type": "ready", "next": share.sequence.next})
            over = await self._hear(connection, share)
        except Refusal as answer:
            over, refusal = True, answer
        except ConnectionError:
            # The page went away while it was being answered.
            over = False
        finally:
            self._part(connection, share, over=over)
        if refusal is not None:
            await refuse(connection.socket, refusal)

    async def _hello(self, socket: web.WebSocketResponse, name: str) -> Share | None:
        """Who is it? None when the page went away first."""
        try:
            message = await socket.receive(timeout=HELLO)
        except TimeoutError:
            raise Refusal(GARBAGE, "The page did not say who shares.") from None
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            return None
        hello = _words(message.data if message.type is WSMsgType.TEXT else "")
        token, source, mark = hello.get("token"), hello.get("source"), hello.get("share", "")
        if hello.get("type") != "hello" or not isinstance(token, str) or source not in SOURCES:
            raise Refusal(GARBAGE, "The first message must be a hello with a token and a source.")
        if not isinstance(mark, str) or len(mark) > 64:
            raise Refusal(GARBAGE, "A share's mark is up to 64 characters.")
        try:
            room = self._rooms.find(name)
            share = self._open(room, room.person(token), source, mark)
        except UserError as error:
            raise Refusal(_code(error), str(error)) from error
        clock = hello.get("clock")
        if isinstance(clock, int | float) and 0 <= clock < MOST:
            share.voice.anchor(float(clock))
        return share

    def _open(self, room: Room, person: Person, source: str, mark: str) -> Share:
        """The share of this person: the one that broke, or a new one."""
        key = (room.name, person.speaker.id)
        share = self._shares.get(key)
        if mark and mark in person.replaced:
            raise Taken("You share from another tab now.")
        if share is not None and share.connection is not None:
            # The line that broke may look alive from here; the newer one is right.
            share.connection.dismiss(Refusal(ELSEWHERE, "You share from another tab now."))
            share.connection = None
        if share is not None and share.name != mark:
            self._end(share)
            person.past = None
            # The tab that is replaced may not have heard so, and would take its turn again for ever.
            person.replaced = (*person.replaced, share.name)[-REPLACED:]
            share = None
        if share is None:
            past = person.past if person.past is not None and person.past.mark == mark else None
            share = Share(mark, room, person, room.share(person, source, past.clock if past else None))
            if past is not None:
                # Nobody came back in time, and now they do: what never came is known, and where it stands.
                share.sequence = past.sequence
            self._shares[key] = share
            return share
        if share.expiry is not None:
            share.expiry.cancel()
            share.expiry = None
        return share

    async def _hear(self, connection: Connection, share: Share) -> bool:
        """Take frames until the end. True: the share is over; False: the connection broke."""
        loop = asyncio.get_running_loop()
        while True:
            message = await self._receive(connection.socket, share)
            if share.voice.over and share.room.closed is not None:
                raise Refusal(NO_ROOM, share.room.closed)
            if share.connection is not connection or message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                return False
            if share.messages.take(loop.time()):
                raise Refusal(TOO_MUCH, "That is too many messages.")
            if message.type is WSMsgType.TEXT:
                if self._said(share, message.data):
                    return True
                await acknowledge(connection.socket, share)
                continue
            await self._frame(share, message.data)
            await self._keep_pace(connection, share)
            if share.sequence.next - share.acknowledged >= ACK:
                await acknowledge(connection.socket, share)

    async def _receive(self, socket: web.WebSocketResponse, share: Share) -> WSMessage:
        """The next message; while nothing comes from somebody who is not muted, readers are told."""
        while True:
            try:
                message = await socket.receive(timeout=QUIET)
            except TimeoutError:
                if share.room.closed is not None:
                    raise Refusal(NO_ROOM, share.room.closed) from None
                share.voice.silent(not share.person.muted)
                await acknowledge(socket, share)
                continue
            if message.type is WSMsgType.BINARY:
                share.voice.silent(False)
            return message

    async def _frame(self, share: Share, message: bytes) -> None:
        try:
            arrival = share.sequence.take(message)
        except Garbage as error:
            raise Refusal(GARBAGE, str(error)) from error
        if arrival is None:
            return
        wait = share.audio.spend(asyncio.get_running_loop().time(), seconds(arrival.pcm))
        if wait:
            # More sound than time: not reading on makes the sender wait.
            await asyncio.sleep(wait)
        if arrival.missing is not None:
            share.voice.lost(*arrival.missing)
        share.voice.hear(arrival.pcm, arrival.at)

    async def _keep_pace(self, connection: Connection, share: Share) -> None:
        """Read on when what was read has been listened to: until then the page keeps the rest."""
        begun = asyncio.get_running_loop().time()
        while share.voice.waiting > AHEAD and share.connection is connection:
            await asyncio.sleep(0.1)
            now = asyncio.get_running_loop().time()
            if now - begun >= ALIVE:
                begun = now
                await acknowledge(connection.socket, share)

    def _said(self, share: Share, text: str) -> bool:
        """What the page says besides sound. True: it is leaving."""
        kind = _words(text).get("type")
        if kind in ("muted", "unmuted"):
            share.voice.muted(kind == "muted")
            share.voice.silent(False)
            return False
        if kind == "bye":
            return True
        raise Refusal(GARBAGE, "The page said something that means nothing here.")

    def _part(self, connection: Connection, share: Share, *, over: bool) -> None:
        """The connection has ended; the share waits for the next one, unless it is over."""
        if share.connection is not connection:
            return
        share.connection = None
        if over or self._shares.get((share.room.name, share.person.speaker.id)) is not share:
            self._end(share)
            return
        share.voice.silent(True)
        share.expiry = asyncio.get_running_loop().call_later(self._patience, self._end, share)

    def _end(self, share: Share, reason: Refusal | None = None) -> None:
        key = (share.room.name, share.person.speaker.id)
        if self._shares.get(key) is not share:
            return
        del self._shares[key]
        share.person.past = Past(share.name, share.sequence, share.voice.clock)
        if share.expiry is not None:
            share.expiry.cancel()
        if share.connection is not None:
            share.connection.dismiss(reason)
            share.connection = None
        share.voice.left()

    def stop(self, person: Person, room: Room, mark: str | None) -> None:
        """The person says by other means that they share no more (of `mark`; None: of whatever)."""
        share = self._shares.get((room.name, person.speaker.id))
        if share is None:
            if person.voice is not None and mark is None:
                person.voice.left()
        elif mark in (None, share.name):
            self._end(share, Refusal(ELSEWHERE, "This share has ended."))

    def close(self) -> None:
        """Spokenly stops: nobody shares any more."""
        for share in list(self._shares.values()):
            self._end(share)


def _words(text: str) -> dict[str, Any]:
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        words = None
    return words if isinstance(words, dict) else {}


def _code(error: UserError) -> int:
    codes = {NotFound: NO_ROOM, Unwelcome: BAD_TOKEN, Taken: ELSEWHERE, Full: FULL}
    return codes.get(type(error), FULL)
