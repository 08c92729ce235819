"""Requests that must not be lost though Slack asks for patience: what comes too fast is not done at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bots.slack.governor import POST
from bots.slack.pace import Rank
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, code, retry_after
from bots.slack.workspace import Workspace

T = TypeVar("T")

TRIES = 5
"""How often something is asked for in all."""

LONGEST = 60.0
"""Seconds that one try is put off at most."""


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` gives, once Slack's pace allows it. Raises what Slack refuses it with otherwise.

    Only what surely was not done is asked for again.
    """
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except FOREIGN as error:
            if code(error) != "ratelimited":
                raise
            await asyncio.sleep(min(LONGEST, retry_after(error)))
    return await ask()


async def post(workspace: Workspace, thread: Thread, text: str) -> str:
    """A message (mrkdwn) in a thread, in its turn; returns its ts. Raises what Slack refuses it with."""
    governor, who = workspace.governor, f"post {thread.ts} {id(text)}"

    async def ask() -> str:
        while (wait := governor.wait(POST, who, Rank.STATE, thread.channel)) > 0:  # noqa: ASYNC110 - the governor knows
            await asyncio.sleep(wait)
        governor.sent(POST, who, thread.channel)
        try:
            posted = await workspace.client.chat_postMessage(
                channel=thread.channel,
                thread_ts=thread.ts,
                text=text,
                unfurl_links=False,
                unfurl_media=False,
            )
        except FOREIGN as error:
            if code(error) == "ratelimited":
                governor.refused(POST, retry_after(error), thread.channel)
            raise
        governor.taken(POST, thread.channel)
        return str(posted["ts"])

    return await patiently(ask)
