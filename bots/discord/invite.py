"""The link that invites the bot to a server, with exactly the permissions that it needs."""

from typing import Any
from urllib.parse import urlencode

import aiohttp

from bots.discord.permissions import NEEDS, wanted
from core.errors import UserError

API = "https://discord.com/api/v10"
_PATIENCE = 10.0

NOT_TAKEN = (
    "Discord does not take the bot's token: make a new one (https://discord.com/developers/applications, "
    "your application, Bot, Reset Token) and set DISCORD_TOKEN to it."
)


def link(application: int) -> str:
    """The address to open. Its scopes: the bot itself, and its commands.

    https://discord.com/developers/docs/topics/oauth2#bot-authorization-flow
    """
    asked = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": wanted().value,
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(asked)}"


def explained() -> list[str]:
    """What it asks for, and why, a line for each."""
    return [f"{need.name}: to {need.why}" + ("." if need.vital else " (it works without).") for need in NEEDS]


async def ask(token: str, path: str, connector: aiohttp.BaseConnector | None = None) -> Any:
    """What Discord's REST API answers a bot. Raises `UserError` when it is refused or does not answer."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UserError(NOT_TAKEN)  # no header could hold it
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (spokenly, 1)"}
    timeout = aiohttp.ClientTimeout(_PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session,
            session.get(f"{API}{path}") as answer,
        ):
            if answer.status == 401:
                raise UserError(NOT_TAKEN)
            if answer.status != 200:
                raise UserError(f"Discord answers with an error ({answer.status}): try again later.")
            return await answer.json()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise UserError("Discord does not answer: is this machine connected to the internet?") from error


async def invitation(token: str, connector: aiohttp.BaseConnector | None = None) -> str:
    """The link for the bot that this token is of. Raises `UserError`."""
    return link(int((await ask(token, "/oauth2/applications/@me", connector))["id"]))
