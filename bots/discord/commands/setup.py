"""`/spokenly setup`: what who manages a server can choose, and what Spokenly lacks there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self, get_args

import discord
from discord import ChannelType, SelectOption, app_commands, ui

from bots.discord.buttons import calls_of
from bots.discord.calls import Calls
from bots.discord.commands import languages
from bots.discord.commands.allowed import allowed
from bots.discord.commands.forms import form_id
from bots.discord.replies import Interaction, answering, buttons, fitted, reply
from bots.discord.rights import person
from bots.discord.setup import AUTO_JOIN, GuildSetup, Keep
from bots.discord.wish import Chat
from core.errors import UserError

DAYS = 36_500
"""The most days that a server may keep its records."""

_READ_IN = [
    ChannelType.text,
    ChannelType.public_thread,
    ChannelType.private_thread,
    ChannelType.voice,
    ChannelType.stage_voice,
]
"""Where captions may go."""

_TALK_IN = [ChannelType.voice, ChannelType.stage_voice]


class Setup(
    app_commands.Group,
    name="spokenly",
    description="Spokenly in this server",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """For who may manage the server."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    @app_commands.command(description="How captions work in this server")
    async def setup(self, interaction: Interaction) -> None:
        guild = _managed(interaction)
        await reply(interaction, overview(guild, self._calls, _around(interaction)), view=choices())


def _managed(interaction: Interaction) -> discord.Guild:
    """The server, which this person may manage. Raises `UserError`."""
    guild = person(interaction).guild
    if not interaction.permissions.manage_guild:
        raise UserError("You need **Manage Server** to set up Spokenly here.")
    if guild.unavailable:
        raise UserError("Discord has not told me of this server yet: try again in a minute.")
    return guild


def choices() -> ui.View:
    """The buttons below the overview."""
    return buttons(*(Choose(part) for part in _FORMS))


def overview(guild: discord.Guild, calls: Calls, around: Iterable[Chat] = (), *, first: str = "") -> str:
    """How a server is set up, and what is missing for it; `first` stands above.

    `around`: where who asks is, to write and to talk.
    """
    setup, house = calls.setup(guild.id), calls.house
    where = {"thread": "a thread of their own", "voice": "the voice channel's own chat"}
    starters = {"everyone": "everybody in the voice channel", "managers": "who manages the server"}
    days = setup.retention_days if setup.retention_days is not None else house.settings.retention_days
    kept = "captions" if calls.secretary is None else setup.keep or house.settings.keep
    lines = [
        *filter(None, [first]),
        "**Captions in this server**",
        f"- Language: {languages.name(setup.language or house.settings.language)}",
        f"- They go to: {where.get(str(setup.where), f'<#{setup.where}>')}",
        f"- Who may start them: {starters.get(str(setup.starters), f'<@&{setup.starters}>')}",
        f"- What is kept of a call: {'a transcript' if kept == 'transcript' else 'nothing'}",
        f"- Calls can be shown elsewhere: {'no, they are private' if setup.private else 'yes, with a code'}",
        f"- Days until a transcript is deleted: {days or 'it stays until somebody deletes it'}",
        f"- Channels that I join by myself: {', '.join(f'<#{each}>' for each in setup.auto_join) or 'none'}",
        f"- When the last person has left: I {'leave too' if setup.leave_when_empty else 'stay'}",
        "",
        *allowed(guild, setup, around),
    ]
    return fitted(lines)


def _around(interaction: Interaction) -> Iterator[Chat]:
    """Where somebody writes, and where they talk."""
    if isinstance(interaction.channel, Chat):
        yield interaction.channel
    voice = person(interaction).voice
    if voice is not None and isinstance(voice.channel, Chat):
        yield voice.channel


class CaptionsForm(ui.Modal):
    """Language, place, and who may start."""

    def __init__(self, user: int, setup: GuildSetup) -> None:
        super().__init__(title="Captions in this server", custom_id=form_id("captions", user))
        self.language: ui.TextInput[Self] = ui.TextInput(
            custom_id="language", default=setup.language or "", required=False, max_length=40
        )
        self.where: ui.Select[Self] = _select(
            "where",
            setup.where if isinstance(setup.where, str) else "channel",
            thread="A thread of their own",
            voice="The voice channel's own chat",
            channel="One channel for all (choose it below)",
        )
        self.channel: ui.ChannelSelect[Self] = ui.ChannelSelect(
            custom_id="channel",
            channel_types=_READ_IN,
            required=False,
            min_values=0,
            default_values=_channels(setup.where) if isinstance(setup.where, int) else [],
        )
        self.starters: ui.Select[Self] = _select(
            "starters",
            setup.starters if isinstance(setup.starters, str) else "role",
            everyone="Everybody in the voice channel",
            managers="Who may manage the server",
            role="Members with one role (choose it below)",
        )
        self.role: ui.RoleSelect[Self] = ui.RoleSelect(
            custom_id="role",
            required=False,
            min_values=0,
            default_values=[discord.Object(setup.starters, type=discord.Role)]
            if isinstance(setup.starters, int)
            else [],
        )
        about = "A name or a tag, as German or de; nothing: as Spokenly is set up"
        self.add_item(ui.Label(text="What people speak", description=about, component=self.language))
        self.add_item(ui.Label(text="Where captions go", component=self.where))
        self.add_item(ui.Label(text="The channel", component=self.channel))
        self.add_item(ui.Label(text="Who may start captions", component=self.starters))
        self.add_item(ui.Label(text="The role", component=self.role))

    async def on_submit(self, interaction: Interaction) -> None:
        async with answering(interaction, "form captions"):
            guild, calls = _managed(interaction), calls_of(interaction)
            language = self.language.value.strip()
            await _save(
                interaction,
                replace(
                    calls.setup(guild.id),
                    language=languages.chosen(language, calls.house.hears) if language else None,
                    where=_one(self.where.values[0], "channel", self.channel.values, "channel for captions"),
                    starters=_one(self.starters.values[0], "role", self.role.values, "role"),
                ),
            )


class RecordForm(ui.Modal):
    """What is kept, for how long, whether calls are private, and which channels are joined."""

    def __init__(self, user: int, setup: GuildSetup) -> None:
        super().__init__(title="Records, sharing and joining", custom_id=form_id("record", user))
        self.keep: ui.Select[Self] = _select(
            "keep",
            setup.keep or "usual",
            usual="As Spokenly is set up",
            captions="Nothing",
            transcript="A transcript",
        )
        days = "" if setup.retention_days is None else str(setup.retention_days)
        self.days: ui.TextInput[Self] = ui.TextInput(
            custom_id="days", default=days, required=False, max_length=5
        )
        self.auto_join: ui.ChannelSelect[Self] = ui.ChannelSelect(
            custom_id="auto_join",
            channel_types=_TALK_IN,
            required=False,
            min_values=0,
            max_values=AUTO_JOIN,
            default_values=_channels(*setup.auto_join),
        )
        leave, private = ("yes" if one else "no" for one in (setup.leave_when_empty, setup.private))
        self.leave: ui.Select[Self] = _select("leave", leave, yes="Leave too", no="Stay and wait")
        self.private: ui.Select[Self] = _select(
            "private", private, no="Where somebody uses a code", yes="Nowhere: calls are private"
        )
        about = "0 keeps them until somebody deletes them; nothing: as Spokenly is set up"
        reads = "Who can read the place that captions are posted in reads private calls as well"
        joins = "As soon as somebody enters one of them, it is captioned"
        for text, description, component in (
            ("What is kept of a call", None, self.keep),
            ("Days until a transcript is deleted", about, self.days),
            ("Where else calls may be shown", reads, self.private),
            ("Channels to join by myself", joins, self.auto_join),
            ("When the last person has left", None, self.leave),
        ):
            self.add_item(ui.Label(text=text, description=description, component=component))

    async def on_submit(self, interaction: Interaction) -> None:
        async with answering(interaction, "form record"):
            guild, calls = _managed(interaction), calls_of(interaction)
            keep: Any = self.keep.values[0]
            if keep == "transcript" and calls.secretary is None:
                raise UserError("This Spokenly keeps no records (SPOKENLY_KEEP=never): choose another.")
            await _save(
                interaction,
                replace(
                    calls.setup(guild.id),
                    keep=keep if keep in get_args(Keep) else None,
                    retention_days=_days(self.days.value.strip()),
                    auto_join=tuple(each.id for each in self.auto_join.values),
                    leave_when_empty=self.leave.values[0] == "yes",
                    private=self.private.values[0] == "yes",
                ),
            )


_FORMS = {"captions": ("Captions", CaptionsForm), "record": ("Records, sharing and joining", RecordForm)}


class Choose(ui.DynamicItem[ui.Button[Any]], template="spokenly:setup:(?P<part>captions|record)"):
    """Opens one of the forms."""

    def __init__(self, part: str) -> None:
        label, self._form = _FORMS[part]
        super().__init__(
            ui.Button(
                label=f"{label} …", style=discord.ButtonStyle.primary, custom_id=f"spokenly:setup:{part}"
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(match["part"])

    async def callback(self, interaction: Interaction) -> None:
        async with answering(interaction, "button setup"):
            guild = _managed(interaction)
            setup = calls_of(interaction).setup(guild.id)
            await interaction.response.send_modal(self._form(interaction.user.id, setup))


def _select(name: str, chosen: str, **labels: str) -> ui.Select[Any]:
    """A menu of one choice, by value and label."""
    options = [
        SelectOption(label=label, value=value, default=value == chosen) for value, label in labels.items()
    ]
    return ui.Select(custom_id=name, options=options)


def _channels(*numbers: int) -> list[discord.Object]:
    return [discord.Object(number, type=discord.abc.GuildChannel) for number in numbers]


def _one(choice: str, own: str, found: Any, what: str) -> Any:
    """A choice by its word, or the id of what was chosen beside it. Raises `UserError`."""
    if choice != own:
        return choice
    if not found:
        raise UserError(f"You chose one {what} but did not say which: open the form again and choose it.")
    return found[0].id


def _days(typed: str) -> int | None:
    """A number of days; nothing typed is None. Raises `UserError`."""
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and int(typed) <= DAYS):
        raise UserError(f"Days are a number from 0 to {DAYS}.")
    return int(typed)


async def _save(interaction: Interaction, setup: GuildSetup) -> None:
    """Keep it, and show it in the place of the overview. Raises `UserError`."""
    await interaction.response.defer()
    calls, guild = calls_of(interaction), person(interaction).guild
    await calls.change_setup(guild.id, setup)
    await interaction.edit_original_response(
        content=overview(guild, calls, _around(interaction), first="Saved."),
        view=choices(),
        allowed_mentions=discord.AllowedMentions.none(),
    )
