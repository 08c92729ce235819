"""The buttons under the live page. They work as long as their message stands, whoever has restarted since.

A button is known by its `custom_id` alone, so nothing has to be kept for it.
"""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import Locale, ui

from bots.discord.brief import MINUTES, brief, last_words, lately
from bots.discord.call import DiscordCall
from bots.discord.calls import Calls
from bots.discord.consent import opt_out
from bots.discord.people import clean_name
from bots.discord.place import LONGEST
from bots.discord.replies import Interaction, answering, buttons, later, reply
from bots.discord.rights import followed, person, running
from bots.discord.translations import en
from bots.discord.words import say
from core.captions.markup import utf16
from core.errors import UserError
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation


class Bot(Protocol):
    """What the buttons need of the client that they belong to."""

    calls: Calls


def calls_of(interaction: Interaction) -> Calls:
    """The calls of the bot that this happened to."""
    return cast(Bot, interaction.client).calls


_BUTTONS = {
    "optout": ("Don't caption me", discord.ButtonStyle.secondary),
    "catchup": ("Catch me up", discord.ButtonStyle.primary),
    "pause": ("Pause / Resume", discord.ButtonStyle.secondary),
    "stop": ("Stop", discord.ButtonStyle.danger),
}


class Control(ui.DynamicItem[ui.Button[Any]], template="spokenly:(?P<does>optout|catchup|pause|stop)"):
    """One of the buttons."""

    def __init__(self, does: str, to: Locale | None = None) -> None:
        label, style = _BUTTONS[does]
        super().__init__(ui.Button(label=say(to, label), style=style, custom_id=f"spokenly:{does}"))
        self._does = does

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["does"])

    async def callback(self, interaction: Interaction) -> None:
        async with answering(interaction, f"button {self._does}"):
            guild = person(interaction).guild.id
            calls = calls_of(interaction)
            match self._does:
                case "optout":
                    await opt_out(interaction, calls)
                case "catchup":
                    await _catch_up(interaction, calls.of(guild))
                case "pause":
                    await pause_or_resume(interaction, calls.of(guild))
                case _:
                    await stop(interaction, calls.of(guild) or calls.beginning(guild))


def controls(guild: int, to: Locale | None = None) -> ui.View:
    """The buttons, for the open page of a server's call; `to`: the language that the server prefers.

    `guild` tells nothing yet: a server has one call at most, and Discord says where a button was pressed.
    """
    return buttons(*(Control(does, to) for does in _BUTTONS))


async def _catch_up(interaction: Interaction, call: DiscordCall | None) -> None:
    call = followed(interaction, call)
    await later(interaction)
    lines = lately(call.board)
    if not lines:
        raise UserError(say(interaction.locale, en.QUIET))
    recap = await Quotes().summarise(Conversation(call.channel.name, call.language, lines))
    head = say(interaction.locale, en.CAUGHT_UP, minutes=MINUTES)
    room = LONGEST - utf16(head) - 1
    text, _ = brief(recap, lines, room)
    # Talk of nothing but scraps has no recap; its last words tell more than nothing.
    await reply(interaction, f"{head}\n{text or last_words(lines, room)}")


async def pause_or_resume(
    interaction: Interaction, call: DiscordCall | None, *, pause: bool | None = None
) -> None:
    """Pause or go on; without `pause` whichever it is not now. Raises `UserError`."""
    call = running(interaction, call)
    pausing = not call.paused if pause is None else pause
    if pausing:
        call.pause(_name(interaction))
    else:
        call.resume()
    await reply(interaction, say(interaction.locale, en.PAUSED if pausing else en.RESUMED))


async def stop(interaction: Interaction, call: DiscordCall | None) -> None:
    """End the captions; the answer comes when the last words are posted. Raises `UserError`."""
    call, name = running(interaction, call), _name(interaction)
    # Nobody is heard from this moment on, however long Discord takes.
    call.close(name)
    await later(interaction)
    await call.stop(name)
    await reply(interaction, say(interaction.locale, en.STOPPED, channel=call.channel.mention))


def _name(interaction: Interaction) -> str:
    """Who did this, as others read it."""
    return clean_name(person(interaction).display_name) or "Somebody"
