"""discord.py's client as the bot uses it, and its connection to Discord's gateway."""

import asyncio
import logging
import sys
from typing import Any

import discord
from discord.backoff import ExponentialBackoff

from bots.discord.calls import Calls
from bots.discord.house import TROUBLE
from bots.discord.invite import NOT_TAKEN
from core.backoff import backoff
from core.errors import UserError

log = logging.getLogger(__name__)


class _Brief(ExponentialBackoff[Any]):
    """discord.py's own waits between two attempts grow to seventeen minutes; whoever reads along would think
    that captions are over."""

    def __init__(self, base: int = 1, *, integral: bool = False) -> None:
        super().__init__(base, integral=integral)
        self._max = 4  # 2 ** 4 seconds


# There is no other way to it: `Client.connect` makes one by this name.
discord.client.ExponentialBackoff = _Brief  # type: ignore[attr-defined]  # private


class Client(discord.Client):
    """discord.py's client, with the calls that its buttons look for (`bots.discord.buttons.Bot`)."""

    calls: Calls

    async def on_error(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """What an event's own code failed with; discord.py's way would log what it was told."""
        log.error("discord.event_bug", exc_info=sys.exc_info()[1])


async def connected(client: Client) -> Exception | None:
    """Stay connected to Discord's gateway, through every outage, until the client is closed.

    Returns why it can't be any more: a `UserError` where Discord does not take the token. Returned and not
    raised, because the calls are to leave before their client does.
    """
    waits = backoff()
    while not client.is_closed():
        try:
            await client.connect()
        except discord.ConnectionClosed as closed:
            return UserError(NOT_TAKEN) if closed.code == _AUTHENTICATION_FAILED else closed
        except (AttributeError, *TROUBLE) as error:
            # discord.py trips over its own missing connection when the very first one fails.
            if client.is_closed() or client.ws is not None:
                return error
            log.warning("discord.gateway_away")
            await asyncio.sleep(next(waits))
    return None


_AUTHENTICATION_FAILED = 4004
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""
