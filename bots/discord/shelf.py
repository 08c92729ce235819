"""Where it is written what is remembered of servers."""

from typing import Any, Protocol

from core.record.database.presence import Process


class Shelf(Protocol):
    """`Store` is one. Everything raises `RecordAway`."""

    process: Process

    async def lives_elsewhere(self, process: str) -> bool: ...

    async def shared(self) -> bool: ...

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]: ...

    async def prefer(self, space: str, key: str, value: object) -> None: ...

    async def replace(self, space: str, key: str, old: object, new: object) -> bool: ...

    async def call(self, key: str) -> object:
        """Raises `NoSuchRecord`."""
