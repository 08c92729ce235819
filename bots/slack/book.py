"""What is remembered of every workspace: how it and its channels want captions, and the calls that run.

All of it is in memory, so that no answer waits for a database; what changes is written at once.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from bots.slack.setup import Setup
from bots.slack.workspace import space
from core.errors import RecordAway
from core.record.database import left
from core.record.database.left import Left

log = logging.getLogger(__name__)

_SETUP, _CHANNEL, _CALL = "setup", "channel:", "call:"


class Shelf(left.Shelf, Protocol):
    """Where it is written; `Store` is one. Everything raises `RecordAway`."""

    async def prefer(self, space: str, key: str, value: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """A call that runs, to be told of when Spokenly is started again.

    `ts`: of its card. `record`: the key of its record, if one is kept. `ended`: why it is over, for people,
    when only its recap is still to come. `guest`: it took place elsewhere and was only shown here.
    """

    team: str
    channel: str
    ts: str
    title: str
    began: datetime
    started_by: str
    record: str | None = None
    ended: str | None = None
    guest: bool = False

    @property
    def key(self) -> str:
        """Under which it is remembered: another call may run in the channel while this one is summed up."""
        return f"{self.channel}:{self.ts}"

    def to_json(self) -> dict[str, Any]:
        return {
            "ts": self.ts,
            "title": self.title,
            "began": self.began.isoformat(),
            "started_by": self.started_by,
            "record": self.record,
            "ended": self.ended,
            "guest": self.guest,
        }

    @classmethod
    def from_json(cls, team: str, channel: str, kept: object) -> Self | None:
        """What `to_json` made; None for anything else."""
        try:
            if not isinstance(kept, Mapping):
                return None
            return cls(
                team,
                channel,
                str(kept["ts"]),
                str(kept["title"]),
                datetime.fromisoformat(kept["began"]).astimezone(UTC),
                str(kept["started_by"]),
                None if kept["record"] is None else str(kept["record"]),
                None if kept.get("ended") is None else str(kept["ended"]),
                kept.get("guest") is True,
            )
        except (KeyError, ValueError, TypeError):
            return None


class Book:
    """`read` it before it is asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._writing = asyncio.Lock()
        self._setups: dict[tuple[str, str | None], Setup] = {}
        self.marks: dict[tuple[str, str], Mark] = {}
        """The calls that ran when Spokenly stopped, and those that run, by workspace and `Mark.key`."""
        self._unwritten: set[tuple[str, str]] = set()
        self.left = Left(shelf, space(""))
        """What programs that use the same database left behind."""

    async def read(self) -> None:
        """Read what is there of all workspaces. Raises `RecordAway`."""
        for name, kept in (await self._shelf.all_preferences(space(""))).items():
            team = name.removeprefix(space(""))
            for key, value in kept.items():
                if key == _SETUP:
                    self._setups[team, None] = Setup.from_json(value)
                elif key.startswith(_CHANNEL):
                    self._setups[team, key.removeprefix(_CHANNEL)] = Setup.from_json(value)
        await self.look_for_left(starting=True)

    async def look_for_left(self, *, starting: bool = False) -> list[Mark]:
        """The calls that nobody runs any more and that were not known: now they are, and nobody else tells
        of them. Raises `RecordAway`.

        `starting`: nothing runs here, so what this process itself left is among them.
        """

        def unknown(name: str, key: str, kept: object) -> bool:
            return _place(name, key) not in self.marks and _mark(name, key, kept) is not None

        found = await self.left.take(unknown, starting=starting)
        marks = {_place(name, key): mark for name, key, kept in found if (mark := _mark(name, key, kept))}
        self.marks.update(marks)
        return list(marks.values())

    def own(self, team: str, channel: str | None) -> Setup:
        """What was chosen for a channel itself, or for a whole workspace (`channel` None)."""
        return self._setups.get((team, channel)) or Setup()

    def setup(self, team: str, channel: str) -> Setup:
        """How a channel wants captions: what was chosen for it, else for its workspace."""
        return self.own(team, channel).over(self.own(team, None))

    def offered(self, team: str) -> tuple[str, ...]:
        """The channels that asked for an offer of captions when a huddle begins."""
        return tuple(
            channel
            for (where, channel), setup in self._setups.items()
            if where == team and channel is not None and setup.huddles
        )

    async def set_up(self, team: str, channel: str | None, setup: Setup) -> None:
        """Raises `RecordAway`; then nothing changed."""
        key = _SETUP if channel is None else f"{_CHANNEL}{channel}"
        await self._shelf.prefer(space(team), key, setup.to_json() or None)
        self._setups[team, channel] = setup

    async def mark(self, team: str, key: str, mark: Mark | None) -> None:
        """Remember a call, or forget it (None). What can't be written is left to `write_again`."""
        if mark is None:
            self.marks.pop((team, key), None)
        else:
            self.marks[team, key] = mark
        await self._write(team, key)

    async def write_again(self) -> None:
        """Try once more what could not be written: a mark that stays would be told of again."""
        for team, key in tuple(self._unwritten):
            await self._write(team, key)

    async def _write(self, team: str, key: str) -> None:
        self._unwritten.add((team, key))
        async with self._writing:
            # Somebody may have come before us, with something newer.
            newest = self.marks.get((team, key))
            kept = newest and self.left.named(newest.to_json())
            try:
                await self._shelf.prefer(space(team), f"{_CALL}{key}", kept)
            except RecordAway:
                log.warning("slack.mark_not_kept")
            else:
                self._unwritten.discard((team, key))


def _place(name: str, key: str) -> tuple[str, str]:
    """A workspace and the key of a mark in its space."""
    return name.removeprefix(space("")), key.removeprefix(_CALL)


def _mark(name: str, key: str, kept: object) -> Mark | None:
    """What is kept of a call; None: of something else."""
    team, call = _place(name, key)
    return Mark.from_json(team, call.partition(":")[0], kept) if key.startswith(_CALL) else None
