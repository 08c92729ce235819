"""`/privacy`: what somebody lets Spokenly hear, what it keeps of them, and how they get rid of it."""

import re
from collections.abc import AsyncIterator
from typing import Any, Self

import discord
from discord import Locale, app_commands, ui
from discord.app_commands import Choice

from bots.discord.buttons import calls_of
from bots.discord.calls import Calls
from bots.discord.consent import opt_in, opt_out
from bots.discord.guests import identity
from bots.discord.replies import ROOM, Interaction, answering, buttons, later, reply
from bots.discord.rights import may_follow, person
from bots.discord.translations import en
from bots.discord.words import command, say
from core.errors import UserError
from core.record.database.store import Store
from core.record.kept import Removed
from core.record.said import SaidForm, said

_FILES = 10
"""Files of one message (Discord's limit)."""

FORMS = [Choice(name="JSON (.json)", value="json"), Choice(name="Markdown (.md)", value="md")]


class Privacy(
    app_commands.Group,
    name="privacy",
    description="What Spokenly may hear of you, and what it keeps",
    guild_only=True,
):
    """Everybody's own; nobody else sees any of it."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    @app_commands.command(description="Don't caption me in this server, until I take it back")
    async def optout(self, interaction: Interaction) -> None:
        await opt_out(interaction, self._calls)

    @app_commands.command(description="Caption me in this server again")
    async def optin(self, interaction: Interaction) -> None:
        await later(interaction)
        me = person(interaction)
        await reply(interaction, await opt_in(self._calls, me.guild.id, me.id, interaction.locale))

    @app_commands.command(description="A file with everything you said that was kept")
    @app_commands.describe(format="What kind of file")
    @app_commands.choices(format=FORMS)
    async def export(self, interaction: Interaction, format: Choice[str] | None = None) -> None:
        await later(interaction)
        store = _store(self._calls)
        known = None if store is None else await store.person(identity(interaction.user.id))
        if store is None or known is None or not known.lines:
            raise UserError(say(interaction.locale, en.NOTHING_SAID))
        form: SaidForm = "md" if format is not None and format.value == "md" else "json"
        each = min(interaction.filesize_limit, ROOM)
        files = await said(store, identity(interaction.user.id), form, each=each, together=ROOM, files=_FILES)
        if files is None:
            raise UserError(say(interaction.locale, en.TOO_MUCH))
        told = say(interaction.locale, en.EXPORTED, lines=known.lines, calls=known.calls)
        await reply(interaction, told, files=files)

    @app_commands.command(description="Delete everything you said that was kept")
    async def forget(self, interaction: Interaction) -> None:
        await later(interaction)
        store = _store(self._calls)
        counted = Removed()
        if store is not None:
            counted = await store.forget(identity=identity(interaction.user.id), dry=True)
        view = buttons(Forget(interaction.user.id, interaction.locale))
        told = say(interaction.locale, en.FORGET, lines=counted.lines, calls=counted.calls)
        await reply(interaction, told, view=view)

    @app_commands.command(
        name="what-is-kept", description="What is kept of you, for how long, and what never is"
    )
    async def what_is_kept(self, interaction: Interaction) -> None:
        await later(interaction)
        await reply(interaction, "\n".join([line async for line in self._kept(interaction)]))

    async def _kept(self, interaction: Interaction) -> AsyncIterator[str]:
        me, to = person(interaction), interaction.locale
        yield say(to, en.KEPT_SOUND, engine=self._calls.house.engine)
        secretary = self._calls.secretary
        if secretary is None:
            yield say(to, en.KEPT_NEVER)
        else:
            setup = self._calls.setup(me.guild.id)
            kept = (setup.keep or self._calls.house.settings.keep) == "transcript"
            yield say(to, en.KEPT_TRANSCRIPT if kept else en.KEPT_CAPTIONS)
            days = secretary.days if setup.retention_days is None else setup.retention_days
            yield say(to, en.KEPT_DAYS if days else en.KEPT_FOR_GOOD, days=days)
            call = self._calls.of(me.guild.id)
            if call is not None and call.record is not None and may_follow(me, call, interaction.channel_id):
                yield say(to, en.KEPT_NOW, channel=call.channel.mention)
        store = _store(self._calls)
        known = None if store is None else await store.person(identity(me.id))
        if known is not None and known.lines:
            yield say(to, en.KEPT_OF_YOU, lines=known.lines, calls=known.calls)
        else:
            yield say(to, en.KEPT_NOTHING_OF_YOU)
        if me.id in self._calls.opted_out(me.guild.id):
            yield say(to, en.KEPT_CHOICE)
        yield say(to, en.KEPT_MESSAGES)


class Forget(ui.DynamicItem[ui.Button[Any]], template="spokenly:forget:(?P<user>[0-9]{1,20})"):
    """The button that makes sure. It does what it says for the one person that it was made for."""

    def __init__(self, user: int, to: Locale | None = None) -> None:
        super().__init__(
            ui.Button(
                label=say(to, "Delete it all"),
                style=discord.ButtonStyle.danger,
                custom_id=f"spokenly:forget:{user}",
            )
        )
        self._user = user

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["user"]))

    async def callback(self, interaction: Interaction) -> None:
        async with answering(interaction, "button forget"):
            if interaction.user.id != self._user:
                raise UserError(say(interaction.locale, en.NOT_YOURS))
            await later(interaction)
            await reply(interaction, await _forget(interaction, calls_of(interaction)))


def _store(calls: Calls) -> Store | None:
    """Where words are kept, or were before nothing was kept any more (SPOKENLY_KEEP=never)."""
    return calls.house.store if calls.secretary is None else calls.secretary.store


async def _forget(interaction: Interaction, calls: Calls) -> str:
    """Delete it all; returns what to tell. Raises `RecordAway`: then nothing is deleted."""
    who, to = identity(interaction.user.id), interaction.locale
    removed, store = None, _store(calls)
    if calls.secretary is not None:
        removed = await calls.secretary.forget(who)
    elif store is not None:
        removed = await store.forget(identity=who)
    calls.forget(interaction.user.id)
    if removed is None or (calls.secretary is None and removed == Removed()):
        return f"{say(to, en.TAKEN_BACK)} {say(to, en.STAYS)}"
    optout = command(to, "privacy optout")
    told = say(to, en.FORGOTTEN, lines=removed.lines, calls=removed.calls, optout=optout)
    return f"{told} {say(to, en.STAYS)}"
