"""What people can ask for, however they do: typed after /captions, in a mention, or with a button."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from bots.slack import missed, places, rights
from bots.slack.call import SlackCall
from bots.slack.calls import Calls
from bots.slack.card import link
from bots.slack.guests import Guest
from bots.slack.markup import mrkdwn
from bots.slack.orders import USAGE, Order, yes
from bots.slack.replies import Asker, tell
from bots.slack.setup import Setup
from bots.slack.shown import slowness
from bots.slack.wish import Wish
from core.address import ONLY_HERE, only_here
from core.errors import UserError
from core.rooms import Keep

LINK = 3600.0
"""Seconds that somebody has to open their link into the room."""

NO_CALL = "No captions run in this channel: /captions start begins them."
ELSEWHERE = (
    "That is done where this call takes place: here it is only shown. "
    "`/captions detach` ends showing it here."
)
STILL = "Captions have ended here, but Slack does not let Spokenly say so on the card now."
SOON = 20.0
"""Seconds after which whoever stops a call is told so, if the card can't say it."""

NO_CARD = "These captions are over."


Press = Literal["stop", "status", "recap", "transcript", "share", "unshare", "detach", "open"]


class Commands:
    """Does what people ask for, and tells them. Everything raises `UserError` with a sentence for them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def obey(self, asker: Asker, order: Order) -> None:
        """One order, typed somehow."""
        match order.verb:
            case "start":
                options = order.options
                private = yes(options, "private") if "private" in options else None
                await self.start(
                    asker, order.rest, options.get("language"), options.get("keep"), private=private
                )
            case "attach":
                await self.attach(asker, order.rest)
            case "setup":
                await self.setup(asker, order)
            case "help":
                await tell(asker, USAGE)
            case plain:
                await self.press(asker, plain)

    async def press(self, asker: Asker, what: Press) -> None:
        """What needs no more words than its own, whether typed or pressed."""
        done: dict[Press, Callable[[Asker], Awaitable[None]]] = {
            "stop": self.stop,
            "status": self.status,
            "recap": self.recap,
            "transcript": self.transcript,
            "share": self.share,
            "unshare": self.unshare,
            "detach": self.detach,
            "open": self.enter,
        }
        await done[what](asker)

    async def start(
        self,
        asker: Asker,
        title: str = "",
        language: str | None = None,
        keep: str | None = None,
        *,
        private: bool | None = None,
    ) -> None:
        """Open a room; whoever asked gets their link into it."""
        if self._guest(asker) is not None:
            raise UserError("A call of elsewhere is shown in this channel: /captions detach ends that first.")
        wish = Wish(asker.workspace, asker.channel, asker.user, title, language, _keep(keep), private)
        await self.enter(asker, await self._calls.start(wish))

    async def enter(self, asker: Asker, call: SlackCall | None = None) -> None:
        """Give somebody their own link into the room."""
        call = call or self._call(asker)
        member = await places.member(asker.workspace, asker.user, asker.name)
        address = call.link(member, LINK)
        await tell(asker, *link(address))

    async def stop(self, asker: Asker) -> None:
        """End the call, also one that is just being started."""
        if self._calls.coming.starting(asker.workspace.team, asker.channel):
            await self._stop_coming(asker)
            return
        call = self._call(asker)
        await rights.allow_end(call, asker.user)
        member = await places.member(asker.workspace, asker.user, asker.name)
        await _ended(asker, call, f"{member.name} ended captions.")

    async def _stop_coming(self, asker: Asker) -> None:
        """Nobody is heard yet, so anybody may."""
        team, channel = asker.workspace.team, asker.channel
        member = await places.member(asker.workspace, asker.user, asker.name)
        self._calls.coming.end(team, channel, f"{member.name} ended captions.")
        if (call := self._there(asker)) is not None:  # it came meanwhile
            await _ended(asker, call, f"{member.name} ended captions.")
        else:
            await tell(asker, "Captions that are just being started here end at once.")

    async def status(self, asker: Asker) -> None:
        if (guest := self._guest(asker)) is not None:
            shown = f"{mrkdwn(guest.source.title)}, a call of elsewhere, is shown here."
            await tell(asker, "\n".join((shown, *slowness(asker.workspace))))
            return
        status = self._call(asker).status()
        lines = [
            mrkdwn(status.state),
            f"Heard: {mrkdwn(', '.join(status.heard)) or 'nobody'}",
            f"Captions by {mrkdwn(status.engine)}, since {status.since:%H:%M} UTC",
        ]
        if status.lateness is not None:
            lines.append(
                f"Words are shown {status.lateness:.1f} s after they were said, and Slack's pace on top."
            )
        lines += slowness(asker.workspace)
        if status.private:
            lines.append("Private: it can't be shown anywhere else.")
        if status.places:
            lines.append(f"Also shown at: {mrkdwn(', '.join(status.places))}")
        await tell(asker, "\n".join(lines))

    async def recap(self, asker: Asker) -> None:
        """What was said lately, for them alone."""
        if (guest := self._guest(asker)) is not None:
            source = guest.source
            await missed.recap(asker, source.title, source.language, source.board, guest.first)
            return
        call = self._call(asker)
        await missed.recap(asker, call.title, call.room.language, call.board)

    async def transcript(self, asker: Asker) -> None:
        """The call as files, as far as it has come, for them alone."""
        await missed.transcript(asker, self._call(asker), self._calls.house.engine)

    async def share(self, asker: Asker) -> None:
        """A code that shows the call elsewhere."""
        call = self._call(asker)
        await rights.allow_share(call, asker.user)
        bridge = self._calls.house.bridge
        code = bridge.share(call.room)
        text = (
            f"The code is *{code.spaced}*, for a quarter of an hour. Who has it sees this call live: "
            f"`/captions attach {code.text}` in Slack or on Discord, or <{bridge.link(code)}|in the "
            "browser>. Everybody in the call is told where it is shown. `/captions unshare` ends it."
        )
        if only_here(bridge.address):
            text += f"\nIn the browser: {ONLY_HERE}"
        await tell(asker, text)

    async def unshare(self, asker: Asker) -> None:
        """Show the call nowhere else any more."""
        call = self._call(asker)
        await rights.allow_share(call, asker.user)
        self._calls.house.bridge.revoke(call.room)
        await tell(asker, "The code has ended, and the call is shown nowhere else any more.")

    async def attach(self, asker: Asker, code: str) -> None:
        """Show a call of elsewhere in this channel."""
        if not code:
            raise UserError("Say which call: /captions attach CODE. Who manages the call gets the code.")
        identity = await places.identity(asker.workspace, asker.user)
        found = self._calls.house.bridge.find(code, asker=identity)
        call = self._there(asker)
        if call is not None and call.room is found.shared:
            raise UserError("That call takes place here already.")
        await self._calls.attach(asker.workspace, asker.channel, found, by=asker.user)

    async def detach(self, asker: Asker) -> None:
        """Show a call of elsewhere here no more."""
        guest = self._guest(asker)
        if guest is None:
            if self._calls.guests.coming(asker.workspace.team, asker.channel):
                raise UserError("A call is just being attached here: try again in a moment.")
            raise UserError("No call of elsewhere is shown in this channel.")
        if not await rights.manages(asker.workspace, asker.channel, guest.attached_by, asker.user):
            raise UserError(
                "Only who attached it, whoever made the channel and workspace admins can end that."
            )
        member = await places.member(asker.workspace, asker.user, asker.name)
        self._calls.guests.detach(guest, f"{member.name} ended showing this call here.")

    async def setup(self, asker: Asker, order: Order) -> None:
        """How this channel wants its captions."""
        team, channel = asker.workspace.team, asker.channel
        if not order.options:
            await tell(asker, _shown(self._calls.setup(team, channel), self._calls.house.settings.language))
            return
        if not await rights.manages(asker.workspace, channel, "", asker.user):
            raise UserError("Only whoever made the channel and workspace admins can change that.")
        setup = self._calls.book.own(team, channel)
        options = order.options
        if "language" in options:
            self._calls.heard(options["language"])
            setup = replace(setup, language=options["language"])
        if "keep" in options:
            setup = replace(setup, keep=_keep(options["keep"]))
        if "private" in options:
            setup = replace(setup, private=yes(options, "private"))
        if "guests" in options:
            setup = replace(setup, guests=yes(options, "guests"))
        if "huddles" in options:
            setup = replace(setup, huddles=yes(options, "huddles"))
        await self._calls.change_setup(team, channel, setup)
        await tell(asker, _shown(self._calls.setup(team, channel), self._calls.house.settings.language))

    def _there(self, asker: Asker) -> SlackCall | None:
        return self._calls.of(asker.workspace.team, asker.channel)

    def _call(self, asker: Asker) -> SlackCall:
        call = self._there(asker)
        if call is None or call.over:
            raise UserError(NO_CALL if self._guest(asker) is None else ELSEWHERE)
        return call

    def _guest(self, asker: Asker) -> Guest | None:
        return self._calls.guests.of(asker.workspace.team, asker.channel)


async def _ended(asker: Asker, call: SlackCall, why: str) -> None:
    """End a call. Whoever did it sees that on the card, or is told."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SOON):
            await call.stop(why)
    if not call.carded:
        await tell(asker, STILL)


def _keep(value: str | None) -> Keep | None:
    match value:
        case None:
            return None
        case "captions" | "transcript":
            return value
    raise UserError("`keep=` is captions (nothing is written) or transcript (the words, never the sound).")


def _shown(setup: Setup, language: str) -> str:
    """How a channel is set up, for people."""
    kept = {None: "as Spokenly is set up", "captions": "no record", "transcript": "a transcript"}[setup.keep]
    return "\n".join(
        (
            f"Language: {mrkdwn(setup.language or language)}",
            f"Kept: {kept}",
            f"Private, so that no call can be shown anywhere else: {'yes' if setup.private else 'no'}",
            f"Guests may speak without a link from Slack: {'yes' if setup.guests else 'no'}",
            f"Captions are offered when a huddle begins: {'yes' if setup.huddles else 'no'}",
        )
    )
