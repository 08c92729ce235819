"""Where everything arrives that people on Slack do: acknowledged first, then done beside."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.calls import Calls
from bots.slack.installations import Workspaces
from bots.slack.replies import Asker, answering
from core.errors import RecordAway

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""What Slack sends (https://docs.slack.dev/interactivity)."""

Work = Callable[[Asker, Body], Awaitable[None]]
"""Does what somebody asked for; a `UserError` is told to them."""

Listener = Callable[..., Awaitable[None]]


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
            return
        async with answering(asker):
            await work(asker, body)

    async def asker(self, body: Body) -> Asker | None:
        """Who did this; None where the app is not installed (any more). Raises `RecordAway`."""
        team, enterprise = origin(body)
        found = await self.workspaces.find(team, enterprise)
        if found is None:
            return None
        event, container = body.get("event") or {}, body.get("container") or {}
        message = body.get("message") or {}
        channel = body.get("channel_id") or _id(body.get("channel")) or _id(event.get("channel"))
        thread = event.get("thread_ts") or message.get("thread_ts")
        user = body.get("user") or {}
        addresses = body.get("response_urls") or []
        return Asker(
            workspace=found[0],
            user=str(body.get("user_id") or _id(user) or _id(event.get("user"))),
            channel=str(channel or container.get("channel_id") or ""),
            thread=thread or container.get("thread_ts"),
            answer_at=body.get("response_url") or (addresses[0]["response_url"] if addresses else None),
            trigger=str(body.get("trigger_id") or ""),
            name=str(body.get("user_name") or (user.get("username") if isinstance(user, dict) else "") or ""),
        )


Listen = Callable[[AsyncApp, Desk], None]
"""Adds listeners to the app."""


def origin(body: Body) -> tuple[str, str | None]:
    """The ids of the workspace and of its organisation, if it belongs to one."""
    team = body.get("team_id") or _id(body.get("team")) or _id((body.get("user") or {}), "team_id")
    enterprise = body.get("enterprise_id") or _id(body.get("enterprise"))
    return str(team or ""), str(enterprise) if enterprise else None


def delivery(body: Body) -> str:
    """What Slack calls one delivery: the same when it comes again."""
    return str(body.get("event_id") or body.get("trigger_id") or "")


def _id(value: Any, key: str = "id") -> str:
    """An id, or what has one."""
    found = value.get(key) if isinstance(value, Mapping) else value
    return found if isinstance(found, str) else ""
