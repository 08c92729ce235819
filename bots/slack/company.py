"""Whether Slack is there, and another program with the same tokens.

Its greeting on every connection tells how many the app has by then
(https://docs.slack.dev/apis/events-api/using-socket-mode#connect).
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Any

import aiohttp

from bots.slack.installations import START, client_of
from bots.slack.trouble import FOREIGN
from core.errors import UserError

log = logging.getLogger(__name__)

LINES = 2
"""Connections of one Spokenly at the same time: when one is cut, the other goes on until it is back."""

SPARE = 1
"""Connections more that say nothing of another: one that was just cut may be counted for a while."""

SHARED = (
    "Another program uses the same Slack tokens: Slack gives each command to one of them. Stop one, or give "
    "it an app of its own."
)


COME = "Its Slack app is there: /captions start in a channel."


class Company:
    """Told of what comes over our connections; says in the terminal when the first is there, and warns once
    of another program, there and in the log.
    """

    def __init__(self) -> None:
        self._come = False
        self._told = False

    async def heed(self, _client: object, message: Mapping[str, Any], _raw: str | None) -> None:
        """A listener for the SDK."""
        if message.get("type") != "hello":
            return
        if not self._come:
            self._come = True
            print(COME, flush=True)  # noqa: T201 - it may have been waited for
        if _connections(message) > LINES + SPARE and not self._told:
            self._told = True
            log.warning("slack.tokens_shared")
            print(SHARED, file=sys.stderr, flush=True)  # noqa: T201 - commands would go astray silently


async def looked_for(token: str, api: str) -> None:
    """Look from outside, for the doctor, beside a Spokenly that may run. Raises `UserError`.

    Slack takes this connection for one of the app's: it is closed at once, before a command comes over it.
    """
    try:
        async with asyncio.timeout(START), aiohttp.ClientSession() as session:
            opened = await client_of(None, session, api).apps_connections_open(app_token=token)
            async with session.ws_connect(str(opened["url"])) as line:
                greeting = await line.receive_json()
    except (*FOREIGN, TypeError, ValueError):
        return  # it is said elsewhere that Slack can't be reached
    if isinstance(greeting, dict) and _connections(greeting) > LINES + 1 + SPARE:
        raise UserError(SHARED)


def _connections(greeting: Mapping[str, Any]) -> int:
    number = greeting.get("num_connections")
    return number if isinstance(number, int) else 0
