"""Wall time for the backend that runs with the loop's clock, virtual or not."""

import asyncio
from datetime import UTC, datetime, timedelta

from simcord._clock import Clock


class LoopClock(Clock):
    """Starts at the machine's wall time, because discord.py compares ids' times with it, and then follows
    `loop.time()`: an hour on a virtual clock is an hour for the ages of messages and of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self._began = datetime.now(UTC)
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._loop.time() - self._zero)

    def loop_time(self) -> float:
        """The moment, as `loop.time()` has it."""
        return self._loop.time()

    def advance(self, seconds: float) -> None:
        raise AssertionError("the loop's clock can't be moved: sleep instead")
