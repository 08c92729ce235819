"""A reader's browser: what changed on the board since it was last shown, as JSON over a WebSocket."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from core.captions.board import Board
from core.captions.caption import Caption, Entry
from core.errors import OutletGone

PACE = 0.1
"""Seconds between two messages to one browser."""

COST = 5.0
"""Seconds sent to an engine that is paid for, after which readers are told how many there are now."""

PIECE = 250
"""Entries that one message holds, or up to twice as many: one of all that 20,000 entries are would stop
everything else for a tenth of a second.
"""

TICK = 5.0
"""Seconds after which a browser with no news is told that the line is alive."""


class Seen(Protocol):
    """What a browser looks at besides a board: a room, or a call of elsewhere."""

    version: int
    """Grows when something changed that `describe` tells."""

    @property
    def keep(self) -> str: ...

    @property
    def streamed(self) -> float:
        """Seconds of sound that went to an engine which is paid for."""

    @property
    def now(self) -> float | None:
        """Seconds of the call, where they are known."""


class Viewer:
    """An `Outlet` for one browser (docs/room-protocol.md, "Reading")."""

    pace = PACE

    def __init__(
        self,
        socket: web.WebSocketResponse,
        room: Seen,
        describe: Callable[[], dict[str, Any]],
        after: int,
        begins: int = 0,
    ) -> None:
        """`after`: how many entries the browser has already. `begins`: the board's entry that is its first;
        it is told of none before, and all numbers count from there.
        """
        self._socket = socket
        self._room = room
        self._describe = describe
        self._begins = begins
        self._shown = begins + after
        self._version: tuple[int, str] | None = None
        self._streamed = 0.0
        self._lock = asyncio.Lock()

    async def show(self, board: Board) -> None:
        """Send what is new. Waits for a slow browser; the board goes on meanwhile. Raises `OutletGone`.

        Much of it goes in pieces, between which others have their turn.
        """
        message = self._now_true(board)
        upto = board.count  # what is said meanwhile may not be for this browser
        while True:
            first = max(min(self._shown, upto), board.forgotten)
            last = first + PIECE if upto - first > 2 * PIECE else max(first, upto)
            entries = [entry(item) for item in board.since(first)[: last - first]]
            self._shown = last
            await self._send({"type": "board", "first": first - self._begins, "entries": entries, **message})
            if last >= upto:
                return
            message.pop("room", None)
            await asyncio.sleep(0)

    def _now_true(self, board: Board) -> dict[str, Any]:
        """What a message says besides what was committed."""
        told: dict[str, Any] = {
            "partials": [partial(caption) for caption in board.partials.values()],
            "notices": [{"key": key, "text": text} for key, text in board.notices.items()],
            "lateness": None if board.lateness is None else round(board.lateness, 2),
            "now": self._now,
        }
        erased = {who: upto - self._begins for who, upto in board.erased.items() if upto > self._begins}
        if erased:
            told["erased"] = erased
        version = (self._room.version, self._room.keep)
        if self._version != version or self._room.streamed - self._streamed >= COST:
            self._version, self._streamed = version, self._room.streamed
            told["room"] = self._describe()
        return told

    async def tick(self) -> None:
        """Tell the browser every five seconds that the line is alive. Raises `OutletGone`."""
        while True:
            await asyncio.sleep(TICK)
            await self._send({"type": "tick", "now": self._now})

    async def over(self, why: str) -> None:
        """The call that is read here is over, or no longer shown. Raises `OutletGone`."""
        await self._send({"type": "over", "text": why})

    @property
    def _now(self) -> float | None:
        now = self._room.now
        return None if now is None else round(now, 2)

    async def _send(self, message: Mapping[str, Any]) -> None:
        # The tick must not overtake or cut into a page that a slow browser is still taking.
        async with self._lock:
            try:
                await self._socket.send_str(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
            except ConnectionError as error:
                raise OutletGone("the reader closed the page") from error


def entry(item: Entry) -> dict[str, Any]:
    """A committed entry as the page reads it."""
    shared = {
        "speaker": item.speaker.id,
        "name": item.speaker.name,
        "start": round(item.start, 2),
        "end": round(item.end, 2),
    }
    if isinstance(item, Caption):
        return {"kind": "caption", **shared, "text": item.text}
    return {"kind": "gap", **shared}


def partial(caption: Caption) -> dict[str, Any]:
    """What somebody is saying, as the page reads it."""
    return {
        "speaker": caption.speaker.id,
        "name": caption.speaker.name,
        "start": round(caption.start, 2),
        "end": round(caption.end, 2),
        "text": caption.text,
        "stable": caption.stable,
    }


def entries_had(request: web.Request) -> int:
    """How many entries the browser says that it has."""
    after = request.query.get("after", "0")[:9]
    return int(after) if after.isascii() and after.isdigit() else 0
