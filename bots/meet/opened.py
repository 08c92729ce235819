"""A room as those need it who opened it for people elsewhere, and as it is shown elsewhere."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from bots.meet.rooms import Room
from core.bridge import named
from core.captions.board import Board
from core.passes import Passes
from core.rooms import RoomState

SHOWN = "shown"
"""The key of the notice where else a call is shown."""


class Opened:
    """An `OpenedRoom` (core/rooms.py), and so a `Source` of the Bridge."""

    def __init__(self, room: Room, passes: Passes, base: Callable[[], str]) -> None:
        """`base`: the address of Spokenly."""
        self._room = room
        self._passes = passes
        self._base = base

    @property
    def key(self) -> str:
        return self._room.name

    @property
    def title(self) -> str:
        return self._room.title or "Conversation"

    @property
    def origin(self) -> str:
        return self._room.terms.origin

    @property
    def board(self) -> Board:
        return self._room.board

    @property
    def language(self) -> str:
        return self._room.terms.language

    @property
    def private(self) -> bool:
        return self._room.terms.private

    @property
    def over(self) -> bool:
        return self._room.over.is_set()

    @property
    def address(self) -> str:
        return f"{self._base()}/room/{self._room.name}"

    @property
    def state(self) -> RoomState:
        return self._room.state

    @property
    def began(self) -> datetime | None:
        return self._room.began_at

    @property
    def speakers(self) -> Sequence[str]:
        return [person.speaker.name for person in self._room.sharing]

    @property
    def record(self) -> str | None:
        return self._room.record

    def link(self, name: str, identity: str, ttl: float) -> str:
        """The address with a pass in its fragment, which browsers keep to themselves."""
        until = asyncio.get_running_loop().time() + ttl
        return f"{self.address}#pass={self._passes.issue(self.key, name, identity, until)}"

    def close(self, sentence: str) -> None:
        self._room.shut(sentence)

    async def ended(self) -> None:
        await self._room.kept()

    def shown_at(self, places: Sequence[str]) -> None:
        self._room.board.notify(SHOWN, named(places))
