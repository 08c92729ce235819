"""Where decoding is done: a short queue, the most urgent first, and as many threads as were allowed.

A stream has at most one decoding of each urgency waiting; asking again replaces the audio and keeps the
place. So the queue is bounded by three times the streams, and under load it is the interims that thin out.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from core.metrics import Metrics, Priority

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a model heard. `tokens`: its own ids, good as the next draft; `pieces`: what each spells, with a
    space before a word. `sure`: how probable each is. `confidence`: the mean of that, 0 to 1. `looped`: it
    ran in a circle and was stopped."""

    text: str
    tokens: tuple[int, ...]
    pieces: tuple[str, ...]
    sure: tuple[float, ...]
    confidence: float | None
    looped: bool = False


def mean(probabilities: Sequence[float]) -> float:
    """Their mean; 0 of none."""
    return sum(probabilities) / len(probabilities) if probabilities else 0.0


class Decoder(Protocol):
    """A speech model. It blocks, and several threads may call it at a time."""

    @property
    def name(self) -> str:
        """What people read."""

    @property
    def languages(self) -> frozenset[str] | None:
        """BCP 47 primary tags that it hears; None: whatever people speak."""

    @property
    def step(self) -> float:
        """Seconds of new audio after which hearing a talking person again is worth its work."""

    @property
    def context(self) -> float:
        """The most seconds of audio, an utterance and the one before it, that are best heard together; 0:
        it hears each utterance for itself."""

    def decode(
        self,
        pcm: NDArray[np.float32],
        draft: Sequence[int] = (),
        *,
        fixed: int = 0,
        fresh: bool = False,
        language: str = "en",
        before: Sequence[int] = (),
    ) -> Decoded:
        """What is said in `pcm` (mono, 16 kHz, -1 to 1).

        `before`: the tokens of an utterance that `pcm` begins with. They are settled: the result is what
        follows them. A decoder without `context` is given none.

        The first `fixed` tokens of `draft` have been shown and should begin the result; with `fresh` only
        unless something else is clearly likelier. The other tokens may save work and change nothing.
        """


class Urgency(IntEnum):
    """What goes first."""

    FINAL = 0
    CANDIDATE = 1
    INTERIM = 2


_NAMES: Mapping[Urgency, Priority] = {
    Urgency.FINAL: "final",
    Urgency.CANDIDATE: "candidate",
    Urgency.INTERIM: "interim",
}


@dataclass(frozen=True, slots=True)
class Work:
    """One decoding: s16le `pcm`, and whom to tell: `done`, or `failed` when the model broke over it. Both
    are called in the loop's thread."""

    owner: Hashable
    urgency: Urgency
    pcm: bytes
    draft: Sequence[int]
    fixed: int
    language: str
    done: Callable[[Decoded], None]
    failed: Callable[[], None]
    before: Sequence[int] = ()


class Desk:
    """`async with` it: inside, `ask` is answered; leaving waits for the threads and drops what is queued."""

    def __init__(self, decoder: Decoder, workers: int, metrics: Metrics | None = None) -> None:
        self._metrics = metrics or Metrics()
        for urgency, name in _NAMES.items():
            self._metrics.decode_queue[name].set_function(partial(self._count, urgency))
        self._decoder = decoder
        self._workers = workers
        self._waiting: dict[tuple[Hashable, Urgency], tuple[int, Work]] = {}
        self._asked = 0
        self._wake = asyncio.Event()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self.decoded = 0
        """Decodings finished."""
        self.dropped = 0
        """Interims that were due and were left out, because no thread was free for them."""

    @property
    def waiting(self) -> int:
        """Decodings that wait for a thread."""
        return len(self._waiting)

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks = [self._group.create_task(self._work()) for _ in range(self._workers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        # An error of the body is its own; a cancellation may come from a crash in here.
        ended = (kind, error, trace) if isinstance(error, asyncio.CancelledError) else (None, None, None)
        try:
            await self._group.__aexit__(*ended)
        finally:
            await asyncio.to_thread(self._threads.shutdown)

    def ask(self, work: Work) -> None:
        """Queue it. The same owner's older work of the same urgency gives way."""
        key = (work.owner, work.urgency)
        if key in self._waiting:
            self.skip(work.urgency is Urgency.INTERIM)
            place = self._waiting[key][0]
        else:
            self._asked += 1
            place = self._asked
        self._waiting[key] = (place, work)
        self._wake.set()

    def skip(self, interims: int) -> None:
        """So many interims were due and are left out."""
        self.dropped += interims
        self._metrics.decodes_dropped.inc(interims)

    def _count(self, urgency: Urgency) -> int:
        return sum(1 for _, waiting in [*self._waiting] if waiting is urgency)

    def forget(self, owner: Hashable, *urgencies: Urgency) -> bool:
        """Drop what waits for `owner` (of these urgencies; none named: all). Whether anything did."""
        dropped = [self._waiting.pop((owner, urgency), None) for urgency in urgencies or Urgency]
        return any(work is not None for work in dropped)

    def _next(self) -> Work | None:
        if not self._waiting:
            return None
        key = min(self._waiting, key=lambda key: (key[1], self._waiting[key][0]))
        return self._waiting.pop(key)[1]

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            work = self._next()
            if work is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                decoded = await loop.run_in_executor(self._threads, self._decode, work)
                self.decoded += 1
                work.done(decoded)
            except Exception:
                # A bulkhead: what one stream's audio breaks must not end the others. It is loud in the
                # log and in Sentry, and the stream's track is told.
                log.exception("decode.bug")
                work.failed()

    def _decode(self, work: Work) -> Decoded:
        pcm = np.frombuffer(work.pcm, "<i2").astype(np.float32)
        pcm /= 32768
        return self._decoder.decode(
            pcm,
            work.draft,
            fixed=work.fixed,
            fresh=work.urgency is not Urgency.INTERIM,
            language=work.language,
            before=work.before,
        )
