"""Who may do what with captions that run, and with channels that they are heard in or shown in."""

import discord

from bots.discord.call import DiscordCall
from bots.discord.replies import Interaction
from bots.discord.translations import en
from bots.discord.wish import Chat, Voice
from bots.discord.words import say
from core.errors import UserError


def person(interaction: Interaction) -> discord.Member:
    """Who did this, in which server. Raises `UserError` outside of servers."""
    if not isinstance(interaction.user, discord.Member):
        raise UserError("This works in a server only: use it in one of its channels.")
    return interaction.user


def manages(member: discord.Member, channel: Voice) -> bool:
    """Whether somebody may manage the channel or the server."""
    allowed = channel.permissions_for(member)
    return allowed.manage_channels or allowed.manage_guild or allowed.administrator


def may_end(member: discord.Member, call: DiscordCall) -> bool:
    """Whether somebody may stop and pause: who started it, who manages, and anyone once the starter left."""
    return (
        member.id == call.started_by
        or call.started_by not in call.channel.voice_states
        or manages(member, call.channel)
    )


def running(interaction: Interaction, call: DiscordCall | None) -> DiscordCall:
    """The call that somebody wants to stop or pause. Raises `UserError` if there is none, or not for them."""
    if call is None or call.over:
        raise UserError(say(interaction.locale, en.NO_CALL))
    if not may_end(person(interaction), call):
        raise UserError(say(interaction.locale, en.NOT_ALLOWED, channel=call.channel.mention))
    return call


def may_write(member: discord.Member, place: Chat) -> bool:
    """Whether somebody may write in a channel or thread themselves."""
    allowed = place.permissions_for(member)
    if isinstance(place, discord.Thread):
        return allowed.view_channel and allowed.send_messages_in_threads
    return allowed.view_channel and allowed.send_messages


def may_listen(member: discord.Member, channel: Voice) -> bool:
    """Whether somebody may see and enter a voice channel themselves."""
    allowed = channel.permissions_for(member)
    return allowed.view_channel and allowed.connect
