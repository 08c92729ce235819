"""Where the captions of a call go: a thread, a channel, or the voice channel's own chat."""

import io
import logging
from datetime import datetime

import discord

from bots.discord import notices
from bots.discord.house import TROUBLE
from bots.discord.permissions import IN_THREADS, POSTING, THREADING, THREADS, VIEW, Need, missing, refusal
from bots.discord.setup import Where
from bots.discord.wish import Chat, Voice, Wish
from bots.discord.words import command
from core.errors import UserError

log = logging.getLogger(__name__)

_TITLE = 100
"""Characters of a thread's name (Discord's limit)."""


def chosen(wish: Wish, where: Where) -> Chat:
    """The place for captions, or the text channel that gets a thread for them.

    Unless somebody asks for another place, what is said in a channel stays with who may enter it. Raises
    `UserError` when it is not there, or Spokenly may not write there.
    """
    where = where if wish.where is None else wish.where
    if isinstance(where, int):
        place = wish.channel.guild.get_channel_or_thread(where)
        if not isinstance(place, Chat):
            raise UserError(
                "The channel that captions go to is gone, or I can't see it: choose another in "
                f"{command(wish.channel.guild.preferred_locale, 'spokenly setup')}."
            )
    else:
        place = wish.channel if where == "voice" else wish.asked_in or wish.channel
        if wish.where is None and wider(place, wish.channel):
            place = wish.channel
    if lacking := missing(
        place.permissions_for(wish.channel.guild.me), needs(place, threaded=where == "thread")
    ):
        other = " Or choose another place for them when you start them." if THREADS in lacking else ""
        raise UserError(refusal(place.mention, lacking) + other)
    return place


def wider(place: Chat, voice: Voice) -> bool:
    """Whether people who may not enter a voice channel can read in a place, as far as roles tell."""
    if place.id == voice.id or everybody_enters(voice):
        return False
    return any(
        place.permissions_for(role).view_channel and not _enters(voice, role) for role in voice.guild.roles
    )


def everybody_enters(voice: Voice) -> bool:
    """Whether all of a server may see and enter a voice channel, but for who is kept out by name or role."""
    return _enters(voice, voice.guild.default_role)


def _enters(voice: Voice, role: discord.Role) -> bool:
    allowed = voice.permissions_for(role)
    return allowed.view_channel and allowed.connect


def needs(place: Chat, *, threaded: bool) -> tuple[Need, ...]:
    """What Spokenly must be allowed where captions are posted, or (`threaded`) get a thread if they can."""
    if isinstance(place, discord.Thread):
        return (VIEW, IN_THREADS)
    return THREADING if threaded and isinstance(place, discord.TextChannel) else POSTING


async def opened(place: Chat, voice: Voice, began: datetime, *, threaded: bool) -> Chat:
    """The place itself, or a new thread in it where it can have one. Raises `UserError`."""
    if not (threaded and isinstance(place, discord.TextChannel)):
        return place
    title = f"Captions of {voice.name}"[: _TITLE - 13]
    try:
        return await place.create_thread(
            name=f"{title}, {began:%d %b %Y}",
            type=discord.ChannelType.public_thread,
            auto_archive_duration=1440,
        )
    except TROUBLE as error:
        raise UserError(
            f"Discord did not let me make a thread in {place.mention}: choose another place, or try again."
        ) from error


async def say(place: Chat, text: str, files: dict[str, bytes] | None = None) -> bool:
    """Post a message that pings nobody. False when it could not be posted."""
    try:
        await place.send(
            text,
            files=[discord.File(io.BytesIO(data), name) for name, data in (files or {}).items()],
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
    except TROUBLE:
        log.info("discord.message_not_posted")
        return False
    return True


async def announce(voice: Voice, place: Chat, *, keeps: bool, days: int, private: bool) -> None:
    """Say where the captions are that they are on, and where people talk."""
    to = voice.guild.preferred_locale
    await say(place, notices.announced(voice.mention, keeps=keeps, days=days, private=private, to=to))
    if place.id != voice.id:
        await say(voice, notices.elsewhere(place.mention))
