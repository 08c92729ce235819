"""Socket Mode: Slack reaches the app over connections that the app opens, so no public address is needed.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import logging
import sys

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bots.slack.company import LINES, Company
from bots.slack.installations import START, client_of
from bots.slack.trouble import FOREIGN, code
from core.errors import UserError

log = logging.getLogger(__name__)

PING = 5.0
"""Seconds between two signs of life of a connection; one that gives none is opened anew."""

LOOK = 30.0
"""Seconds between two looks whether there is any connection."""

REFUSED = frozenset(
    {
        "invalid_auth",
        "not_allowed_token_type",
        "not_authed",
        "token_revoked",
        "token_expired",
        "missing_scope",
    }
)

NOT_TAKEN = (
    "Slack does not take SLACK_APP_TOKEN: set it to an app-level token with the scope connections:write, "
    "which begins with xapp- (https://api.slack.com/apps, your app, Basic Information, App-Level Tokens)."
)

_silent = logging.getLogger("slack_sdk.silent")
"""Where the SDK logs: it quotes what people do, and calls every failed attempt of an outage an error."""
_silent.setLevel(logging.CRITICAL)

NOT_ON = (
    "Slack says that Socket Mode is off, so nothing that people do there would arrive: turn it on at "
    "https://api.slack.com/apps, your app, Socket Mode."
)
_OFF = "not turned on"
"""Words of Slack's warning; the request itself succeeds, and so do the connections."""


WAITING = "Slack can't be reached now. Its app waits, and comes as soon as Slack is there."


class SocketsOff(UserError):
    """Slack warns that Socket Mode is off. It does so now and then though it is on."""


async def try_out(token: str, api: str) -> bool:
    """Ask Slack whether it takes the app-level token. Raises `UserError`, `SocketsOff` among them.

    False: it can't be asked now.
    """
    try:
        async with asyncio.timeout(START):
            opened = await client_of(None, None, api).apps_connections_open(app_token=token)
    except FOREIGN as error:
        if code(error) in REFUSED:
            raise UserError(NOT_TAKEN) from error
        log.warning("slack.away", extra={"reason": code(error) or type(error).__name__})
        return False
    told: object = (opened.get("response_metadata") or {}).get("messages")
    if isinstance(told, list) and any(_OFF in str(one).lower() for one in told):
        raise SocketsOff(NOT_ON)
    return True


async def warn(token: str, api: str) -> None:
    """The same at a start, for whoever started it: Slack's warning keeps nothing from being tried."""
    try:
        if not await try_out(token, api):
            print(WAITING, file=sys.stderr, flush=True)  # noqa: T201 - people would take it for there
    except SocketsOff as off:
        log.warning("slack.socket_mode_off")
        print(off, file=sys.stderr, flush=True)  # noqa: T201 - nothing else would tell why nothing happens


async def listen(app: AsyncApp, token: str) -> None:
    """Stay connected until cancelled."""
    handlers = [AsyncSocketModeHandler(app, token, logger=_silent, ping_interval=PING) for _ in range(LINES)]
    company = Company()
    for handler in handlers:
        handler.client.message_listeners.append(company.heed)
    try:
        async with asyncio.TaskGroup() as tasks:
            for handler in handlers:
                # It tries until Slack can be reached.
                tasks.create_task(handler.connect_async(), name="slack socket")  # type: ignore[no-untyped-call]
            while True:
                await asyncio.sleep(LOOK)
                cut = [handler for handler in handlers if not await handler.client.is_connected()]
                for handler in cut:
                    # The SDK tries the address that it has for ever; Slack takes each once, and not for long.
                    handler.client.wss_uri = None
                if len(cut) == LINES:
                    log.warning("slack.no_socket")
    finally:
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt's own
