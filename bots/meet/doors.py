"""All rooms: who may open one, who may speak in it, and when one is forgotten."""

import asyncio
import logging
import secrets
from datetime import UTC, datetime

from bots.meet.keeping import Keeping
from bots.meet.manners import digest
from bots.meet.rooms import UNUSED, Room, RoomVoice
from bots.meet.voice import Full, NotFound
from core.errors import UserError
from core.metrics import Metrics
from core.record.kept import Opening
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from core.telemetry import fingerprint

SPACE = "here"
"""The space of the record that rooms in the browser belong to: this machine."""

log = logging.getLogger(__name__)


class Rooms:
    """All rooms. `Doors` for whatever carries sound in."""

    def __init__(
        self,
        switchboard: Switchboard,
        settings: Settings,
        metrics: Metrics,
        *,
        secretary: Secretary | None = None,
        engine: str = "",
    ) -> None:
        self._secretary = secretary
        self._engine = engine
        self._switchboard = switchboard
        self._settings = settings
        self._metrics = metrics
        self._rooms: dict[str, Room] = {}

    def open(self, keep: str | None = None, title: str = "", owner: str | None = None) -> Room:
        """A new room at an address of 128 random bits.

        `keep`: "captions" or "transcript"; else what the settings say. `owner`: the token that may change
        its record. Raises `Full`, and `UserError` for a record that can't be kept.
        """
        keep = keep or self._settings.keep
        if keep == "transcript" and self._secretary is None:
            raise UserError("Nothing is kept here: SPOKENLY_KEEP is never.")
        self.sweep()
        if len(self._rooms) >= self._settings.rooms:
            raise Full(f"{self._settings.rooms} rooms are open, which is all that fit. Try again later.")
        name = secrets.token_urlsafe(16)
        kept = None
        if keep == "transcript" and self._secretary is not None:
            opening = Opening(
                key=name,
                space=SPACE,
                title=title or "Conversation",
                began=datetime.now(UTC),
                language=self._settings.language,
                engine=self._engine,
                owner=digest(owner) if owner else None,
            )
            kept = Keeping(self._secretary, opening)
        room = Room(
            name,
            self._switchboard,
            self._settings,
            self._metrics,
            asyncio.get_running_loop().time(),
            kept=kept,
            title=title,
        )
        self._rooms[room.name] = room
        self._metrics.rooms.set(len(self._rooms))
        log.info("room.opened", extra={"room": fingerprint(room.name)})
        return room

    def find(self, name: str) -> Room:
        """Raises `NotFound`."""
        room = self._rooms.get(name)
        if room is None:
            raise NotFound("There is no such room, or it is over.")
        return room

    def admit(self, room: str, token: str, source: str = "whip") -> RoomVoice:
        """Let the holder of `token` speak. Raises `NotFound`, `Unwelcome`, `Taken` or `Full`."""
        found = self.find(room)
        return found.share(found.person(token), source)

    def erase(self, identity: str) -> None:
        """Take back what somebody said in the rooms that are open."""
        for room in self._rooms.values():
            room.board.erase(identity)

    def sweep(self) -> None:
        """Forget rooms that nobody has used for a while."""
        now = asyncio.get_running_loop().time()
        for name, room in list(self._rooms.items()):
            if room.forgettable(now):
                room.close()
                del self._rooms[name]
        self._metrics.rooms.set(len(self._rooms))

    async def run(self) -> None:
        """Sweep now and then, for as long as Spokenly runs."""
        while True:
            await asyncio.sleep(UNUSED)
            self.sweep()
