"""The Home tab: it is shown to whoever opens it, and does what they press there, for them alone."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from bots.slack import archive, files, forms, home, places, privacy, rights
from bots.slack.calls import Calls
from bots.slack.desk import Body, Desk
from bots.slack.home import Page
from bots.slack.markup import mrkdwn
from bots.slack.missed import STYLE
from bots.slack.replies import LONGEST, Asker, tell
from bots.slack.trouble import FOREIGN, code, user_error
from core.errors import NoSuchRecord, RecordAway, UserError
from core.record.ended import recap_of, transcripts
from core.record.kept import Hit
from core.record.recaps.closing import closing

log = logging.getLogger(__name__)

PAGE, PAGES = 50, 10
"""Hits of one look into the record, and looks of one search: most may be of channels somebody is not in."""

LARGEST = 20_000_000
"""Bytes of a transcript that is sent as a file."""

NOT_YOURS = "Only whoever made the channel and workspace admins can change that."


class Tab:
    """What the listeners do. Everything raises `UserError` with a sentence, or `RecordAway`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def opened(self, asker: Asker, body: Body) -> None:
        """Somebody looks at App Home."""
        if body["event"].get("tab", "home") == "home":
            await self.publish(asker)

    async def publish(self, asker: Asker) -> None:
        """Show it as it is now."""
        view = home.home(await self._page(asker))
        try:
            await asker.workspace.client.views_publish(user_id=asker.user, view=view)
        except FOREIGN as error:
            # Opening it again tries again.
            log.warning("slack.home_not_shown", extra={"reason": code(error) or type(error).__name__})

    async def _page(self, asker: Asker) -> Page:
        workspace, manages = asker.workspace, False
        try:
            manages = await places.administers(workspace, asker.user)
            told = [line async for line in privacy.kept(self._calls, asker)]
            if self._calls.house.secretary is None:
                return Page(None, kept=told, manages=manages)
            channels = await archive.channels_of(workspace, asker.user)
            return Page(await archive.filed(self._calls, workspace.team, channels), "", told, manages)
        except (UserError, RecordAway) as error:
            return Page((), f"Your calls can't be shown now: {error}", manages=manages)

    async def recap(self, asker: Asker, body: Body) -> None:
        """What a call came to."""
        found = await archive.one(self._calls, asker.workspace, asker.user, _value(body))
        secretary = self._calls.house.secretary
        assert secretary is not None, "there are records"
        try:
            recap, cited = await recap_of(secretary, found.call)
        except NoSuchRecord as error:
            raise UserError(archive.UNKNOWN) from error
        opening = f"*{mrkdwn(found.call.title) or 'Call'}*, <#{found.channel}>"
        await tell(
            asker,
            closing(
                opening,
                found.call,
                recap,
                cited,
                room=LONGEST,
                style=STYLE,
                small=lambda words: f"_{words}_",
            ),
        )

    async def transcript(self, asker: Asker, body: Body) -> None:
        """A call as files."""
        found = await archive.one(self._calls, asker.workspace, asker.user, _value(body))
        secretary = self._calls.house.secretary
        assert secretary is not None, "there are records"
        if not found.call.lines:
            raise UserError("No words of that call are kept.")
        try:
            written = await transcripts(secretary, found.call, LARGEST)
        except NoSuchRecord as error:
            raise UserError(archive.UNKNOWN) from error
        await files.send(asker.workspace, asker.user, f"{mrkdwn(found.call.title) or 'Call'}:", written)

    async def search(self, asker: Asker, body: Body) -> None:
        """Where somebody said something, in a window of its own."""
        words = str(body["actions"][0].get("value") or "").strip()

        async def look() -> dict[str, Any]:
            found, more = await self._found(asker, words)
            return home.modal("Found", home.hits(words, found, more=more))

        await _shown(asker, look)

    async def _found(self, asker: Asker, words: str) -> tuple[list[tuple[Hit, str]], bool]:
        """Hits in calls that somebody may read, each with its channel, and whether there may be more."""
        store, workspace = archive.store_of(self._calls), asker.workspace
        channels = await archive.channels_of(workspace, asker.user)
        mine = {
            one.call.key: one.channel for one in await archive.filed(self._calls, workspace.team, channels)
        }
        found: list[tuple[Hit, str]] = []
        for page in range(PAGES):
            hits = await store.search(words, space=workspace.space, limit=PAGE, skip=page * PAGE)
            found += [(hit, mine[hit.call.key]) for hit in hits if hit.call.key in mine]
            if len(hits) < PAGE:
                return found, False
            if len(found) > home.HITS:
                break
        return found, True

    async def choose(self, asker: Asker, body: Body) -> None:
        """A channel was chosen to be set up."""
        channel = str(body["actions"][0].get("selected_conversation") or "")
        await self._form(asker, channel)

    async def workspace(self, asker: Asker, body: Body) -> None:
        """The whole workspace is to be set up."""
        await self._form(asker, "")

    async def _form(self, asker: Asker, channel: str) -> None:
        async def ask() -> dict[str, Any]:
            await self._allow(asker, channel)
            return forms.form(channel, self._calls.book.own(asker.workspace.team, channel or None))

        await _shown(asker, ask)

    def look_through(self, body: Body) -> dict[str, str]:
        """What can't be of the form that was sent: it stays open then, with all that was chosen."""
        house = self._calls.house
        return forms.mistakes(body["view"], house.hears, keeps=house.secretary is not None)

    async def save(self, asker: Asker, body: Body) -> None:
        """The form was sent, and can be."""
        view, team = body["view"], asker.workspace.team
        channel = str(view.get("private_metadata") or "")
        await self._allow(asker, channel)
        setup = forms.filled(view, self._calls.book.own(team, channel or None))
        await self._calls.change_setup(team, channel or None, setup)
        await self.publish(asker)

    async def _allow(self, asker: Asker, channel: str) -> None:
        """Raises `UserError` unless somebody may set up a channel, or with none the workspace."""
        if channel:
            may = await rights.manages(asker.workspace, channel, "", asker.user)
        else:
            may = await places.administers(asker.workspace, asker.user)
        if not may:
            raise UserError(NOT_YOURS)

    async def export(self, asker: Asker, body: Body) -> None:
        """Everything somebody said, for them."""
        await privacy.export(self._calls, asker)

    async def forget(self, asker: Asker, body: Body) -> None:
        """Everything somebody said is deleted; Slack asked them whether they are sure."""
        await privacy.forget(self._calls, asker)
        await self.publish(asker)


async def _shown(asker: Asker, make: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    """A window at once, for a trigger lives three seconds, and what belongs into it when that is there."""
    client = asker.workspace.client
    try:
        opened = await client.views_open(trigger_id=asker.trigger, view=forms.waiting())
    except FOREIGN as error:
        raise user_error(error) from error
    try:
        view = await make()
    except (UserError, RecordAway) as error:
        view = forms.told(str(error))
    try:
        await client.views_update(view_id=opened["view"]["id"], view=view)
    except FOREIGN as error:
        # Whoever closed it does not wait for it any more.
        if code(error) != "not_found":
            raise user_error(error) from error


def _value(body: Body) -> str:
    return str(body["actions"][0].get("value") or "")


def listen(app: AsyncApp, desk: Desk) -> None:
    """Add all of it."""
    tab = Tab(desk.calls)
    app.event("app_home_opened")(desk.does(tab.opened))
    for action, work in {
        home.RECAP: tab.recap,
        home.TRANSCRIPT: tab.transcript,
        home.SEARCH: tab.search,
        home.CHANNEL: tab.choose,
        home.WORKSPACE: tab.workspace,
        home.EXPORT: tab.export,
        home.FORGET: tab.forget,
    }.items():
        app.action(action)(desk.does(work))
    app.view(forms.SETUP)(desk.does(tab.save, tab.look_through))
