"""`/recap`: what a kept call came to."""

from typing import Any

from discord import app_commands
from discord.app_commands import Choice

from bots.discord.brief import called
from bots.discord.calls import Calls
from bots.discord.commands.kept import chosen, offered
from bots.discord.recap_message import recap_message
from bots.discord.replies import Interaction, later, reply
from bots.discord.rights import may_write, person
from bots.discord.translations import en
from bots.discord.wish import Chat
from bots.discord.words import say
from core.errors import UserError
from core.record.ended import heading, recap_of
from core.record.recaps.minutes import markdown


def recap(calls: Calls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="recap", description="What a call came to; only you see it")
    @app_commands.describe(
        call="Which call (without one: the last that was kept)", public="Show it to everybody here"
    )
    @app_commands.guild_only()
    async def command(interaction: Interaction, call: str | None = None, public: bool = False) -> None:
        await _recap(interaction, calls, call, public=public)

    @command.autocomplete("call")
    async def kept(interaction: Interaction, typed: str) -> list[Choice[str]]:
        return await offered(interaction, calls, typed)

    return command


async def _recap(interaction: Interaction, calls: Calls, key: str | None, *, public: bool) -> None:
    # What goes wrong is nobody else's business, and the first answer is as private as what comes before it.
    await later(interaction)
    if public and not _may_show(interaction):
        raise UserError("You may not write in this channel, so you can't show a recap here.")
    call = await chosen(interaction, calls, key)
    secretary = calls.secretary
    assert secretary is not None, "chosen() sees to that"
    found, lines = await recap_of(secretary, call)
    if found is None:
        raise UserError("Nothing was said in that call.")
    title = f"**Recap of {called(call.title)}**, {call.began:%d %b %Y %H:%M} UTC"
    whole = "".join(markdown(heading(call), found, lines)).encode(errors="replace")
    told, files = recap_message(title, call, found, lines), {"recap.md": whole}
    if public:
        await reply(interaction, say(interaction.locale, en.POSTED))
    await reply(interaction, told, files=files, public=public)


def _may_show(interaction: Interaction) -> bool:
    place = interaction.channel
    return isinstance(place, Chat) and may_write(person(interaction), place)
