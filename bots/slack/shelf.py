"""Messages of captions that are done: streams are ended, and what stands wrong is put right."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bots.slack.chat import (
    DELETE,
    STOP,
    UPDATE,
    ChatThread,
    MessageLost,
    NotTaken,
    StreamOver,
    Unanswered,
)
from bots.slack.ladder import Rung
from bots.slack.pace import Rank
from bots.slack.sheet import Piece, Sheet
from core.errors import OutletBusy

log = logging.getLogger(__name__)

KEPT = 5000
"""Messages that are remembered, in case that somebody takes back what they said: of six hours or more."""

DEAD = 290.0
"""Seconds after which a stream has ended by itself."""

STUBBORN = 5
"""Times that Slack may say that an ended stream still streams, until the message is left as it is."""


@dataclass(slots=True, eq=False)
class Page:
    """A message of ours. `sheet`: what should stand on it. `shown`: what does; None: nobody knows.

    The first `sure` pieces of the sheet stand there; of the others nobody knows.
    """

    ts: str
    rung: Rung
    opened: float
    sheet: Sheet = field(default_factory=Sheet)
    shown: str | None = ""
    sure: int = 0
    streaming: bool = False
    stubborn: int = 0
    erased: bool = False
    """Somebody took back what they said here."""

    @property
    def unsure(self) -> list[Piece]:
        return self.sheet.pieces[self.sure :]

    @property
    def right(self) -> bool:
        """Whether it stands as it should, for ever."""
        return not self.streaming and self.sure == len(self.sheet.pieces) and self.shown == self.sheet.text

    def settle(self) -> None:
        """The whole sheet stands there."""
        self.shown, self.sure = self.sheet.text, len(self.sheet.pieces)

    def bind(self) -> None:
        """It stands as it should, and is kept for long."""
        self.sheet = self.sheet.bound()
        self.settle()

    def erase(self, speaker: str) -> bool:
        """Take away what a speaker said. False: nothing of it was here."""
        before = len(self.sheet.pieces)
        sure = len(Sheet(self.sheet.pieces[: self.sure]).without(speaker).pieces)
        self.sheet = self.sheet.without(speaker)
        self.sure = min(sure, len(self.sheet.pieces))
        erased = len(self.sheet.pieces) < before
        self.erased |= erased
        return erased


class Shelf:
    """Where pages go that nothing is added to any more. `again` gets what could not be made sure of."""

    def __init__(self, chat: ChatThread, again: Callable[[Sequence[Piece]], None]) -> None:
        self._chat = chat
        self._again = again
        self._pages: deque[Page] = deque(maxlen=KEPT)
        self._due: deque[Page] = deque()
        self._loop = asyncio.get_running_loop()

    def add(self, page: Page) -> None:
        self._pages.append(page)
        if page.right:
            page.bind()
        else:
            self._due.append(page)
        if len(self._due) > KEPT:
            log.warning("slack.page_left")
            self._left(self._due[0])

    @property
    def unsure(self) -> bool:
        """Whether words may be missing that are still to be put right."""
        return any(page.unsure for page in self._due)

    def erase(self, speaker: str) -> None:
        """Somebody takes back what they said: it goes from every message that still is remembered."""
        due = {id(page) for page in self._due}
        for page in self._pages:
            if page.erase(speaker) and id(page) not in due:
                self._due.append(page)

    async def tidy(self) -> float:
        """Do what is due, as far as Slack takes it now. Returns the seconds until there is more; 0: nothing.

        Raises `OutletGone`.
        """
        while self._due:
            page = min(self._due, key=lambda page: not page.unsure)
            try:
                wait = await self._one(page)
            except OutletBusy as busy:
                return busy.retry_after
            except Unanswered as unanswered:
                return unanswered.wait
            except MessageLost:
                if page in self._pages:
                    self._pages.remove(page)
                self._left(page)
                continue
            except NotTaken:
                if page.erased and page.sheet.pieces:
                    page.sheet = Sheet()  # rather nothing than what somebody took back
                else:
                    self._left(page)
                continue
            if wait > 0:
                return wait
            if page.right:
                self._due.remove(page)
                page.bind()
        return 0.0

    async def _one(self, page: Page) -> float:
        """The next thing that a page needs; or the seconds to wait for it."""
        if page.streaming:
            if self._loop.time() - page.opened < DEAD:
                rank = Rank.FINAL if page.unsure else Rank.INTERIM
                if (wait := self._chat.wait(STOP, rank)) > 0:
                    return wait
                await self._chat.stop(page.ts)
            page.streaming = False
        elif not page.sheet.text:
            if (wait := self._chat.wait(DELETE)) > 0:
                return wait
            await self._chat.delete(page.ts)
            page.settle()
        elif not page.right:
            if (wait := self._chat.wait(UPDATE)) > 0:
                return wait
            await self._rewrite(page)
        return 0.0

    async def _rewrite(self, page: Page) -> None:
        try:
            await self._chat.update(page.ts, page.sheet.text)
        except StreamOver as error:  # it says that the message still streams
            page.stubborn += 1
            if page.stubborn >= STUBBORN:
                raise NotTaken(str(error)) from error
            page.streaming, page.opened = True, self._loop.time()
            return
        except Unanswered:
            page.shown = None
            raise
        page.settle()

    def _left(self, page: Page) -> None:
        """A page can't be put right: what may be missing on it is shown elsewhere."""
        self._due.remove(page)
        self._again(page.unsure)
        page.sheet = Sheet(page.sheet.pieces[: page.sure])
        page.streaming = False
        page.bind()
