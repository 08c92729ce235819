"""An event loop whose clock jumps to the next appointment instead of waiting for it.

Nothing in Spokenly reads another clock than `loop.time()`, so an hour of conversation takes seconds.
The loop cannot see threads or other processes: tests with those are marked `real_time`.
"""

import asyncio
import selectors


class _Jump(selectors.DefaultSelector):
    """Polls real sockets, and where it would wait, moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(30)
            if not ready:
                raise RuntimeError("nothing is scheduled and nothing arrives: this test would wait for ever")
            return ready
        ready = super().select(0)
        if not ready and timeout > 0:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 1000.0 so that a forgotten zero is seen."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return 1000.0 + self._jump.now
