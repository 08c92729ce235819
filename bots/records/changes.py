"""`records correct`, `delete` and `forget`: what is put right, and what is taken out.

What is deleted is shown first, in one run of the loop, and asked about outside of it, where Ctrl-C is heard;
what was agreed to is done in the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import typer

from bots.records import screen
from bots.records.desk import NOBODY, find, go, reading, somebody
from bots.records.reading import show_calls
from bots.records.said import lines_of
from bots.records.screen import Screen, count, tell
from core.errors import NoSuchRecord
from core.record.database.store import Store
from core.record.kept import Call, Person, Removed
from core.record.written import line
from core.settings import Settings


async def correct(store: Store, key: str, number: int, text: str | None) -> int:
    """Put `text` in the place of what was heard; None takes that back."""
    call = await find(store, key)
    changed = await store.correct(call, number, text)
    page = Screen()
    page.said(
        str(changed.number),
        screen.moment(call, changed.start),
        f"{line(changed.speaker.name)}: {line(changed.text)}",
    )
    return 0


@dataclass(slots=True)
class _Found:
    """What would be taken out."""

    calls: list[Call] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    live: bool = False
    removed: Removed = field(default_factory=Removed)

    @property
    def call(self) -> Call | None:
        """The one call that is meant, where one is."""
        return self.calls[0] if self.calls else None


def delete(settings: Settings, keys: Sequence[str], *, sure: bool) -> int:
    """Take whole calls out of the record. Returns the exit code."""
    found = _Found()

    async def look(store: Store) -> int:
        for key in keys:
            call = await find(store, key)
            if call.id not in {other.id for other in found.calls}:
                found.calls.append(call)
        if not sure:
            show_calls(found.calls, Screen())
        return 0

    async def act(store: Store) -> int:
        removed = Removed()
        for call in found.calls:
            try:
                removed = _sum(removed, await store.delete(call))
            except NoSuchRecord:
                tell(f"{screen.title(call)} was gone already.")
        tell(f"Deleted {_lines(removed)}.")
        return 0

    if code := go(settings, look):
        return code
    lines = sum(call.lines for call in found.calls)
    return _agreed(_lines(Removed(len(found.calls), lines)), sure=sure) or go(settings, act)


def forget(settings: Settings, name: str, *, within: str | None, dry: bool, sure: bool) -> int:
    """Take out what everybody of this name said, under every name that they used. Returns the exit code."""
    found = _Found()

    async def look(store: Store) -> int:
        found.calls = [await find(store, within)] if within else []
        found.people = await store.people(name)
        found.removed = await _count(store, found, name) or await _unheard(store, found, name)
        if not found.removed.calls:
            where = f" in {screen.title(found.call)}" if found.call else ""
            raise NoSuchRecord(
                f"Nobody called {name} said anything{where}: `spokenly records people` lists them."
            )
        if dry or not sure:
            _show_people(found, Screen())
        return 0

    async def act(store: Store) -> int:
        # By the name come also those who are known by more, so they come first.
        for person in found.people:
            if person.identity is not None:
                await store.forget(identity=person.identity, call=found.call)
        await store.forget(name=name, call=found.call)
        tell(f"Deleted {_lines(found.removed)}.")
        if found.live:
            tell("A call of theirs goes on and keeps what they say from now on: forget it when it is over.")
        return 0

    if code := go(settings, look):
        return code
    if dry:
        tell(f"{_lines(found.removed)} would be deleted.")
        return 0
    return _agreed(_lines(found.removed), sure=sure) or go(settings, act)


async def _count(store: Store, found: _Found, name: str) -> Removed | None:
    calls, lines = set[int](), 0
    async with reading(lines_of(store, name, found.people)) as said:
        async for call, _ in said:
            if found.call is None or call.id == found.call.id:
                calls.add(call.id)
                found.live = found.live or call.state == "live"
                lines += 1
    return Removed(len(calls), lines) if lines else None


async def _unheard(store: Store, found: _Found, name: str) -> Removed:
    """Of those who were never understood the record has names alone: in how many calls at least."""
    found.live = found.call is not None and found.call.state == "live"
    named = [await store.forget(name=name, call=found.call, dry=True)]
    for person in found.people:
        if person.identity is not None:
            named.append(await store.forget(identity=person.identity, call=found.call, dry=True))
    return max(named, key=lambda removed: removed.calls)


def _show_people(found: _Found, page: Screen) -> None:
    """Who is meant; how much they said only where all of it is meant."""
    rows = [
        (", ".join(person.names), page.number(person.calls), page.number(person.lines))
        for person in found.people
    ]
    if found.call is None:
        page.table(("Name", "Calls", "Lines"), rows, "Calls Lines")
    else:
        page.table(("Name",), [row[:1] for row in rows])


def _sum(one: Removed, other: Removed) -> Removed:
    return Removed(one.calls + other.calls, one.lines + other.lines, one.recaps + other.recaps)


def _lines(removed: Removed) -> str:
    return f"{count(removed.lines, 'line')} in {count(removed.calls, 'call')}"


def _agreed(what: str, *, sure: bool) -> int:
    """0 when somebody agrees, else the exit code. Whoever isn't there can't agree."""
    if sure:
        return 0
    if not somebody():
        tell(f"There is nobody here to ask: --yes deletes {what} without asking.")
        return NOBODY
    agreed = typer.confirm(f"Delete {what}? This can't be undone.", err=True)
    if not agreed:
        tell("Nothing was deleted.")
    return 0 if agreed else 1
