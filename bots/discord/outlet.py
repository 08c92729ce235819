"""What people read on Discord: messages, each a page that rewrites itself in place until it turns."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from bots.discord import notices
from bots.discord.place import LONGEST, MessageGone, Place, WordsRefused
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import MARKDOWN, utf16, words
from core.captions.pages import KEPT, Page, Pages
from core.errors import OutletBusy, OutletGone

FOOT = 400
"""Of those, how many the lines below the words may take."""

AGE = 50 * 60.0
"""Seconds after which a page turns: Discord takes few edits of messages older than an hour."""

GLANCE = 0.1
"""Seconds after which it is looked again whether what may still change has become final."""

REWRITE = 3.1
"""Seconds between two changes of pages that were done, when somebody takes back what they said: Discord takes
few edits of messages that are more than an hour old."""

REFUSALS = 5
"""Texts in a row that a place may refuse for their words: after that it takes none, whatever is left out."""

LATE = 5.0
"""Seconds by which captions may be late before readers are told."""


@dataclass(slots=True)
class _Message:
    """A page's message as Discord has it."""

    id: int
    text: str
    open: bool
    upto: int
    told: tuple[str, ...]
    """The notices below it."""


class ChatPages:
    """An `Outlet` (core/captions/publisher.py): the board as messages in a `Place`.

    There is always one open page, with the controls below it and the state of the captions in its foot: the
    notices of the board, who listens, and how late the words are where that is much. A page that is full or
    50 minutes old turns: foot and controls go, and it never changes again unless somebody takes back what
    they said. If a moderator deletes a page, what stood on it stays away and the captions go on.

    `show` never queues: where Discord would not take a request now it raises `OutletBusy`, and what is sent
    later is what is true then.
    """

    pace = GLANCE
    """Seconds. Discord's own limits, not this, are what spreads the requests (bots/discord/pace.py)."""

    def __init__(self, place: Place, *, heading: str = "", first: int = 0, inside: bool = False) -> None:
        """`heading`: Markdown above the first words, for people; it may mention.

        `first`: the board's entry that the pages begin with, where those before stand elsewhere. `inside`:
        the place is the call's own, so that people there are told more than elsewhere.
        """
        self._place = place
        self._inside = inside
        self._heading = f"{heading}\n" if heading else ""
        self._farewell: str | None = None
        self._pages = Pages(LONGEST - FOOT - utf16(self._heading), MARKDOWN, AGE, blank=True, first=first)
        self._messages: dict[int, _Message] = {}
        self._nonces = secrets.token_hex(8)
        self._first = 0  # the page with the heading: the first that has words
        self._next = 0  # pages before this number have been posted, or never will be
        self._refused = 0  # times in a row that the place filtered what it was given
        self._rewritten = -inf  # when a page that was done was written once more
        self._put_off: dict[int, float] = {}  # until when Discord refuses a page that was posted and turned
        self._loop = asyncio.get_running_loop()

    def end(self, sentence: str = "") -> None:
        """The call is over: from the next show on the open page has no controls and `sentence` for its foot.

        The last words may still come in.
        """
        self._farewell = sentence

    async def show(self, board: Board) -> None:
        """Bring the pages up to date, as far as Discord takes requests now.

        Raises `OutletBusy` when something is left to be written, and `OutletGone` with one sentence for
        people when nothing can be written there any more.
        """
        waits: list[float] = []
        pages = self._pages.update(board, self._loop.time())
        for page in sorted(pages, key=self._done):
            try:
                wait = await self._bring(page, board)
            except MessageGone:
                wait = self._missing(page)
            except WordsRefused as refused:
                wait = await self._filtered(page, refused)
            if wait > 0:
                waits.append(wait)
                if page.number >= self._next:
                    break  # messages stand in the order in which they were posted
        if waits:
            raise OutletBusy(min(waits))

    async def _bring(self, page: Page, board: Board) -> float:
        """Write `page`, and return the seconds to wait. What is being said never waits for old pages."""
        if not (page.turned and page.number in self._messages):
            return await self._write(page, board)
        if self._loop.time() < self._put_off.get(page.number, -inf):
            return GLANCE
        self._put_off.pop(page.number, None)
        try:
            return await (self._rewrite if self._done(page) else self._write)(page, board)
        except OutletBusy as busy:
            self._put_off[page.number] = self._loop.time() + busy.retry_after
            return GLANCE

    async def _rewrite(self, page: Page, board: Board) -> float:
        """Write a page once more that was done, but few of them at a time."""
        now, before = self._loop.time(), self._rewritten
        if now < before + REWRITE:
            return GLANCE
        self._rewritten = now
        if await self._write(page, board) <= 0:
            return 0.0
        self._rewritten = before
        return GLANCE

    async def _write(self, page: Page, board: Board) -> float:
        """Write `page` if Discord takes it now and it isn't there already; else the seconds to wait."""
        message = self._messages.get(page.number)
        text = "" if page.turned and not page.text else self._face(page, board)
        open = not page.turned and self._farewell is None
        told = tuple(self._notices(board).values())
        if not text:
            return await self._remove(page, message)
        if message is None and page.number < self._next:
            wait = 0.0  # somebody deleted it
        elif message is None:
            wait = self._place.wait(None, urgent=True)
            if wait <= 0:
                number, stands = await self._place.post(text, f"{self._nonces}{page.number:x}", open=open)
                self._next = page.number + 1
                if stands != text:  # it was posted before, and the answer was lost
                    self._keep(page, _Message(number, stands, open=True, upto=0, told=()))
                    return GLANCE
                self._keep(page, _Message(number, text, open, page.upto, told))
        elif (message.text, message.open) == (text, open):
            wait = 0.0
        else:
            wait = await self._edit(page, message, _Message(message.id, text, open, page.upto, told))
        if wait <= 0:
            self._pages.written(page)
        return wait

    async def _edit(self, page: Page, old: _Message, new: _Message) -> float:
        urgent = page.turned or not new.open or new.upto > old.upto or new.told != old.told
        wait = self._place.wait(old.id, urgent=urgent)
        if wait > 0:
            # A final may come while interim words wait, and need not wait as long.
            return wait if urgent else min(wait, GLANCE)
        await self._place.edit(old.id, new.text, open=new.open)
        self._keep(page, new)
        return 0.0

    def _done(self, page: Page) -> bool:
        """Whether a page had its last change already: what comes now waits behind what is being said."""
        message = self._messages.get(page.number)
        return page.turned and message is not None and not message.open

    def _keep(self, page: Page, message: _Message) -> None:
        self._refused = 0
        self._messages[page.number] = message
        while len(self._messages) > KEPT:
            del self._messages[next(iter(self._messages))]

    async def _remove(self, page: Page, message: _Message | None) -> float:
        """A page without words: its message goes, if there ever was one."""
        if page.number == self._first:
            self._first += 1
        if message is not None:
            await self._place.delete(message.id)
            del self._messages[page.number]
        self._pages.written(page)
        return 0.0

    def _missing(self, page: Page) -> float:
        """Somebody deleted the message of `page`. Returns the seconds until the captions go on."""
        self._messages.pop(page.number, None)
        self._next = max(self._next, page.number + 1)
        if page.turned:
            self._pages.written(page)
            return 0.0
        self._pages.lost()
        return GLANCE

    async def _filtered(self, page: Page, refused: WordsRefused) -> float:
        """The place does not take what is new on `page`. Returns the seconds until it is shown without."""
        message = self._messages.get(page.number)
        if message is not None and self._done(page):
            # Words were taken back, and what is left of the page must not keep them there.
            return await self._remove(page, message)
        self._refused += 1
        if self._refused > REFUSALS:
            raise OutletGone(str(refused))
        self._pages.refused(page, 0 if message is None else message.upto)
        return GLANCE

    def _face(self, page: Page, board: Board) -> str:
        """All of a page's message."""
        heading = self._heading if page.number == self._first else ""
        foot = [] if page.turned else self._foot(board)
        return heading + "\n".join(filter(None, (page.text, *foot)))

    def _notices(self, board: Board) -> Mapping[str, str]:
        return board.inside if self._inside else board.notices

    def _foot(self, board: Board) -> Sequence[str]:
        if self._farewell is not None:
            return [_small(self._farewell, FOOT)]
        state = ["Live captions", _engine(board)]
        if board.lateness is not None and board.lateness >= LATE:
            state.append(f"{board.lateness:.0f} s behind")
        above = _small(" · ".join(filter(None, state)), FOOT // 2)
        told = self._notices(board)
        sentences = " ".join(told[key] for key in sorted(told, key=notices.urgency))
        return [above, _small(sentences, FOOT - utf16(above))]


def _engine(board: Board) -> str | None:
    """Who heard the newest words."""
    newest = next(iter(board.partials.values()), None) or (board.entries[-1] if board.entries else None)
    return newest.engine if isinstance(newest, Caption) else None


def _small(text: str, room: int) -> str:
    """One subtle line of at most `room`, its break and its mark among them, or nothing."""
    shown, room = "", room - len("\n\n-# …")
    for word in words(text):
        longer = f"{shown} {MARKDOWN.escape(word)}".lstrip()
        if utf16(longer) > room:
            return f"-# {shown}…"
        shown = longer
    return f"-# {shown}" if shown else ""
