"""Captions as messages of which the newest is rewritten, and the next begun where that comes sooner."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from math import inf

from bots.slack.chat import UPDATE, ChatThread, Unanswered
from bots.slack.governor import POST
from bots.slack.ladder import EDITORS, FEW, Rung, Step, Waiting, late, step
from bots.slack.pace import GLANCE, PEEK, SOON, Rank
from bots.slack.paper import Paper
from bots.slack.posts import EMPTY, Posts
from bots.slack.sheet import SHORT, Piece, Sheet
from bots.slack.shelf import Page
from bots.slack.stream import Script, tokens
from core.captions.board import Board
from core.captions.markup import utf16

ALONE = 1
"""Calls in a workspace up to which edits are to spare, also for words that may still change."""

PATIENCE = 10.0
"""Seconds for which words wait for an edit, which may be repeated, where a post might have to be."""

ENDS = tuple(".?!…。？！")


class Mixed:
    """Writes what waits in `script`: into the newest message, or at the top of the next.

    Slack limits edits for the whole workspace and posts for each channel, so that together they come far
    sooner than either alone. A message never changes any more when there is a newer one.
    """

    def __init__(
        self, chat: ChatThread, script: Script, paper: Paper, posts: Posts, calls: Callable[[], int]
    ) -> None:
        self._chat = chat
        self._script = script
        self._paper = paper
        self._posts = posts
        self._calls = calls
        self._since = inf
        """When the first of the words came that wait."""
        self._loop = asyncio.get_running_loop()

    async def write(self, board: Board, *, ending: bool) -> float:
        """Returns the seconds to wait; 0: nothing waits. Raises what `ChatThread` does.

        `ending`: these are the call's last words.
        """
        tail = self._script.interim(board) if self._calls() <= ALONE else []
        if not self._script.pending:
            self._since = inf
            if (page := self._paper.page) is None or _full(page.sheet, tail):
                return await self._begin(tail) if tail else 0.0
            return await self._edit(page, tail)
        now = self._loop.time()
        self._since = min(self._since, now)
        page, longest = self._paper.page, self._longest(ending=ending)
        room = page is not None and bool(self._script.chunk(page.sheet, SHORT)[0])
        edit = self._chat.wait(UPDATE) if room or self._careful else inf
        if self._careful and not room and edit <= longest:
            return await self._begin(tail)
        waiting = self._waiting(now, edit if room else inf, ending=ending)
        match step(waiting, longest):
            case Step.EDIT if page is not None:
                return await self._edit(page, tail)
            case Step.POST:
                return self._chat.wait(POST) or await self._post()
        return max(min(edit, PEEK), GLANCE)

    @property
    def _careful(self) -> bool:
        """Whether all that is sent should be such that it can be sent again."""
        return self._calls() <= (EDITORS if self._chat.doubtful else ALONE)

    def _longest(self, *, ending: bool) -> float:
        if ending:
            return SOON
        return PATIENCE if self._careful else late(self._calls())

    def _waiting(self, now: float, edit: float, *, ending: bool) -> Waiting:
        pending = self._script.pending
        words = FEW if ending else sum(len(tokens(piece.text)) for piece in pending)
        last = pending[-1]
        ended = last.final or last.alone or last.text.endswith(ENDS)
        return Waiting(words, now - self._since, ended, edit)

    async def _begin(self, tail: list[Piece]) -> float:
        if (wait := self._chat.wait(POST)) > 0:
            return wait
        try:
            ts = await self._posts.empty()
        except Unanswered:
            self._paper.failed(Rung.UPDATE, self._loop.time())
            raise
        page = Page(ts, Rung.UPDATE, self._loop.time(), shown=EMPTY)
        self._paper.turn(page)
        return await self._edit(page, tail)

    async def _edit(self, page: Page, tail: list[Piece]) -> float:
        pieces, _ = self._script.chunk(page.sheet, SHORT)
        rank = Rank.FINAL if pieces or page.unsure else Rank.INTERIM
        sheet = page.sheet.tip()
        for piece in pieces:
            sheet.add(piece)
        if (text := _with(sheet, tail) or EMPTY) != page.shown:
            if (wait := self._chat.wait(UPDATE, rank)) > 0:
                return wait if rank is Rank.FINAL else min(wait, PEEK)
            try:
                await self._chat.update(page.ts, text)
            except Unanswered:
                self._take(page, pieces)  # it is rewritten until they surely stand there
                page.shown = None
                raise
            self._take(page, pieces)
            page.shown, page.sure = text, len(page.sheet.pieces)
            self._posts.newest = page.ts
            self._paper.wrote()
        else:
            self._take(page, pieces)
        return GLANCE if self._script.pending else 0.0

    def _take(self, page: Page, pieces: list[Piece]) -> None:
        self._script.done(pieces)
        self._since = inf
        for piece in pieces:
            page.sheet.add(piece)

    async def _post(self) -> float:
        self._chat.leave(UPDATE)
        try:
            page = await self._posts.begin(Rung.UPDATE)
        except Unanswered:
            self._paper.turn()  # what comes next stands below what may have come
            raise
        self._since = inf
        if page is not None:
            self._paper.turn(page)
            self._paper.wrote()
        return GLANCE if self._script.pending else 0.0


def _full(sheet: Sheet, tail: list[Piece]) -> bool:
    """Whether what is being said could be read on the next message, and not on this one."""
    return bool(tail and sheet.pieces) and sheet.length + utf16(sheet.after(tail[0])) > SHORT


def _with(sheet: Sheet, tail: list[Piece]) -> str:
    """A sheet's text and below it what is being said, as far as there is room."""
    shown = sheet.tip()
    for piece in tail:
        if shown.length + utf16(shown.after(piece)) <= SHORT:
            shown.add(replace(piece, alone=False))
    return shown.text
