"""One person's word on whether they are captioned in a server, and what they are told of it."""

from discord import Locale

from bots.discord.calls import Calls
from bots.discord.replies import Interaction, later, reply
from bots.discord.rights import person
from bots.discord.translations import en
from bots.discord.words import command, say
from core.errors import UserError


async def opt_out(interaction: Interaction, calls: Calls) -> None:
    """Caption whoever asks no more, before anything is waited for, and tell them."""
    me = person(interaction)
    already = me.id in calls.opted_out(me.guild.id)
    calls.leave_out(me.guild.id, me.id)
    try:
        await later(interaction)
    finally:
        # It is written whether or not Discord takes the answer.
        told = await _written(calls, me.guild.id, me.id, interaction.locale, already=already)
    await reply(interaction, told)


async def _written(calls: Calls, guild: int, user: int, to: Locale, *, already: bool) -> str:
    """Write it down; returns what to tell them."""
    told = say(
        to,
        en.OUT_ALREADY if already else en.OPTED_OUT,
        optin=command(to, "privacy optin"),
        forget=command(to, "privacy forget"),
    )
    try:
        await calls.opt_out(guild, user)
    except UserError:
        # It holds all the same, until Spokenly starts anew: they must know both.
        return f"{told}\n{say(to, en.NOT_WRITTEN)}"
    return told


async def opt_in(calls: Calls, guild: int, user: int, to: Locale) -> str:
    """Caption somebody again; returns what to tell them. Raises `UserError`: then nothing changed."""
    optout = command(to, "privacy optout")
    if user not in calls.opted_out(guild):
        return say(to, en.IN_ALREADY, optout=optout)
    await calls.opt_in(guild, user)
    return say(to, en.OPTED_IN, optout=optout)
