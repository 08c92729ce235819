"""All rooms: who may open one, who may speak in it, and when one is forgotten."""

import asyncio
import logging
import secrets

from bots.meet.rooms import UNUSED, Room, RoomVoice
from bots.meet.voice import Full, NotFound
from core.settings import Settings
from core.switchboard import Switchboard
from core.telemetry import Metrics, fingerprint

log = logging.getLogger(__name__)


class Rooms:
    """All rooms. `Doors` for whatever carries sound in."""

    def __init__(self, switchboard: Switchboard, settings: Settings, metrics: Metrics) -> None:
        self._switchboard = switchboard
        self._settings = settings
        self._metrics = metrics
        self._rooms: dict[str, Room] = {}

    def open(self) -> Room:
        """A new room at an address of 128 random bits. Raises `Full`."""
        self.sweep()
        if len(self._rooms) >= self._settings.rooms:
            raise Full(f"{self._settings.rooms} rooms are open, which is all that fit. Try again later.")
        room = Room(
            secrets.token_urlsafe(16),
            self._switchboard,
            self._settings,
            self._metrics,
            asyncio.get_running_loop().time(),
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

    def sweep(self) -> None:
        """Forget rooms that nobody has used for a while."""
        now = asyncio.get_running_loop().time()
        for name, room in list(self._rooms.items()):
            if room.forgettable(now):
                del self._rooms[name]
        self._metrics.rooms.set(len(self._rooms))

    async def run(self) -> None:
        """Sweep now and then, for as long as Spokenly runs."""
        while True:
            await asyncio.sleep(UNUSED)
            self.sweep()
