"""What is said behind a door that was closed is read behind it."""

from collections.abc import Callable

import discord

from bots.discord import notices
from bots.discord.call import DiscordCall
from bots.discord.permissions import POSTING, missing
from bots.discord.where import wider
from bots.discord.wish import Chat, Voice


def follow(
    call: DiscordCall, channel: Voice, end: Callable[[DiscordCall, str], object], *, unshared: bool
) -> bool:
    """The bot was moved, and its call goes on in the other channel. False: it ends, as nobody could read it.

    `end` ends a call, for a reason. `unshared`: it is shown nowhere else any more.
    """
    place = call.showing.place
    goes = place is not None and (place.id == call.channel.id or wider(place, channel))
    if goes and missing(channel.permissions_for(channel.guild.me), POSTING):
        end(call, notices.SHUT_OUT)
        return False
    call.moved(channel, unshared=unshared)
    return True


def keep_in(call: DiscordCall, end: Callable[[DiscordCall, str], object]) -> None:
    """Who may enter may have changed: where people read who may not any more, captions go into the voice
    channel's own chat.

    Those that somebody chose to show to more people than may enter stay where they are. `end` ends a call,
    for a reason: what can be shown nowhere is not listened to.
    """
    place = _as_it_is(call)
    if place is None or call.over:
        return
    before, call.wide = call.wide, wider(place, voice := call.channel)
    if before or not call.wide:
        return
    call.wide = False
    if missing(voice.permissions_for(voice.guild.me), POSTING):
        end(call, notices.SHUT_OUT)
        return
    call.showing.move(voice, call.board, notices.KEPT_IN)
    call.explain(notices.INSIDE, notices.KEPT_IN)


def _as_it_is(call: DiscordCall) -> Chat | None:
    """Where a call is shown, as Discord last told of it; None where that can't be known."""
    place = call.showing.place
    if place is None:
        return None
    # Discord's session may have begun anew, with new objects for the same channels.
    now = call.channel.guild.get_channel_or_thread(place.id)
    place = now if isinstance(now, Chat) else place
    # Who reads in a thread is said by its channel; that it is gone shows when the next words are posted.
    return None if isinstance(place, discord.Thread) and place.parent is None else place
