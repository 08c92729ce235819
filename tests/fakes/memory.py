"""A store in memory: as much of it as a bot and a secretary need, without threads."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.captions.caption import Gap
from core.errors import NoSuchRecord, RecordAway
from core.record.database.presence import Process
from core.record.kept import Call, Kept, Line, Numbered, Opening, Removed, Unkept
from core.record.recaps.recap import Recap


class MemoryStore:
    """`away`: every method fails until it is False."""

    name = "memory"

    def __init__(self) -> None:
        self.away = False
        self.preferred: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, int | None] = {}
        self.opened: dict[str, Call] = {}
        self.kept: dict[str, dict[int, Line | Gap | Unkept]] = {}
        self.recaps: dict[str, Recap] = {}
        self.process = Process()
        self.living: set[str] = set()
        """Other processes that use it."""

    async def lives_elsewhere(self, process: str) -> bool:
        return process in self.living

    async def shared(self) -> bool:
        self._check()
        return bool(self.living)

    def _check(self) -> None:
        if self.away:
            raise RecordAway("The disk is full.")

    # Preferences

    async def preferences(self, space: str) -> dict[str, Any]:
        self._check()
        return dict(self.preferred.get(space, {}))

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]:
        self._check()
        return {name: dict(kept) for name, kept in self.preferred.items() if name.startswith(beginning)}

    async def prefer(self, space: str, key: str, value: object) -> None:
        self._check()
        if value is None:
            self.preferred.get(space, {}).pop(key, None)
        else:
            self.preferred.setdefault(space, {})[key] = value

    async def replace(self, space: str, key: str, old: object, new: object) -> bool:
        if (await self.preferences(space)).get(key) != old:
            return False
        await self.prefer(space, key, new)
        return True

    async def retention(self, space: str) -> int | None:
        return self.rules.get(space)

    async def set_retention(self, space: str, days: int | None) -> None:
        self._check()
        self.rules[space] = days

    # Calls

    async def begin(self, opening: Opening) -> Call:
        self._check()
        before = self.opened.get(opening.key)
        if before is None:
            before = Call(
                id=len(self.opened) + 1,
                key=opening.key,
                space=opening.space,
                title=opening.title,
                began=opening.began,
                ended=None,
                state="live",
                language=opening.language,
                engine=opening.engine,
                lines=0,
                speakers=(),
            )
        self.opened[opening.key] = replace(before, state="live", ended=None)
        self.kept.setdefault(opening.key, {})
        return self.opened[opening.key]

    async def write(self, call: Call, entries: Sequence[Numbered]) -> None:
        self._check()
        if call.key not in self.opened:
            raise NoSuchRecord("There is no such call.")
        for one in entries:
            self.kept[call.key].setdefault(one.number, one.entry)

    async def end(self, call: Call) -> None:
        self._check()
        self.opened[call.key] = replace(self.opened[call.key], state="ended", ended=datetime.now(UTC))

    async def call(self, key: str) -> Call:
        self._check()
        if key not in self.opened:
            raise NoSuchRecord("There is no such call.")
        lines = [entry for entry in self.kept[key].values() if isinstance(entry, Line)]
        names = tuple(dict.fromkeys(line.speaker.name for line in lines))
        return replace(self.opened[key], lines=len(lines), speakers=names)

    async def next_number(self, call: Call) -> int:
        self._check()
        return max(self.kept[call.key], default=-1) + 1

    async def entries(self, call: Call) -> AsyncIterator[Kept]:
        self._check()
        for _, entry in sorted(self.kept[call.key].items(), key=lambda each: (each[1].start, each[0])):
            yield entry

    async def line(self, call: Call, number: int) -> Line:
        entry = self.kept[call.key].get(number)
        if not isinstance(entry, Line):
            raise NoSuchRecord("There is no such line.")
        return entry

    async def recap(self, call: Call) -> Recap | None:
        self._check()
        return self.recaps.get(call.key)

    async def keep_recap(self, call: Call, recap: Recap) -> None:
        self._check()
        self.recaps[call.key] = recap

    # What a secretary does beside

    async def interrupted(self) -> int:
        return 0

    async def expire(self, _now: datetime, _days: int) -> list[Call]:
        return []

    async def forget(self, *, identity: str) -> Removed:
        self._check()
        removed = 0
        for entries in self.kept.values():
            for number, entry in list(entries.items()):
                if isinstance(entry, Line) and entry.speaker.identity == identity:
                    del entries[number]
                    removed += 1
        return Removed(1, removed)

    def said(self, key: str) -> list[str]:
        """The words of a call, in the order of their numbers."""
        return [entry.heard for _, entry in sorted(self.kept[key].items()) if isinstance(entry, Line)]
