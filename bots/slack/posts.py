"""Captions as messages of their own: each holds what was said since the last."""

import asyncio

from bots.slack.chat import READ, ChatThread, NotTaken, Unanswered
from bots.slack.governor import POST
from bots.slack.ladder import Rung
from bots.slack.pace import USUAL
from bots.slack.sheet import SHORT, Piece, Sheet
from bots.slack.shelf import Page, Shelf
from bots.slack.stream import Script, alike
from core.errors import OutletError

AGAIN = "Slack did not say whether what follows had come: it may stand here twice."


class Posts:
    """Posts what waits in `script`. A post whose answer was lost is looked for before anything else comes."""

    def __init__(self, chat: ChatThread, script: Script, shelf: Shelf) -> None:
        self._chat = chat
        self._script = script
        self._shelf = shelf
        self._doubt: list[Piece] = []
        """A post that may or may not stand there."""
        self.newest = chat.first
        """The ts of the newest message of the thread that is known to be ours."""
        self._loop = asyncio.get_running_loop()

    def erase(self, speaker: str) -> None:
        """Somebody takes back what they said."""
        self._doubt = [piece for piece in self._doubt if piece.alone or piece.speaker != speaker]

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
            self._doubt = pieces
            raise
        except OutletError:
            self._script.again(pieces)
            raise
        for piece in pieces:
            page.sheet.add(piece)
        page.settle()
        self.newest = page.ts
        return page

    async def look(self) -> float:
        """Find out whether a post came whose answer did not, where the app may read the thread.

        Where it may not, the words come again, and people are told.
        """
        if not self._doubt:
            return 0.0
        wait = self._chat.wait(READ)
        if 0 < wait <= USUAL:
            return wait
        stands = await self._stands() if wait <= 0 else None
        if stands is None:
            self._doubt.insert(0, Piece("", "", f"*{AGAIN}*", alone=True))
        if not stands:
            self._script.again(self._doubt)
        self._doubt = []
        return 0.0

    async def _stands(self) -> bool | None:
        """Whether the post of which nobody knows stands in the thread; None: that can't be found out."""
        text = Sheet(self._doubt).text
        try:
            return any(alike(text, other) for other in await self._chat.newest(self.newest))
        except NotTaken:
            return None
