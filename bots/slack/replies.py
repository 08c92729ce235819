"""How people are answered: privately, wherever they asked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bots.slack.plainer import told_of
from bots.slack.trouble import FOREIGN, blocks_refused, code, limited, retry_after
from bots.slack.workspace import Workspace
from core.errors import RecordAway, UserError

log = logging.getLogger(__name__)

LONGEST = 3_000
"""Characters of one answer: Slack's limit of a section."""

TRIES = 3
"""How often one way to somebody is tried while Slack asks for patience."""

BAD = 400
"""The HTTP status of an answer that Slack's address for answers does not take as it is."""

BROKEN = "That went wrong, and it is Spokenly's fault. Try again; if it stays so, tell whoever runs it."


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who did something, and the ways back to them.

    `thread`: of a thread that they did it in. `answer_at`: Slack's address for answers (half an hour, five
    times). `trigger` opens a form on their screen, within three seconds. `name`: what Slack calls them.
    """

    workspace: Workspace
    user: str
    channel: str = ""
    thread: str | None = None
    answer_at: str | None = None
    trigger: str = ""
    name: str = ""


async def tell(asker: Asker, text: str, blocks: Sequence[dict[str, Any]] | None = None) -> bool:
    """Say something to whoever asked (mrkdwn); nobody else sees it. False when no way led to them.

    `text` must do without the `blocks`: where Slack refuses those, it stands there alone.
    """
    for way in (_answered, _whispered, _messaged):
        for _ in range(TRIES):
            try:
                if await way(asker, text, blocks):
                    return True
            except FOREIGN as error:
                log.info("slack.answer_refused", extra={"reason": code(error) or type(error).__name__})
                if limited(error):
                    # An answer is as good a little later.
                    await asyncio.sleep(retry_after(error))
                    continue
                if blocks and blocks_refused(error):
                    told_of()
                    blocks = None
                    continue
            break
    log.warning("slack.not_answered")
    return False


async def _answered(asker: Asker, text: str, blocks: Sequence[dict[str, Any]] | None) -> bool:
    """To the address that came with what they did; it works where the bot is in no channel, too."""
    if asker.answer_at is None:
        return False
    client = asker.workspace.client
    hook = AsyncWebhookClient(
        asker.answer_at, session=client.session, proxy=client.proxy, timeout=client.timeout
    )
    answer = await hook.send(
        text=text, blocks=blocks, response_type="ephemeral", replace_original=False, unfurl_links=False
    )
    if answer.status_code == BAD and blocks:
        # There it is a status, and the reason is for people.
        told_of()
        return await _answered(asker, text, None)
    return answer.status_code == 200


async def _whispered(asker: Asker, text: str, blocks: Sequence[dict[str, Any]] | None) -> bool:
    """In the channel or thread, to them alone."""
    if not asker.channel:
        return False
    await asker.workspace.client.chat_postEphemeral(
        channel=asker.channel, user=asker.user, thread_ts=asker.thread, text=text, blocks=blocks
    )
    return True


async def _messaged(asker: Asker, text: str, blocks: Sequence[dict[str, Any]] | None) -> bool:
    """In a direct message."""
    await asker.workspace.client.chat_postMessage(
        channel=asker.user, text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
    )
    return True


async def answer(address: str, text: str) -> None:
    """Say something where nothing is there any more but the address that came with what somebody did."""
    try:
        await AsyncWebhookClient(address, timeout=10).send(
            text=text, response_type="ephemeral", replace_original=False
        )
    except FOREIGN as error:
        log.warning("slack.not_answered", extra={"reason": type(error).__name__})


@asynccontextmanager
async def answering(asker: Asker) -> AsyncIterator[None]:
    """Surrounds whatever somebody asked for: they are told what can't be, in one sentence."""
    try:
        yield
    except UserError as error:
        await tell(asker, str(error))
    except RecordAway as error:
        await tell(asker, f"{error} Try again in a minute.")
    except Exception:
        # The bulkhead: one request's bug is told to one person, and loudly to whoever runs this.
        log.exception("slack.request_bug")
        await tell(asker, BROKEN)
