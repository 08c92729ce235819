"""All rooms: who may open one, who may speak in it, and when one is forgotten."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from bots.meet.keeping import Keeping
from bots.meet.line import RoomVoice
from bots.meet.opened import Opened
from bots.meet.person import Person
from bots.meet.rooms import UNUSED, Room
from bots.meet.terms import Terms
from bots.meet.voice import Full, NotFound, Unwelcome
from core.errors import UserError
from core.metrics import Metrics
from core.passes import Pass, Passes
from core.record.kept import Opening
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from core.telemetry import fingerprint

SPACE = "here"
"""The space of the record that rooms in the browser belong to: this machine."""

GUESTS_READ = "You can read along here. Who wants to speak opens the room where its call was started."
"""To whoever comes without a pass where guests may not speak."""

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
        over: Callable[[Opened], None] = lambda _room: None,
    ) -> None:
        """`over` is told of each room in which nothing can be said any more."""
        self.address = ""
        """Where people open Spokenly; known when it listens."""
        self._over = over
        # Rooms end with the process, and so do the passes into them.
        self._passes = Passes(secrets.token_bytes(32))
        self._opened: dict[str, Opened] = {}
        self._secretary = secretary
        self._engine = engine
        self._switchboard = switchboard
        self._settings = settings
        self._metrics = metrics
        self._rooms: dict[str, Room] = {}

    def open(self, keep: str | None = None, terms: Terms | None = None, *, space: str = SPACE) -> Room:
        """A new room at an address of 128 random bits.

        `keep`: "captions" or "transcript"; else what the settings say. `space`: whose its record is. Whoever
        has the address of a room may read its record, unless it was opened for people elsewhere: there it is
        read, by who may then. Raises `Full`, and `UserError` for a record that can't be kept.
        """
        keep, terms = keep or self._settings.keep, terms or Terms(self._settings.language)
        if keep == "transcript" and self._secretary is None:
            raise UserError("Nothing is kept here: SPOKENLY_KEEP is never.")
        self.sweep()
        if len(self._rooms) >= self._settings.rooms:
            raise Full(f"{self._settings.rooms} rooms are open, which is all that fit. Try again later.")
        name = secrets.token_urlsafe(16)
        room = Room(
            name,
            self._switchboard,
            self._settings,
            self._metrics,
            asyncio.get_running_loop().time(),
            terms=terms,
            kept=self._keeping(name, terms, space) if keep == "transcript" else None,
            ended=lambda room: self._over(self.opened(room)),
        )
        self._rooms[room.name] = room
        self._metrics.rooms.set(len(self._rooms))
        log.info("room.opened", extra={"room": fingerprint(room.name)})
        return room

    def _keeping(self, name: str, terms: Terms, space: str) -> Keeping | None:
        if self._secretary is None:
            return None
        opening = Opening(
            key=secrets.token_urlsafe(16) if terms.held else name,
            space=space,
            title=terms.title or "Conversation",
            began=datetime.now(UTC),
            language=terms.language,
            engine=self._engine,
            owner=terms.owner,
        )
        return Keeping(self._secretary, opening)

    def opened(self, room: Room) -> Opened:
        """The room as those need it who opened it, or show it elsewhere: always the same object."""
        if room.name not in self._opened:
            self._opened[room.name] = Opened(room, self._passes, lambda: self.address)
        return self._opened[room.name]

    def read_pass(self, room: Room, text: object) -> Pass:
        """Whom a pass lets into a room. Raises `UserError`."""
        now = asyncio.get_running_loop().time()
        return self._passes.read(text if isinstance(text, str) else "", room.name, now)

    def join(self, room: Room, name: str | None, identity: str | None, ticket: object) -> Person:
        """Let somebody in who wants to share: under the name on their pass, else under `name`.

        Raises `UserError`, `Full`, and `Unwelcome` where only those may speak who have a pass.
        """
        if ticket is not None:
            known = self.read_pass(room, ticket)
            return room.join(known.name, known.identity, known=True)
        if not room.terms.guests:
            raise Unwelcome(GUESTS_READ)
        if name is None:
            raise UserError("Please give a name, so that others know who speaks.")
        return room.join(name, identity)

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
                self._opened.pop(name, None)
        self._metrics.rooms.set(len(self._rooms))

    async def run(self) -> None:
        """Sweep now and then, for as long as Spokenly runs."""
        while True:
            await asyncio.sleep(UNUSED)
            self.sweep()
