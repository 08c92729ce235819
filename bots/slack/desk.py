"""Where everything arrives that people on Slack do: acknowledged first, then done beside."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.calls import Calls
from bots.slack.installations import ORGANISATION, Workspaces
from bots.slack.replies import Asker, answering, tell
from core.errors import RecordAway

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""What Slack sends (https://docs.slack.dev/interactivity)."""

Work = Callable[[Asker, Body], Awaitable[None]]
"""Does what somebody asked for; a `UserError` is told to them."""

Listener = Callable[..., Awaitable[None]]

NOT_INSTALLED = "Spokenly is not installed in this workspace: whoever manages the workspace can install it."
WHOLE = f"{ORGANISATION}: whoever manages this workspace can install it here."


class Desk:
    """What listeners are made of."""

    def __init__(self, calls: Calls, workspaces: Workspaces) -> None:
        self.calls = calls
        self.workspaces = workspaces

    def does(self, work: Work) -> Listener:
        """A listener for bolt: it acknowledges at once, and `work` is done by a task of `Calls`."""

        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            await ack()
            self.calls.spawn(self._do(work, body))

        return listener

    async def _do(self, work: Work, body: Body) -> None:
        try:
            asker = await self.asker(body)
        except RecordAway:
            log.warning("slack.workspace_unknown")
            return
        if asker is None:
            await self._unknown(body)
            return
        async with answering(asker):
            await work(asker, body)

    async def asker(self, body: Body) -> Asker | None:
        """Who did this; None for other apps, and where the app is not installed. Raises `RecordAway`.

        Apps that mention this one are not answered: two of them would go on for ever.
        """
        team, enterprise = origin(body)
        event, container = body.get("event") or {}, body.get("container") or {}
        found = await self.workspaces.find(team, enterprise)
        user = str(body.get("user_id") or _id(body.get("user")) or _id(event.get("user")))
        if found is None or event.get("bot_id") or user in ("", found[0].bot):
            return None
        message = body.get("message") or {}
        channel = body.get("channel_id") or _id(body.get("channel")) or _id(event.get("channel"))
        thread = event.get("thread_ts") or message.get("thread_ts")
        acting = body.get("user") or {}
        addresses = body.get("response_urls") or []
        return Asker(
            workspace=found[0],
            user=user,
            channel=str(channel or container.get("channel_id") or ""),
            thread=thread or container.get("thread_ts"),
            answer_at=body.get("response_url") or (addresses[0]["response_url"] if addresses else None),
            trigger=str(body.get("trigger_id") or ""),
            name=str(body.get("user_name") or _id(acting, "username") or ""),
        )

    async def _unknown(self, body: Body) -> None:
        """Tell whoever typed or pressed something that the app is not installed there."""
        team, _ = origin(body)
        if address := body.get("response_url"):
            whole = str(body.get("is_enterprise_install")).lower() == "true"
            asker = Asker(self.workspaces.stranger(team), str(body.get("user_id") or ""), answer_at=address)
            await tell(asker, WHOLE if whole else NOT_INSTALLED)


Listen = Callable[[AsyncApp, Desk], None]
"""Adds listeners to the app."""


def origin(body: Body) -> tuple[str, str | None]:
    """The ids of the workspace that has the app, and of its organisation, if it belongs to one.

    In channels that are shared with another organisation, people of that one bring their own workspace along:
    forms tell the app's in their view, events among those whom they are for, and buttons as usual.
    https://docs.slack.dev/apis/events-api#authorizations; bolt's `extract_team_id` does the same.
    """
    authorised = (body.get("authorizations") or [{}])[0]
    team = (
        _id(body.get("view") or {}, "app_installed_team_id")
        or _id(authorised, "team_id")
        or body.get("team_id")
        or _id(body.get("team"))
        or _id((body.get("user") or {}), "team_id")
    )
    whose = authorised if authorised else body
    enterprise = whose.get("enterprise_id") or _id(whose.get("enterprise"))
    return str(team or ""), str(enterprise) if enterprise else None


def delivery(body: Body) -> str:
    """What Slack calls one delivery: the same when it comes again."""
    return str(body.get("event_id") or body.get("trigger_id") or "")


def _id(value: Any, key: str = "id") -> str:
    """An id, or what has one."""
    found = value.get(key) if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""
