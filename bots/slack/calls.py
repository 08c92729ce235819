"""All calls of one app on Slack: at most one in a channel."""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from bots.slack.book import Book, Mark
from bots.slack.call import SlackCall
from bots.slack.card import Look
from bots.slack.house import Ended, House
from bots.slack.places import Places
from bots.slack.setup import Setup
from bots.slack.shown import CardOutlet
from bots.slack.thread import Thread
from bots.slack.wish import Wish
from bots.slack.workspace import Workspace
from core.errors import RecordAway, UserError
from core.rooms import OpenedRoom
from core.telemetry import fingerprint

log = logging.getLogger(__name__)

STOPPED = "Spokenly was stopped, so captions ended."
REMOVED = "Spokenly was taken out of the Slack workspace, so captions ended."
RESTARTED = "Spokenly was restarted in the middle of this call. Start captions again to go on."


class Calls:
    """Starts calls, finds them, and knows how every channel is set up.

    Use as an async context. Leaving it ends every call: their cards and threads say so.
    """

    def __init__(self, house: House, book: Book, places: Places) -> None:
        self.house = house
        self.book = book
        self.places = places
        self._calls: dict[tuple[str, str], SlackCall] = {}
        self._starting: set[tuple[str, str]] = set()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drain()
        await self._tasks.__aexit__(kind, error, trace)

    # What commands and buttons ask

    async def start(self, wish: Wish) -> SlackCall:
        """Open a room and post a card for it; returns when the card is there.

        Raises `UserError` with a sentence for whoever asked.
        """
        place = wish.workspace.team, wish.channel
        if place in self._calls:
            raise UserError("Captions run in this channel already: see the card above, or /captions status.")
        if place in self._starting:
            raise UserError("Captions are just being started here.")
        self._starting.add(place)
        try:
            call = await self._open(wish)
        finally:
            self._starting.discard(place)
        self._calls[place] = call
        await self._mark(call)
        self.spawn(self._run(call))
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

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside; a bug in it is loud and ends nothing else."""
        self._tasks.create_task(_guarded(work), name="slack beside")

    # What Slack and a restart do

    def removed(self, team: str) -> None:
        """The app was taken out of a workspace, or its token was taken back."""
        for call in self.running(team):
            call.end(REMOVED)

    def drain(self) -> None:
        """Spokenly stops: end every call. Last words still come in."""
        for call in self.running():
            call.end(STOPPED)

    async def tell_interrupted(self, workspace: Workspace) -> None:
        """Say under the cards of calls that ran when Spokenly stopped without a word that they are over."""
        for mark in tuple(self.book.marks.values()):
            if mark.team != workspace.team or (mark.team, mark.channel) in self._calls:
                continue
            thread = Thread(mark.team, mark.channel, mark.ts, mark.started_by)
            look = Look(title=mark.title, started_by=mark.started_by, ended=RESTARTED)
            await self.places.change_card(workspace, thread, look)
            ended = Ended(workspace, thread, mark.title, RESTARTED, mark.record, mark.began, interrupted=True)
            await self.house.finale(self.house, ended)
            await self.book.mark(mark.team, mark.channel, None)

    # The life of one call

    async def _open(self, wish: Wish) -> SlackCall:
        setup, settings = self.setup(wish.workspace.team, wish.channel), self.house.settings
        language = wish.language or setup.language or settings.language
        if not self.house.hears(language):
            raise UserError(f"Nothing here hears the language {language!r}: try en, or ask who runs Spokenly.")
        keep = wish.keep or setup.keep or ("captions" if settings.keep == "never" else settings.keep)
        if keep == "transcript" and self.house.secretary is None:
            raise UserError("No transcripts are kept here: whoever runs this Spokenly switched that off.")
        name = await self.places.enter(wish.workspace, wish.channel)
        room = self.house.opener.open(
            title=wish.title or name,
            keep=keep,
            language=language,
            guests=bool(setup.guests),
            space=wish.workspace.space,
        )
        posted = False
        try:
            look = Look(title=room.title, started_by=wish.asked_by, keep=keep)
            thread = await self.places.post_card(wish.workspace, wish.channel, wish.asked_by, look)
            posted = True
        finally:
            if not posted:
                room.close("Captions could not be started in Slack.")
        return self._call(wish, thread, room)

    def _call(self, wish: Wish, thread: Thread, room: OpenedRoom) -> SlackCall:
        return SlackCall(self.house, wish.workspace, thread, room, started_by=wish.asked_by)

    async def _mark(self, call: SlackCall) -> None:
        """Remember that it runs."""
        thread = call.thread
        mark = Mark(
            thread.team, thread.channel, thread.ts, call.title, call.began, call.started_by, call.record
        )
        await self.book.mark(thread.team, thread.channel, mark)

    async def _run(self, call: SlackCall) -> None:
        team, channel = place = call.thread.team, call.thread.channel
        captions = self.house.post(call.workspace, call.thread, lambda: len(self.running(team)))
        try:
            await call.run(captions, CardOutlet(call, self.places))
            await self.house.finale(self.house, call.ended())
            await self.book.mark(team, channel, None)
        except Exception:
            # The bulkhead: what one call stumbles over must not end the others.
            log.exception("slack.call_bug", extra={"call": fingerprint(call.room.key)})
            call.end("A fault in Spokenly ended captions here. Start them again to go on.")
        finally:
            if self._calls.get(place) is call:
                del self._calls[place]
            call.done()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("slack.bug")
