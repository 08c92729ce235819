"""Where every command starts: the record is opened, a call is found, failures become a sentence."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import make_url

from bots.records.screen import tell
from core.errors import NoSuchRecord, RecapFailed, RecordAway, RecordUnusable, UserError
from core.record.database.opening import open_store, place
from core.record.database.store import Store
from core.record.kept import Call
from core.settings import Settings

UNUSABLE = 78
"""EX_CONFIG of sysexits.h: the database is not one that can be used."""

AWAY = 75
"""EX_TEMPFAIL of sysexits.h: it can't be had now; later it may."""

NOBODY = 2
"""As for what was typed wrong: it would have to ask, and nobody is there."""

_PAGE = 200

Read = TypeVar("Read")


def go(
    settings: Settings, work: Callable[[Store], Awaitable[int]], *, none: tuple[str, int] = ("", 1)
) -> int:
    """Do `work` with the record. Returns its exit code, or that of the failure that it tells people of.

    Where there is no record yet, none is made: people are told, `none` is what is written, and the exit code.
    """
    failures: list[Exception] = []
    code = 0
    try:
        if (path := _absent(settings)) is None:
            code = asyncio.run(_opened(settings, work))
        else:
            tell(f"There is no record yet; the first call that is kept begins it, at {path}.")
            words, code = none
            sys.stdout.write(words)
        sys.stdout.flush()
    except* BrokenPipeError:
        # Whoever reads has seen enough. Python would stumble over the closed pipe again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except* (UserError, RecapFailed, RecordUnusable, RecordAway) as group:
        failures += leaves(group)
    for sentence in dict.fromkeys(map(str, failures)):
        tell(sentence)
    return max([code, *map(_code, failures)])


def _absent(settings: Settings) -> Path | None:
    """The file that the record would begin with. Raises `RecordUnusable`."""
    url = make_url(place(settings))
    if url.drivername != "sqlite":
        return None
    path = Path(str(url.database)).absolute()
    own = settings.database_url is None and settings.data_dir is None
    return path if not path.exists() and (own or path.parent.is_dir()) else None


async def _opened(settings: Settings, work: Callable[[Store], Awaitable[int]]) -> int:
    async with open_store(settings) as store:
        return await work(store)


def leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """The failures in a group of them."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def _code(error: Exception) -> int:
    return UNUSABLE if isinstance(error, RecordUnusable) else AWAY if isinstance(error, RecordAway) else 1


async def every(store: Store, space: str | None = None) -> AsyncIterator[Call]:
    """All calls, newest first, a page at a time."""
    before, told = None, set[int]()
    while page := await store.calls(space=space, before=before, limit=_PAGE):
        fresh = [call for call in page if call.id not in told]
        for call in fresh:
            yield call
        told = {call.id for call in page}
        # Calls that began at the same moment may stand on both sides of a page's end.
        last = page[-1].began
        before = last + timedelta(microseconds=1) if fresh and page[0].began != last else last


async def find(store: Store, key: str) -> Call:
    """The call with this key or address, or whose key alone begins so, or the `last` one.

    Raises `UserError` with a sentence when there is none, or more than one.
    """
    wanted = key.strip()
    if wanted == "last":
        for call in await store.calls(limit=1):
            return call
        raise NoSuchRecord("No call is kept yet.")
    try:
        return await store.call(wanted)
    except NoSuchRecord:
        start = wanted.rstrip("/").rpartition("/")[2].lstrip("-")
    if len(start) < 4:
        raise UserError(f"{wanted} is too short for a key: give at least 4 characters of it.")
    found = [call async for call in every(store) if call.key.lstrip("-").startswith(start)]
    if not found:
        raise NoSuchRecord(f"No call has the key {wanted}: `spokenly records list` shows them all.")
    if len(found) > 1:
        raise UserError(f"{len(found)} calls have a key that begins with {start}: give more of it.")
    return found[0]


@asynccontextmanager
async def reading(pieces: AsyncIterator[Read]) -> AsyncIterator[AsyncIterator[Read]]:
    """What is read from the database as it comes; closed also when nobody reads on."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def somebody() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()
