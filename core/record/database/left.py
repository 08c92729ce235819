"""What a program leaves behind in a database that several use: one of those that live takes it over."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from core.errors import RecordAway
from core.record.database.presence import Process

_PROCESS = "process"


class Shelf(Protocol):
    """Where it is written; `Store` is one. Everything raises `RecordAway`."""

    process: Process

    async def lives_elsewhere(self, process: str) -> bool: ...

    async def shared(self) -> bool: ...

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]: ...

    async def replace(self, space: str, key: str, old: object, new: object) -> bool: ...


class Left:
    """Values in the spaces that begin with `beginning`, each with the name of the program that it is of."""

    def __init__(self, shelf: Shelf, beginning: str) -> None:
        self._shelf = shelf
        self._beginning = beginning
        self._taking: set[tuple[str, str]] = set()
        """What may be under our name, as no answer came when it was put there."""
        self.others = False
        """Another program uses the same database, or had values at the last look: those are its own."""

    def named(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """A value as one of this program."""
        return {**value, _PROCESS: self._shelf.process.name}

    async def take(
        self, wanted: Callable[[str, str, object], bool], *, starting: bool = False
    ) -> list[tuple[str, str, object]]:
        """What is of nobody any more, as space, key and value: from now on it is this program's, and nobody
        else takes it.

        `wanted` says of a space, a key and a value whether it is to be looked at. `starting`: nothing of this
        program can be there but what it left itself. Raises `RecordAway`; then nothing was taken.
        """
        others = await self._shelf.shared()
        if not (starting or others or self.others):
            return []
        found = list[tuple[str, str, object]]()
        for space, kept in (await self._shelf.all_preferences(self._beginning)).items():
            for key, value in kept.items():
                if not wanted(space, key, value):
                    continue
                process = str(value.get(_PROCESS) or "") if isinstance(value, Mapping) else ""
                if await self._shelf.lives_elsewhere(process):
                    others = True
                elif starting or process != self._shelf.process.name or (space, key) in self._taking:
                    found.append((space, key, value))
        # Only now: what a look found that was broken off would never be told.
        self.others = others
        return await self._taken(found)

    async def _taken(self, found: list[tuple[str, str, object]]) -> list[tuple[str, str, object]]:
        """Put our own name to it, unless somebody was faster. What fails is found again."""
        taken = []
        for space, key, value in found:
            self._taking.add((space, key))
            own = self.named(value if isinstance(value, Mapping) else {})
            try:
                ours = await self._shelf.replace(space, key, value, own)
            except RecordAway:
                self.others = True
                break
            self._taking.discard((space, key))
            if ours:
                taken.append((space, key, value))
        return taken
