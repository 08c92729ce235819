"""What the app listens to: the command, mentions, the card's buttons, the shortcut, and its own removal."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp

from bots.slack import card, places, rights, stray
from bots.slack.call import PLACE_GONE
from bots.slack.commands import NO_CARD, Commands, Press
from bots.slack.desk import WAITS, Body, Desk, Work, origin
from bots.slack.orders import mentioned, parse
from bots.slack.replies import Asker
from bots.slack.starting import FORM, filled, form
from bots.slack.trouble import FOREIGN, user_error
from core.bridge import GONE
from core.errors import RecordAway, UserError

log = logging.getLogger(__name__)

COMMAND = "/captions"

CLOSED = (
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "group_archive",
    "group_deleted",
    "group_left",
)
"""The events of a channel in which the app can't show anything any more. Nobody may speak there just then, so
that nothing else tells of it.
"""

BUTTONS: dict[str, Press] = {
    card.OPEN: "open",
    card.RECAP: "recap",
    card.TRANSCRIPT: "transcript",
    card.STOP: "stop",
    card.DETACH: "detach",
}


def listen(app: AsyncApp, desk: Desk) -> None:
    """Add all of it."""
    commands = Commands(desk.calls)

    async def typed(asker: Asker, body: Body) -> None:
        order = parse(str(body.get("text") or ""))
        if order.verb != "help" and places.direct(asker.channel, str(body.get("channel_name") or "")):
            raise UserError(places.NO_DIRECT)
        await commands.obey(asker, order)

    async def mention(asker: Asker, body: Body) -> None:
        await commands.obey(asker, mentioned(str(body["event"].get("text") or "")))

    app.command(COMMAND)(desk.does(typed))
    app.event("app_mention")(desk.does(mention))
    for action, what in BUTTONS.items():
        app.action(action)(desk.does(_pressed(desk, commands, what)))
    app.action(card.LINK)(desk.does(_nothing))
    _listen_to_form(app, desk, commands)
    _listen_to_places(app, desk)
    _listen_to_removal(app, desk)


def _pressed(desk: Desk, commands: Commands, what: Press) -> Work:
    async def work(asker: Asker, body: Body) -> None:
        place, card = (asker.workspace.team, asker.channel), (body.get("container") or {}).get("message_ts")
        there = desk.calls.of(*place) or desk.calls.guests.of(*place)
        if there is None or there.thread.ts != card:
            await stray.put_right(desk.calls, asker, body.get("message") or {})
        if there is not None and there.thread.ts != card:
            raise UserError(NO_CARD)  # another's: not to be ended with the buttons of one before
        await commands.press(asker, what)

    return work


async def _nothing(asker: Asker, body: Body) -> None:
    """A link opens by itself; Slack wants to be told all the same that the press arrived."""


def _listen_to_form(app: AsyncApp, desk: Desk, commands: Commands) -> None:
    async def ask(asker: Asker, body: Body) -> None:
        try:
            await asker.workspace.client.views_open(trigger_id=asker.trigger, view=form())
        except FOREIGN as error:
            raise user_error(error) from error

    async def begin(asker: Asker, body: Body) -> None:
        wanted = filled(body["view"])
        there = replace(asker, channel=wanted.channel)
        try:
            await rights.allow_start(asker.workspace, wanted.channel, asker.user)
            await commands.start(there, wanted.title, keep=wanted.keep, private=wanted.private)
        except UserError as error:
            # They may read it anywhere, in a direct message above all.
            raise UserError(f"<#{wanted.channel}>: {error}") from error

    app.shortcut(FORM)(desk.does(ask))
    app.view(FORM)(desk.does(begin))


def _listen_to_places(app: AsyncApp, desk: Desk) -> None:
    async def closed(body: dict[str, Any]) -> None:
        place = origin(body)[0], str(body["event"].get("channel") or "")
        if (call := desk.calls.of(*place)) is not None:
            call.end(PLACE_GONE)
        if (guest := desk.calls.guests.of(*place)) is not None:
            desk.calls.guests.detach(guest, GONE)

    for event in CLOSED:
        app.event(event)(closed)


def _listen_to_removal(app: AsyncApp, desk: Desk) -> None:
    async def removed(body: dict[str, Any]) -> None:
        desk.calls.spawn(_remove(desk, *origin(body)))

    async def revoked(body: dict[str, Any]) -> None:
        # People's own tokens are none of ours.
        if (body["event"].get("tokens") or {}).get("bot"):
            await removed(body)

    app.event("app_uninstalled")(removed)
    app.event("tokens_revoked")(revoked)


async def _remove(desk: Desk, team: str, enterprise: str | None) -> None:
    """Slack tells of a removal late, and more than once: the app may be there again."""
    try:
        if await _gone(desk, team, enterprise):
            desk.calls.removed(team)
            await desk.workspaces.remove(team, enterprise)
    except (RecordAway, UserError):
        log.warning("slack.installation_left")


async def _gone(desk: Desk, team: str, enterprise: str | None) -> bool:
    """Raises `UserError` when nobody can tell for a while. Calls that run learn it by what Slack refuses."""
    for wait in WAITS:
        try:
            return await desk.workspaces.gone(team, enterprise)
        except UserError:
            await asyncio.sleep(wait)
    return await desk.workspaces.gone(team, enterprise)
