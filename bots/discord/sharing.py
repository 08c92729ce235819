"""Calls of Discord that are shown elsewhere, and calls of elsewhere that are shown in its channels."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

import discord

from bots.discord import notices
from bots.discord.book import Book, VisitMark
from bots.discord.call import DiscordCall
from bots.discord.house import TROUBLE, CallPages, House
from bots.discord.permissions import IN_THREADS, POSTING, VIEW, missing, refusal
from bots.discord.source import CallSource
from bots.discord.where import everybody_enters
from bots.discord.wish import Chat, Voice
from core.bridge import (
    BROKEN,
    CLOSED,
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
from core.captions.board import Board
from core.captions.markup import MARKDOWN
from core.codes import Ticket
from core.errors import UserError

log = logging.getLogger(__name__)

FAREWELL = 60.0
"""Seconds for which the last words of a call of elsewhere are tried while Discord is busy or away."""

LEAVING = 5.0
"""Seconds that they may take when the bot goes."""

TRIES, AGAIN = 5, 60.0
"""How often it is tried to say that a call is shown no more, and the seconds between; after that, at the next
start."""

PATIENCE = 10.0
"""Seconds that Discord may take over one such message."""

ENDING = "The call that was shown here is just ending: try again in a moment."
SHOWN_ALREADY = "A call of elsewhere is shown here already: /captions detach ends that."

OVER = "The call is not shown here any more."
LEFT = "Spokenly left Discord: the call is not shown here any more."


class Visit:
    """An `Outlet`: a call of elsewhere in a channel or thread. `by`: Discord's id of who brought it there."""

    def __init__(self, pages: CallPages, place: Chat, by: int) -> None:
        self.place = place
        self.by = by
        self.said = False
        """The last words stand there, and why nothing more comes."""
        self.attachment: Attachment | None = None
        self._pages = pages
        self._closing = False

    @property
    def pace(self) -> float:
        return self._pages.pace

    @property
    def ending(self) -> bool:
        """Only its last words are still to come."""
        return self._closing

    @property
    def mark(self) -> VisitMark:
        return VisitMark(self.place.guild.id, self.place.id)

    async def show(self, board: Board) -> None:
        """Raises `OutletBusy` or `OutletGone`."""
        closing = self._closing
        await self._pages.show(board)
        self.said = closing

    def end(self, why: str) -> None:
        """Nothing more comes, for that reason."""
        self._closing = True
        self._pages.end(why)

    def detach(self, why: str) -> None:
        """Show it here no more. `why`: a sentence for people there."""
        if self.attachment is not None:
            self.attachment.detach(why)


class Sharing:
    """All of one bot: a call is a source, and a channel or thread shows one call of elsewhere at most."""

    def __init__(
        self, house: House, book: Book, spawn: Callable[[Coroutine[Any, Any, object]], None]
    ) -> None:
        """`spawn` has something done beside."""
        self._house = house
        self._book = book
        self._spawn = spawn
        self._sources: dict[DiscordCall, CallSource] = {}
        self._visits: dict[int, Visit] = {}
        self._telling: set[int] = set()
        self._leaving = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def source(self, call: DiscordCall) -> CallSource:
        """The call as the Bridge knows it: always the same object."""
        if call not in self._sources:
            self._sources[call] = CallSource(call)
        return self._sources[call]

    def moved(self, call: DiscordCall, channel: Voice) -> bool:
        """A call goes on in another channel. Whether it is shared no more, because that one is not for all.

        Who shared it, and who let it be shown elsewhere, may not be those who talk now.
        """
        source = self._sources.get(call)
        if source is None:
            return False
        source.open = everybody_enters(channel)
        return not source.open and self._unshare(source, MOVED)

    def look(self, call: DiscordCall) -> None:
        """Who may enter its channel may have changed: one that was closed is shown nowhere else.

        What was shared from behind a closed door goes on being shown.
        """
        source = self._sources.get(call)
        if source is None:
            return
        before, source.open = source.open, everybody_enters(call.channel)
        if before and not source.open and self._unshare(source, CLOSED):
            call.explain(notices.CLOSED, notices.NOW_CLOSED)

    def _unshare(self, source: CallSource, why: str) -> bool:
        """Share it no more; whether it was shared."""
        bridge = self._house.bridge
        shared = bridge.code(source) is not None or bool(bridge.places(source))
        bridge.revoke(source, why)
        return shared

    def ended(self, call: DiscordCall) -> None:
        """A call is over and its board complete."""
        if (source := self._sources.pop(call, None)) is not None:
            self._house.bridge.ended(source)

    def of(self, place: int) -> Visit | None:
        """The call of elsewhere that is shown in a channel or thread."""
        return self._visits.get(place)

    def attach(self, found: Ticket[Source], place: Chat, by: discord.Member) -> None:
        """Show a call of elsewhere in a channel or thread, from now on. Raises `UserError`."""
        needs = (VIEW, IN_THREADS) if isinstance(place, discord.Thread) else POSTING
        if lacking := missing(place.permissions_for(place.guild.me), needs):
            raise UserError(refusal(place.mention, lacking))
        if (shown := self._visits.get(place.id)) is not None:
            raise UserError(ENDING if shown.ending else SHOWN_ALREADY)
        if any(own is found.shared and call.showing.place == place for call, own in self._sources.items()):
            raise UserError("That call is shown here already.")
        source = found.shared
        title, origin = MARKDOWN.escape(source.title), MARKDOWN.escape(source.origin)
        heading = f"\N{MEMO} **{title}**, live from {origin}"
        # What was said before is for those who were there.
        visit = Visit(self._house.visit(place, heading, source.board.count), place, by.id)

        def ended(why: str) -> None:
            del self._visits[place.id]
            if not self._visits:
                self._none.set()
            self._telling.add(place.id)
            self._spawn(self._over(visit, why))

        visit.attachment = self._house.bridge.attach(
            found, visit, _known_as(place), ended, closing=visit.end, farewell=FAREWELL
        )
        self._visits[place.id] = visit
        self._none.clear()
        self._spawn(self._book.visit(visit.mark))

    def available(self, guild: discord.Guild) -> None:
        """A server is there: say in it what could not be said when it was not, or Spokenly was killed."""
        for mark in self._book.visits.values():
            if mark.guild == guild.id and mark.place not in {*self._visits, *self._telling}:
                self._telling.add(mark.place)
                self._spawn(self._late(guild, mark))

    async def close(self) -> None:
        """The bot goes: end all of it, and see the last words out."""
        self._leaving.set()
        for call in tuple(self._sources):
            self.ended(call)
        for visit in self._visits.values():
            visit.detach(LEFT)
        try:
            async with asyncio.timeout(LEAVING):
                await self._none.wait()
        except TimeoutError:
            for visit in self._visits.values():
                if visit.attachment is not None:
                    visit.attachment.drop()
            await self._none.wait()

    async def _over(self, visit: Visit, why: str) -> None:
        """It is shown no more; people there know that, or are told now."""
        try:
            if visit.said or await self._told(visit.place, why if why in (GONE, BROKEN) else f"{why} {LOST}"):
                await self._forget(visit.mark)
            else:
                # Who took it away is a name, and names are not kept.
                kept = why if why in (ENDED, REVOKED, MOVED, CLOSED, STOPPED, LEFT) else OVER
                await self._book.visit(replace(visit.mark, ended=kept))
        finally:
            self._telling.discard(visit.place.id)

    async def _late(self, guild: discord.Guild, mark: VisitMark) -> None:
        """The same for one of before."""
        try:
            async with asyncio.timeout(PATIENCE):
                place = guild.get_channel_or_thread(mark.place) or await guild.fetch_channel(mark.place)
            if not isinstance(place, Chat) or await self._told(place, mark.ended or RESTARTED):
                await self._forget(mark)
        except (discord.NotFound, discord.Forbidden):
            await self._forget(mark)
        except TROUBLE:
            log.info("discord.visit_not_told")
        finally:
            self._telling.discard(mark.place)

    async def _forget(self, mark: VisitMark) -> None:
        if mark.place not in self._visits:  # another may be shown there by now
            await self._book.visit(mark, over=True)

    async def _told(self, place: Chat, why: str) -> bool:
        """Say why a call is not shown there any more, if people can be told at all. False: not now."""
        for _ in range(TRIES):
            try:
                async with asyncio.timeout(PATIENCE):
                    await place.send(why, allowed_mentions=discord.AllowedMentions.none())
            except (discord.NotFound, discord.Forbidden):
                return True  # nothing can be said there
            except TROUBLE:
                log.info("discord.visit_not_told")
            else:
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN):
                    await self._leaving.wait()
                return False
        return False


def _known_as(place: Chat) -> str:
    """A place as people elsewhere are told of it: that a private one exists is for its members."""
    everybody = place.permissions_for(place.guild.default_role)
    if not everybody.view_channel or (isinstance(place, discord.Thread) and place.is_private()):
        return "a private channel on Discord"
    return f"#{place.name} in {place.guild.name} on Discord"
