"""Calls that are just coming, and how many a person or a workspace may have that nobody speaks in.

Every call holds a room, rooms are few, and all platforms share them: nobody is to take them all.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bots.slack.call import SlackCall
from core.errors import UserError

MINE, OURS = 5, 20
"""Calls without anybody who shares sound: of one person, and of one workspace."""

Place = tuple[str, str]
"""A workspace and a channel of it."""


class Coming:
    """The channels in which something is just coming."""

    def __init__(self) -> None:
        self._places: dict[Place, str] = {}

    def allow(self, team: str, user: str, running: Iterable[SlackCall]) -> None:
        """Raises `UserError` where somebody, or their workspace, has too many calls that nobody speaks in.

        `running`: the calls of the workspace.
        """
        silent = [call.started_by for call in running if call.room.state != "live"]
        silent += [by for (there, _), by in self._places.items() if there == team and by]
        if silent.count(user) >= MINE:
            raise UserError(
                f"You started {MINE} calls in which nobody shares sound: stop one of them before you start "
                "another, or wait until it ends by itself."
            )
        if len(silent) >= OURS:
            raise UserError(
                f"This workspace has {OURS} calls in which nobody shares sound: stop one of them before you "
                "start another, or wait until one ends by itself."
            )

    @contextmanager
    def reserved(self, place: Place, by: str = "") -> Iterator[None]:
        """Keeps a channel for what is coming. `by`: who starts a call there.

        Raises `UserError` when it is taken.
        """
        if place in self._places:
            raise UserError("Captions are just being started here.")
        self._places[place] = by
        try:
            yield
        finally:
            del self._places[place]
