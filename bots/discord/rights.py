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


def may_end(member: discord.Member, call: DiscordCall, here: int | None) -> bool:
    """Whether somebody may stop and pause: who started it or manages; once the starter left, who is there.

    Who started it is nobody special any more where it was moved away from them (`may_follow`).
    """
    there = call.channel.voice_states
    return (
        (member.id == call.started_by and may_follow(member, call, here))
        or (member.id in there and call.started_by not in there)
        or manages(member, call.channel)
    )


def may_read(member: discord.Member, place: Chat) -> bool:
    """Whether somebody may read in a channel or thread themselves, as far as Discord tells without asking."""
    if isinstance(place, discord.VoiceChannel | discord.StageChannel):
        return may_listen(member, place)
    allowed = place.permissions_for(member)
    if isinstance(place, discord.Thread) and place.is_private() and not allowed.manage_threads:
        return False
    return allowed.view_channel


def may_follow(member: discord.Member, call: DiscordCall, here: int | None) -> bool:
    """Whether somebody may know of a call, and of what was said in it.

    They may where they can read all of it, or enter every channel that it was heard in. `here`: the id of
    the channel or thread that they are in.
    """
    place = call.showing.place
    whole = place is not None and place.id not in call.heard_in  # pages do not leave it with the bot
    if place is not None and whole and (here == place.id or may_read(member, place)):
        return True
    return may_hear(member, call)


def may_hear(member: discord.Member, call: DiscordCall) -> bool:
    """Whether somebody may enter every channel that a call was heard in."""
    channels = [member.guild.get_channel(number) for number in call.heard_in]
    return all(
        isinstance(channel, discord.VoiceChannel | discord.StageChannel) and may_listen(member, channel)
        for channel in channels
    )


def may_share(member: discord.Member, call: DiscordCall) -> bool:
    """Whether somebody who may follow a call may have it shown elsewhere."""
    return manages(member, call.channel) or (member.id == call.started_by and may_hear(member, call))


def followed(interaction: Interaction, call: DiscordCall | None) -> DiscordCall:
    """The call that somebody asks about. Raises `UserError` if there is none that they may know of."""
    if call is None or not may_follow(person(interaction), call, interaction.channel_id):
        raise UserError(say(interaction.locale, en.NO_CALL))
    return call


def running(interaction: Interaction, call: DiscordCall | None) -> DiscordCall:
    """The call that somebody wants to stop or pause. Raises `UserError` if there is none, or not for them."""
    if call is None or call.over:
        raise UserError(say(interaction.locale, en.NO_CALL))
    if not may_end(person(interaction), call, interaction.channel_id):
        call = followed(interaction, call)
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
