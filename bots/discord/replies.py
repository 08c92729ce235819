"""How people are answered: privately, without pings, formats and links of others, and in time.

Discord takes the first response to an interaction for three seconds. So whoever has to wait for anything
defers first: `await later(interaction)`, then works, then `reply`s.
https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import io
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui

from bots.discord.house import TROUBLE
from bots.discord.place import LONGEST
from bots.discord.translations import en
from bots.discord.words import command, say
from core.captions.markup import utf16
from core.errors import RecordAway, UserError

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]
"""What somebody did: used a command, pressed a button, sent a form."""

ROOM = 24_000_000
"""Bytes of all the files of one message: Discord takes requests of 25 MiB."""

_EXPIRED = (10062, 10015, 50027)
"""Unknown interaction, unknown webhook, a webhook's token that is over: an answer comes too late."""


def fitted(lines: Iterable[str]) -> str:
    """As many of the lines, from the first, as one message holds."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if utf16(longer) > LONGEST - 2:
            return f"{text}\n…"
        text = longer
    return text


def buttons(*items: ui.Item[Any]) -> ui.View:
    """What stands under a message and is known by its `custom_id` alone, also after a restart.

    discord.py need not keep the view, and must not: fifteen minutes after a private answer it would drop it,
    and with it the buttons of that kind under all other messages.
    """
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


async def later(interaction: Interaction) -> None:
    """Tell Discord that a private answer comes: it may take 15 minutes then."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def reply(
    interaction: Interaction,
    text: str,
    *,
    files: Mapping[str, bytes] | None = None,
    view: discord.ui.View | None = None,
    public: bool = False,
) -> None:
    """Answer whoever did this; nobody else sees it unless it is `public`."""
    more: dict[str, Any] = {} if view is None else {"view": view}
    if files:
        more["files"] = [discord.File(io.BytesIO(data), name) for name, data in files.items()]
    send = interaction.followup.send if interaction.response.is_done() else interaction.response.send_message
    await send(
        text,
        ephemeral=not public,
        allowed_mentions=discord.AllowedMentions.none(),
        suppress_embeds=True,
        **more,
    )


async def trouble(interaction: Interaction, error: Exception, *, doing: str) -> None:
    """Answer what went wrong with one private sentence. Bugs are loud in the log, without what people said.

    `doing`: what was tried, in Spokenly's own words.
    """
    if interaction.client.is_closed():
        log.info("discord.answer_not_given", extra={"doing": doing})
        return
    sentence = _expected(interaction, error)
    if sentence is None:
        log.error("discord.interaction_bug", exc_info=error, extra={"doing": doing})
        sentence = say(interaction.locale, en.BUG)
    try:
        await reply(interaction, sentence)
    except TROUBLE:
        log.info("discord.answer_not_given", extra={"doing": doing})


def _expected(interaction: Interaction, error: Exception) -> str | None:
    """The sentence for a failure that is no bug."""
    match error:
        case UserError():
            sentence = str(error)
        case RecordAway():
            sentence = say(interaction.locale, en.AWAY)
        case app_commands.TransformerError():
            sentence = "I can't see that channel: give me **View Channels** there, or choose another one."
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            sentence = "This command has changed since your Discord was started: reload it and try again."
        case discord.HTTPException() if error.code in _EXPIRED:
            sentence = "That took too long for Discord: try again."
        case discord.Forbidden():
            setup = command(interaction.locale, "spokenly setup")
            sentence = f"Discord does not let me do that here: {setup} shows what I lack."
        case discord.DiscordServerError() | aiohttp.ClientError():
            sentence = "Discord has trouble of its own now: try again in a minute."
        case _:
            return None
    return sentence


@asynccontextmanager
async def answering(interaction: Interaction, doing: str) -> AsyncIterator[None]:
    """Whatever fails inside is answered: for buttons and forms, which have nobody else to do it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the bulkhead: `trouble` logs what is no expected failure
        await trouble(interaction, error, doing=doing)


async def command_failed(interaction: Interaction, error: app_commands.AppCommandError) -> None:
    """What a `CommandTree` calls when a command fails."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    name = interaction.command.qualified_name if interaction.command is not None else "unknown"
    await trouble(interaction, cause, doing=name)
