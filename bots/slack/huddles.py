"""An offer of captions for a huddle that begins, where a channel asked for it.

Slack lets no app hear a huddle, and tells only that somebody is in one and what the huddle is called: not
where it takes place (https://docs.slack.dev/reference/events/user_huddle_changed). It may be in a direct
message. So nobody else learns of it from here: whoever came first is asked, privately, in the channel that
asked for it, and captions begin only when they say that the huddle is there.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp

from bots.slack import archive
from bots.slack.calls import Calls
from bots.slack.commands import Commands
from bots.slack.desk import Body, Desk, origin
from bots.slack.home import button, section
from bots.slack.plainer import Blocks, or_plainer
from bots.slack.replies import Asker
from bots.slack.trouble import FOREIGN, code
from core.errors import UserError

log = logging.getLogger(__name__)

BEGIN = "huddle_begin"
"""The button's action_id."""

REMEMBERED = 2_000
"""Huddles that are remembered, of all workspaces: of each one, a single person is asked."""

CHANNELS = 3
"""Channels in which one person is asked at most: those that asked for it and that they are in."""

OFFER = (
    "You are in a huddle. If it is in this channel, Spokenly can caption it: the button opens a room for it, "
    "with captions in a thread here. Share the huddle's sound there, or your microphone. Only you see this."
)


OFFER_BARE = (
    "You are in a huddle. If it is in this channel, Spokenly can caption it: `/captions start` opens a room "
    "for it, with captions in a thread here. Only you see this."
)


def huddle(event: Mapping[str, Any]) -> tuple[str, str]:
    """Who is in which huddle; both empty for whoever left one."""
    user = event.get("user") or {}
    profile = user.get("profile") or {}
    call = str(profile.get("huddle_state_call_id") or "")
    if profile.get("huddle_state") != "in_a_huddle" or not call or user.get("is_bot"):
        return "", ""
    return str(user.get("id") or ""), call


class Huddles:
    """Offers captions, once for each huddle."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._commands = Commands(calls)

    def wanted(self, body: Body) -> bool:
        """Whether anybody should be asked; each huddle is news only once."""
        team, _ = origin(body)
        if not self._calls.book.offered(team):
            # The event comes for everybody in the workspace.
            return False
        user, call = huddle(body["event"])
        if not user or (team, call) in self._known:
            return False
        self._known[team, call] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True

    async def changed(self, asker: Asker, body: Body) -> None:
        """Somebody came into a huddle."""
        try:
            mine = await archive.channels_of(asker.workspace, asker.user)
        except UserError:
            # Nobody asked for anything, so nobody is told what went wrong.
            return
        team = asker.workspace.team
        free = [
            channel
            for channel in self._calls.book.offered(team)
            if channel in mine
            and self._calls.of(team, channel) is None
            and self._calls.guests.of(team, channel) is None
        ]
        for channel in free[:CHANNELS]:
            await _offer(asker, channel)

    async def begin(self, asker: Asker, body: Body) -> None:
        """The huddle is in this channel: captions for it. Raises `UserError`."""
        await self._commands.start(asker, "Huddle")


async def _offer(asker: Asker, channel: str) -> None:
    """Ask, so that only they see it; what can't be posted is left."""
    elements = [button(BEGIN, "Start captions here", style="primary")]
    blocks = [section(OFFER), {"type": "actions", "block_id": "huddle", "elements": elements}]

    async def send(text: str, blocks: Blocks) -> None:
        await asker.workspace.client.chat_postEphemeral(
            channel=channel, user=asker.user, text=text, blocks=blocks
        )

    try:
        await or_plainer(send, "You are in a huddle: shall it have captions?", blocks, OFFER_BARE)
    except FOREIGN as error:
        log.info("slack.huddle_not_offered", extra={"reason": code(error) or type(error).__name__})


def listen(app: AsyncApp, desk: Desk) -> None:
    """Add it."""
    huddles = Huddles(desk.calls)
    changed = desk.does(huddles.changed)

    async def news(ack: Any, body: dict[str, Any]) -> None:
        # Most of these events are nobody's concern: no task, no question to the store.
        if huddles.wanted(body):
            await changed(ack=ack, body=body)
        else:
            await ack()

    app.event("user_huddle_changed")(news)
    app.action(BEGIN)(desk.does(huddles.begin))
