"""One live stream: sound to Deepgram, hypotheses back, and nothing lost without being told."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from core.audio.frame import RATE, WIDTH, seconds
from core.engines.deepgram.line import Line
from core.engines.deepgram.messages import Metadata, Results, parse
from core.engines.deepgram.settling import Settling
from core.engines.protocol import Hypothesis
from core.errors import EngineError, LineLost

_LEAST: Final = RATE // 50 * WIDTH
"""Bytes below which sound waits for more: Deepgram wants 20 to 250 ms at a time."""

_PIECE: Final = RATE * 8 // 100 * WIDTH
"""Bytes of a piece of longer sound: 80 ms, so that the rest is never too short."""

_MOST: Final = RATE // 10 * WIDTH
"""Bytes that go out as one piece: 100 ms."""

NEWS: Final = 1.5
"""Seconds sent and not settled after which a message is owed: they come about every second."""

STALL: Final = 5.0
"""Seconds without a message, while one is owed, after which a stream may be lost."""

BEHIND: Final = 6.0
"""Seconds sent and not settled up to which it is given more time all the same."""

LATE: Final = 15.0
"""Seconds sent and not settled that count as falling behind, when they don't become fewer for as long: a
replay comes all at once and is worked off."""

IDLE: Final = 4.0
"""Seconds after which Deepgram is told that the stream is still wanted: it closes one that is silent for
ten. A track goes as far as eight, and whoever waits for a slow reader may go further."""

_LAST: Final = 1.0
"""Seconds that Deepgram has to close the connection after its last message."""

_SLACK: Final = 0.05
"""Seconds that a timer may come early."""

_SAME: Final = 0.1
"""Seconds by which Deepgram's count of what it heard may differ."""


@dataclass(slots=True)
class Spent:
    """What Deepgram was used for. Which of these it charges for, its invoice says."""

    seconds: float = 0.0
    """Seconds of sound: as Deepgram counted them where it said so, else as they were sent."""
    connected: float = 0.0
    """Seconds that connections were open."""
    connections: int = 0

    def add(self, other: "Spent") -> None:
        self.seconds += other.seconds
        self.connected += other.connected
        self.connections += other.connections


class DeepgramRecognition:
    """One stream. Made by `Deepgram.recognize`; it has no task of its own: whoever iterates keeps watch.

    `send`, `flush`, `finish` and iterating raise `LineLost`, or `Refused` where Deepgram won't have it.
    """

    def __init__(self, line: Line, settling: Settling, *, interim: bool) -> None:
        self._line = line
        self._settling = settling
        self._interim = interim
        self._clock = asyncio.get_running_loop().time
        self._held = b""
        self._samples = 0
        self._opened = self._told = self._heard = self._clock()  # when it was opened, last sent to, heard of
        self._late: tuple[float, float] | None = None  # when it was behind the least, and how far
        self._owed: float | None = None  # since when a message must come
        self._writing = 0  # pieces that the network has not taken yet
        self._flushed = False
        self._finished = False
        self._ended: float | None = None  # when the last message came
        self._over = False
        self._seconds = 0.0
        self._counted: float | None = None  # seconds, by Deepgram
        self._connected: float | None = None
        self.ignored = 0
        """Messages of kinds that mean nothing here."""

    @property
    def spent(self) -> Spent:
        """What this stream has used so far."""
        connected = self._clock() - self._opened if self._connected is None else self._connected
        return Spent(self._seconds, connected, 1)

    async def send(self, pcm: bytes) -> None:
        if self._finished:
            raise RuntimeError("send after finish")
        pcm = self._held + pcm
        done = 0
        while (left := len(pcm) - done) >= _LEAST:
            # All that is left, if it is 100 ms at most: nothing waits that needs not.
            length = left // WIDTH * WIDTH if left <= _MOST else _PIECE
            await self._send(pcm[done : done + length])
            done += length
        self._held = pcm[done:]

    async def flush(self) -> None:
        await self._send_held()
        if self._unsettled > 0:
            await self._tell("Finalize")
            self._flushed = True

    async def finish(self) -> None:
        if self._finished:
            return
        await self._send_held()
        self._finished = True
        await self._tell("CloseStream")
        if not self._samples:
            # A stream that carried no sound has nothing to tell.
            self._ended = self._clock()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while not self._over:
            data = await self._next()
            if data is None:
                self._end()
                rest = self._settling.end(self._sent)
                if rest is not None:
                    yield rest
                return
            hypothesis = self._read(data)
            if hypothesis is not None and (hypothesis.final or self._interim):
                yield hypothesis

    def close(self) -> None:
        """The context was left."""
        self._over = True
        self._connected = self._clock() - self._opened

    @property
    def _sent(self) -> float:
        return self._samples / RATE

    @property
    def _unsettled(self) -> float:
        return self._sent - self._settling.settled

    # Out

    async def _send_held(self) -> None:
        whole = len(self._held) // WIDTH * WIDTH
        held, self._held = self._held[:whole], self._held[whole:]
        if held:
            await self._send(held)

    async def _send(self, piece: bytes) -> None:
        self._samples += len(piece) // WIDTH
        self._seconds += seconds(piece)
        self._flushed = False
        await self._write(piece)

    async def _tell(self, kind: str) -> None:
        await self._write(json.dumps({"type": kind}))

    async def _write(self, data: bytes | str) -> None:
        self._told = self._clock()
        self._writing += 1
        try:
            await self._line.send(data)
        finally:
            self._writing -= 1

    # In

    async def _next(self) -> bytes | None:
        """The next message, None at the end. Keeps the stream alive, and breaks it off when it is stuck."""
        while True:
            try:
                async with asyncio.timeout_at(self._due()):
                    data = await self._line.receive()
            except TimeoutError:
                await self._look()
            except EngineError:
                # After the last message it doesn't matter how the connection ends.
                if self._ended is None:
                    raise
                return None
            else:
                self._heard = self._clock()
                self._keep_up()
                return data

    def _keep_up(self) -> None:
        """Break the stream off when what it tells is ever longer ago."""
        now, behind = self._heard, self._unsettled
        if behind <= LATE:
            self._late = None
        elif self._late is None or behind < self._late[1]:
            self._late = now, behind
        elif now - self._late[0] > LATE:
            self._line.abort()
            raise LineLost(f"Deepgram is {behind:.0f} seconds behind.")

    def _due(self) -> float:
        """When to look after the stream if nothing comes before."""
        if self._ended is not None:
            return self._ended + _LAST
        stuck = self._stuck()
        return min(self._told + IDLE, self._clock() + 1.0) if stuck is None else stuck

    def _stuck(self) -> float | None:
        """When the stream counts as lost if nothing comes before; None: not as things are now."""
        asked = self._finished or self._writing > 0 or (self._flushed and self._settling.pending)
        if not asked and self._unsettled <= NEWS:
            self._owed = None
            return None
        self._owed = self._owed or self._clock()
        return max(self._owed, self._heard) + STALL if asked or self._unsettled > BEHIND else None

    async def _look(self) -> None:
        now, stuck = self._clock(), self._stuck()
        if self._ended is not None:
            self._line.abort()
        elif stuck is not None and now > stuck - _SLACK:
            self._line.abort()
            raise LineLost(f"Deepgram said nothing for {STALL:g} seconds.")
        elif not self._finished and now - self._told > IDLE - _SLACK:
            try:
                async with asyncio.timeout(STALL):
                    await self._tell("KeepAlive")
            except TimeoutError:
                self._line.abort()
                raise LineLost(f"Nothing reached Deepgram for {STALL:g} seconds.") from None

    def _read(self, data: bytes) -> Hypothesis | None:
        match parse(data):
            case Results() as results:
                return self._settling.hear(results, self._sent)
            case Metadata(duration) if self._finished:
                self._counted = duration
                if abs(duration - self._sent) <= _SAME:
                    self._seconds = duration
                    self._ended = self._clock()
            case _:
                self.ignored += 1
        return None

    def _end(self) -> None:
        if self._ended is None and self._counted is not None:
            raise LineLost(f"Deepgram heard {self._counted:.1f} of {self._sent:.1f} seconds.")
        if self._ended is None:
            raise LineLost("Deepgram ended the stream before all was told.")
        self._over = True
