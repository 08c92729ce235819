"""What Spokenly may not do in a server that it needs to, for who manages it."""

from collections.abc import Iterable, Iterator, Mapping

import discord

from bots.discord.permissions import HEARING, NEEDS, POSTING, Need, missing, refusal
from bots.discord.setup import GuildSetup
from bots.discord.where import needs
from bots.discord.wish import Chat


def allowed(guild: discord.Guild, setup: GuildSetup, around: Iterable[Chat] = ()) -> list[str]:
    """What Spokenly may not do that it needs to, a sentence for each place; or where it may do everything.

    Looked at are the server as a whole, the channels that `setup` names, and those `around`.
    """
    wanted = _wanted(setup, around)
    lacking = list(_lacks(guild, wanted))
    places = ", ".join(["this server", *(f"<#{number}>" for number in wanted)])
    return lacking or [f"I am allowed everything that I need in: {places}. Other channels may differ."]


def _wanted(setup: GuildSetup, around: Iterable[Chat]) -> dict[int, tuple[Need, ...] | None]:
    """What is needed where, by the channel's id. None: what any place for captions asks for."""
    wanted: dict[int, tuple[Need, ...] | None] = {}
    if isinstance(setup.where, int):
        wanted[setup.where] = None
    for number in setup.auto_join:
        # Nobody asks for these in a channel, so a thread has no place to be made in.
        wanted[number] = HEARING if isinstance(setup.where, int) else (*HEARING, *POSTING[1:])
    for chat in around:
        if isinstance(chat, discord.VoiceChannel | discord.StageChannel):
            wanted.setdefault(chat.id, (*HEARING, *POSTING[1:]) if setup.where == "voice" else HEARING)
        elif setup.where == "thread":
            wanted.setdefault(chat.id, needs(chat, threaded=True))
    return wanted


def _lacks(guild: discord.Guild, wanted: Mapping[int, tuple[Need, ...] | None]) -> Iterator[str]:
    if lacking := missing(guild.me.guild_permissions, NEEDS):
        yield refusal("this server", lacking)
    for number, asked in wanted.items():
        channel = guild.get_channel_or_thread(number)
        if not isinstance(channel, Chat):
            yield f"I can't see <#{number}>: it is gone, or I lack **View Channels** there."
        elif lacking := missing(channel.permissions_for(guild.me), asked or needs(channel, threaded=False)):
            yield refusal(channel.mention, lacking)
