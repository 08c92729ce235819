"""Cards that nobody knows: they were posted, but Slack's answer was lost, and they look as if captions ran.

Who may not read a channel can't find them; but whoever presses one of their buttons tells which it is.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any

from bots.slack import places
from bots.slack.calls import Calls
from bots.slack.card import Look
from bots.slack.replies import Asker
from bots.slack.thread import Thread
from core.errors import OutletBusy, OutletGone

log = logging.getLogger(__name__)

OVER = "These captions never began, or are over."

_BY = re.compile(r"<@([A-Z0-9]+)")


async def put_right(calls: Calls, asker: Asker, message: Mapping[str, Any]) -> None:
    """Make a card say that it is over, if it is one of those. Whoever presses it again tries again."""
    team, channel, ts = asker.workspace.team, asker.channel, str(message.get("ts") or "")
    threads = [call.thread for call in calls.running(team)]
    threads += [guest.thread for guest in calls.guests.running(team)]
    known = ts in {thread.ts for thread in threads} or (team, f"{channel}:{ts}") in calls.book.marks
    if not ts or known or calls.coming.at(team, channel):
        return
    try:
        await places.change_card(
            asker.workspace, Thread(team, channel, ts, asker.user), _over(message, asker.user)
        )
    except (OutletBusy, OutletGone):
        log.warning("slack.stray_card")


def _over(message: Mapping[str, Any], user: str) -> Look:
    """The card as it was, but over."""
    said = [str((block.get("text") or {}).get("text") or "") for block in message.get("blocks") or ()]
    small = [
        str(one.get("text") or "")
        for block in message.get("blocks") or ()
        for one in block.get("elements") or ()
    ]
    by = _BY.search(" ".join(text for text in small if text))
    return Look(
        title=said[0].lstrip("○● ") if said else "",
        started_by=by[1] if by else user,
        ended=OVER,
        guest=any("Attached by" in text for text in small),
    )
