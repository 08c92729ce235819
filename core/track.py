"""A Track: one speaker, from frames to captions, through every line that breaks on the way."""

import asyncio
import logging

from core.audio.frame import Frame, Lost, Speaker, seconds
from core.audio.intake import Intake
from core.audio.tape import Tape
from core.call import Call
from core.captions.caption import Caption, Gap, captioned
from core.engines.gate import Gate
from core.engines.poison import DOSE
from core.engines.pool import Lender, Loan
from core.engines.protocol import Hypothesis
from core.engines.retries import Retries
from core.errors import EngineError, LineBusy, LineLost, Refused, weightiest
from core.metrics import Metrics
from core.telling import Telling

log = logging.getLogger(__name__)

PAUSE = 0.6
"""Seconds without a frame after which the engine is asked to settle: some platforms send no silence."""

REST = 8.0
"""Seconds without a frame after which the stream is handed back."""

BACKLOG = 10.0
"""Seconds unheard that a stream of their own catches up with, where engines are no faster than speech."""

WORTH_A_MARK = 0.2
"""Seconds of lost audio that are shown as a gap: less is a syllable at most."""


class _Stale(Exception):
    """A better engine can be had: what is not settled goes there."""


class Track:
    """Hears one speaker and shows what was said, in order, each word once.

    It borrows a stream when somebody speaks, replays what was not settled when a stream breaks, asks the
    engine to settle when frames stop, and hands the stream back after some seconds of quiet.
    """

    def __init__(
        self,
        speaker: Speaker,
        *,
        call: Call,
        pool: Lender,
        language: str,
        metrics: Metrics,
        gate: Gate | None = None,
        backlog: Tape | None = None,
    ) -> None:
        """`gate` lets through what may be speech. `backlog` is there to be heard instead of frames."""
        self.speaker = speaker
        self._call = call
        self._pool = pool
        self._gate = gate
        self._language = language
        self._metrics = metrics
        self._intake = Intake(speaker, backlog or Tape(speaker), self._lose, metrics)
        self._catching_up = backlog is not None
        # Who speaks now is the one to tell of.
        self._telling = Telling(call, speaker, aloud=backlog is None)
        self._splitting: float | None = None  # seconds that two streams shall hear, of now and of before
        self._over = False
        self._engine = ""
        self._settled = True  # the engine's last word was a final
        self._retries = Retries()
        self._wake = asyncio.Event()  # what is waited for may be there
        self._ending = False
        self._hushed = False
        self._quiet = False  # the engine's last word was that nothing was said

    def hear(self, item: Frame | Lost) -> None:
        """Take what the speaker said; never waits. They may be called otherwise than before."""
        self.speaker = item.speaker
        if isinstance(item, Frame):
            self._metrics.audio_seconds.inc(item.seconds)
            self._telling.sound(item)
        for through in self._gate.hear(item) if self._gate else [item]:
            self._intake.put(through)

    @property
    def waiting(self) -> float:
        """Seconds of audio that were heard and not yet taken: the source had better wait a little."""
        return self._intake.waiting

    def close(self) -> None:
        """The speaker has left: `run` ends after the last words."""
        for lost in self._gate.end() if self._gate else []:
            self._intake.put(lost)
        self._intake.close()
        self._telling.left()

    def end(self) -> None:
        """The call is over, so nothing is worth a long wait any more: what can't be had soon is given up."""
        self._ending = True
        self._wake.set()

    def hush(self) -> None:
        """The speaker does not want to be heard: what is given up from now on is not marked as lost."""
        self._hushed = True

    def catch_up(self, backlog: Tape) -> bool:
        """Hear this too, after what is there to be caught up with; says whether there is time for it."""
        if not self._over:
            for frame in backlog.frames():
                self._intake.write(frame)
        return not self._over

    async def run(self) -> None:
        """Listen until `close`. Cancelling gives the stream back at once; what was shown by then stays, and
        what was not is marked as a gap."""
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._intake.run(), name="intake")
                while await self._intake.sound():
                    try:
                        await self._converse()
                    except (LineLost, LineBusy) as error:
                        if self._ending and isinstance(error, LineBusy) and error.lasting:
                            break
                        await self._recover(error)
                    except Refused as error:
                        await self._refuse(error)
                self._over = True
                keeping.cancel()
        finally:
            self._over = True
            self._leave_no_doubt()
            self._telling.over()

    @property
    def _tape(self) -> Tape:
        return self._intake.tape

    def _leave_no_doubt(self) -> None:
        """Cut short: let stand what people have read, and mark what they have not."""
        rest = self._intake.drain()
        if self._tape.seconds > 0:
            shown = None if self._catching_up else self._call.commit(self.speaker)
            start = self._tape.start if shown is None else max(shown.end, self._tape.start)
            end = self._tape.end if rest is None else max(self._tape.end, rest.end)
            self._tape.erase()
            rest = Lost(self.speaker, start, end)
        if rest is not None:
            self._intake.give_up(rest)
        self._intake.tell()

    async def _converse(self) -> None:
        """Borrow one stream and use it until quiet, until a better one can be had, or to the end."""
        if self._pool.full(self._call.name):
            self._telling.waits()
        call, interim = self._call.name, not self._catching_up
        who = f"{call}/{self.speaker.id}"
        async with self._pool.lend(self._language, self._rewind, call=call, who=who, interim=interim) as loan:
            self._telling.heard_by(loan.note)
            self._split()
            self._engine = loan.engine
            self._quiet, self._settled = False, True
            failure, changing = None, False
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._talk(loan), name="talk")
                    both.create_task(self._listen(loan), name="listen")
            except* _Stale:
                changing = True
            except* EngineError as group:
                failure = weightiest(group)
            self._intake.keep()
            # Raised out here: inside `except*` it would be wrapped again.
            if failure is not None:
                self._retries.broke(self._call.now, loan.engine)
                raise failure
            if not changing:
                # The end settled what was not; what came since then is for the next engine.
                self._tape.settle(self._tape.given)
                self._retries.settled()

    def _rewind(self, lead: float) -> float:
        """The next stream begins with what is not settled, and a little from before."""
        self._intake.keep()
        slow = not self._catching_up and self._pool.slow(self._language)
        self._splitting = lead if slow and self._tape.seconds > BACKLOG else None
        self._tape.restart(lead if self._splitting is None else 0.0)
        return self._tape.known if self._splitting is None else self._splitting

    def _split(self) -> None:
        """There is a stream for what is said now: another one shall hear what was said before."""
        if self._splitting is not None:
            backlog = self._tape
            self._intake.tape = backlog.part(self._splitting)
            self._call.catch_up(self.speaker, backlog)

    async def _talk(self, loan: Loan) -> None:
        recognition = loan.recognition
        flushed = True
        while await self._send(loan):
            flushed = False
        self._intake.leave()
        while True:
            if self._settled and loan.stale():
                raise _Stale
            try:
                async with asyncio.timeout(REST - PAUSE if flushed else PAUSE):
                    item = await self._intake.take()
            except TimeoutError:
                if flushed:
                    break
                await recognition.flush()
                flushed = True
                continue
            if item is None:
                break
            flushed = await self._pass_on(item, loan, flushed)
            if self._quiet and self._pool.waiting:
                break  # an open microphone in a silent room: others have something to say
        self._intake.keep()
        await recognition.finish()

    async def _send(self, loan: Loan, *, flushed: bool = False) -> bool:
        """Give the engine the next that it has not had, if there is any; `flushed`: it was asked to settle
        what came before. Words on both sides of a pause do not belong together."""
        # A short pause of a backlog may be one in which another stream has heard something.
        paused = self._tape.pause > (WORTH_A_MARK if self._catching_up else PAUSE)
        if (pcm := self._tape.take()) is None:
            return False
        if paused and not flushed:
            await loan.recognition.flush()
        if loan.paid:
            self._call.streamed(seconds(pcm))
        await loan.recognition.send(pcm)
        return True

    async def _pass_on(self, item: Frame | Lost, loan: Loan, flushed: bool) -> bool:
        """Give one item to the engine. Says whether it has been asked to settle since."""
        if isinstance(item, Lost):
            self._lose(item)
            if not flushed and item.end - item.start >= WORTH_A_MARK:
                # Words on both sides of a hole do not belong together.
                await loan.recognition.flush()
                flushed = True
            return flushed
        self._intake.write(item)  # before anything is awaited: a line that breaks here must find it
        await self._send(loan, flushed=flushed)
        return False

    async def _listen(self, loan: Loan) -> None:
        async for hypothesis in loan.recognition:
            if hypothesis.final:
                self._intake.tell()
            self._call.show(self._caption(hypothesis))
            self._quiet = hypothesis.final and not hypothesis.text
            self._settled = hypothesis.final
            self._telling.heard(final=hypothesis.final)
            if hypothesis.final:
                self._tape.settle(min(hypothesis.end, self._tape.given))
                self._retries.settled()
                if self._catching_up and loan.stale():
                    raise _Stale  # somebody speaks now and waits

    def _caption(self, said: Hypothesis) -> Caption:
        start, end = self._tape.when(said.start), self._tape.until(said.end)
        return captioned(self.speaker, said, start, end, self._engine)

    async def _recover(self, error: LineLost | LineBusy) -> None:
        """Wait before the next try; what is said meanwhile goes on the tape."""
        self._metrics.line_failures["busy" if isinstance(error, LineBusy) else "lost"].inc()
        delay = self._retries.delay(error)
        if self._retries.poisoned(alone=self._pool.slow(self._language)):
            reach = self._tape.given + min(DOSE, self._tape.ahead)
            self._intake.give_up(Lost(self.speaker, self._tape.start, self._tape.until(reach)))
            self._tape.settle(reach)
        log.warning("stream.lost", extra={"reason": type(error).__name__, "delay": round(delay, 2)})
        if delay > 0:
            self._telling.away(error)
            self._intake.keep()
            self._wake.clear()
            await self._pool.rest(delay, self._wake, interim=not self._catching_up)
        self._metrics.reconnects.inc()

    async def _refuse(self, error: Refused) -> None:
        """This engine will never take it: say so, and show what can't be heard."""
        self._metrics.line_failures["refused"].inc()
        log.error("stream.refused")
        self._telling.refused(error)
        await self._intake.swallow()

    def _lose(self, lost: Lost) -> None:
        if self._hushed:
            return
        self._metrics.gaps_seconds.inc(max(0.0, lost.end - lost.start))
        if lost.end - lost.start >= WORTH_A_MARK:
            self._call.mark(Gap(self.speaker, lost.start, lost.end))
