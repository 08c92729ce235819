"""Which records of a server somebody may see, and how they choose one.

Who may enter every voice channel that a call was heard in may read what was said in it; where one of them was
deleted, who manages the server may. A record's key begins with the id of the first.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import discord
from discord.app_commands import Choice

from bots.discord.book import space
from bots.discord.calls import Calls
from bots.discord.replies import Interaction
from bots.discord.rights import may_listen, person
from bots.discord.words import command, option
from core.errors import NoSuchRecord, RecordAway, UserError
from core.record.database.store import Store
from core.record.kept import Call
from core.record.written import line

_LOOKED_AT = 100
"""Records that are read at once, and the newest that somebody can choose from."""

_OFFERED = 25
"""Choices that Discord shows."""

_IN_TIME = 2.0
"""Seconds that a list of choices may take: Discord waits for three."""

_KEY = re.compile(r"(?P<channel>[0-9]{1,20})-.+")


async def chosen(interaction: Interaction, calls: Calls, key: str | None) -> Call:
    """The record of that key, or the last that this person may see. Raises `UserError` or `RecordAway`."""
    store, me = _store(calls), person(interaction)
    if key is None:
        async for call in _newest(store, space(me.guild.id)):
            if call.lines and _may_see(me, calls, call):
                return call
        start = command(interaction.locale, "captions start")
        raise UserError(
            f"No call of this server was kept that you may see: {start} with a transcript keeps one."
        )
    with suppress(NoSuchRecord):
        call = await store.call(key)
        if call.space == space(me.guild.id) and _may_see(me, calls, call):
            return call
    # Whoever guesses must not learn what there is.
    listed = option(interaction.locale, "call")
    raise UserError(f"There is no such call: choose one of those that the option `{listed}` offers.")


async def _newest(store: Store, where: str) -> AsyncIterator[Call]:
    """All records of a space, the newest first."""
    before = None
    while found := await store.calls(space=where, before=before, limit=_LOOKED_AT):
        for call in found:
            yield call
        before = found[-1].began


async def offered(interaction: Interaction, calls: Calls, typed: str) -> list[Choice[str]]:
    """The records that somebody may choose from; none when they can't be had in time."""
    if calls.secretary is None:
        return []
    me = person(interaction)
    try:
        async with asyncio.timeout(_IN_TIME):
            found = await _seen(calls, calls.secretary.store, me, typed.strip().casefold())
    except (TimeoutError, RecordAway):
        return []
    return [Choice(name=_title(call), value=call.key) for call in found]


async def _seen(calls: Calls, store: Store, me: discord.Member, wanted: str) -> Sequence[Call]:
    found: list[Call] = []
    for call in await store.calls(space=space(me.guild.id), limit=_LOOKED_AT):
        if wanted in _title(call).casefold() and _may_see(me, calls, call):
            found.append(call)
            if len(found) == _OFFERED:
                break
    return found


def _title(call: Call) -> str:
    """A record in a list of choices: at most 100 characters (Discord's limit)."""
    when = f"{call.began:%d %b %Y %H:%M} UTC"
    title = line(call.title) or "Call"
    room = 100 - len(when) - 2
    return f"{when}, {title if len(title) <= room else title[: room - 1] + '…'}"


def _store(calls: Calls) -> Store:
    if calls.secretary is None:
        raise UserError("This Spokenly keeps no records (SPOKENLY_KEEP=never), so there is none to show.")
    return calls.secretary.store


def _may_see(me: discord.Member, calls: Calls, call: Call) -> bool:
    found = _KEY.fullmatch(call.key)
    first = [int(found["channel"])] if found else []
    for number in {*first, *calls.book.heard_in(call.key)} or {0}:
        channel = me.guild.get_channel(number)
        if isinstance(channel, discord.VoiceChannel | discord.StageChannel):
            if not may_listen(me, channel):
                return False
        elif not me.guild_permissions.manage_guild:
            return False
    return True
