"""`/captions`: start, stop, pause, resume, status."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice

from bots.discord.brief import called
from bots.discord.buttons import pause_or_resume, stop
from bots.discord.call import DiscordCall
from bots.discord.calls import Calls
from bots.discord.commands import languages
from bots.discord.replies import Interaction, fitted, later, reply
from bots.discord.rights import followed, may_follow, may_listen, may_read, may_write, person
from bots.discord.setup import Where
from bots.discord.translations import en
from bots.discord.where import wider
from bots.discord.wish import Chat, Voice, Wish
from bots.discord.words import command
from core.captions.markup import MARKDOWN, utf16
from core.errors import UserError

KEEPS = [
    Choice(name="Captions only: nothing is kept", value="captions"),
    Choice(name="A transcript and a recap", value="transcript"),
]

WHERES = [
    Choice(name="Here", value="here"),
    Choice(name="A thread of their own", value="thread"),
    Choice(name="The voice channel's own chat", value="voice"),
]


class Captions(
    app_commands.Group, name="captions", description="Live captions of a voice channel", guild_only=True
):
    """The commands of a call."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    @app_commands.command(description="Start captions in a voice channel")
    @app_commands.describe(
        channel="The voice channel (without one: where you are)",
        language="What people speak there",
        keep="What is kept of the call",
        where="Where the captions are posted",
        into="A channel or thread to post the captions in",
        private="No code shows these captions elsewhere; who can read the place they are in still can",
    )
    @app_commands.choices(keep=KEEPS, where=WHERES)
    async def start(  # noqa: PLR0917 - each is an option of the command
        self,
        interaction: Interaction,
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
        language: str | None = None,
        keep: Choice[str] | None = None,
        where: Choice[str] | None = None,
        into: discord.TextChannel | discord.Thread | None = None,
        private: bool | None = None,
    ) -> None:
        await later(interaction)
        asker = person(interaction)
        voice = _voice(asker, channel)
        self._only_one(asker, voice)
        call = await self._calls.start(
            Wish(
                channel=voice,
                asked_by=asker,
                language=languages.chosen(language, self._calls.house.hears) if language else None,
                keep=self._keep(keep),
                where=_where(interaction, where, into),
                asked_in=interaction.channel if isinstance(interaction.channel, Chat) else None,
                private=private,
            )
        )
        await reply(interaction, self._started(call))

    @start.autocomplete("language")
    async def _languages(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        found = languages.offered(typed, self._calls.house.hears)
        return [Choice(name=name, value=tag) for name, tag in found]

    @app_commands.command(description="End the captions")
    async def stop(self, interaction: Interaction) -> None:
        guild = person(interaction).guild.id
        await stop(interaction, self._calls.of(guild) or self._calls.beginning(guild))

    @app_commands.command(description="Pause: nobody is heard until somebody resumes")
    async def pause(self, interaction: Interaction) -> None:
        await pause_or_resume(interaction, self._of(interaction), pause=True)

    @app_commands.command(description="Go on after a pause")
    async def resume(self, interaction: Interaction) -> None:
        await pause_or_resume(interaction, self._of(interaction), pause=False)

    @app_commands.command(description="Who is heard, how late the captions are, where they are")
    async def status(self, interaction: Interaction) -> None:
        call = followed(interaction, self._of(interaction))
        await reply(interaction, fitted(described(call)))

    def _of(self, interaction: Interaction) -> DiscordCall | None:
        return self._calls.of(person(interaction).guild.id)

    def _only_one(self, asker: discord.Member, voice: Voice) -> None:
        call = self._calls.of(voice.guild.id)
        if call is None or call.over:
            return
        if call.channel.id == voice.id:
            raise UserError(f"Captions of {voice.mention} are running already, in {call.status().posted}.")
        where = call.channel.mention if may_follow(asker, call, None) else "another voice channel"
        raise UserError(
            f"Captions are running in {where}, and I can be in one voice channel of a server "
            "only: stop those first."
        )

    def _keep(self, keep: Choice[str] | None) -> Any:
        if keep is not None and keep.value == "transcript" and self._calls.house.settings.keep == "never":
            raise UserError("This Spokenly keeps no records: start with captions only.")
        return None if keep is None else keep.value

    def _started(self, call: DiscordCall) -> str:
        place, voice = call.showing.place, call.channel
        open = place is not None and wider(place, voice)
        who = f" People who may not enter {voice.mention} can read them there." if open else ""
        kept = "A transcript is kept." if call.record is not None else "Nothing of it is kept."
        closed = f" {en.PRIVATE}" if call.private else ""
        return (
            f"Captions of {voice.mention} are on, in {call.status().posted}.{who} I hear "
            f"{languages.name(call.language)}. {kept}{closed}"
        )


def _voice(asker: discord.Member, channel: Voice | None) -> Voice:
    """The channel to be captioned. Raises `UserError`."""
    if channel is None:
        channel = asker.voice.channel if asker.voice is not None else None
        if channel is None:
            raise UserError("You are in no voice channel: join one, or name one when you start them.")
    if not may_listen(asker, channel):
        raise UserError(f"You may not enter {channel.mention}, so you can't have it captioned.")
    return channel


def _where(
    interaction: Interaction, where: Choice[str] | None, into: discord.TextChannel | discord.Thread | None
) -> Where | None:
    """Where the captions are to go. Raises `UserError` when somebody may not write there."""
    asker = person(interaction)
    place: Any = into if into is not None else interaction.channel
    if into is not None and not (may_write(asker, into) and _in(interaction, into)):
        raise UserError(
            f"You may not write in {into.mention}, so captions can't go there for you. Into a private thread "
            f"of yours they go from inside: use {command(interaction.locale, 'captions start')} there."
        )
    if into is not None or (where is not None and where.value == "here"):
        if not isinstance(place, Chat):
            raise UserError("Captions can't be posted in a channel of this kind: choose another.")
        if not may_write(asker, place):
            raise UserError(f"You may not write in {place.mention}, so captions can't go there for you.")
        return place.id
    if where is None:
        return None
    return "voice" if where.value == "voice" else "thread"


def _in(interaction: Interaction, place: discord.TextChannel | discord.Thread) -> bool:
    """Whether somebody may read there; Discord tells nobody who is in a private thread but who is there."""
    return place.id == interaction.channel_id or may_read(person(interaction), place)


def described(call: DiscordCall) -> list[str]:
    """How a call is doing, for whoever asks."""
    status = call.status()
    since = discord.utils.format_dt(status.since, "R")
    lines = [
        f"**Captions of {call.channel.mention}**",
        f"{MARKDOWN.escape(status.state)} Since {since}, in {status.posted}.",
        f"{MARKDOWN.escape(status.engine)} hears {languages.name(call.language)}.",
    ]
    if status.lateness is not None:
        lines.append(f"Captions come {status.lateness:.1f} s after the words.")
    lines.append(f"Heard so far: {_names(status.heard) or 'nobody'}.")
    if status.deaf:
        lines.append(f"Speaking, but can't be heard: {_names(status.deaf)}.")
    if status.left_out:
        lines.append(
            f"Not captioned, at their own wish: {_names(status.left_out)}. Packets of theirs that were "
            f"thrown away unopened: {status.dropped:,}."
        )
    lines.append("A transcript is kept." if call.record is not None else "Nothing is kept.")
    if call.private:
        lines.append(en.PRIVATE)
    return lines


def _names(names: tuple[str, ...], room: int = 400) -> str:
    """As many of the names as fit into `room` UTF-16 code units, and how many there are besides."""
    shown = ""
    for number, name in enumerate(map(called, names)):
        longer = f"{shown}, {name}" if shown else name
        if utf16(longer) > room:
            return f"{shown} and {len(names) - number} more"
        shown = longer
    return shown
