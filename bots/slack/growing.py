"""Captions as a message that grows: live for whoever it is streamed to, and for nobody else.

Everybody else reads such a message when it ends, minutes later
(https://github.com/agentconnect-md/agentconnect/issues/1494).
"""

import asyncio

from bots.slack.chat import APPEND, START, ChatThread, Unanswered
from bots.slack.ladder import Rung
from bots.slack.pace import PEEK, Rank
from bots.slack.paper import TRIES, Paper
from bots.slack.posts import Posts
from bots.slack.shelf import Page
from bots.slack.stream import Script
from core.errors import OutletError

LONG = 10_000
"""Characters of a stream's message. Slack takes 12,000."""

TURN, DEATH = 255.0, 285.0
"""Seconds of a stream's life until the next is begun, and at the latest. Slack ends it after five minutes."""


class Growing:
    """Appends what waits in `script`. An append whose fate is unknown is never repeated."""

    def __init__(self, chat: ChatThread, script: Script, paper: Paper, posts: Posts) -> None:
        self._chat = chat
        self._script = script
        self._paper = paper
        self._posts = posts
        self._loop = asyncio.get_running_loop()

    async def write(self) -> float:
        """Returns the seconds to wait; 0: nothing waits. Raises what `ChatThread` does."""
        if not self._script.pending:
            return 0.0
        if (wait := await self._turn()) > 0 or self._paper.page is None:
            return wait
        page, rank = self._paper.page, self._script.rank
        if (wait := self._chat.wait(APPEND, rank)) > 0:
            return wait if rank is Rank.FINAL else min(wait, PEEK)
        pieces, text = self._script.chunk(page.sheet, LONG)
        self._script.done(pieces)
        if not text:
            return 0.0
        try:
            await self._chat.append(page.ts, text)
        except Unanswered:
            for piece in pieces:
                page.sheet.add(piece)
            page.shown = None
            self._paper.turn()  # it is put right there, with the words that may be missing
            raise
        except OutletError:
            self._script.again(pieces)
            raise
        for piece in pieces:
            page.sheet.add(piece)
        page.settle()
        self._posts.newest = page.ts
        self._paper.wrote()
        return 0.0

    async def _turn(self) -> float:
        """See that there is a stream which takes what waits. Returns the seconds until there is one."""
        page, now = self._paper.page, self._loop.time()
        if page is not None:
            full = not self._script.chunk(page.sheet, LONG)[0]
            age = now - page.opened
            if not full and age < TURN:
                return 0.0
            if full or age >= DEATH:
                self._paper.turn()
        if (wait := self._chat.wait(START, self._script.rank)) > 0:
            return wait if self._paper.page is None else 0.0
        try:
            ts = await self._chat.start()
        except Unanswered:
            self._paper.failed(Rung.STREAM, self._loop.time(), TRIES if self._chat.doubtful else 1)
            raise
        self._paper.turn(Page(ts, Rung.STREAM, now, streaming=True))
        return 0.0
