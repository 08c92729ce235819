"""What people read in a Slack thread: a message that grows, or is rewritten, or one for what was said."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from math import inf

from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.chat import (
    APPEND,
    START,
    UPDATE,
    ChatThread,
    MessageLost,
    NotTaken,
    StoppedByReader,
    StreamOver,
    Unanswered,
)
from bots.slack.governor import POST, Governor
from bots.slack.ladder import Ladder, Rung
from bots.slack.pace import Rank
from bots.slack.posts import Posts
from bots.slack.sheet import SHORT, Piece, Sheet
from bots.slack.shelf import Page, Shelf
from bots.slack.stream import Script
from bots.slack.thread import Thread
from core.captions.board import Board
from core.captions.markup import utf16
from core.errors import OutletBusy, OutletError, OutletGone

GLANCE, PEEK = 0.1, 0.4
"""Seconds after which it is looked again whether there is something to show, or something that hurries."""

LONG = 10_000
"""Characters of a stream's message. Slack takes 12,000."""

TURN, DEATH = 255.0, 285.0
"""Seconds of a stream's life until the next is begun, and at the latest. Slack ends it after five minutes."""

TRIES, PAUSE = 3, 60.0
"""Failures of one way in a row, until it is not tried for so many seconds."""

SOON = 2.0
"""Seconds that the last words of a call wait for the liveliest way at most; else they are posted.

No wait is longer, as the call may end meanwhile.
"""

EMPTY = "…"
"""A message that is rewritten as soon as it is there: posted with words, it could not safely be repeated."""


class ThreadCaptions:
    """An `Outlet` (core/captions/publisher.py): the board in a thread, as lively as the thread takes it.

    Words are streamed as soon as they will not change any more. Where there are many calls in the workspace,
    or the thread takes no stream, a message is rewritten instead, or what was said is posted. However it
    comes, and whatever fails, each word stands there once: an append or a post whose fate is unknown is never
    repeated; the message is put right by rewriting it, which can be.

    `show` never queues: where Slack would not take a request now it raises `OutletBusy`, and what is sent
    later is what is true then.
    """

    pace = GLANCE
    """Seconds. Slack's own limits, not this, are what spreads the requests (bots/slack/pace.py)."""

    def __init__(
        self,
        client: AsyncWebClient,
        thread: Thread,
        governor: Governor,
        calls: Callable[[], int] = lambda: 1,
        *,
        first: int = 0,
    ) -> None:
        """`calls`: how many the workspace has now. `first`: the board's entry that the thread begins with."""
        self._chat = ChatThread(client, thread, governor)
        self._calls = calls
        self._script = Script(first)
        self._ladder = Ladder(streams=self._chat.streams)
        self._shelf = Shelf(self._chat, self._script.again)
        self._page: Page | None = None
        self._posts = Posts(self._chat, self._script, self._shelf)
        self._written = False
        self._failures = 0
        self._farewell: str | None = None
        self._last_posted = False
        self.said = asyncio.Event()
        """After `end`: the last words stand there, though streams may still have to be closed."""
        self._loop = asyncio.get_running_loop()

    def end(self, sentence: str = "") -> None:
        """The call is over: when the last words stand there, so does `sentence`, and all is closed."""
        self._farewell = sentence

    async def show(self, board: Board) -> None:
        """Bring the thread up to date, as far as Slack takes requests now.

        Raises `OutletBusy` when something is left to be written, and `OutletGone` with one sentence for
        people when nothing can be written there any more.
        """
        now = self._loop.time()
        rung = self._rung(now)
        for speaker in self._script.update(board, now, eager=rung is Rung.STREAM):
            self._erase(speaker)
        waits = [await self._words(rung, board)]
        if self._farewell is not None and not waits[0] and not board.partials:
            waits.append(await self._close(rung, board))
        else:
            waits.append(min(self._script.due(now) or 0.0, PEEK))
        waits.append(min(await self._shelf.tidy(), PEEK))
        if self._script.pending:
            waits.append(waits[0] or GLANCE)
        elif self._farewell == "" and not any(waits[:2]) and not self._shelf.unsure:
            self.said.set()
        if busy := [wait for wait in waits if wait > 0]:
            raise OutletBusy(min(*busy, SOON))

    # The end, and what is taken back

    def _rung(self, now: float) -> Rung:
        """The way to take. At the end nobody waits for a line that is long or frozen: a post comes sooner."""
        streams = self._page is not None and self._page.rung is Rung.STREAM
        rung = self._ladder.rung(self._calls(), now, safely=self._chat.doubtful and not streams)
        if self._farewell is None or rung is Rung.POST:
            return rung
        if not self._last_posted and self._script.pending:
            opens, goes_on = (START, APPEND) if rung is Rung.STREAM else (POST, UPDATE)
            wait = self._chat.wait(opens if self._page is None else goes_on)
            self._last_posted = wait > max(SOON, self._chat.wait(POST))
        return Rung.POST if self._last_posted else rung

    async def _close(self, rung: Rung, board: Board) -> float:
        if self._farewell:
            self._script.tell(self._farewell)
            self._farewell = ""
            if (wait := await self._words(rung, board)) > 0:
                return wait
        self._retire()
        return 0.0

    def _erase(self, speaker: str) -> None:
        self._posts.erase(speaker)
        if self._page is not None and self._page.erase(speaker) and self._page.rung is Rung.STREAM:
            self._retire()  # what streams can't be rewritten
        self._shelf.erase(speaker)

    def _retire(self) -> None:
        """Nothing is added to the open page any more."""
        if self._page is not None:
            self._shelf.add(self._page)
            self._page = None

    # Words

    async def _words(self, rung: Rung, board: Board) -> float:
        """Write what waits, by the way that `rung` is. Returns the seconds until there is more to do."""
        if self._page is not None and self._page.rung is not rung:
            self._retire()
        try:
            wait = await self._posts.look()
            if wait <= 0 and rung is Rung.STREAM:
                wait = await self._stream()
            elif wait <= 0:
                wait = await (self._posts.post() if rung is Rung.POST else self._rewrite(board))
        except OutletBusy as busy:
            return max(busy.retry_after, GLANCE)
        except Unanswered as unanswered:
            return unanswered.wait
        except (StreamOver, MessageLost, NotTaken) as error:
            return self._refused(rung, error)
        return wait

    def _refused(self, rung: Rung, error: OutletError) -> float:
        """The open page takes nothing more, or this way is none. Returns the seconds until more is tried."""
        now, page = self._loop.time(), self._page
        if page is not None:
            page.streaming = page.streaming and not isinstance(error, StreamOver)
            if rung is Rung.UPDATE:
                self._script.again(page.unsure)
                page.sheet = Sheet(page.sheet.pieces[: page.sure])
            if isinstance(error, MessageLost):
                self._page = None
            else:
                self._retire()
        if isinstance(error, StoppedByReader):
            self._ladder.refuse(Rung.STREAM)  # there is no such button below what is rewritten
        elif isinstance(error, NotTaken):
            if rung is Rung.POST:
                raise OutletGone(f"Slack does not take captions here ({error}).") from error
            self._ladder.refuse(rung, now + PAUSE if self._written else inf)
        elif page is None or not page.sheet.pieces:
            self._failed(Rung.STREAM, now)
        return GLANCE

    def _failed(self, rung: Rung, now: float, weight: int = 1) -> None:
        """A message that was begun that way did not come to anything."""
        self._failures += weight
        if self._failures >= TRIES:
            self._failures = 0
            self._ladder.refuse(rung, now + PAUSE)

    # A message that grows

    async def _stream(self) -> float:
        if not self._script.pending:
            return 0.0
        if (wait := await self._turn()) > 0 or self._page is None:
            return wait
        page, rank = self._page, self._script.rank
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
            self._retire()  # it is put right there, with the words that may be missing
            raise
        except OutletError:
            self._script.again(pieces)
            raise
        for piece in pieces:
            page.sheet.add(piece)
        page.settle()
        self._posts.newest, self._written, self._failures = page.ts, True, 0
        return 0.0

    async def _turn(self) -> float:
        """See that there is a stream which takes what waits. Returns the seconds until there is one."""
        page, now = self._page, self._loop.time()
        if page is not None:
            full = not self._script.chunk(page.sheet, LONG)[0]
            age = now - page.opened
            if not full and age < TURN:
                return 0.0
            if full or age >= DEATH:
                self._retire()
        if (wait := self._chat.wait(START, self._script.rank)) > 0:
            return wait if self._page is None else 0.0
        try:
            ts = await self._chat.start()
        except Unanswered:
            self._failed(Rung.STREAM, self._loop.time(), TRIES if self._chat.doubtful else 1)
            raise
        self._retire()
        self._page = Page(ts, Rung.STREAM, now, streaming=True)
        return 0.0

    # A message that is rewritten

    async def _rewrite(self, board: Board) -> float:
        tail = self._script.interim(board)
        if self._page is None:
            if not tail and not self._script.pending:
                return 0.0
            if (wait := self._chat.wait(POST, self._script.rank)) > 0:
                return wait
            try:
                ts = await self._chat.post(EMPTY)
            except Unanswered:
                self._failed(Rung.UPDATE, self._loop.time())
                raise
            self._page = Page(ts, Rung.UPDATE, self._loop.time(), shown=EMPTY)
        page, rank = self._page, self._script.rank
        pieces, _ = self._script.chunk(page.sheet, SHORT)
        self._script.done(pieces)
        for piece in pieces:
            page.sheet.add(piece)
        text = _with(page.sheet, tail) or EMPTY
        if text != page.shown:
            rank = Rank.FINAL if any(piece.final for piece in page.unsure) else rank
            if (wait := self._chat.wait(UPDATE, rank)) > 0:
                return wait if rank is Rank.FINAL else min(wait, PEEK)
            await self._chat.update(page.ts, text)
            page.shown, page.sure = text, len(page.sheet.pieces)
            self._posts.newest, self._written, self._failures = page.ts, True, 0
        if self._script.pending:
            self._retire()
            return GLANCE
        return 0.0


def _with(sheet: Sheet, tail: list[Piece]) -> str:
    """A sheet's text and below it what is being said, as far as there is room."""
    shown = sheet.tip()
    for piece in tail:
        if shown.length + utf16(shown.after(piece)) <= SHORT:
            shown.add(replace(piece, alone=False))
    return shown.text
