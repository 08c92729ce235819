"""Calls of Discord that are shown elsewhere, and calls of elsewhere that are shown in its channels."""

import asyncio
from collections.abc import Callable, Sequence

import discord

from bots.discord.call import DiscordCall
from bots.discord.house import House
from bots.discord.permissions import IN_THREADS, POSTING, VIEW, missing, refusal
from bots.discord.wish import Chat
from core.bridge import Attachment, Source, named
from core.captions.board import Board
from core.captions.markup import MARKDOWN
from core.errors import UserError

SHOWN = "shown"
"""The key of the notice where else a call is shown."""

FAREWELL = 5.0
"""Seconds that the last words of calls of elsewhere may take when the bot goes."""

GONE = "Spokenly left Discord: the call is not shown here any more."


class CallSource:
    """A `Source` of the Bridge: a call in a voice channel."""

    origin = "Discord"

    def __init__(self, call: DiscordCall) -> None:
        self._call = call

    @property
    def title(self) -> str:
        channel = self._call.channel
        return f"{channel.name} in {channel.guild.name}"

    @property
    def board(self) -> Board:
        return self._call.board

    @property
    def language(self) -> str:
        return self._call.language

    @property
    def private(self) -> bool:
        return self._call.private

    @property
    def over(self) -> bool:
        return self._call.over

    def shown_at(self, places: Sequence[str]) -> None:
        self._call.board.notify(SHOWN, named(places))


class Visit:
    """A call of elsewhere in one channel or thread. `by`: Discord's id of who brought it there."""

    def __init__(self, attachment: Attachment, by: int) -> None:
        self.attachment = attachment
        self.by = by


class Sharing:
    """All of one bot: a call is a source, and a channel or thread shows one call of elsewhere at most."""

    def __init__(self, house: House, say: Callable[[Chat, str], None]) -> None:
        """`say` posts a message beside."""
        self._house = house
        self._say = say
        self._sources: dict[DiscordCall, CallSource] = {}
        self._visits: dict[int, Visit] = {}
        self._none = asyncio.Event()
        self._none.set()

    def source(self, call: DiscordCall) -> CallSource:
        """The call as the Bridge knows it: always the same object."""
        if call not in self._sources:
            self._sources[call] = CallSource(call)
        return self._sources[call]

    def ended(self, call: DiscordCall) -> None:
        """A call is over and its board complete."""
        if (source := self._sources.pop(call, None)) is not None:
            self._house.bridge.ended(source)

    def of(self, place: int) -> Visit | None:
        """The call of elsewhere that is shown in a channel or thread."""
        return self._visits.get(place)

    def attach(self, source: Source, place: Chat, by: discord.Member) -> None:
        """Show a call of elsewhere in a channel or thread. Raises `UserError`."""
        needs = (VIEW, IN_THREADS) if isinstance(place, discord.Thread) else POSTING
        if lacking := missing(place.permissions_for(place.guild.me), needs):
            raise UserError(refusal(place.mention, lacking))
        if place.id in self._visits:
            raise UserError("A call of elsewhere is shown here already: /captions detach ends that.")
        if any(own is source and call.showing.place == place for call, own in self._sources.items()):
            raise UserError("That call is shown here already.")
        title, origin = MARKDOWN.escape(source.title), MARKDOWN.escape(source.origin)
        pages = self._house.visit(place, f"\N{MEMO} **{title}**, live from {origin}")
        where = f"#{place.name} in {place.guild.name} on Discord"
        told = False

        def closing(why: str) -> None:
            nonlocal told
            told = True
            pages.end(why)

        def ended(why: str) -> None:
            del self._visits[place.id]
            if not self._visits:
                self._none.set()
            if not told:
                self._say(place, why)

        attachment = self._house.bridge.attach(source, pages, where, ended, closing=closing)
        self._visits[place.id] = Visit(attachment, by.id)
        self._none.clear()

    async def close(self) -> None:
        """The bot goes: end all of it, and see the last words out."""
        for call in tuple(self._sources):
            self.ended(call)
        for visit in tuple(self._visits.values()):
            visit.attachment.detach(GONE)
        try:
            async with asyncio.timeout(FAREWELL):
                await self._none.wait()
        except TimeoutError:
            return
