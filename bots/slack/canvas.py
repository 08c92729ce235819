"""The recap as a canvas: a page of Slack's own that people can go on with. Not every plan has them.

https://docs.slack.dev/surfaces/canvases
"""

import logging
from collections.abc import Callable
from contextlib import suppress

from bots.slack.markup import markdown, plain
from bots.slack.patience import patiently
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, code
from bots.slack.workspace import Workspace
from core.record.ended import heading
from core.record.kept import Call, Line
from core.record.recaps import minutes
from core.record.recaps.recap import Recap

log = logging.getLogger(__name__)

LIMIT = 1_000_000
"""Bytes of a canvas's Markdown: Slack takes 1 MiB at once."""


async def canvas(
    workspace: Workspace,
    thread: Thread,
    call: Call,
    recap: Recap,
    lines: list[Line],
    check: Callable[[], None] = lambda: None,
) -> str | None:
    """Make one that everybody in the channel can read; returns its address, None where there can be none.

    `lines`: those that are cited. `check` is called right before each try to make it, and raises what keeps
    it back.
    """
    text = "".join(minutes.markdown(heading(call), recap, lines, markdown))
    if len(text.encode(errors="replace")) > LIMIT:
        log.info("slack.canvas_too_large")
        return None
    client, made = workspace.client, ""
    try:
        made = await patiently(lambda: _create(workspace, plain(call.title)[:200], text, check))
        shared = await patiently(
            lambda: client.canvases_access_set(
                canvas_id=made, access_level="read", channel_ids=[thread.channel]
            )
        )
        # That is no error to Slack, and nobody in the channel can open the canvas.
        reason = "not_shared" if shared.get("failed_to_update_channel_ids") else ""
    except FOREIGN as error:
        # The message and the files say the same: a plan without canvases is no trouble.
        reason = code(error) or type(error).__name__
    if reason:
        log.info("slack.no_canvas", extra={"reason": reason})
        if made:
            with suppress(*FOREIGN):
                await client.canvases_delete(canvas_id=made)
        return None
    return f"{workspace.url.rstrip('/')}/docs/{workspace.team}/{made}"


async def _create(workspace: Workspace, title: str, text: str, check: Callable[[], None]) -> str:
    check()
    made = await workspace.client.canvases_create(
        title=title, document_content={"type": "markdown", "markdown": text}
    )
    return str(made["canvas_id"])
