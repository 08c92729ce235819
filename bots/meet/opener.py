"""Opens rooms for people elsewhere: whoever reads in a chat that has no sound speaks in a browser."""

from bots.meet.doors import Rooms
from bots.meet.opened import Opened
from bots.meet.person import clean
from bots.meet.terms import Terms
from core.rooms import Keep

TITLE = 120
"""Characters of a call's title."""


class Opener:
    """A `RoomOpener` (core/rooms.py)."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def open(
        self, *, title: str, keep: Keep, language: str, guests: bool, private: bool, space: str
    ) -> Opened:
        """`space` begins with the platform's name, which readers elsewhere are told."""
        platform = space.partition(":")[0].capitalize()
        terms = Terms(
            language, clean(title, TITLE), guests=guests, private=private, held=True, origin=platform
        )
        return self._rooms.opened(self._rooms.open(keep, terms, space=space))

    def erase(self, identity: str) -> None:
        self._rooms.erase(identity)
