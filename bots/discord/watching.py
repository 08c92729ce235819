"""What Discord tells of servers and voice channels, and what follows: joining, leaving, going on."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import discord

from bots.discord import notices
from bots.discord.book import Mark
from bots.discord.calls import Calls
from bots.discord.closing import keep_in
from bots.discord.ending import late_farewell
from bots.discord.guests import humans
from bots.discord.house import TROUBLE
from bots.discord.where import say
from bots.discord.wish import Chat, Voice, Wish
from core.errors import UserError

log = logging.getLogger(__name__)

GRACE = 30.0
"""Seconds for which a call goes on in a channel that everybody has left."""

STRAY = 5.0
"""Seconds that a bot may sit in a voice channel without a call: one may just begin or end."""

FORGOTTEN = timedelta(minutes=30)
"""After so long without Spokenly nobody expects it to listen again by itself."""


class Watch:
    """Told by the client of what happens; nothing here waits."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        calls.begun = lambda call: self._look(call.channel)  # nobody may be there
        self._served: set[int] = set()  # channels that had a call since somebody was last alone in them
        self._timers: dict[int, asyncio.TimerHandle] = {}  # of calls in empty channels, by server
        self._resuming: set[int] = set()

    def available(self, guild: discord.Guild) -> None:
        """A server is there: at the start, after an outage of its own, or because the bot was invited."""
        self._calls.sharing.available(guild)
        self.permissions(guild)  # what changed while Discord was away is told by no event
        mark = self._calls.book.marks.get(guild.id)
        if self._calls.of(guild.id) is None and mark is not None and guild.id not in self._resuming:
            self._resuming.add(guild.id)
            self._calls.spawn(self._resume(guild, mark))
            return
        self.look_for_strays(guild)
        for number in self._calls.setup(guild.id).auto_join:
            channel = guild.get_channel(number)
            if isinstance(channel, discord.VoiceChannel | discord.StageChannel) and humans(channel):
                self._enter(channel)

    def look_for_strays(self, guild: discord.Guild) -> None:
        """A bot that sits in a voice channel without a call leaves: Discord did not hear it leave before."""
        if guild.me.voice is not None and not self._calls.busy(guild.id):
            self._calls.spawn(self._leave(guild))

    async def _leave(self, guild: discord.Guild) -> None:
        await asyncio.sleep(STRAY)
        if guild.me.voice is not None and not self._calls.busy(guild.id):
            log.info("discord.stray_left")
            with suppress(*TROUBLE):
                await guild.change_voice_state(channel=None)

    def removed(self, guild: discord.Guild) -> None:
        """The bot was put out of a server, or the server is gone."""
        if (call := self._calls.of(guild.id)) is not None:
            self._calls.end(call, notices.REMOVED)

    def permissions(self, guild: discord.Guild) -> None:
        """Who may enter the channels of a server may have changed."""
        if (call := self._calls.of(guild.id)) is not None:
            self._calls.sharing.look(call)
            keep_in(call, self._calls.end)

    def voice_state(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody entered, left or changed something in a voice channel."""
        if before.channel == after.channel:
            return
        call = self._calls.of(member.guild.id)
        if member == member.guild.me:
            if call is not None and after.channel is not None and after.channel.id != call.place_id:
                self._calls.moved(call, after.channel)
                self._look(after.channel)
            return
        for channel in (before.channel, after.channel):
            if channel is not None:
                self._look(channel)
        if after.channel is not None and not member.bot:
            self._enter(after.channel)
        self.look_for_strays(member.guild)

    def _look(self, channel: Voice) -> None:
        """Who is in a channel has changed."""
        empty = not humans(channel)
        if empty:
            self._served.discard(channel.id)
        guild = channel.guild.id
        call = self._calls.of(guild)
        if call is None or call.channel.id != channel.id:
            return
        call.look()
        if not empty and guild in self._timers:
            self._timers.pop(guild).cancel()
        elif empty and guild not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[guild] = loop.call_later(GRACE, self._still_empty, guild)

    def _still_empty(self, guild: int) -> None:
        self._timers.pop(guild, None)
        call = self._calls.of(guild)
        if call is not None and self._calls.setup(guild).leave_when_empty and not humans(call.channel):
            self._calls.end(call, notices.EMPTY)

    def _enter(self, channel: Voice) -> None:
        """Somebody is in a channel that may be one to be joined by itself."""
        running = self._calls.of(channel.guild.id)
        if running is not None:
            self._served.add(running.channel.id)
        elif channel.id in self._calls.setup(channel.guild.id).auto_join and channel.id not in self._served:
            # Once for each gathering: who stopped the captions, or couldn't have them, is left alone.
            self._served.add(channel.id)
            self._calls.spawn(self._join(channel))

    async def _join(self, channel: Voice) -> None:
        try:
            await self._calls.start(Wish(channel))
        except UserError as error:
            log.info("discord.not_joined_by_itself")
            # Those who count on captions must know that they should ask for them.
            await say(channel, f"I could not caption {channel.mention} by myself. {error}")

    async def _resume(self, guild: discord.Guild, mark: Mark) -> None:
        """A call ran here when Spokenly stopped: it goes on, or people are told why not."""
        channel = guild.get_channel(mark.channel)
        voice = channel if isinstance(channel, discord.VoiceChannel | discord.StageChannel) else None
        place = await _place(guild, mark.place) or voice
        why = notices.DELETED
        try:
            if voice is not None:
                why = self._past(voice, mark) or ""
                if not why and place is not None:
                    await self._calls.resume(mark, voice, place)
                    return
        except UserError as error:
            why = str(error)
        finally:
            self._resuming.discard(guild.id)
        await self._calls.book.mark(guild.id, None)
        if place is not None:
            name = f"<#{mark.channel}>"
            await late_farewell(self._calls.house, place, name, why, mark.record)

    def _past(self, voice: Voice, mark: Mark) -> str | None:
        """Why a call that ran does not go on; None: it does."""
        if datetime.now(UTC) - mark.seen > FORGOTTEN:
            return notices.FORGOTTEN
        if self._calls.setup(voice.guild.id).leave_when_empty and not humans(voice):
            return notices.AWAY
        return None


async def _place(guild: discord.Guild, number: int) -> Chat | None:
    """The channel or thread of that id; threads that sleep have to be asked for."""
    place = guild.get_channel_or_thread(number)
    if place is None:
        try:
            place = await guild.fetch_channel(number)
        except TROUBLE:
            return None
    return place if isinstance(place, Chat) else None
