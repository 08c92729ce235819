"""Rooms in the browser, as those need them who open one for people elsewhere: a chat that has no sound."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

from core.bridge import Source

Keep = Literal["captions", "transcript"]
"""What is kept of a call: `captions` (nothing is written) or `transcript` (the words, never the sound)."""

RoomState = Literal["waiting", "live", "ended"]
"""`waiting` until somebody shares sound, `live` while somebody does, `ended` when nobody does any more: a
room that is not over may go live again."""


class OpenedRoom(Source, Protocol):
    """A room that was opened for somebody. It stays open, used or not, until `close`.

    It is a `Source`: what the Bridge shows elsewhere. Its `board` changes with everything of this.
    """

    @property
    def key(self) -> str:
        """What tells it from other rooms: the secret in its address."""

    @property
    def address(self) -> str:
        """Where people read, and join under a name of their own where guests may speak."""

    @property
    def state(self) -> RoomState: ...

    @property
    def began(self) -> datetime | None:
        """The wall clock's time at second 0 of the call; None before somebody shared sound."""

    @property
    def speakers(self) -> Sequence[str]:
        """The names of who shares sound now."""

    @property
    def record(self) -> str | None:
        """The key of the call's record; None where none is kept (or not any more)."""

    def link(self, name: str, identity: str, ttl: float) -> str:
        """The address with a pass in it: who opens it within `ttl` seconds appears as `name`.

        `identity`: who that is in every call.
        """

    def close(self, sentence: str) -> None:
        """End it for everybody; people in it read `sentence`. What was being said is still heard out.

        Asked again, nothing happens.
        """

    async def ended(self) -> None:
        """Wait until it is over, closed by whomever, and its board and its record are complete."""


class RoomOpener(Protocol):
    """Opens rooms; who takes people's sound in the browser implements it."""

    def open(
        self, *, title: str, keep: Keep, language: str, guests: bool, private: bool, space: str
    ) -> OpenedRoom:
        """A new room. `guests` False: only who has a pass may speak; reading needs the address alone.

        `private`: the Bridge never shows it anywhere else; its address can be read as ever. `space`: the
        space of the store that its record belongs to. Raises `UserError` when no more fit, and
        where nothing is kept though `keep` asks for it.
        """

    def erase(self, identity: str) -> None:
        """Take back what somebody said in all rooms, also in those that are over and still can be read."""
