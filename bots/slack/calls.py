"""All calls of one app on Slack: at most one in a channel."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from bots.slack import places
from bots.slack.aftermath import Aftermath, marked
from bots.slack.book import Book, Mark
from bots.slack.call import SlackCall
from bots.slack.card import Look
from bots.slack.coming import Coming, Place, Reserved
from bots.slack.guests import Guest, Guests
from bots.slack.house import House
from bots.slack.markup import mrkdwn
from bots.slack.setup import Setup
from bots.slack.shown import CardOutlet, look
from bots.slack.wish import Wish
from bots.slack.workspace import Workspace
from core.bridge import Source
from core.codes import Ticket
from core.errors import RecordAway, UserError
from core.telemetry import fingerprint

log = logging.getLogger(__name__)

HURRY = 1.0
"""Seconds between two cancellations of what outlasts the time for a stop."""

STOPPING = "Spokenly is being stopped: try again in a minute."
ENDING = "Captions are just ending in this channel: try again in a moment."
STOPPED = "Spokenly was stopped, so captions ended."
REMOVED = "Spokenly was taken out of the Slack workspace, so captions ended."
BROKEN = "A fault in Spokenly ended captions here. Start them again to go on."


class Calls:
    """Starts calls, finds them, and knows how every channel is set up.

    Use as an async context. Leaving it ends every call: their cards and threads say so.
    """

    def __init__(self, house: House, book: Book) -> None:
        self.house = house
        self.book = book
        self.secretary = house.secretary
        """Who keeps records; None where Spokenly keeps none (SPOKENLY_KEEP=never)."""
        self._calls: dict[tuple[str, str], SlackCall] = {}
        self.coming = Coming()
        self._running: set[asyncio.Task[None]] = set()
        self._leaving = False
        self.gone = False
        """Nothing can be done any more: Spokenly has stopped, or is about to."""
        self._tasks = asyncio.TaskGroup()
        self.guests = Guests(house, book, self.spawn)
        """The calls of elsewhere that are shown here."""
        self.aftermath = Aftermath(lambda: self.house, book)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drain()
        self.guests.close()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self.house.settings.drain, self._hurry)
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            self.gone = True
            self._deadline.cancel()

    def _hurry(self) -> None:
        """What has not ended by now is told of at the next start. Whoever does not heed it is told again."""
        self.gone = True
        self.guests.drop()
        for task in self._running:
            task.cancel()
        self._deadline = asyncio.get_running_loop().call_later(HURRY, self._hurry)

    # What commands and buttons ask

    async def start(self, wish: Wish) -> SlackCall:
        """Open a room and post a card for it; returns when the card is there.

        Raises `UserError` with a sentence for whoever asked.
        """
        place = wish.workspace.team, wish.channel
        self._going_on()
        if (there := self._calls.get(place)) is not None:
            if there.why:
                raise UserError(ENDING)
            card = wish.workspace.message(wish.channel, there.thread.ts)
            raise UserError(f"Captions run in this channel already: <{card}|here is their card>.")
        self.coming.allow(place[0], wish.asked_by, self.running(place[0]))
        with self._reserved(place, wish.asked_by) as coming:
            call, shown = await self._open(wish)
            self._calls[place] = call
        self._begin(self._run(call, shown))
        self.spawn(self._mark(call))
        if coming.why or self._leaving:
            call.end(coming.why or STOPPED)
        if coming.why:
            raise UserError(mrkdwn(coming.why))
        return call

    def of(self, team: str, channel: str) -> SlackCall | None:
        """The call that runs in a channel."""
        return self._calls.get((team, channel))

    def running(self, team: str | None = None) -> tuple[SlackCall, ...]:
        """All that run, or those of one workspace."""
        return tuple(call for call in self._calls.values() if team in (None, call.workspace.team))

    def setup(self, team: str, channel: str) -> Setup:
        """How a channel wants captions: what was chosen for it, else for its workspace."""
        return self.book.setup(team, channel)

    async def change_setup(self, team: str, channel: str | None, setup: Setup) -> None:
        """From now on a channel, or a whole workspace (`channel` None), is set up so.

        Raises `UserError` when it can't be kept now.
        """
        try:
            await self.book.set_up(team, channel, setup)
            if channel is None and self.house.secretary is not None:
                await self.house.store.set_retention(f"slack:{team}", setup.retention_days)
        except RecordAway as error:
            raise UserError(f"That can't be kept now: {error} Try again in a minute.") from error

    def heard(self, language: str) -> None:
        """Raises `UserError` when nothing here hears a language."""
        if not self.house.hears(language):
            raise UserError(
                f"Nothing here hears the language {mrkdwn(language)}: ask who runs this Spokenly."
            )

    def count(self, team: str) -> int:
        """Calls that a workspace shows now; they share what Slack allows it."""
        return len(self.running(team)) + len(self.guests.running(team))

    async def attach(self, workspace: Workspace, channel: str, found: Ticket[Source], *, by: str) -> Guest:
        """Show a call of elsewhere in a channel; `by`: the user's id. Raises `UserError`."""
        self._going_on()
        if (there := self._calls.get((workspace.team, channel))) is not None:
            raise UserError(ENDING if there.why else "Captions run here already.")
        count = partial(self.count, workspace.team)
        with self._reserved((workspace.team, channel)) as coming:
            guest = await self.guests.attach(workspace, channel, found, by=by, calls=count)
        if coming.why:
            self.guests.detach(guest, coming.why)
        return guest

    def _going_on(self) -> None:
        """Raises `UserError` when Spokenly stops: what begins now would have nobody to end it."""
        if self._leaving:
            raise UserError(STOPPING)

    def _reserved(self, place: Place, by: str = "") -> AbstractContextManager[Reserved]:
        """Keeps a channel for what is just coming. Raises `UserError` when something else is there."""
        if self.guests.of(*place) is not None:
            raise UserError("A call of elsewhere is shown in this channel: /captions detach ends that first.")
        return self.coming.reserved(place, by)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside; a bug in it is loud and ends nothing else."""
        if self.gone:
            log.info("slack.left_undone")
            work.close()
        else:
            self._begin(_guarded(work))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work, name="slack")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    # What Slack and a restart do

    def removed(self, team: str) -> None:
        """The app was taken out of a workspace, or its token was taken back."""
        for call in self.running(team):
            call.end(REMOVED)
        for guest in self.guests.running(team):
            self.guests.detach(guest, REMOVED)
        self.coming.end(team, None, REMOVED)

    def drain(self) -> None:
        """Spokenly stops: end every call. Last words still come in."""
        self._leaving = True
        for call in self.running():
            call.end(STOPPED)

    async def tell_interrupted(self, workspace: Workspace, mark: Mark) -> bool:
        """Say under the card of a call that ran when Spokenly stopped without a word that it is over.

        False: Slack or the record is away, and it is to be tried again.
        """
        if mark.guest:
            return await self.guests.tell_interrupted(workspace, mark)
        return await self.aftermath.interrupted(workspace, mark)

    async def forget(self, mark: Mark) -> None:
        """There is nothing more to tell of a call that was interrupted."""
        for (team, key), one in tuple(self.book.marks.items()):
            if one == mark:
                await self.book.mark(team, key, None)

    # The life of one call

    async def _open(self, wish: Wish) -> tuple[SlackCall, Look]:
        """A room and its card, and what the card shows."""
        setup, settings = self.setup(wish.workspace.team, wish.channel), self.house.settings
        language = wish.language or setup.language or settings.language
        self.heard(language)
        private = setup.closes(wish.private)
        keep = wish.keep or setup.keep or ("captions" if settings.keep == "never" else settings.keep)
        if keep == "transcript" and self.house.secretary is None:
            raise UserError("No transcripts are kept here: whoever runs this Spokenly switched that off.")
        entered = await places.enter(wish.workspace, wish.channel)
        room = self.house.opener.open(
            title=wish.title or entered.title,
            keep=keep,
            language=language,
            guests=bool(setup.guests),
            private=private,
            space=wish.workspace.space,
        )
        posted = False
        try:
            shown = Look(title=room.title, started_by=wish.asked_by, keep=keep, private=room.private)
            thread = await places.post_card(wish.workspace, wish.channel, wish.asked_by, shown)
            posted = True
        finally:
            if not posted:
                room.close("Captions could not be started in Slack.")
        call = SlackCall(self.house, wish.workspace, thread, room, started_by=wish.asked_by, keep=keep)
        return call, shown

    async def _mark(self, call: SlackCall) -> None:
        """Remember that it runs, and where its record is."""
        if call.over:
            return
        await self.book.mark(call.thread.team, marked(call).key, marked(call))
        await self.aftermath.filed(marked(call))

    async def _run(self, call: SlackCall, shown: Look) -> None:
        try:
            await self._show(call, shown)
        except Exception:
            # The bulkhead: what one call stumbles over must not end the others.
            log.exception("slack.call_bug", extra={"call": fingerprint(call.room.key)})
            call.end(BROKEN)
            broken = Look(title="Captions", started_by=call.started_by, ended=BROKEN)
            self._leave(call)
            await _guarded(self.aftermath.card(call.workspace, call.thread, broken))
            await self._forget(call)
        finally:
            self._leave(call)
            call.done()

    async def _show(self, call: SlackCall, shown: Look) -> None:
        captions = self.house.post(call.workspace, call.thread, partial(self.count, call.workspace.team))
        card = CardOutlet(call.workspace, call.thread, lambda: look(call), shown)
        await call.run(captions, card)
        over, last = replace(marked(call), ended=call.ended().why), look(call)
        await self.book.mark(over.team, over.key, over)
        call.carded = card.shown == last
        told = call.carded or await places.change_at_last(call.workspace, call.thread, last)
        self._leave(call)  # another may begin while this one is summed up
        await self.aftermath.tell(call.ended(), over, None if told else last)

    async def _forget(self, call: SlackCall) -> None:
        """There is nothing to tell of it at the next start."""
        await self.book.mark(call.thread.team, marked(call).key, None)

    def _leave(self, call: SlackCall) -> None:
        place = call.thread.team, call.thread.channel
        if self._calls.get(place) is call:
            del self._calls[place]


async def _guarded(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except Exception:
        log.exception("slack.bug")
