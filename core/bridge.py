"""The Bridge shows one call in many places: what is said in one channel is read in a thread or a browser.

Whoever may manage a call shares it and gets a code, which is short enough to be read aloud and lives for a
quarter of an hour. Whoever has the code attaches a place of theirs. Everybody in the call is told where it is
shown, and a place that is slow or broken delays nobody else.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from core.captions.board import Board
from core.captions.publisher import FAREWELL, Outlet, Publisher
from core.codes import MOST, TRIES, Code, Codes, Ticket, Tries
from core.errors import UserError

log = logging.getLogger(__name__)

PLACES = 10
"""Places where one call is shown besides its own."""

ENDED = "The call is over."
REVOKED = "The call is not shown here any more: sharing was ended where it takes place."
MOVED = "The call moved to another channel, so it is not shown here any more."
CLOSED = "The call is not open to everybody any more, so it is not shown here any more."
STOPPED = "Spokenly was stopped: the call is not shown here any more."
UNKNOWN = "This code shows no call: codes end after a quarter of an hour. Ask for a new one."
UNSHARED = "The call is shared no more: ask for a new code."
RESTARTED = "Spokenly was restarted: the call is not shown here any more. Attach it again to go on."
LOST = "The last words could not be shown here."
GONE = "The place is gone."
BROKEN = "Captions stopped here because of a fault in Spokenly. Attach the call again to go on."

Told = Callable[[str], None]
"""Is told why a call is not shown somewhere any more: a sentence for people, or nothing."""


def named(places: Sequence[str]) -> str | None:
    """What everybody in a call is told of the places where it is shown, there as well; None: of none."""
    told = "Besides where it takes place, this call is shown elsewhere:"
    return f"{told} {', '.join(places)}." if places else None


class Source(Protocol):
    """A call that can be shown elsewhere."""

    @property
    def title(self) -> str:
        """What it is called, for people in the other places."""

    @property
    def origin(self) -> str:
        """Where people talk, as words that follow "from": "Discord", "a room in the browser"."""

    @property
    def board(self) -> Board: ...

    @property
    def language(self) -> str: ...

    @property
    def private(self) -> bool:
        """It is not to be shown anywhere else."""

    @property
    def over(self) -> bool: ...

    def shown_at(self, places: Sequence[str]) -> None:
        """It is shown at these places now: tell everybody in the call. None of them: nowhere any more."""


class Attachment:
    """A place where a call of elsewhere is shown. `Bridge.attach` makes it."""

    def __init__(
        self,
        source: Source,
        publisher: Publisher,
        where: str,
        *,
        farewell: float,
        closing: Told,
        ended: Told,
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called when this is `live` no more."""
        self.source = source
        self.where = where
        self.over = False
        self._publisher = publisher
        self._farewell = farewell
        self._closing = closing
        self._ended = ended
        self._why: str | None = None
        self._otherwise = BROKEN  # why it is over, where nobody ended it
        self._changed = changed
        self.task: asyncio.Task[None] | None = None
        """Its `show`."""

    @property
    def live(self) -> bool:
        """What is said now is shown there."""
        return self._why is None and not self.over

    def detach(self, why: str = "") -> None:
        """Show what was said until now, then nothing more. `why`: for people there."""
        if self.live:
            self._why = why
            with _bulkhead():
                self._closing(why)
            # The call may go on: what is said while the place is busy is not for it.
            self._publisher.close(self._farewell, self.source.board.excerpt())
            self._changed()

    def drop(self) -> None:
        """Wait for nothing more: its last words had their time."""
        if self.task is not None:
            self.task.cancel()

    async def show(self) -> None:
        """Show the call until it is shown no more."""
        with _bulkhead():
            await self._publisher.run()
            self._otherwise = GONE

    def end(self) -> None:
        """It is over; said once to whoever attached it."""
        live, self.over = self.live, True
        with _bulkhead():
            self._ended(self._otherwise if self._why is None else self._why)
        if live:
            self._changed()


class Bridge:
    """Knows which calls are shared, and shows them. Use as an async context: leaving it ends all of it."""

    def __init__(self, patience: float = FAREWELL) -> None:
        """`patience`: seconds that the last words may take anywhere when the context is left."""
        self._codes: Codes[Source] = Codes()
        self._tries = Tries()
        self._attached: list[Attachment] = []
        self._tasks = asyncio.TaskGroup()
        self._patience = patience
        self._stopped = False
        self._loop = asyncio.get_running_loop()
        self.address = ""
        """Where people open Spokenly in a browser: there /room/CODE shows a call. Empty: not known."""

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drain()
        for attachment in self._attached:
            attachment.detach(STOPPED)
        deadline = self._loop.call_later(self._patience, self._hurry)
        try:
            await self._tasks.__aexit__(kind, error, trace)
        finally:
            deadline.cancel()

    def drain(self) -> None:
        """Spokenly stops: nothing is shared or attached any more. Last words still come in."""
        self._stopped = True
        self._codes.clear()

    def _hurry(self) -> None:
        for attachment in self._attached:
            attachment.drop()

    def share(self, source: Source) -> Code:
        """A new code for a call; the one before ends. Whether somebody may share it, the caller has to know.

        Raises `UserError` when the call is private or over.
        """
        self._showable(source)
        return self._codes.make(source, self._loop.time())

    def code(self, source: Source) -> Code | None:
        """The code of a call, if one can be used now."""
        return self._codes.of(source, self._loop.time())

    def link(self, code: Code) -> str:
        """Where a browser shows the call of a code."""
        return f"{self.address}/room/{code.text}"

    def find(self, text: str, *, asker: str) -> Ticket[Source]:
        """What a code stands for, however it is typed. `asker`: who tries, in any words.

        Raises `UserError` for a code that means nothing (any more), and when the asker tried too many such.
        """
        now = self._loop.time()
        wrong = self._tries.lately(asker, now)
        found = self._codes.find(text, now) if wrong < MOST else None
        if found is None or found.shared.over or found.shared.private:
            self._tries.count(asker, now)
            raise UserError(UNKNOWN if wrong < TRIES else "Too many codes were tried: wait a minute.")
        return found

    def attach(
        self,
        found: Ticket[Source],
        outlet: Outlet,
        where: str,
        ended: Told = lambda _why: None,
        *,
        closing: Told = lambda _why: None,
        farewell: float = FAREWELL,
    ) -> Attachment:
        """Show the call that was found in another place until it ends. `where`: the place, as people in the
        call are told.

        `closing` is told why before the last words are shown there, unless the place itself fails; `ended`
        once after them, in any case. `farewell`: seconds that the last words are tried for in a place which
        is busy; a stop of Spokenly may cut them short. What was said before is the outlet's to leave out.

        Raises `UserError` when the call is over, private, not shared any more or anew since it was found, or
        shown in too many places.
        """
        source = found.shared
        self._showable(source)
        if not self._codes.holds(found):
            raise UserError(UNSHARED)
        if len(self.places(source)) >= PLACES:
            raise UserError(f"The call is shown in {PLACES} other places already, which is all it takes.")
        attachment = Attachment(
            source,
            Publisher(source.board, outlet),
            where,
            farewell=farewell,
            closing=closing,
            ended=ended,
            changed=lambda: self._tell(source),
        )
        self._attached.append(attachment)
        attachment.task = self._tasks.create_task(attachment.show(), name="bridge")
        # A task that is cancelled before it began would end nothing itself.
        attachment.task.add_done_callback(lambda _: self._over(attachment))
        self._tell(source)
        return attachment

    def rename(self, attachment: Attachment, where: str) -> None:
        """The place is known otherwise now, e.g. because more people read there."""
        if where != attachment.where and attachment.live:
            attachment.where = where
            self._tell(attachment.source)

    def places(self, source: Source) -> list[str]:
        """Where a call is shown besides its own place."""
        return [one.where for one in self._attached if one.source is source and one.live]

    def revoke(self, source: Source, why: str = REVOKED) -> None:
        """Share a call no more: its code ends, and the places where it is shown get nothing new."""
        self._close(source, why)

    def ended(self, source: Source) -> None:
        """A call is over and its board complete: the last words reach every place."""
        self._close(source, STOPPED if self._stopped else ENDED)

    def _showable(self, source: Source) -> None:
        """Raises `UserError` when a call can't be shown elsewhere now."""
        if self._stopped:
            raise UserError("Spokenly is being stopped: try again in a minute.")
        if source.over:
            raise UserError(ENDED)
        if source.private:
            raise UserError("This call is private: it can't be shown anywhere else.")

    def _close(self, source: Source, why: str) -> None:
        self._codes.forget(source)
        for attachment in self._attached:
            if attachment.source is source:
                attachment.detach(why)

    def _over(self, attachment: Attachment) -> None:
        self._attached.remove(attachment)
        attachment.end()

    def _tell(self, source: Source) -> None:
        """Everybody in a call is told where it is shown now."""
        if not source.over:
            with _bulkhead():
                source.shown_at(self.places(source))


@contextmanager
def _bulkhead() -> Iterator[None]:
    """A fault in one place must not end the call, nor what others see of it."""
    try:
        yield
    except Exception:
        log.exception("bridge.bug")
