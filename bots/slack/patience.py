"""Requests that must not be lost though Slack asks for patience: what comes too fast is not done at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bots.slack.governor import POST
from bots.slack.pace import Rank
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, NEVER_SENT, failed, limited, retry_after
from bots.slack.workspace import Workspace

T = TypeVar("T")

TRIES = 5
"""How often something is asked for in all."""

LONGEST = 60.0
"""Seconds that one try is put off at most."""


def undone(error: Exception) -> bool:
    """Whether what was asked for surely was not done, and can be done a little later."""
    return limited(error) or isinstance(error, NEVER_SENT)


async def patiently(ask: Callable[[], Awaitable[T]], again: Callable[[Exception], bool] = undone) -> T:
    """What `ask` gives, once Slack's pace allows it. Raises what Slack refuses it with otherwise.

    Only what surely was not done is asked for again, unless `again` says so of more.
    """
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except FOREIGN as error:
            if not again(error):
                raise
            await asyncio.sleep(min(LONGEST, retry_after(error)))
    return await ask()


async def post(
    workspace: Workspace, thread: Thread, text: str, check: Callable[[], None] = lambda: None
) -> str:
    """A message (mrkdwn) in a thread, in its turn; returns its ts. Raises what Slack refuses it with.

    Where Slack fails it is posted again, though it may then stand there twice: better than not at all.
    `check` is called right before each try: what it raises keeps the message back.
    """
    governor, who = workspace.governor, f"post {thread.ts} {id(text)}"

    async def ask() -> str:
        while (wait := governor.wait(POST, who, Rank.STATE, thread.channel)) > 0:  # noqa: ASYNC110 - the governor knows
            await asyncio.sleep(wait)
        check()
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
            if limited(error):
                governor.refused(POST, retry_after(error), thread.channel)
            raise
        governor.taken(POST, thread.channel)
        return str(posted["ts"])

    return await patiently(ask, lambda error: undone(error) or failed(error))
