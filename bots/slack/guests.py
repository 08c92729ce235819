"""Calls of elsewhere that are shown in a channel: a card, a thread, and the Bridge between."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from bots.slack import places
from bots.slack.card import Look
from bots.slack.house import House
from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.bridge import Attachment, Source
from core.errors import UserError

log = logging.getLogger(__name__)


class Guest:
    """A call of elsewhere in one channel."""

    def __init__(self, workspace: Workspace, thread: Thread, source: Source, look: Look) -> None:
        self.workspace = workspace
        self.thread = thread
        self.source = source
        self.look = look
        self.first = source.board.count
        """The first of the board's entries that is for people here."""
        self.attachment: Attachment | None = None

    @property
    def attached_by(self) -> str:
        return self.look.started_by


class Guests:
    """All of them: at most one in a channel (see `Calls.attach`). `spawn` does something beside."""

    def __init__(self, house: House, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._house = house
        self._spawn = spawn
        self._guests: dict[tuple[str, str], Guest] = {}

    def of(self, team: str, channel: str) -> Guest | None:
        """The call of elsewhere that is shown in a channel."""
        return self._guests.get((team, channel))

    def running(self, team: str) -> tuple[Guest, ...]:
        """Those of a workspace."""
        return tuple(guest for (there, _), guest in self._guests.items() if there == team)

    async def attach(
        self, workspace: Workspace, channel: str, source: Source, *, by: str, calls: Callable[[], int]
    ) -> Guest:
        """Show a call in a channel that is reserved for it; `by`: who wants it, a user's id.

        Raises `UserError`.
        """
        place = workspace.team, channel
        name = await places.enter(workspace, channel)
        look = Look(
            title=source.title,
            started_by=by,
            state=f"From {source.origin}: what is said there is in the thread.",
            guest=True,
        )
        thread = await places.post_card(workspace, channel, by, look)
        guest = Guest(workspace, thread, source, look)
        # It is live from now: what was said before is for those who were there.
        outlet = self._house.post(workspace, thread, calls, guest.first)

        def ended(why: str) -> None:
            if self._guests.get(place) is guest:
                del self._guests[place]
            self._spawn(self._over(guest, why))

        try:
            guest.attachment = self._house.bridge.attach(
                source, outlet, f"{name} on Slack", ended, closing=outlet.end
            )
        except UserError as error:
            await self._over(guest, str(error))
            raise
        self._guests[place] = guest
        return guest

    def detach(self, guest: Guest, why: str) -> None:
        """Show it no more. `why`: a sentence for people there."""
        if guest.attachment is not None:
            guest.attachment.detach(why)

    async def _over(self, guest: Guest, why: str) -> None:
        look = Look(title=guest.look.title, started_by=guest.attached_by, ended=why, guest=True)
        await places.change_at_last(guest.workspace, guest.thread, look)
