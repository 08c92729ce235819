"""A stand-in for the rooms in the browser: what is said there, tests say."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.errors import UserError
from core.rooms import Keep, RoomState


class StandInRoom:
    """An `OpenedRoom`."""

    def __init__(
        self, key: str, title: str, keep: Keep, language: str, *, guests: bool, private: bool, space: str
    ) -> None:
        self.key, self.title, self.keep, self.language = key, title, keep, language
        self.guests, self.private, self.space = guests, private, space
        self.address = f"https://captions.example/room/{key}"
        self.board = Board()
        self.began: datetime | None = None
        self.talking: dict[str, Speaker] = {}
        self.closed = ""
        self.shown: list[list[str]] = []
        self.passes: list[tuple[str, str, float]] = []
        self.origin = "Slack"
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def state(self) -> RoomState:
        return "live" if self.talking else "waiting" if self.began is None else "ended"

    @property
    def speakers(self) -> Sequence[str]:
        return [speaker.name for speaker in self.talking.values()]

    @property
    def record(self) -> str | None:
        return self.key if self.keep == "transcript" and self.began is not None else None

    def link(self, name: str, identity: str, ttl: float) -> str:
        self.passes.append((name, identity, ttl))
        return f"{self.address}#pass={len(self.passes)}"

    def close(self, sentence: str) -> None:
        if not self.closed:
            self.closed = sentence
            self.talking.clear()
            self._over.set()
            self.board.touch()

    async def ended(self) -> None:
        await self._over.wait()

    def shown_at(self, places: Sequence[str]) -> None:
        self.shown.append(list(places))
        self.board.touch()

    # What people do in it

    def joins(self, name: str) -> None:
        self.began = self.began or datetime.now(UTC)
        self.talking[name] = Speaker(f"p{len(self.talking)}", name)
        self.board.touch()

    def leaves(self, name: str) -> None:
        del self.talking[name]
        self.board.touch()

    def says(self, name: str, text: str, start: float = 0.0, lateness: float = 0.5) -> None:
        self.board.show(Caption(self.talking[name], start, start + 1.0, text, final=True), lateness)


class StandInRooms:
    """A `RoomOpener`."""

    def __init__(self) -> None:
        self.opened: list[StandInRoom] = []
        self.full = False

    def open(
        self, *, title: str, keep: Keep, language: str, guests: bool, private: bool, space: str
    ) -> StandInRoom:
        if self.full:
            raise UserError("100 rooms are open, which is all that fit. Try again later.")
        key = f"room{len(self.opened)}"
        room = StandInRoom(key, title, keep, language, guests=guests, private=private, space=space)
        self.opened.append(room)
        return room

    def erase(self, identity: str) -> None:
        for room in self.opened:
            room.board.erase(identity)
