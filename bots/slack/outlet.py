"""What people read in a Slack thread: a message that grows, or is rewritten, or one for what was said."""

import asyncio
from collections.abc import Callable

from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.chat import (
    APPEND,
    START,
    ChatThread,
    MessageLost,
    NotTaken,
    StoppedByReader,
    StreamOver,
    Unanswered,
)
from bots.slack.governor import POST, Governor
from bots.slack.growing import Growing
from bots.slack.ladder import Ladder, Rung
from bots.slack.mixed import Mixed
from bots.slack.pace import GLANCE, PEEK, SOON
from bots.slack.paper import Paper
from bots.slack.posts import Posts
from bots.slack.sheet import Sheet
from bots.slack.shelf import Shelf
from bots.slack.stream import Script
from bots.slack.thread import Thread
from core.captions.board import Board
from core.errors import OutletBusy, OutletError, OutletGone


class ThreadCaptions:
    """An `Outlet` (core/captions/publisher.py): the board in a thread, as lively as the thread takes it.

    Words are shown as soon as they will not change any more, and where edits are to spare before that: in the
    newest message, or in the next where that comes sooner. Everybody reads them at once; `streams` shows them
    smoothly to whoever started the call and late to everybody else. However words come, and whatever fails,
    each stands there once: an append or a post whose fate is unknown is never repeated; the message is put
    right by rewriting it, which can be.

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
        streams: bool = False,
    ) -> None:
        """`calls`: how many the workspace has now. `first`: the board's entry that the thread begins with.

        `streams`: write for whoever started the call alone, where there is somebody.
        """
        self._chat = ChatThread(client, thread, governor)
        self._calls = calls
        self._script = Script(first)
        self._ladder = Ladder(streams=streams and self._chat.streams)
        # In turn with the words of now: neither keeps the other from the edits that there are.
        self._shelf = Shelf(ChatThread(client, thread, governor), self._script.again)
        self._paper = Paper(self._shelf, self._ladder)
        self._posts = Posts(self._chat, self._script, self._shelf)
        self._growing = Growing(self._chat, self._script, self._paper, self._posts)
        self._mixed = Mixed(self._chat, self._script, self._paper, self._posts, calls)
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
        for speaker in self._script.update(board, now, eager=rung is not Rung.POST):
            self._erase(speaker)
        waits = [await self._words(rung, board)]
        if self._farewell is not None and not waits[0] and not board.partials:
            waits.append(await self._close(rung, board))
        else:
            waits.append(min(self._script.due(now) or 0.0, PEEK))
        waits.append(min(await self._posts.sweep(self._paper.page), PEEK))
        waits.append(min(await self._shelf.tidy(), PEEK))
        if self._script.pending:
            waits.append(waits[0] or GLANCE)
        elif self._farewell == "" and not any(waits[:2]) and not self._shelf.unsure:
            self.said.set()
        if busy := [wait for wait in waits if wait > 0]:
            raise OutletBusy(min(*busy, SOON))

    # The end, and what is taken back

    def _rung(self, now: float) -> Rung:
        """The way to take. At the end nobody waits for a stream that is frozen, or that many others want."""
        page = self._paper.page
        streams = page is not None and page.rung is Rung.STREAM
        rung = self._ladder.rung(self._calls(), now, safely=self._chat.doubtful and not streams)
        if self._farewell is None or rung is not Rung.STREAM:
            return rung
        if not self._last_posted and self._script.pending:
            wait = self._chat.wait(START if page is None else APPEND)
            self._last_posted = wait > max(SOON, self._chat.wait(POST))
        return Rung.UPDATE if self._last_posted else rung

    async def _close(self, rung: Rung, board: Board) -> float:
        if self._farewell:
            self._script.tell(self._farewell)
            self._farewell = ""
            if (wait := await self._words(rung, board)) > 0:
                return wait
        self._paper.turn()
        return 0.0

    def _erase(self, speaker: str) -> None:
        self._posts.erase(speaker)
        page = self._paper.page
        if page is not None and page.erase(speaker) and page.rung is Rung.STREAM:
            self._paper.turn()  # what streams can't be rewritten
        self._shelf.erase(speaker)

    # Words

    async def _words(self, rung: Rung, board: Board) -> float:
        """Write what waits, by the way that `rung` is. Returns the seconds until there is more to do."""
        if self._paper.page is not None and self._paper.page.rung is not rung:
            self._paper.turn()
        try:
            return await self._posts.look() or await self._write(rung, board)
        except OutletBusy as busy:
            return max(busy.retry_after, GLANCE)
        except Unanswered as unanswered:
            return unanswered.wait
        except (StreamOver, MessageLost, NotTaken) as error:
            return self._refused(rung, error)

    async def _write(self, rung: Rung, board: Board) -> float:
        match rung:
            case Rung.STREAM:
                return await self._growing.write()
            case Rung.UPDATE:
                return await self._mixed.write(board, ending=self._farewell is not None)
            case Rung.POST:
                return await self._posts.write()

    def _refused(self, rung: Rung, error: OutletError) -> float:
        """The open page takes nothing more, or this way is none. Returns the seconds until more is tried."""
        now, page = self._loop.time(), self._paper.page
        if page is not None:
            page.streaming = page.streaming and not isinstance(error, StreamOver)
            if rung is Rung.UPDATE:
                self._script.again(page.unsure)
                page.sheet = Sheet(page.sheet.pieces[: page.sure])
            if isinstance(error, MessageLost):
                self._paper.page = None
            else:
                self._paper.turn()
        if isinstance(error, StoppedByReader):
            self._ladder.refuse(Rung.STREAM)  # there is no such button below what is rewritten
        elif isinstance(error, NotTaken):
            if rung is Rung.POST:
                raise OutletGone(f"Slack does not take captions here ({error}).") from error
            self._paper.refused(rung, now)
        elif page is None or not page.sheet.pieces:
            self._paper.failed(Rung.STREAM, now)
        return GLANCE
