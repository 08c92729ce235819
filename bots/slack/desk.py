"""Where everything arrives that people on Slack do: acknowledged first, then done beside."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bots.slack.calls import STOPPING, Calls
from bots.slack.installations import ORGANISATION, Workspaces
from bots.slack.replies import Asker, answer, answering, tell
from core.errors import UserError

log = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""What Slack sends (https://docs.slack.dev/interactivity)."""

Work = Callable[[Asker, Body], Awaitable[None]]
"""Does what somebody asked for; a `UserError` is told to them."""

Look = Callable[[Body], Mapping[str, str]]
"""Looks through a form before it is taken, without waiting."""

Listener = Callable[..., Awaitable[None]]

NOT_INSTALLED = "Spokenly is not installed in this workspace: whoever manages the workspace can install it."
WAITS = (5.0, 15.0, 30.0)
"""Seconds between tries for whom nobody can tell that the database or Slack is away."""

WHOLE = f"{ORGANISATION}: whoever manages this workspace can install it here."


class Desk:
    """What listeners are made of."""

    def __init__(self, calls: Calls, workspaces: Workspaces) -> None:
        self.calls = calls
        self.workspaces = workspaces

    def does(self, work: Work, look: Look | None = None) -> Listener:
        """A listener for bolt: it acknowledges at once, and `work` is done by a task of `Calls`.

        `look`: what can't be of a form, by block. Where something can't, the form stays open and says it.
        """

        async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
            if self.calls.gone:
                await _turn_away(ack, body)
                return
            if look is not None and (mistakes := look(body)):
                await ack(response_action="errors", errors=dict(mistakes))
                return
            await ack()
            self.calls.spawn(self._do(work, body))

        return listener

    async def _do(self, work: Work, body: Body) -> None:
        try:
            asker = await self._patiently(body)
        except UserError as error:
            log.warning("slack.workspace_unknown")
            await self._stranger(body, str(error))
            return
        if asker is None:
            await self._unknown(body)
            return
        async with answering(asker):
            await work(asker, body)

    async def _patiently(self, body: Body) -> Asker | None:
        """Who did this. Whoever could not be told that nobody can find out now waits for it instead."""
        for wait in () if _address(body) else WAITS:
            try:
                return await self.asker(body)
            except UserError:
                await asyncio.sleep(wait)
        return await self.asker(body)

    async def asker(self, body: Body) -> Asker | None:
        """Who did this; None for other apps, and where the app is not installed.

        Raises `UserError` when that can't be found out now.

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
        return Asker(
            workspace=found[0],
            user=user,
            channel=str(channel or container.get("channel_id") or ""),
            thread=thread or container.get("thread_ts"),
            answer_at=_address(body),
            trigger=str(body.get("trigger_id") or ""),
            name=str(body.get("user_name") or _id(acting, "username") or ""),
        )

    async def _unknown(self, body: Body) -> None:
        """Tell whoever typed or pressed something that the app is not installed there."""
        whole = str(body.get("is_enterprise_install")).lower() == "true"
        await self._stranger(body, WHOLE if whole else NOT_INSTALLED)

    async def _stranger(self, body: Body, sentence: str) -> None:
        """Answer somebody of a workspace whose token nobody has, where there is an address for answers."""
        if address := _address(body):
            user = str(body.get("user_id") or _id(body.get("user")))
            await tell(Asker(self.workspaces.stranger(origin(body)[0]), user, answer_at=address), sentence)


async def _turn_away(ack: AsyncAck, body: Body) -> None:
    """Spokenly is nearly gone: nothing is done any more, and whoever asked is told."""
    if "command" in body:
        await ack(STOPPING)
        return
    asked = [block for block in (body.get("view") or {}).get("blocks") or () if block["type"] == "input"]
    if body.get("type") == "view_submission" and asked:
        await ack(response_action="errors", errors={asked[0]["block_id"]: STOPPING})
        return
    await ack()
    if address := _address(body):
        await answer(address, STOPPING)


def _address(body: Body) -> str | None:
    """Where whoever did this can be answered without a token."""
    addresses = body.get("response_urls") or []
    return body.get("response_url") or (addresses[0]["response_url"] if addresses else None)


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
