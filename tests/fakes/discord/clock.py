"""Wall time that runs with the loop's clock, virtual or not: for the backend, and for discord.py."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

from simcord._clock import Clock

import discord.gateway


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


class _GatewayTime:
    """The module `time`, as discord.py's gateway uses it."""

    perf_counter = staticmethod(time.perf_counter)

    @staticmethod
    def time() -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return time.time()  # noqa: TID251 - in the thread of the heartbeats there is no loop


@contextmanager
def paced() -> Iterator[None]:
    """discord.py says no more than 110 things a minute to the gateway; by the loop's clock meanwhile: an hour
    on a virtual clock would else be a second of its minute, and what is said then waits."""
    with mock.patch.object(discord.gateway, "time", _GatewayTime):
        yield
