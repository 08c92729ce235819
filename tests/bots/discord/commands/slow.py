"""A record that takes its time, or can't be had: without threads, so that the clock may be virtual."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from core.record.kept import Call, Line, Person, Removed
from core.record.secretary import Secretary


class SlowStore:
    """Answers after `delay` seconds: that nothing is there, or with `trouble`."""

    name = "slow"

    def __init__(self, secretary: "SlowSecretary") -> None:
        self._secretary = secretary

    async def person(self, identity: str) -> Person | None:
        await self._secretary.wait()
        return Person(identity, ("Ann",), 1, 2)

    async def forget(self, *, identity: str, dry: bool) -> Removed:
        assert dry
        await self._secretary.wait()
        return Removed(1, 2)

    async def said_by(self, identity: str) -> AsyncIterator[tuple[Call, Line]]:
        await self._secretary.wait()
        for _ in ():
            yield _

    async def calls(self, **_: Any) -> list[Call]:
        await self._secretary.wait()
        return [self._secretary.call] if self._secretary.call else []

    async def call(self, key: str) -> Call:
        await self._secretary.wait()
        assert self._secretary.call is not None
        return self._secretary.call

    async def entries(self, call: Call) -> AsyncIterator[Line]:
        await self._secretary.wait()
        for _ in ():
            yield _

    async def set_retention(self, space: str, days: int | None) -> None:
        await self._secretary.wait()


class SlowSecretary(Secretary):
    """What commands ask of a `Secretary`, each answer `delay` seconds late or `trouble`."""

    def __init__(self, delay: float, trouble: Exception | None = None, call: Call | None = None) -> None:
        self.delay = delay
        self.trouble = trouble
        self.call = call
        self.days = 30
        self.store: Any = SlowStore(self)
        self.forgotten: list[str] = []

    async def wait(self) -> None:
        await asyncio.sleep(self.delay)
        if self.trouble is not None:
            raise self.trouble

    async def forget(self, identity: str) -> Removed:
        await self.wait()
        self.forgotten.append(identity)
        return Removed(1, 2)

    async def recap(self, call: Call) -> tuple[None, bool]:
        await self.wait()
        return None, False


def a_call(guild: int, channel: int, title: str = "Home: Lounge") -> Call:
    """A record of a server, as there is one after a call in a channel."""
    began = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    key = f"{channel}-0123456789abcdefABCDEF"
    return Call(
        1, key, f"discord:{guild}", title, began, began, "ended", "en", "Scripted", lines=2, speakers=("Ann",)
    )
