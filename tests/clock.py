"""An event loop whose clock jumps to the next appointment instead of waiting for it.

Nothing in Spokenly reads another clock than `loop.time()`, so an hour of conversation takes seconds. While a
thread of the loop's works the clock stands still: what takes a busy machine long must not look as if it took
people long. The loop cannot see other threads or processes: tests with those are marked `real_time`.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

THREADS = 2.0
"""Real seconds for which the clock stands still for one piece of work at most: it may wait for the clock."""


class _Jump(selectors.DefaultSelector):
    """Polls real sockets, and where it would wait, moves the clock instead. `real`: the machine's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.real: Callable[[], float] = float
        self.working: dict[asyncio.Future[Any], float] = {}
        """What threads do, and until when, by the machine's clock, they are waited for."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(30)
            if not ready:
                raise RuntimeError("nothing is scheduled and nothing arrives: this test would wait for ever")
            return ready
        ready = super().select(0)
        if ready or timeout <= 0:
            return ready
        left = max(self.working.values()) - self.real() if self.working else 0.0
        if left > 0:
            return super().select(left)
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 1000.0 so that a forgotten zero is seen."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._jump.real = super().time

    def time(self) -> float:
        return 1000.0 + self._jump.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        work = super().run_in_executor(executor, func, *args)
        self._jump.working[work] = self._jump.real() + THREADS
        work.add_done_callback(lambda done: self._jump.working.pop(done, None))
        return work
