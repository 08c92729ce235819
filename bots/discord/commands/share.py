"""`/captions share`, `attach` and `detach`: one call, read in many places."""

import re
from typing import Any, Self

import discord
from discord import Locale, app_commands, ui

from bots.discord.buttons import calls_of
from bots.discord.call import DiscordCall
from bots.discord.calls import Calls
from bots.discord.people import clean_name
from bots.discord.replies import Interaction, answering, buttons, later, reply
from bots.discord.rights import followed, may_share, may_write, person
from bots.discord.translations import en
from bots.discord.wish import Chat
from bots.discord.words import command, say
from core.address import only_here
from core.captions.markup import MARKDOWN
from core.codes import LIFE
from core.errors import UserError


def sharing(calls: Calls) -> tuple[app_commands.Command[Any, ..., None], ...]:
    """The commands."""

    @app_commands.command(name="share", description="Make a code that shows these captions elsewhere")
    async def share(interaction: Interaction) -> None:
        await _share(interaction, calls)

    @app_commands.command(name="attach", description="Show the captions of a call of elsewhere here")
    @app_commands.describe(code="The code of the call, from who shares it")
    async def attach(interaction: Interaction, code: str) -> None:
        await _attach(interaction, calls, code)

    @app_commands.command(name="detach", description="Show the call of elsewhere here no more")
    async def detach(interaction: Interaction) -> None:
        await _detach(interaction, calls)

    return share, attach, detach


class Unshare(ui.DynamicItem[ui.Button[Any]], template="spokenly:unshare"):
    """The button that ends the sharing of the server's call."""

    def __init__(self, to: Locale | None = None) -> None:
        super().__init__(
            ui.Button(
                label=say(to, "Stop sharing"),
                style=discord.ButtonStyle.danger,
                custom_id="spokenly:unshare",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        async with answering(interaction, "button unshare"):
            calls = calls_of(interaction)
            call = _mine(interaction, calls)
            calls.house.bridge.revoke(calls.sharing.source(call))
            await reply(interaction, say(interaction.locale, en.UNSHARED))


def _mine(interaction: Interaction, calls: Calls) -> DiscordCall:
    """The server's call, for who may share it, and nobody else learns of it. Raises `UserError`."""
    asker = person(interaction)
    call = followed(interaction, calls.of(asker.guild.id))
    if call.over:
        raise UserError(say(interaction.locale, en.NO_CALL))
    if not may_share(asker, call):
        raise UserError(say(interaction.locale, en.NOT_SHARED, channel=call.channel.mention))
    return call


async def _share(interaction: Interaction, calls: Calls) -> None:
    call, to = _mine(interaction, calls), interaction.locale
    bridge = calls.house.bridge
    if call.private:
        raise UserError(say(to, en.PRIVATE))
    code = bridge.share(calls.sharing.source(call))
    attach = command(to, "captions attach")
    text = say(to, en.SHARED, code=code.spaced, minutes=round(LIFE / 60), attach=attach)
    if bridge.address:
        text += " " + say(to, en.READ_AT, link=bridge.link(code))
        if only_here(bridge.address):
            text += "\n" + say(to, en.ONLY_HERE)
    await reply(interaction, text, view=buttons(Unshare(to)))


async def _attach(interaction: Interaction, calls: Calls, code: str) -> None:
    asker, place, to = person(interaction), interaction.channel, interaction.locale
    if not isinstance(place, Chat):
        raise UserError("Captions can't be posted in a channel of this kind: choose another.")
    if not may_write(asker, place):
        raise UserError(say(to, en.MAY_NOT_WRITE))
    found = calls.house.bridge.find(code, asker=f"discord:{asker.id}")
    await later(interaction)
    calls.sharing.attach(found, place, asker)
    detach = command(to, "captions detach")
    title = MARKDOWN.escape(found.shared.title)
    await reply(interaction, say(to, en.ATTACHED, title=title, detach=detach))


async def _detach(interaction: Interaction, calls: Calls) -> None:
    asker, place, to = person(interaction), interaction.channel, interaction.locale
    visit = None if place is None else calls.sharing.of(place.id)
    if visit is None or not isinstance(place, Chat):
        raise UserError(say(to, en.NOT_ATTACHED))
    allowed = place.permissions_for(asker)
    if asker.id != visit.by and not (allowed.manage_channels or allowed.manage_guild):
        raise UserError(say(to, en.NOT_DETACHED))
    name = clean_name(asker.display_name) or "Somebody"
    visit.detach(f"{name} ended this.")
    await reply(interaction, say(to, en.DETACHED))
