"""Discord: whether it takes the bot's token, what the bot lacks in which server, and what hearing needs."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from bots.doctor.finding import Finding
from core.errors import EngineMissing, UserError
from core.settings import Settings

if TYPE_CHECKING:
    import aiohttp

GUILDS = 10
"""Servers that are named one by one."""


def discord(
    settings: Settings, connector: "Callable[[], aiohttp.BaseConnector] | None" = None
) -> Iterator[Finding]:
    """The token, the servers and the libraries. `connector`: how Discord is reached, if not the usual way."""
    if settings.discord_token is None:
        yield Finding("Discord", "unneeded", "No bot; with DISCORD_TOKEN Spokenly captions voice channels.")
        return
    yield from _libraries()
    token = settings.discord_token.get_secret_value()
    try:
        me, guilds = asyncio.run(_asked(token, connector))
    except UserError as error:
        yield Finding("Discord", "missing", str(error))
        return
    yield Finding("Discord", "good", f"The token is that of {me['username']}.")
    yield Finding("Discord", "good", "It needs no privileged intent: only servers and who is in voice.")
    yield from _servers(guilds, settings.discord_guild)


async def _asked(
    token: str, connector: "Callable[[], aiohttp.BaseConnector] | None"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from bots.discord.invite import ask

    me = await ask(token, "/users/@me", connector() if connector else None)
    return me, await ask(token, "/users/@me/guilds", connector() if connector else None)


def _libraries() -> Iterator[Finding]:
    from core.audio.opus import OpusDecoder

    try:
        OpusDecoder()
        yield Finding("Discord sound", "good", "libopus decodes what people say.")
    except EngineMissing as error:
        yield Finding("Discord sound", "missing", str(error))
    try:
        number = version("davey")
    except PackageNotFoundError:
        yield Finding("Discord encryption", "missing", "davey is not installed: run make setup again.")
        return
    parts = tuple(int(part) if part.isdecimal() else 0 for part in number.split(".")[:3])
    if (0, 1, 5) <= parts < (0, 2):
        yield Finding("Discord encryption", "good", f"davey {number} opens end-to-end encrypted calls.")
    else:
        sentence = f"davey {number} hears nothing in encrypted calls: pip install 'davey>=0.1.5,<0.2'."
        yield Finding("Discord encryption", "missing", sentence)


def _servers(guilds: list[dict[str, Any]], chosen: int | None) -> Iterator[Finding]:
    import discord as library

    from bots.discord.permissions import missing

    if not guilds:
        sentence = "The bot is in no server yet: spokenly invite prints the link that invites it."
        yield Finding("Discord servers", "unneeded", sentence)
    if chosen is not None and all(int(guild["id"]) != chosen for guild in guilds):
        sentence = (
            "The bot is not in the server of SPOKENLY_DISCORD_GUILD: invite it, or take the setting out."
        )
        yield Finding("Discord servers", "missing", sentence)
    for guild in guilds[:GUILDS]:
        lacking = missing(library.Permissions(int(guild["permissions"])))
        names = ", ".join(need.name for need in lacking)
        if any(need.vital for need in lacking):
            sentence = f"{guild['name']}: it lacks {names}. Invite it again with spokenly invite."
            yield Finding("Discord servers", "missing", sentence)
        elif lacking:
            sentence = f"{guild['name']}: it works; without {names} it does a little less."
            yield Finding("Discord servers", "good", sentence)
        else:
            yield Finding("Discord servers", "good", f"{guild['name']}: it may do all that it needs.")
    if len(guilds) > GUILDS:
        yield Finding("Discord servers", "good", f"{len(guilds) - GUILDS} others were not looked at.")
