"""The Intake: one speaker's sound on its way from the inbox to the tape, where an engine finds it."""

import asyncio
from collections.abc import Callable

from core.audio.frame import Frame, Lost, Speaker
from core.audio.inbox import Inbox
from core.audio.tape import Tape
from core.metrics import Metrics

JOIN = 0.5
"""Seconds between two losses that are one: a full tape forgets a few seconds at a time."""


class Intake:
    """Takes what a speaker said, and keeps on the `tape` what an engine has yet to settle.

    While somebody listens they take each item themselves (`take`). While a stream is opened, replayed to or
    brought to its end nobody does: between `keep` and `leave`, `run` moves everything to the tape, so that
    the inbox, which is short, loses nothing.
    """

    def __init__(self, speaker: Speaker, tape: Tape, lose: Callable[[Lost], None], metrics: Metrics) -> None:
        """`lose` is told of all sound that will never be heard."""
        self._speaker = speaker
        self._inbox = Inbox()
        self._lose = lose
        self._metrics = metrics
        self._keeping = asyncio.Event()
        self._given_up: Lost | None = None  # of the tape, and not told yet: it may go on
        self.tape = tape

    @property
    def waiting(self) -> float:
        """Seconds of audio that were heard and given to no engine yet."""
        return self._inbox.seconds + self.tape.ahead

    def put(self, item: Frame | Lost) -> None:
        """Take it in; never waits."""
        before = self._inbox.dropped
        self._inbox.put(item)
        if self._inbox.dropped > before:
            self._metrics.frames_dropped["inbox"].inc()

    def close(self) -> None:
        """Nothing comes any more."""
        self._inbox.close()

    def keep(self) -> None:
        """From now on `run` moves what comes to the tape."""
        self._keeping.set()

    def leave(self) -> None:
        """From now on what comes stays in the inbox until it is taken."""
        self._keeping.clear()

    async def run(self) -> None:
        """Move what comes to the tape, whenever it is wanted, until everything came."""
        while True:
            await self._keeping.wait()
            more = await self._inbox.waiting()
            # Nothing is awaited between the look and the move: nobody else can take it in between.
            if not self._keeping.is_set():
                continue
            if not more:
                return
            item = self._inbox.pop()
            if isinstance(item, Lost):
                self._lose(item)
            elif item is not None:
                self.write(item)

    async def sound(self) -> bool:
        """Wait until there is sound to be heard (True), or all was heard and no more comes (False).

        What was lost is told of meanwhile: there is nothing in it for an engine to hear.
        """
        self.leave()
        while self.tape.seconds <= 0:
            if not await self._inbox.waiting():
                return False
            if not self._inbox.loss:
                return True
            item = self._inbox.pop()
            assert isinstance(item, Lost)
            self._lose(item)
        return True

    async def take(self) -> Frame | Lost | None:
        """The oldest item; None when no more comes. The caller writes it to the tape or tells of the loss."""
        return await self._inbox.take()

    def write(self, frame: Frame) -> None:
        """Keep a frame at the end of the tape."""
        if (lost := self.tape.write(frame)) is not None:
            self._metrics.frames_dropped["tape"].inc(round((lost.end - lost.start) / frame.seconds))
            self.give_up(lost)

    def tell(self) -> None:
        """What is heard next follows what was given up: tell of that."""
        lost, self._given_up = self._given_up, None
        if lost is not None:
            self._lose(lost)

    def give_up(self, lost: Lost) -> None:
        """This was kept and will never be heard: `tell` tells of it, and of what is given up next to it."""
        before = self._given_up
        if before is not None and abs(lost.start - before.end) <= JOIN:
            self._given_up = Lost(self._speaker, before.start, max(before.end, lost.end))
            return
        self.tell()
        self._given_up = lost

    async def swallow(self) -> None:
        """Nobody hears what is there and what comes, to the end: it is told of as one loss."""
        self.leave()
        self.tell()
        tape, start, end = self.tape, None, 0.0
        if tape.seconds > 0:
            start, end = tape.start, tape.end
            tape.erase()
        try:
            while (item := await self._inbox.take()) is not None:
                if isinstance(item, Lost):
                    self._lose(item)
                else:
                    start, end = item.at if start is None else start, item.end
        finally:
            if start is not None:
                self._lose(Lost(self._speaker, start, end))

    def drain(self) -> Lost | None:
        """Take all that waits in the inbox, as one loss."""
        whole: Lost | None = None
        while (item := self._inbox.pop()) is not None:
            start = item.at if isinstance(item, Frame) else item.start
            if whole is not None:
                start = min(start, whole.start)
            whole = Lost(self._speaker, start, item.end if whole is None else max(whole.end, item.end))
        return whole
