"""An offer of captions for a huddle that begins, where a channel asked for it.

Slack lets no app hear a huddle, and tells only that somebody is in one and what the huddle is called: not
where it takes place (https://docs.slack.dev/reference/events/user_huddle_changed). It may be in a direct
message. So nobody else learns of it from here: whoever came first is asked, privately, in the channel that
asked for it, and captions begin only when they say that the huddle is there.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
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

LOOKED_AT = 50
"""People of one huddle for whom Slack is asked at most whether a channel of theirs wants an offer."""

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


@dataclass(slots=True)
class _Huddle:
    """`offered`: somebody is asked, or is just being asked. `looked_at`: who is in no such channel.

    `looks`: for how many Slack was asked.
    """

    offered: bool = False
    looks: int = 0
    looked_at: set[str] = field(default_factory=set)


class Huddles:
    """Offers captions, once for each huddle: to the first who is in a channel that asked for it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: OrderedDict[tuple[str, str], _Huddle] = OrderedDict()
        self._commands = Commands(calls)

    def wanted(self, body: Body) -> bool:
        """Whether somebody is to be asked where a channel of theirs wants it: nobody of the huddle is yet."""
        team, _ = origin(body)
        if not self._calls.book.offered(team):
            # The event comes for everybody in the workspace.
            return False
        user, call = huddle(body["event"])
        if not user:
            return False
        known = self._huddle(team, call)
        if known.offered or user in known.looked_at or known.looks >= LOOKED_AT:
            return False
        known.looks += 1
        return True

    def _huddle(self, team: str, call: str) -> _Huddle:
        known = self._known.setdefault((team, call), _Huddle())
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return known

    async def changed(self, asker: Asker, body: Body) -> None:
        """Somebody came into a huddle."""
        known = self._huddle(asker.workspace.team, huddle(body["event"])[1])
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
        if known.offered:
            return  # somebody else came before, while Slack was asked
        if not free:
            known.looked_at.add(asker.user)
            return
        known.offered = True
        offered = [await _offer(asker, channel) for channel in free[:CHANNELS]]
        # Whoever comes next is asked where this one could not be.
        known.offered = any(offered)

    async def begin(self, asker: Asker, body: Body) -> None:
        """The huddle is in this channel: captions for it. Raises `UserError`."""
        await self._commands.start(asker, "Huddle")


async def _offer(asker: Asker, channel: str) -> bool:
    """Ask, so that only they see it. False: it can't be posted."""
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
        return False
    return True


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
