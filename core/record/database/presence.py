"""Which processes use the database: what one has left behind is another's business only when it is dead."""

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from core.errors import RecordAway

STALE = timedelta(seconds=90)
"""After so long without a sign of life a process is dead."""

BEAT = 30.0
"""Seconds between two signs of life."""

SPACE = "spokenly processes"
"""Where the last sign of life of each is kept, by its name."""


class Process:
    """This process, as others know it."""

    def __init__(self) -> None:
        self._here = f"{socket.gethostname()}/{os.getpid()}/"
        self.started = datetime.now(UTC)
        # A process that starts again, in a container above all, may have the same number.
        self.name = self._here + secrets.token_hex(4)
        self._signed: datetime | None = None
        self._back = datetime.min.replace(tzinfo=UTC)

    def signed(self, now: datetime) -> None:
        """A sign of life is given."""
        if not self._punctual(now):
            self._back = now
        self._signed = now

    def judges(self, now: datetime) -> bool:
        """Whether the silence of others tells anything: where the database was away, or this machine asleep,
        they could give no sign either, and need as long as ever to give the next.
        """
        return self._punctual(now) and now - self._back > STALE

    def _punctual(self, now: datetime) -> bool:
        return self._signed is None or now - self._signed < timedelta(seconds=2 * BEAT)

    def dead(self, name: str, alive_at: datetime, now: datetime) -> bool:
        """Whether a process is: on this machine by its number, else after `STALE` without a sign of life."""
        if name == self.name:
            return now - alive_at > STALE  # nobody here keeps it any more
        if name.startswith(self._here) and alive_at < self.started:
            return True  # our own number, from before we started; two containers may share one, too
        machine, _, process = name.rpartition("/")[0].rpartition("/")
        if machine == socket.gethostname() and sys.platform != "win32" and process.isdecimal():
            try:
                os.kill(int(process), 0)
            except ProcessLookupError:
                return True
            except PermissionError:
                pass  # it lives, and is somebody else's
        return now - alive_at > STALE


class Kept(Protocol):
    """What is needed of a `Store`. Everything raises `RecordAway`."""

    process: Process

    async def preferences(self, space: str) -> dict[str, Any]: ...

    async def prefer(self, space: str, key: str, value: object) -> None: ...


async def elsewhere(store: Kept, name: str) -> bool:
    """Whether that is another process, and it lives. Raises `RecordAway`."""
    seen = (await store.preferences(SPACE)).get(name)
    if name == store.process.name or seen is None:
        return False
    return not _dead(store, name, seen) or not store.process.judges(datetime.now(UTC))


async def shared(store: Kept) -> bool:
    """Whether any other process is known, dead or alive. Raises `RecordAway`."""
    return any(name != store.process.name for name in await store.preferences(SPACE))


@asynccontextmanager
async def present(store: Kept) -> AsyncIterator[None]:
    """Gives signs of life. What dead processes gave is taken away. Raises `RecordAway` at the start."""
    for name, seen in (await store.preferences(SPACE)).items():
        if _dead(store, name, seen):
            await store.prefer(SPACE, name, None)
    await _beat(store)
    async with asyncio.TaskGroup() as tasks:
        beating = tasks.create_task(_go_on(store), name="presence")
        try:
            yield
        finally:
            beating.cancel()
            with suppress(RecordAway):
                await store.prefer(SPACE, store.process.name, None)


async def _go_on(store: Kept) -> None:
    while True:
        await asyncio.sleep(BEAT)
        with suppress(RecordAway):  # it is told where somebody needs the record
            await _beat(store)


async def _beat(store: Kept) -> None:
    await store.prefer(SPACE, store.process.name, datetime.now(UTC).isoformat())
    store.process.signed(datetime.now(UTC))


def _dead(store: Kept, name: str, seen: object) -> bool:
    try:
        return store.process.dead(name, datetime.fromisoformat(str(seen)).astimezone(UTC), datetime.now(UTC))
    except ValueError:
        return True
