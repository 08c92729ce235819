"""What is told of calls that are over, until it is told: on the card, then below it."""

import asyncio
from collections.abc import Awaitable, Callable

from bots.slack import filing, places
from bots.slack.book import Book, Mark
from bots.slack.call import SlackCall
from bots.slack.card import Look
from bots.slack.house import Ended, House
from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.errors import OutletBusy
from core.rooms import Keep

RESTARTED = "Spokenly was restarted in the middle of this call. Start captions again to go on."

AGAIN = 60.0
"""Seconds between two tries while Slack or the record is away."""


class Aftermath:
    """Of all calls of one app. What a stop cuts short is told at the next start, as its mark is left."""

    def __init__(self, house: Callable[[], House], book: Book) -> None:
        self._house = house
        self._book = book

    async def tell(self, ended: Ended, mark: Mark, shown: Look | None) -> None:
        """Returns when everything is told. `shown`: what the card is still to show."""
        if shown is not None:
            await self.card(ended.workspace, ended.thread, shown)
        await _until(lambda: self._summed_up(ended))
        await _until(lambda: self.filed(mark))
        await self._book.mark(mark.team, mark.key, None)

    async def card(self, workspace: Workspace, thread: Thread, shown: Look) -> None:
        """Returns when the card shows it, or can't be changed any more."""
        await _until(lambda: places.change_at_last(workspace, thread, shown))

    async def interrupted(self, workspace: Workspace, mark: Mark) -> bool:
        """Tell of a call that ran when Spokenly stopped without a word.

        False: Slack or the record is away, and it is to be tried again.
        """
        why = mark.ended or RESTARTED
        thread = Thread(mark.team, mark.channel, mark.ts, mark.started_by)
        keep: Keep = "captions" if mark.record is None else "transcript"
        shown = Look(title=mark.title, started_by=mark.started_by, keep=keep, ended=why)
        if not await places.change_at_last(workspace, thread, shown):
            return False
        ended = Ended(workspace, thread, mark.title, why, mark.record, mark.began, interrupted=True)
        if not await self.filed(mark) or not await self._summed_up(ended):
            return False
        await self._book.mark(mark.team, mark.key, None)
        return True

    async def filed(self, mark: Mark) -> bool:
        """See that people find the record, if there is one. False: not now."""
        secretary = self._house().secretary
        if mark.record is None or secretary is None:
            return True
        return await filing.file(secretary.store, mark.team, mark.record, mark.channel)

    async def _summed_up(self, ended: Ended) -> bool:
        house = self._house()
        try:
            await house.finale(house, ended)
        except OutletBusy:
            return False
        return True


def marked(call: SlackCall) -> Mark:
    """What is remembered of a call that runs."""
    place = call.thread
    return Mark(place.team, place.channel, place.ts, call.title, call.began, call.started_by, call.record)


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await done():
            return
        await asyncio.sleep(AGAIN)
