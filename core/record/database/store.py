"""The record as everybody uses it: calls are written while they go on, read, corrected and forgotten."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from core.record.database import forgetting, preferences, presence, reading, writing
from core.record.database import query as language
from core.record.database.presence import Process
from core.record.database.search import search
from core.record.database.transactions import Transactions, unbroken
from core.record.kept import Call, Hit, Kept, Line, Numbered, Opening, Person, Removed
from core.record.recaps.recap import Recap


class Store:
    """Every method raises `RecordAway` when the database can't be had now, and what its docstring says.

    Made by `open_store`. A call, by its `id`, that was deleted meanwhile is a `NoSuchRecord` to everything.
    """

    def __init__(self, transactions: Transactions, name: str) -> None:
        self.name = name
        """For people: "SQLite, /home/ann/…/spokenly.db" or "PostgreSQL at host/name"."""
        self._transactions = transactions
        self.process = Process()

    @unbroken
    async def begin(self, opening: Opening) -> Call:
        """A call begins to be kept. The same key again: that call goes on, with its first title and time."""
        async with self._transactions.writing() as connection:
            await writing.begin(connection, opening, self.process.name, _now())
            return await reading.call(connection, opening.key)

    @unbroken
    async def write(self, call: Call, entries: Sequence[Numbered]) -> None:
        """Entries of a call, in one transaction: when this returns they are kept.

        An entry whose number is there already is left as it is, so trying again does no harm. It is the sign
        of life as well, due every 30 s, if need be without entries. Raises `NoSuchRecord` when the call was
        deleted.
        """
        async with self._transactions.writing() as connection:
            await writing.alive(connection, call.id, self.process.name, _now())
            await writing.write(connection, call.id, entries)

    @unbroken
    async def end(self, call: Call) -> None:
        """The call is over, now. Raises `NoSuchRecord` when it was deleted."""
        async with self._transactions.writing() as connection:
            await writing.end(connection, call.id, _now())

    async def calls(
        self, *, space: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[Call]:
        """The newest calls first: of a space, and that began before a time, if these are given."""
        async with self._transactions.reading() as connection:
            return await reading.calls(connection, space, before, limit)

    async def call(self, key: str) -> Call:
        """The call of that key. Raises `NoSuchRecord`."""
        async with self._transactions.reading() as connection:
            return await reading.call(connection, key)

    async def next_number(self, call: Call) -> int:
        """The number that the next entry of a call should have, when it goes on."""
        async with self._transactions.reading() as connection:
            return await reading.next_number(connection, call.id)

    async def entries(
        self, call: Call, *, after: float | None = None, until: float | None = None
    ) -> AsyncIterator[Kept]:
        """The entries that start from `after` on and before `until` (seconds of the call), by start.

        Never all in memory. What is written meanwhile may be missed. Raises `NoSuchRecord` when the call was
        deleted.
        """
        last: tuple[float, int] | None = None
        while True:
            async with self._transactions.reading() as connection:
                page = await reading.entries(connection, call.id, after, until, last)
            for number, entry in page:
                last = (entry.start, number)
                yield entry
            if len(page) < reading.PAGE:
                return

    async def line(self, call: Call, number: int) -> Line:
        """What was said there. Raises `NoSuchRecord`."""
        async with self._transactions.reading() as connection:
            return await reading.line(connection, call.id, number)

    async def search(
        self,
        words: str,
        *,
        call: Call | None = None,
        space: str | None = None,
        limit: int = 50,
        skip: int = 0,
    ) -> list[Hit]:
        """Lines in which `words` occur (the module `query` has the language), after the first `skip`.

        Of the calls that were begun last first, in each from its beginning. Raises `UserError` when there is
        nothing to look for, or too much.
        """
        query = language.parse(words)
        async with self._transactions.searching() as connection:
            return await search(connection, query, None if call is None else call.id, space, limit, skip)

    @unbroken
    async def correct(self, call: Call, number: int, text: str | None) -> Line:
        """Put `text` in the place of what was heard; None takes that back.

        Raises `NoSuchRecord`, and `UserError` for a text that is empty or has more than 2,000 characters.
        """
        async with self._transactions.writing() as connection:
            line = await writing.correct(connection, call.id, number, text)
            await self._audit(connection, "correct", Removed(1, 1), call.space)
        return line

    @unbroken
    async def delete(self, call: Call) -> Removed:
        """The whole call, also while it is live. Raises `NoSuchRecord` when it is gone already."""
        async with self._deleting() as connection:
            await writing.hold(connection, call.id)
            removed = await forgetting.delete_call(connection, call.id)
            await self._audit(connection, "delete", removed, call.space)
        return removed

    async def people(self, name: str | None = None) -> list[Person]:
        """Who spoke, also who was not understood: everybody, or who ever went by that name, in any case."""
        async with self._transactions.reading() as connection:
            return await reading.people(connection, name)

    async def person(self, identity: str) -> Person | None:
        """What is there of somebody, if anything is."""
        async with self._transactions.reading() as connection:
            found = await reading.people(connection, identity=identity)
        return found[0] if found else None

    async def said_by(self, identity: str) -> AsyncIterator[tuple[Call, Line]]:
        """Everything somebody said, newest calls first, in each by start."""
        async with self._transactions.reading() as connection:
            calls = await reading.calls_of(connection, identity)
        for call in calls:
            last: tuple[float, int] | None = None
            while True:
                async with self._transactions.reading() as connection:
                    page = await reading.said_in(connection, call.id, identity, last)
                for line in page:
                    last = (line.start, line.number)
                    yield call, line
                if len(page) < reading.PAGE:
                    break

    @unbroken
    async def forget(
        self,
        *,
        identity: str | None = None,
        name: str | None = None,
        call: Call | None = None,
        dry: bool = False,
    ) -> Removed:
        """Delete what somebody said, their names, and the recaps of those calls: in one call, or everywhere.

        Somebody is an identity, or all who went by a name, in upper or lower case. `dry` only counts. What
        others said of them stays.
        """
        whom = forgetting.whom(identity, name, None if call is None else call.id)
        if dry:
            async with self._transactions.reading() as connection:
                return await forgetting.forget(connection, whom, dry=True)
        async with self._deleting() as connection:
            removed = await forgetting.forget(connection, whom, dry=False)
            await self._audit(connection, "forget", removed, None if call is None else call.space)
        return removed

    @unbroken
    async def expire(self, now: datetime, days: int, *, dry: bool = False) -> list[Call]:
        """Delete the calls that were over before `now` by more days than their space keeps them.

        `days` is for spaces without a rule of their own; 0 keeps. A live call is never deleted. Returns which
        calls; `dry` only looks.
        """
        async with self._transactions.reading() as connection:
            old = await forgetting.expired(connection, now, days)
        if dry:
            return old
        deleted: list[Call] = []
        for call in old:
            async with self._transactions.writing() as connection:
                removed = await forgetting.delete_call(connection, call.id, live=False)
                if removed.calls:
                    await self._audit(connection, "expire", removed, call.space)
                    await self._transactions.soil(connection)
                    deleted.append(call)
        await self._transactions.scrub()
        return deleted

    async def retention(self, space: str) -> int | None:
        """The days after which calls of this space are deleted, if it has a rule; 0 keeps them."""
        async with self._transactions.reading() as connection:
            return await preferences.retention(connection, space)

    @unbroken
    async def set_retention(self, space: str, days: int | None) -> None:
        """Give a space a rule of its own, or with None take it away."""
        async with self._transactions.writing() as connection:
            await preferences.set_retention(connection, space, days)

    async def spaces(self) -> list[str]:
        """All spaces that ever had a call or a rule, by name."""
        async with self._transactions.reading() as connection:
            return await preferences.spaces(connection)

    async def preferences(self, space: str) -> dict[str, Any]:
        """What a space is set up with, by key."""
        async with self._transactions.reading() as connection:
            return await preferences.of(connection, space)

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]:
        """The same of every space whose name begins so, by that name."""
        async with self._transactions.reading() as connection:
            return await preferences.beginning(connection, beginning)

    @unbroken
    async def prefer(self, space: str, key: str, value: object) -> None:
        """Set a space up so: `value` is any JSON; None takes away what was there."""
        async with self._transactions.writing() as connection:
            await preferences.keep(connection, space, key, value)

    @unbroken
    async def replace(self, space: str, key: str, old: object, new: object) -> bool:
        """Put `new` there if `old` is there still. False: somebody else was faster. Neither is None."""
        async with self._transactions.writing() as connection:
            return await preferences.replace(connection, space, key, old, new)

    async def recap(self, call: Call) -> Recap | None:
        """The recap that is kept, if there is one."""
        async with self._transactions.reading() as connection:
            return await writing.recap(connection, call.id)

    @unbroken
    async def keep_recap(self, call: Call, recap: Recap) -> None:
        """Keep it in the place of the one before.

        Raises `NoSuchRecord` when the call, or a line or a speaker that it names, was deleted while it was
        made: nobody who was forgotten comes back in a recap.
        """
        async with self._transactions.writing() as connection:
            await writing.keep_recap(connection, call.id, recap, _now())

    @unbroken
    async def interrupted(self) -> int:
        """Mark live calls whose process is dead: on this machine by its number, else after 90 s of silence.

        They end with their last line. Returns how many. None after a time in which nobody could give a sign
        of life, until everybody could (`presence`).
        """
        now = _now()
        if not self.process.judges(now):
            return 0
        async with self._transactions.writing() as connection:
            return await writing.interrupted(
                connection, now, lambda process, seen: self.process.dead(process, seen, now)
            )

    async def lives_elsewhere(self, process: str) -> bool:
        """Whether that is the name of another process that uses this database, and it lives (`presence`)."""
        return await presence.elsewhere(self, process)

    async def shared(self) -> bool:
        """Whether another process uses this database, or was killed and no start tidied up since."""
        return await presence.shared(self)

    @asynccontextmanager
    async def _deleting(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that deletes, after which nothing of it is left in any file."""
        async with self._transactions.writing() as connection:
            yield connection
            await self._transactions.soil(connection)
        await self._transactions.scrub()

    async def _audit(
        self, connection: AsyncConnection, action: str, removed: Removed, space: str | None
    ) -> None:
        await forgetting.audit(connection, action, removed, self.process.name, _now(), space)


def _now() -> datetime:
    return datetime.now(UTC)
