"""Calls of elsewhere that are shown in a channel: a card, a thread, and the Bridge between."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from slack_sdk.errors import SlackApiError

from bots.slack import places
from bots.slack.book import Book, Mark
from bots.slack.call import FAREWELL
from bots.slack.card import Look
from bots.slack.house import House, Words
from bots.slack.lately import Lately
from bots.slack.markup import mrkdwn
from bots.slack.patience import post, undone
from bots.slack.shown import CardOutlet, late, slowness
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, code, failed
from bots.slack.workspace import Workspace
from core.bridge import (
    BROKEN,
    ENDED,
    GONE,
    LOST,
    MOVED,
    RESTARTED,
    REVOKED,
    STOPPED,
    Attachment,
    Source,
)
from core.codes import Ticket
from core.errors import OutletBusy, OutletGone, UserError

log = logging.getLogger(__name__)

AGAIN = 60.0
"""Seconds between two rounds of tries to say on a card that its call is not shown there any more."""

OVER = "The call is not shown here any more."
NAMELESS = (ENDED, MOVED, REVOKED, STOPPED)
"""Beginnings of reasons that name nobody; of others no more than `OVER` is kept."""


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
        self.over = asyncio.Event()
        self.why = ""
        """Why it is not shown here any more, for people, once it is `over`."""
        self._began = datetime.now(UTC)
        self._lately = Lately(self.first)

    @property
    def attached_by(self) -> str:
        return self.look.started_by

    def end(self, why: str) -> None:
        """It is shown no more, and its last words had their time."""
        self.why = why
        self.over.set()

    @property
    def live(self) -> bool:
        """What is said now is shown here."""
        return self.attachment is not None and self.attachment.live

    def now(self) -> Look:
        """What its card should show while it is `live`."""
        board = self.source.board
        heard = self._lately.names(board, asyncio.get_running_loop().time())
        notices = (*slowness(self.workspace), *board.notices.values())
        return replace(self.look, heard=heard, late=late(board.lateness) if heard else None, notices=notices)

    @property
    def mark(self) -> Mark:
        """What is remembered, to tell of it when Spokenly was killed."""
        place, why = self.thread, self.why or None
        if why is not None and not why.startswith(NAMELESS):
            why = OVER
        title, by = self.look.title, self.attached_by
        return Mark(place.team, place.channel, place.ts, title, self._began, by, ended=why, guest=True)


class Guests:
    """All of them: at most one in a channel (see `Calls.attach`). `spawn` does something beside."""

    def __init__(self, house: House, book: Book, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._house = house
        self._book = book
        self._spawn = spawn
        self._guests: list[Guest] = []
        self._coming: set[tuple[str, str]] = set()

    def of(self, team: str, channel: str) -> Guest | None:
        """The call of elsewhere that is shown in a channel; none whose last words only wait for Slack."""
        for guest in self.running(team):
            if guest.thread.channel == channel and guest.live:
                return guest
        return None

    def coming(self, team: str, channel: str) -> bool:
        """Whether one is just being attached there."""
        return (team, channel) in self._coming

    def running(self, team: str | None = None) -> tuple[Guest, ...]:
        """All of them, or those of one workspace."""
        return tuple(guest for guest in self._guests if team in (None, guest.thread.team))

    async def attach(
        self, workspace: Workspace, channel: str, found: Ticket[Source], *, by: str, calls: Callable[[], int]
    ) -> Guest:
        """Show a call in a channel that is reserved for it; `by`: who wants it, a user's id.

        Raises `UserError`.
        """
        place = workspace.team, channel
        self._coming.add(place)
        try:
            return await self._attached(workspace, channel, found, by, calls)
        finally:
            self._coming.discard(place)

    async def _attached(
        self, workspace: Workspace, channel: str, found: Ticket[Source], by: str, calls: Callable[[], int]
    ) -> Guest:
        entered, source = await places.enter(workspace, channel), found.shared
        look = Look(
            title=source.title,
            started_by=by,
            state=f"From {source.origin}: what is said there from now on is in the thread.",
            guest=True,
        )
        thread = await places.post_card(workspace, channel, by, look)
        guest = Guest(workspace, thread, source, look)
        # It is live from now: what was said before is for those who were there.
        words = self._house.post(workspace, thread, calls, guest.first)
        try:
            guest.attachment = self._house.bridge.attach(
                found, words, entered.where, guest.end, closing=words.end, farewell=FAREWELL
            )
        except UserError as error:
            guest.end(str(error))
            self._spawn(self._tell(guest))
            raise
        self._guests.append(guest)
        self._spawn(self._stay(guest, words))
        return guest

    def detach(self, guest: Guest, why: str) -> None:
        """Show it no more. `why`: a sentence for people there."""
        if guest.attachment is not None:
            guest.attachment.detach(why)

    def close(self) -> None:
        """The app goes: show none of them any more. Last words still come in."""
        for guest in self.running():
            self.detach(guest, STOPPED)

    def drop(self) -> None:
        """Wait for nothing more. What has not been told by now is told at the next start."""
        for guest in self.running():
            if guest.attachment is not None:
                guest.attachment.drop()

    async def tell_interrupted(self, workspace: Workspace, mark: Mark) -> bool:
        """Say where a call was shown when Spokenly was killed that it is not any more.

        False: Slack can't be reached now.
        """
        why = mark.ended or RESTARTED
        thread = Thread(mark.team, mark.channel, mark.ts, mark.started_by)
        if not await places.change_at_last(workspace, thread, _over(mark.title, mark.started_by, why)):
            return False
        try:
            # The card may be far up for whoever reads in the thread.
            await post(workspace, thread, mrkdwn(why))
        except FOREIGN as error:
            log.warning("slack.guest_not_told", extra={"reason": code(error) or type(error).__name__})
            if not isinstance(error, SlackApiError) or undone(error) or failed(error):
                return False
        await self._book.mark(mark.team, mark.key, None)
        return True

    async def _stay(self, guest: Guest, words: Words) -> None:
        """From its first words to the last that is said of it."""
        try:
            await self._remember(guest)
            await _keep_up(guest)
            await guest.over.wait()
        finally:
            self._guests.remove(guest)
        if guest.why not in (GONE, BROKEN) and not words.said.is_set():
            guest.why = f"{guest.why} {LOST}"
        await self._tell(guest)

    async def _tell(self, guest: Guest) -> None:
        """The card says that it is over, as soon as Slack can be reached; if not now, at the next start."""
        shown = _over(guest.look.title, guest.attached_by, guest.why)
        while not await places.change_at_last(guest.workspace, guest.thread, shown):
            await self._remember(guest)
            await asyncio.sleep(AGAIN)
        await self._book.mark(guest.thread.team, guest.mark.key, None)

    async def _remember(self, guest: Guest) -> None:
        await self._book.mark(guest.thread.team, guest.mark.key, guest.mark)


async def _keep_up(guest: Guest) -> None:
    """Its card shows how it is doing, also when nothing is said, until what is said is for others alone."""
    card = CardOutlet(guest.workspace, guest.thread, guest.now, guest.look)
    while guest.live:
        wait = card.pace
        try:
            await card.show(guest.source.board)
        except OutletBusy as busy:
            wait = max(wait, busy.retry_after)
        except OutletGone:
            log.warning("slack.card_left")
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await guest.over.wait()


def _over(title: str, started_by: str, why: str) -> Look:
    """A card of what is not shown there any more."""
    return Look(title=title, started_by=started_by, ended=why, guest=True)
