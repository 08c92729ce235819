"""The Bridge shows one call in many places: what is said in one channel is read in a thread or a browser.

Whoever may manage a call shares it and gets a code, which is short enough to be read aloud and lives for a
quarter of an hour. Whoever has the code attaches a place of theirs. Everybody in the call is told where it is
shown, and a place that is slow or broken delays nobody else.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from core.captions.board import Board
from core.captions.publisher import Outlet, Publisher
from core.errors import UserError

log = logging.getLogger(__name__)

LIFE = 900.0
"""Seconds that a code can be used. What was attached by then stays."""

PLACES = 10
"""Places where one call is shown besides its own."""

TRIES, WINDOW = 10, 60.0
"""How many wrong codes one person may try, in so many seconds."""

ASKERS = 10_000
"""People whose tries are remembered; the one who tried longest ago is forgotten first."""

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that looks or sounds like something else (0 and O, 1 and I)."""

LENGTH = 8
"""Letters of a code: 40 bits, of which one person sees ten a minute."""

ENDED = "The call is over."
REVOKED = "The call is not shown here any more: sharing was ended where it takes place."
STOPPED = "Spokenly was stopped: the call is not shown here any more."
BROKEN = "Captions stopped here because of a fault in Spokenly. Attach the call again to go on."

Told = Callable[[str], None]
"""Is told why a call is not shown somewhere any more: a sentence for people, or nothing."""


def cleaned(typed: str) -> str:
    """A code, however somebody typed it: in small letters, with spaces or dashes."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def looks_like_code(typed: str) -> bool:
    """Whether this could be a code at all."""
    return len(code := cleaned(typed)) == LENGTH and all(letter in LETTERS for letter in code)


def named(places: Sequence[str]) -> str | None:
    """What everybody in a call is told of the places where it is shown; None: of none."""
    return f"What is said here is also shown elsewhere: {', '.join(places)}." if places else None


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


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody types to see a call. `until`: the loop's time at which it ends."""

    text: str
    until: float

    @property
    def spaced(self) -> str:
        """As people read it aloud."""
        return f"{self.text[:4]}-{self.text[4:]}"


class Attachment:
    """A place where a call of elsewhere is shown."""

    def __init__(self, source: Source, publisher: Publisher, where: str, closing: Told, ended: Told) -> None:
        self.source = source
        self.where = where
        self._publisher = publisher
        self._closing = closing
        self._ended = ended
        self._why: str | None = None
        self.over = False

    def detach(self, why: str = "") -> None:
        """Show what was said until now, then nothing more. `why`: for people there."""
        if self._why is None and not self.over:
            self._why = why
            with _bulkhead():
                self._closing(why)
            self._publisher.close()

    def end(self, why: str = "") -> None:
        """It is over; said once to whoever attached it."""
        self.over = True
        self._ended(why if self._why is None else self._why)


class Bridge:
    """Knows which calls are shared, and shows them. Use as an async context: leaving it ends all of it."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[Source, Code]] = {}
        self._attached: list[Attachment] = []
        self._tries: dict[str, deque[float]] = {}
        self._tasks = asyncio.TaskGroup()
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
        self._stopped = True
        self._codes.clear()
        for attachment in self._attached:
            attachment.detach(STOPPED)
        await self._tasks.__aexit__(kind, error, trace)

    def share(self, source: Source) -> Code:
        """A new code for a call; the one before ends. Whether somebody may share it, the caller has to know.

        Raises `UserError` when the call is private or over.
        """
        self._going_on(source)
        if source.private:
            raise UserError("This call is private: it can't be shown anywhere else.")
        self._forget(source)
        text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        code = Code(text, self._loop.time() + LIFE)
        self._codes[text] = source, code
        return code

    def code(self, source: Source) -> Code | None:
        """The code of a call, if one can be used now."""
        self._expire()
        return next((code for one, code in self._codes.values() if one is source), None)

    def link(self, code: Code) -> str:
        """Where a browser shows the call of a code."""
        return f"{self.address}/room/{code.text}"

    def find(self, text: str, *, asker: str) -> Source:
        """The call that a code stands for, however it is typed. `asker`: who tries, in any words.

        Raises `UserError` for a code that means nothing (any more), and when the asker tried too many such.
        """
        tries = self._tries.get(asker)
        if tries is not None and len(tries) == TRIES and self._loop.time() - tries[0] < WINDOW:
            raise UserError("Too many codes were tried: wait a minute.")
        self._expire()
        source, _code = self._codes.get(cleaned(text), (None, None))
        if source is None or source.over or source.private:
            self._count(asker)
            raise UserError(
                "This code shows no call: codes end after a quarter of an hour. Ask for a new one."
            )
        return source

    def attach(
        self,
        source: Source,
        outlet: Outlet,
        where: str,
        ended: Told = lambda _why: None,
        *,
        closing: Told = lambda _why: None,
    ) -> Attachment:
        """Show a call in another place from now until it ends. `where`: the place, as people know it.

        `closing` is told why before the last words are shown there, unless the place itself fails; `ended`
        once after them, in any case. Raises `UserError` when the call is over, or shown in too many places.
        """
        self._going_on(source)
        if len(self.places(source)) >= PLACES:
            raise UserError(f"The call is shown in {PLACES} other places already, which is all it takes.")
        publisher = Publisher(source.board, outlet)
        attachment = Attachment(source, publisher, where, closing, ended)
        self._attached.append(attachment)
        self._tasks.create_task(self._show(attachment, publisher), name="bridge")
        self._tell(source)
        return attachment

    def rename(self, attachment: Attachment, where: str) -> None:
        """The place is known otherwise now, e.g. because more people read there."""
        if where != attachment.where and not attachment.over:
            attachment.where = where
            self._tell(attachment.source)

    def places(self, source: Source) -> list[str]:
        """Where a call is shown besides its own place."""
        return [attachment.where for attachment in self._attached if attachment.source is source]

    def shared(self, source: Source) -> bool:
        """Whether a code for it can be used, or it is shown elsewhere."""
        self._expire()
        return any(one is source for one, _code in self._codes.values()) or bool(self.places(source))

    def revoke(self, source: Source) -> None:
        """Share a call no more: its code ends, and the places where it is shown get nothing new."""
        self._close(source, REVOKED)

    def ended(self, source: Source) -> None:
        """A call is over and its board complete: the last words reach every place."""
        self._close(source, ENDED)

    def _going_on(self, source: Source) -> None:
        if self._stopped:
            raise UserError("Spokenly is being stopped: try again in a minute.")
        if source.over:
            raise UserError(ENDED)

    def _close(self, source: Source, why: str) -> None:
        self._forget(source)
        for attachment in self._attached:
            if attachment.source is source:
                attachment.detach(why)

    def _forget(self, source: Source) -> None:
        self._codes = {text: kept for text, kept in self._codes.items() if kept[0] is not source}

    def _expire(self) -> None:
        now = self._loop.time()
        self._codes = {text: kept for text, kept in self._codes.items() if now < kept[1].until}

    def _count(self, asker: str) -> None:
        now = self._loop.time()
        tries = self._tries.pop(asker, None) or deque(maxlen=TRIES)
        self._tries[asker] = tries
        if len(self._tries) > ASKERS:
            del self._tries[next(iter(self._tries))]
        tries.append(now)

    async def _show(self, attachment: Attachment, publisher: Publisher) -> None:
        why = BROKEN
        try:
            with _bulkhead():
                await publisher.run()
                why = "The place is gone."
        finally:
            self._attached.remove(attachment)
            with _bulkhead():
                attachment.end(why)
            if not attachment.source.over:
                self._tell(attachment.source)

    def _tell(self, source: Source) -> None:
        """Everybody in a call is told where it is shown now."""
        with _bulkhead():
            source.shown_at(self.places(source))


@contextmanager
def _bulkhead() -> Iterator[None]:
    """A fault in one place must not end the call, nor what others see of it."""
    try:
        yield
    except Exception:
        log.exception("bridge.bug")
