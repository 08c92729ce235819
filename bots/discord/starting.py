"""Whether a call may begin, and with what: asked before anything is done, so that a refusal costs nothing."""

import asyncio
import secrets
from datetime import UTC, datetime

from bots.discord.book import Mark
from bots.discord.call import DiscordCall
from bots.discord.house import House
from bots.discord.permissions import HEARING, missing, refusal
from bots.discord.setup import GuildSetup, Keep
from bots.discord.where import wider
from bots.discord.wish import Chat, Terms, Wish
from bots.discord.words import command
from core.errors import NoSuchRecord, RecordAway, UserError
from core.record.database.store import Store

_LANGUAGE = 16
"""Characters of a language's name, at most."""


def allow(wish: Wish, setup: GuildSetup) -> None:
    """Raises `UserError` when whoever asks may not start captions, or the bot can't get into the channel."""
    channel, asker = wish.channel, wish.asked_by
    if asker is not None:
        there = asker.voice is not None and asker.voice.channel == channel
        why = setup.forbids(
            [role.id for role in asker.roles], manages=asker.guild_permissions.manage_guild, present=there
        )
        if why is not None:
            raise UserError(why)
    mine = channel.permissions_for(channel.guild.me)
    if lacking := missing(mine, HEARING):
        raise UserError(refusal(channel.mention, lacking))
    if channel.user_limit and len(channel.voice_states) >= channel.user_limit and not mine.move_members:
        raise UserError(
            f"{channel.mention} is full: make room for one more, raise its user limit, or give me "
            "**Move Members**."
        )


def terms(wish: Wish, setup: GuildSetup, house: House, place: Chat) -> Terms:
    """What the call is begun with, to be shown in `place` or a thread of it.

    Raises `UserError` for what Spokenly can't do.
    """
    return Terms(
        _language(wish.language or setup.language or house.settings.language, house),
        keep := _keep(wish.keep, setup.keep, house),
        datetime.now(UTC),
        None if wish.asked_by is None else wish.asked_by.id,
        # Who may enter the channel may read the record: `/recap` looks there (commands/kept.py).
        f"{wish.channel.id}-{secrets.token_urlsafe(16)}" if keep == "transcript" else None,
        private=_private(wish, setup),
        wide=wider(place, wish.channel),
    )


def _language(language: str, house: House) -> str:
    language = language.strip()
    if not (2 <= len(language) <= _LANGUAGE and language.replace("-", "").isalnum() and language.isascii()):
        raise UserError("That is no language I know: name it as en, de or pt-BR.")
    if not house.hears(language):
        raise UserError(f"{house.engine} does not hear the language {language} here: choose another.")
    return language


def _keep(wish: Keep | None, setup: Keep | None, house: House) -> Keep:
    if house.secretary is not None:
        usual = "captions" if house.settings.keep == "never" else house.settings.keep
        return wish or setup or usual
    if wish == "transcript":
        raise UserError("This Spokenly keeps no transcripts: whoever runs it has set SPOKENLY_KEEP=never.")
    return "captions"


def _private(wish: Wish, setup: GuildSetup) -> bool:
    """Where a server's calls are private they all are: nobody who starts one may open it."""
    if setup.private and wish.private is False:
        to = wish.channel.guild.preferred_locale
        raise UserError(
            "Calls in this server are private: who manages it can change that in "
            f"{command(to, 'spokenly setup')}."
        )
    return setup.private or bool(wish.private)


def marked(call: DiscordCall, place: int) -> Mark:
    """What is remembered of a call that runs, so that it can go on after a restart (`resumed`).

    `place`: the id of where it is shown.
    """
    return Mark(
        call.channel.id,
        place,
        call.language,
        call.keep,
        call.began,
        datetime.now(UTC),
        call.started_by,
        call.record,
        call.private,
        call.wide,
    )


async def resumed(mark: Mark, house: House, heard_in: tuple[int, ...]) -> Terms:
    """How a call goes on that ran when Spokenly stopped. Its record goes on too, unless it was deleted or
    stays away for half a minute: captions must not wait for longer."""
    first, record = None, mark.record
    if record is not None and house.secretary is not None:
        for wait in (*_WAITS, 0.0):
            try:
                first = await _next(house.secretary.store, record)
                break
            except RecordAway:
                await asyncio.sleep(wait)
    keep: Keep = "captions" if first is None else "transcript"
    lost = record is not None and first is None
    kept = None if first is None else record
    began, by = mark.began, mark.started_by
    return Terms(
        mark.language,
        keep,
        began,
        by,
        kept,
        first or 0,
        heard_in,
        lost=lost,
        private=mark.private,
        wide=mark.wide,
    )


_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 14.0)
"""Seconds between two looks for a record that is away."""


async def _next(store: Store, record: str) -> int | None:
    """The number of the next entry in a record; None when it was deleted. Raises `RecordAway`."""
    try:
        return await store.next_number(await store.call(record))
    except NoSuchRecord:
        return None
