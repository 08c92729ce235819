"""Calls that are just coming, and how many a person or a workspace may have that nobody speaks in.

Every call holds a room, rooms are few, and all platforms share them: nobody is to take them all.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bots.slack.call import SlackCall
from core.errors import UserError

MINE, OURS = 5, 20
"""Calls without anybody who shares sound: of one person, and of one workspace."""

Place = tuple[str, str]
"""A workspace and a channel of it."""


@dataclass(slots=True)
class Reserved:
    """What is coming in a channel. `by`: who starts a call there, a user's id; empty for a call of elsewhere.

    `why`: it is to end as soon as it is there, for this reason, a sentence for people.
    """

    by: str
    why: str = ""


class Coming:
    """The channels in which something is just coming."""

    def __init__(self) -> None:
        self._places: dict[Place, Reserved] = {}

    def allow(self, team: str, user: str, running: Iterable[SlackCall]) -> None:
        """Raises `UserError` where somebody, or their workspace, has too many calls that nobody speaks in.

        `running`: the calls of the workspace.
        """
        silent = [call.started_by for call in running if call.room.state != "live"]
        silent += [one.by for (there, _), one in self._places.items() if there == team and one.by]
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
    def reserved(self, place: Place, by: str = "") -> Iterator["Reserved"]:
        """Keeps a channel for what is coming. `by`: who starts a call there.

        Raises `UserError` when it is taken.
        """
        if place in self._places:
            raise UserError("Captions are just being started here.")
        self._places[place] = coming = Reserved(by)
        try:
            yield coming
        finally:
            del self._places[place]

    def at(self, team: str, channel: str) -> bool:
        """Whether anything is just coming in a channel."""
        return (team, channel) in self._places

    def starting(self, team: str, channel: str) -> bool:
        """Whether a call is just being started in a channel."""
        coming = self._places.get((team, channel))
        return coming is not None and bool(coming.by)

    def end(self, team: str, channel: str | None, why: str) -> None:
        """What is coming in a channel, or in all of a workspace (None), is to end as soon as it is there."""
        for place, coming in self._places.items():
            if place[0] == team and channel in (None, place[1]):
                coming.why = coming.why or why
