"""Where it is written what is remembered of servers."""

from typing import Protocol

from core.record.database import left


class Shelf(left.Shelf, Protocol):
    """`Store` is one. Everything raises `RecordAway`."""

    async def prefer(self, space: str, key: str, value: object) -> None: ...

    async def call(self, key: str) -> object:
        """Raises `NoSuchRecord`."""
