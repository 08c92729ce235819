"""Captions as messages of their own: each holds what was said since the last."""

import asyncio

from bots.slack.chat import READ, ChatThread, MessageLost, NotTaken, Unanswered
from bots.slack.governor import POST
from bots.slack.ladder import Rung
from bots.slack.pace import USUAL
from bots.slack.sheet import SHORT, Piece, Sheet
from bots.slack.shelf import Page, Shelf
from bots.slack.stream import Script, alike
from core.errors import OutletBusy, OutletError

EMPTY = "…"
"""A message that is rewritten as soon as it is there: posted with words, it could not safely be repeated."""

AGAIN = "Slack did not say whether what follows had come: it may stand here twice."


class Posts:
    """Posts what waits in `script`. A post whose answer was lost is looked for before anything else comes."""

    def __init__(self, chat: ChatThread, script: Script, shelf: Shelf) -> None:
        self._chat = chat
        self._script = script
        self._shelf = shelf
        self._doubt: Page | None = None
        """A post that may or may not stand there."""
        self.newest = chat.first
        """The ts of the newest message of the thread that is known to be ours."""
        self._astray: str | None = None
        """What was the newest when an empty message was first posted of which nobody knows."""
        self._loop = asyncio.get_running_loop()

    def erase(self, speaker: str) -> None:
        """Somebody takes back what they said."""
        if self._doubt is not None:
            self._doubt.erase(speaker)

    async def empty(self) -> str:
        """Post a message without words. Returns its ts. Raises what `ChatThread` does."""
        try:
            return await self._chat.post(EMPTY)
        except Unanswered:
            if self._astray is None:
                self._astray = self.newest
            raise

    async def sweep(self, known: Page | None) -> float:
        """Take away empty messages of which nobody knows, where the app may read the thread; but `known`.

        Returns the seconds until there is more to do; 0: nothing. Raises `OutletGone`.
        """
        if self._astray is None or self._script.pending:  # words come first
            return 0.0
        if (wait := self._chat.wait(READ)) > 0:
            return wait
        try:
            newest = await self._chat.newest(self._astray)
        except OutletBusy as busy:
            return busy.retry_after
        except Unanswered as unanswered:
            return unanswered.wait
        except (MessageLost, NotTaken):
            newest = {}
        self._astray = None
        for ts, text in newest.items():
            if text.strip() == EMPTY and (known is None or ts != known.ts):
                self._shelf.add(Page(ts, Rung.UPDATE, self._loop.time(), shown=EMPTY))
        return 0.0

    async def write(self) -> float:
        """Returns the seconds to wait; 0: one was posted, or nothing waits. Raises what `ChatThread` does."""
        if not self._script.pending:
            return 0.0
        if (wait := self._chat.wait(POST, self._script.rank)) > 0:
            return wait
        if (page := await self.begin(Rung.POST)) is not None:
            self._shelf.add(page)
        return 0.0

    async def begin(self, rung: Rung) -> Page | None:
        """Post what waits; None: there is nothing to be read in it. Raises what `ChatThread` does."""
        page = Page("", rung, self._loop.time())
        pieces, text = self._script.chunk(page.sheet, SHORT)
        self._script.done(pieces)
        if not text:
            return None
        try:
            page.ts = await self._chat.post(text)
        except Unanswered:
            page.sheet, page.shown, self._doubt = Sheet(pieces), text, page
            raise
        except OutletError:
            self._script.again(pieces)
            raise
        page.sheet = Sheet(pieces)
        page.settle()
        self.newest = page.ts
        return page

    async def look(self) -> float:
        """Find out whether a post came whose answer did not, where the app may read the thread.

        Where it may not, the words come again, and people are told.
        """
        if (page := self._doubt) is None:
            return 0.0
        wait = self._chat.wait(READ)
        if 0 < wait <= USUAL:
            return wait
        found = await self._find(page.shown or "") if wait <= 0 else None
        self._doubt, pieces = None, page.sheet.pieces
        if found:
            self.newest = page.ts = found
            page.sure = len(pieces)
            self._shelf.add(page)
        elif pieces:
            told = [Piece("", "", f"*{AGAIN}*", alone=True)] if found is None else []
            self._script.again([*told, *pieces])
        return 0.0

    async def _find(self, text: str) -> str | None:
        """The ts of the post of which nobody knew, "" if it did not come; None: that can't be found out."""
        try:
            newest = await self._chat.newest(self.newest)
        except NotTaken:
            return None
        return next((ts for ts, other in newest.items() if alike(text, other)), "")
