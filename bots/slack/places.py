"""Channels and people of Slack: entering, posting cards, and who somebody is."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bots.slack.card import Look, bare, card, short
from bots.slack.pace import Rank
from bots.slack.plainer import Blocks, or_plainer
from bots.slack.thread import Thread
from bots.slack.trouble import (
    FOREIGN,
    INVITE,
    NEVER_SENT,
    REMOVED,
    code,
    limited,
    outlet_error,
    retry_after,
    scope,
    user_error,
)
from bots.slack.workspace import NAMED, TRUSTED, Member, Workspace
from core.captions.markup import seen
from core.errors import OutletBusy, OutletGone, UserError

log = logging.getLogger(__name__)

NAME = 80
"""Characters of a person's or a workspace's name."""

TRIES = 6
"""How often a card is tried to be rewritten when its call is over."""

_UPDATE = "chat.update"
NO_DIRECT = "No captions in direct messages: type /captions start in a channel."

UNSURE = (
    "Slack did not say whether the card was posted: try again. If one stands there of which nothing comes, "
    "press any of its buttons, and it says so."
)
UNKNOWN_HOME = "Slack does not tell now whether you are of this workspace: try again in a minute."

_UNSEEN = frozenset({"im:read", "mpim:read"})
"""Scopes for direct messages: the app does not ask for them."""

_GROUP = re.compile(r"mpdm-.+--.+-\d+")
"""What Slack calls direct messages of several people; their ids look like those of private channels."""

PAGES = 100
"""Pages of members, a thousand each, that are read at most."""


@asynccontextmanager
async def asked() -> AsyncIterator[None]:
    """Surrounds requests that somebody waits for. Raises `UserError` with a sentence for them."""
    try:
        yield
    except FOREIGN as error:
        log.info("slack.refused", extra={"reason": code(error) or type(error).__name__})
        raise user_error(error) from error


def direct(channel: str, name: str = "") -> bool:
    """Whether these are direct messages, as far as Slack told; `name`: what it calls the channel.

    The ids of those between two begin with D; those between several, and private channels, have a C, or a G
    where they are old (https://docs.slack.dev/reference/objects/group-object).
    """
    return channel.startswith("D") or _GROUP.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Entered:
    """A channel that the app is in. `name`: with its #, for people in it. `workspace`: what that is called.

    What people elsewhere are told of it: that a certain private channel exists is for its members.
    """

    name: str
    private: bool
    workspace: str = ""

    @property
    def title(self) -> str:
        """What a call in it is called that has no title; people read it wherever the call is shown."""
        return "A private channel" if self.private else self.name

    @property
    def where(self) -> str:
        """What people in a call of elsewhere are told of who can read it."""
        there = "a private channel" if self.private else self.name
        return f"{there} in {self.workspace} on Slack" if self.workspace else f"{there} on Slack"


async def enter(workspace: Workspace, channel: str) -> Entered:
    """Come into a channel. Raises `UserError`."""
    if direct(channel):
        # The app may not even ask what that is: it has no scope for direct messages.
        raise UserError(NO_DIRECT)
    async with asked():
        try:
            found = (await workspace.client.conversations_info(channel=channel))["channel"]
        except FOREIGN as error:
            if code(error) == "missing_scope" and set(scope(error).split(",")) <= _UNSEEN:
                raise UserError(NO_DIRECT) from error
            raise
        if found.get("is_archived"):
            raise UserError("This channel is archived: nobody can post in it any more.")
        if found.get("is_im") or found.get("is_mpim"):
            raise UserError(NO_DIRECT)
        if not found.get("is_member", True):
            if found.get("is_private"):
                raise UserError(INVITE)
            await workspace.client.conversations_join(channel=channel)
    name = f"#{found.get('name') or channel}"
    return Entered(name, bool(found.get("is_private")), short(workspace.name, NAME))


async def closed(workspace: Workspace, channel: str) -> bool:
    """Whether nothing can be shown in a channel any more: archived, deleted, or the app was put out of it.

    False, too, where Slack does not tell now.
    """
    try:
        found = (await workspace.client.conversations_info(channel=channel))["channel"]
    except FOREIGN as error:
        return code(error) in REMOVED or code(error) == "channel_not_found"
    return bool(found.get("is_archived")) or not found.get("is_member", True)


async def post_card(workspace: Workspace, channel: str, user: str, look: Look) -> Thread:
    """Post a card; the thread is what hangs from it. Raises `UserError`."""

    async def send(text: str, blocks: Blocks) -> AsyncSlackResponse:
        return await workspace.client.chat_postMessage(
            channel=channel, text=text, blocks=blocks, unfurl_links=False, unfurl_media=False
        )

    async with asked():
        try:
            posted = await or_plainer(send, *card(look), bare(look))
        except FOREIGN as error:
            if isinstance(error, (SlackApiError, *NEVER_SENT)):
                raise
            raise UserError(UNSURE) from error
    home = (await member(workspace, user)).home
    return Thread(workspace.team, channel, str(posted["ts"]), user, home or "")


async def change_card(workspace: Workspace, thread: Thread, look: Look) -> None:
    """Rewrite a card, in its turn. Raises `OutletBusy` or `OutletGone`."""
    governor, who = workspace.governor, f"card {thread.ts}"
    if (wait := governor.wait(_UPDATE, who, Rank.STATE)) > 0:
        raise OutletBusy(wait)

    async def send(text: str, blocks: Blocks) -> None:
        await workspace.client.chat_update(channel=thread.channel, ts=thread.ts, text=text, blocks=blocks)

    governor.sent(_UPDATE, who)
    try:
        await or_plainer(send, *card(look), bare(look))
    except FOREIGN as error:
        trouble = outlet_error(error)
        if limited(error):
            governor.refused(_UPDATE, retry_after(error))
        elif code(error):
            governor.taken(_UPDATE)
        else:
            governor.failed(_UPDATE)
        raise trouble from error
    governor.taken(_UPDATE)


async def change_at_last(workspace: Workspace, thread: Thread, look: Look) -> bool:
    """Rewrite a card for the last time, trying for a while. False: Slack does not take it now."""
    for _ in range(TRIES):
        try:
            await change_card(workspace, thread, look)
        except OutletBusy as busy:
            await asyncio.sleep(busy.retry_after)
        except OutletGone:
            log.warning("slack.card_left")
            return True
        else:
            return True
    log.warning("slack.card_left")
    return False


async def member(workspace: Workspace, user: str, otherwise: str = "", *, within: float = NAMED) -> Member:
    """Who somebody is, as Slack told `within` so many seconds.

    `otherwise`: a name for them where Slack tells none now; then they manage nothing, and are of the
    workspace that they were of.
    """
    now, known = asyncio.get_running_loop().time(), workspace.members.get(user)
    if known is not None and now - known.asked < (min(within, TRUSTED) if known.manages else within):
        return known
    try:
        found = (await workspace.client.users_info(user=user))["user"]
    except FOREIGN as error:
        log.info("slack.name_unknown", extra={"reason": code(error) or type(error).__name__})
        if known is None:
            return Member(user, _called(otherwise), home=None)
        return Member(user, known.name, home=known.home)
    profile = found.get("profile") or {}
    name = _called(profile.get("display_name"), profile.get("real_name"), found.get("name"), otherwise)
    home = _home(workspace, found)
    # Whoever manages another workspace, or managed this one once, manages nothing here.
    gone = bool(home or found.get("deleted"))
    manages = not gone and bool(found.get("is_admin") or found.get("is_owner"))
    who = Member(user, name, manages, now, home)
    workspace.remember(who)
    return who


async def identities(workspace: Workspace, user: str) -> tuple[str, ...]:
    """All that somebody may be called in what is kept: while Slack did not tell that they are of another
    workspace, they were taken for one of this. Raises `UserError` where Slack does not tell now.
    """
    home = (await member(workspace, user)).home
    if home is None:
        raise UserError(UNKNOWN_HOME)
    return tuple(dict.fromkeys((workspace.identity(user, home), workspace.identity(user))))


def _called(*names: object) -> str:
    """The first of the names of which anything can be seen."""
    for name in names:
        shown = short(str(name or ""), NAME)
        if any(map(seen, shown)):
            return shown
    return "Somebody from Slack"


def _home(workspace: Workspace, user: Mapping[str, Any]) -> str:
    """The workspace of somebody who is not of this one; within an organisation people are of several.

    https://docs.slack.dev/apis/slack-connect and https://docs.slack.dev/reference/objects/user-object
    """
    team = str(user.get("team_id") or "")
    several = (user.get("enterprise_user") or {}).get("teams") or ()
    return "" if team in ("", workspace.team) or workspace.team in several else team


async def identity(workspace: Workspace, user: str) -> str:
    """Who somebody is in every call: the same wherever they meet Spokenly, as far as Slack tells."""
    return workspace.identity(user, (await member(workspace, user)).home)


async def administers(workspace: Workspace, user: str) -> bool:
    """Whether somebody is an admin or owner of the workspace; Slack told so a minute ago at most."""
    return (await member(workspace, user, within=TRUSTED)).manages


async def made(workspace: Workspace, channel: str) -> str:
    """Who made a channel: the user's id; empty where Slack does not tell."""
    try:
        found = (await workspace.client.conversations_info(channel=channel))["channel"]
    except FOREIGN:
        return ""
    return str(found.get("creator") or "")


async def present(workspace: Workspace, channel: str, user: str) -> bool:
    """Whether somebody is in a channel, as far as can be told."""
    try:
        return await inside(workspace, channel, user)
    except UserError:
        return True


async def inside(workspace: Workspace, channel: str, user: str) -> bool:
    """Whether somebody is in a channel. Raises `UserError` where nobody can tell."""
    cursor = ""
    async with asked():
        for _ in range(PAGES):
            page = await workspace.client.conversations_members(channel=channel, cursor=cursor, limit=999)
            if user in page["members"]:
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return False
    raise UserError("This channel has too many people for Spokenly to find out who is in it.")
