"""What is remembered of every server: its setup, who is not to be captioned, the call that runs there.

All of it is in memory, so that no answer waits for a database; what changes is written at once.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from bots.discord.setup import GuildSetup, Keep
from bots.discord.shelf import Shelf
from core.errors import NoSuchRecord, RecordAway, UserError
from core.record.database.left import Left

log = logging.getLogger(__name__)

_SETUP, _OUT, _CALL, _HEARD, _VISIT = "setup", "left_out", "call", "heard in:", "visit:"


@dataclass(frozen=True, slots=True)
class Mark:
    """A call that runs, to be found again after a restart. `seen`: when it last gave a sign of life.

    `place`: the id of where it is shown. `record`: the key of its record, which goes on then. `private`: it
    is shown nowhere else, then as before. `wide`: somebody chose a place where people read who may not enter.
    """

    channel: int
    place: int
    language: str
    keep: Keep
    began: datetime
    seen: datetime
    started_by: int | None = None
    record: str | None = None
    private: bool = False
    wide: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "channel": str(self.channel),
            "place": str(self.place),
            "language": self.language,
            "keep": self.keep,
            "began": self.began.isoformat(),
            "seen": self.seen.isoformat(),
            "started_by": None if self.started_by is None else str(self.started_by),
            "record": self.record,
            "private": self.private,
            "wide": self.wide,
        }

    @classmethod
    def from_json(cls, kept: object) -> Self | None:
        """What `to_json` made; None for anything else."""
        try:
            if not isinstance(kept, Mapping) or kept["keep"] not in ("captions", "transcript"):
                return None
            return cls(
                int(kept["channel"]),
                int(kept["place"]),
                str(kept["language"]),
                kept["keep"],
                datetime.fromisoformat(kept["began"]).astimezone(UTC),
                datetime.fromisoformat(kept["seen"]).astimezone(UTC),
                None if kept["started_by"] is None else int(kept["started_by"]),
                None if kept["record"] is None else str(kept["record"]),
                # Earlier versions kept no word of it. What can't be understood must open nothing.
                kept.get("private", False) is not False,
                kept.get("wide") is True,
            )
        except (KeyError, ValueError, TypeError):
            return None


@dataclass(frozen=True, slots=True)
class VisitMark:
    """A call of elsewhere that is shown in a `place`. `ended`: why it is over, if people wait for it."""

    guild: int
    place: int
    ended: str | None = None


def space(guild: int) -> str:
    """What a server is called in the record."""
    return f"discord:{guild}"


class Book:
    """`read` it before it is asked."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._setups: dict[int, GuildSetup] = {}
        self._left_out: dict[int, set[int]] = {}
        self._heard: dict[str, tuple[int, ...]] = {}
        self._writing = asyncio.Lock()
        self.marks: dict[int, Mark] = {}
        """The calls that ran when Spokenly stopped, and those that run, by server."""
        self.visits: dict[int, VisitMark] = {}
        """The calls of elsewhere that were shown when Spokenly stopped, and those that are, by place."""
        self._unwritten: set[tuple[int, int | None]] = set()
        self.left = Left(shelf, space(0)[:-1])
        """What programs that use the same database left behind."""

    async def read(self) -> None:
        """Read what is there of all servers. Raises `RecordAway`."""
        heard, marked = {}, set()
        for name, kept in (await self._shelf.all_preferences(space(0)[:-1])).items():
            digits = name.rpartition(":")[2]
            if not digits.isdecimal():
                continue
            guild = int(digits)
            if _SETUP in kept:
                self._setups[guild] = GuildSetup.from_json(kept[_SETUP])
            ids = kept.get(_OUT)
            if isinstance(ids, list):
                self.left_out(guild).update(int(user) for user in ids if str(user).isdecimal())
            for key, value in kept.items():
                if key.startswith(_HEARD) and isinstance(value, list):
                    self._heard[key.removeprefix(_HEARD)] = tuple(map(int, value))
                    heard[key.removeprefix(_HEARD)] = guild
            # Of a call that runs, also with another Spokenly, the record may still be about to begin.
            marked.add(mark.record if (mark := Mark.from_json(kept.get(_CALL))) else None)
        await self._forget_heard({one: guild for one, guild in heard.items() if one not in marked})
        await self.look_for_left(starting=True)

    async def _forget_heard(self, heard: Mapping[str, int]) -> None:
        """Where calls were heard whose records are deleted is nobody's business any more."""
        for record, guild in heard.items():
            try:
                await self._shelf.call(record)
            except NoSuchRecord:
                await self._shelf.prefer(space(guild), f"{_HEARD}{record}", None)
                del self._heard[record]

    async def look_for_left(self, *, starting: bool = False) -> set[int]:
        """Find the calls that nobody runs or shows any more and that were not known: of these servers. They
        are ours from then on.

        `starting`: nothing runs here, so what this process itself left is among them. Raises `RecordAway`.
        """
        guilds = set()
        for name, key, kept in await self.left.take(self._unknown, starting=starting):
            guild = int(name.rpartition(":")[2])
            if key != _CALL or guild not in self.marks:  # a call may have begun here meanwhile
                self._found(guild, key, kept)
                guilds.add(guild)
        return guilds

    def _unknown(self, name: str, key: str, _kept: object) -> bool:
        """Whether that is a call, or a visit, which is not known."""
        guild, place = name.rpartition(":")[2], key.removeprefix(_VISIT)
        if not guild.isdecimal():
            return False
        if key == _CALL:
            return int(guild) not in self.marks
        return key.startswith(_VISIT) and place.isdecimal() and int(place) not in self.visits

    def _found(self, guild: int, key: str, kept: object) -> None:
        """Nobody runs or shows that any more."""
        if key != _CALL:
            place = int(key.removeprefix(_VISIT))
            why = kept.get("ended") if isinstance(kept, Mapping) else None
            self.visits[place] = VisitMark(guild, place, why and str(why))
        elif (mark := Mark.from_json(kept)) is not None:
            self.marks[guild] = mark

    def setup(self, guild: int) -> GuildSetup:
        return self._setups.get(guild) or GuildSetup()

    def left_out(self, guild: int) -> set[int]:
        """Who is not to be captioned; the set stays the same one, and changes."""
        return self._left_out.setdefault(guild, set())

    async def set_up(self, guild: int, setup: GuildSetup) -> None:
        """Raises `RecordAway`; then nothing changed."""
        await self._shelf.prefer(space(guild), _SETUP, setup.to_json())
        self._setups[guild] = setup

    async def leave_out(self, guild: int, user: int) -> None:
        """From this moment on. Raises `UserError` when it could not be written."""
        self.left_out(guild).add(user)
        try:
            await self._write_left_out(guild, user, out=True)
        except RecordAway as error:
            raise UserError(
                "You are not captioned any more. It could not be written down, though: ask again in a "
                "minute, or it ends when Spokenly is restarted."
            ) from error

    async def take_in(self, guild: int, user: int) -> None:
        """Caption somebody again, once it is written. Raises `UserError` when it can't be."""
        try:
            await self._write_left_out(guild, user, out=False)
        except RecordAway as error:
            raise UserError("That can't be written down now: try again in a minute.") from error

    async def _write_left_out(self, guild: int, user: int, *, out: bool) -> None:
        """All of a server are one value: whoever writes it holds the pen until it is there."""
        users = self.left_out(guild)
        async with self._writing:
            if out:
                users.add(user)  # they may have been taken in while we waited
            wanted = users if out else users - {user}
            await self._shelf.prefer(space(guild), _OUT, sorted(map(str, wanted)) or None)
            if not out:
                users.discard(user)

    def heard_in(self, record: str) -> tuple[int, ...]:
        """The ids of the voice channels that a kept call was moved through; none if it stayed in one."""
        return self._heard.get(record, ())

    async def heard(self, guild: int, record: str | None, channels: tuple[int, ...]) -> None:
        """Remember where a kept call was heard: who reads its record must be able to enter all of it.

        Of calls that are not kept, or stay in one channel, nothing is remembered.
        """
        if record is None or len(channels) < 2:
            return
        self._heard[record] = channels
        try:
            await self._shelf.prefer(space(guild), f"{_HEARD}{record}", list(map(str, channels)))
        except RecordAway:
            log.warning("discord.channels_not_kept")

    async def mark(self, guild: int, mark: Mark | None) -> None:
        """Remember the call that runs, or that none does. What can't be written is left to `write_again`."""
        if mark is None:
            self.marks.pop(guild, None)
        else:
            self.marks[guild] = mark
        await self._write(guild, None)

    async def visit(self, mark: VisitMark, *, over: bool = False) -> None:
        """Remember where a call of elsewhere is shown, or (`over`) forget; as `mark` does."""
        if over:
            self.visits.pop(mark.place, None)
        else:
            self.visits[mark.place] = mark
        await self._write(mark.guild, mark.place)

    async def write_again(self) -> None:
        """Try once more what could not be written: a mark that stays would be taken up again."""
        for guild, place in tuple(self._unwritten):
            await self._write(guild, place)

    async def _write(self, guild: int, place: int | None) -> None:
        """The mark of a server, or of a `place` in it."""
        self._unwritten.add((guild, place))
        async with self._writing:
            # Somebody may have come before us, with something newer.
            kept = self._kept(guild) if place is None else self._shown(place)
            named = None if kept is None else self.left.named(kept)
            try:
                await self._shelf.prefer(space(guild), _CALL if place is None else f"{_VISIT}{place}", named)
            except RecordAway:
                log.warning("discord.mark_not_kept")
            else:
                self._unwritten.discard((guild, place))

    def _kept(self, guild: int) -> dict[str, Any] | None:
        return None if (mark := self.marks.get(guild)) is None else mark.to_json()

    def _shown(self, place: int) -> dict[str, Any] | None:
        return None if (mark := self.visits.get(place)) is None else {"ended": mark.ended}
