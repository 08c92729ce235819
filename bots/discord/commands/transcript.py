"""`/transcript`: a kept call as a file."""

from contextlib import aclosing
from typing import Any

from discord import app_commands
from discord.app_commands import Choice

from bots.discord.brief import harmless, shortened
from bots.discord.calls import Calls
from bots.discord.commands.kept import chosen, offered
from bots.discord.replies import ROOM, Interaction, later, reply
from core.errors import UserError
from core.record.ended import heading
from core.record.files.formats import SUFFIXES, Format, write

FORMS = [
    Choice(name="Text (.txt)", value="txt"),
    Choice(name="Markdown (.md)", value="md"),
    Choice(name="WebVTT subtitles (.vtt)", value="vtt"),
    Choice(name="SubRip subtitles (.srt)", value="srt"),
    Choice(name="JSON (.json)", value="json"),
    Choice(name="Word (.docx)", value="docx"),
]


def transcript(calls: Calls) -> app_commands.Command[Any, ..., None]:
    """The command."""

    @app_commands.command(name="transcript", description="A kept call as a file; only you see it")
    @app_commands.describe(
        call="Which call (without one: the last that was kept)", format="What kind of file"
    )
    @app_commands.choices(format=FORMS)
    @app_commands.guild_only()
    async def command(
        interaction: Interaction,
        call: str | None = None,
        format: Choice[str] | None = None,
    ) -> None:
        await _transcript(interaction, calls, call, SUFFIXES["md" if format is None else format.value])

    @command.autocomplete("call")
    async def kept(interaction: Interaction, typed: str) -> list[Choice[str]]:
        return await offered(interaction, calls, typed)

    return command


async def _transcript(interaction: Interaction, calls: Calls, key: str | None, form: Format) -> None:
    await later(interaction)
    call = await chosen(interaction, calls, key)
    secretary = calls.secretary
    assert secretary is not None, "chosen() sees to that"
    room = min(interaction.filesize_limit, ROOM)
    file = bytearray()
    async with aclosing(write(form, heading(call), secretary.store.entries(call))) as pieces:
        async for piece in pieces:
            file += piece
            if len(file) > room:
                raise UserError(
                    f"That transcript is larger than the {room // 1_000_000} MB that Discord takes here: ask "
                    "whoever runs this Spokenly for it."
                )
    told = f"{harmless(shortened(call.title))}, {call.began:%d %b %Y %H:%M} UTC"
    if call.state == "live":
        told = f"{told}, as far as it has come"
    await reply(interaction, told, files={f"transcript.{form.suffix}": bytes(file)})
