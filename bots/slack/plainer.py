"""Messages whose blocks Slack refuses: the same is said in words alone, so that nothing is lost with them."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bots.slack.trouble import FOREIGN, blocks_refused

log = logging.getLogger(__name__)

T = TypeVar("T")

Blocks = list[dict[str, Any]]

Send = Callable[[str, Blocks], Awaitable[T]]
"""Posts or rewrites a message: its text and its blocks."""


async def or_plainer(send: Send[T], text: str, blocks: Blocks, words: str) -> T:
    """What `send` gives; where Slack refuses the blocks, `words` (mrkdwn) are sent without any.

    Raises what Slack refuses otherwise.
    """
    try:
        return await send(text, blocks)
    except FOREIGN as error:
        if not blocks_refused(error):
            raise
        told_of()
    # Blocks that are only left out stay on a message that is rewritten.
    return await send(words, [])


def told_of() -> None:
    """Say in the log that Slack does not take blocks of ours: somebody should find out why."""
    log.warning("slack.blocks_refused")
