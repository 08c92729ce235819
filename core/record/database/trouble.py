"""What databases and their drivers complain of, told in Spokenly's own sentences: the one place for it.

Nothing that a driver says is passed on: it may quote speech.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg.exceptions import (  # type: ignore[import-untyped]  # it carries no types
    ClientConfigurationError,
    InterfaceError,
    PostgresError,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import RecordAway, RecordError, RecordUnusable

_FOREIGN = (DBAPIError, PoolTimeout, PostgresError, InterfaceError, OSError)

_SQLITE_AWAY = {
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_LOCKED": "is locked by another program",
    "SQLITE_FULL": "can't be written: the disk is full",
    "SQLITE_IOERR": "can't be read or written: the disk fails",
    "SQLITE_READONLY": "can't be written: the disk or the file is read-only",
    "SQLITE_CANTOPEN": "can't be opened",
    "SQLITE_NOMEM": "can't be read: there is not enough memory",
    "SQLITE_PROTOCOL": "is locked by another program",
}
_NEVER = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""What does not pass by itself, as a lock does."""

_SQLITE_UNUSABLE = {
    "SQLITE_CORRUPT": "is damaged: move it away, or restore a copy",
    "SQLITE_NOTADB": "is no database of Spokenly's: set another place",
}

_REFUSED = ("28P01", "28000", "3D000", "42501")
"""SQLSTATEs of a wrong user, password or database: nor does that."""

_UNKNOWN = "42704"
"""SQLSTATE of a setting in the address that the server does not know."""

# SQLSTATE classes (PostgreSQL, appendix A).
_POSTGRES_AWAY = {
    "08": "can't be reached",
    "28": "refused the user or the password of SPOKENLY_DATABASE_URL",
    "3D": "does not exist on that server: create it, or set another in SPOKENLY_DATABASE_URL",
    "40": "is busy: the transaction was given up",
    "53": "has no room: its disk, memory or connections are used up",
    "55": "is locked by another program",
    "57": "is stopping, or the statement took too long",
    "58": "can't read or write its disk",
    "25": "can't be written: the server is read-only",
    "42501": "does not let its user do this: grant it the right to create and change tables",
    "XX": "is damaged, or its server fails",
}


def translated(error: BaseException, place: str) -> RecordError | None:
    """What is to be told of a foreign error, or None where it is a bug. `place` names the database."""
    if name := _name(error):
        return _sqlite(name, str(_driver(error)), place)
    driver = _driver(error)
    told: str | None = None
    if isinstance(driver, PoolTimeout):
        told = "is too busy"
    elif isinstance(driver, TimeoutError):
        told = "does not answer"
    elif isinstance(driver, ClientConfigurationError):
        return _wrong_address(place)
    elif isinstance(state := getattr(driver, "sqlstate", None), str):
        told = _POSTGRES_AWAY.get(state) or _POSTGRES_AWAY.get(state[:2])
    elif isinstance(driver, OSError) or _gone(driver):
        told = "can't be reached"
    return RecordAway(f"{place} {told}.") if told else None


def _wrong_address(place: str) -> RecordUnusable:
    return RecordUnusable(f"{place} can't be used: a part of SPOKENLY_DATABASE_URL is wrong.")


def _sqlite(name: str, said: str, place: str) -> RecordError | None:
    if name == "SQLITE_ERROR" and said.startswith("no such table"):
        return RecordAway(f"{place} was replaced by another: restart Spokenly.")
    for begin, told in _SQLITE_UNUSABLE.items():
        if name.startswith(begin):
            return RecordUnusable(f"{place} {told}.")
    for begin, told in _SQLITE_AWAY.items():
        if name.startswith(begin):
            return RecordAway(f"{place} {told}.")
    return None


def _gone(error: BaseException) -> bool:
    """Whether asyncpg lost its connection, or closed it after a time-out."""
    return isinstance(error, InterfaceError) and "connection" in str(error) and "closed" in str(error)


@asynccontextmanager
async def telling(place: str, *, starting: bool = False) -> AsyncIterator[None]:
    """Raises `RecordAway` for what the database complains of, and bugs as they are.

    While Spokenly is `starting`, a place that is damaged, can't be opened or can't be written raises
    `RecordUnusable`; once it runs, calls go on without their record, whatever befalls it.
    """
    try:
        yield
    except _FOREIGN as error:
        told = translated(error, place)
        if told is None and starting and getattr(_driver(error), "sqlstate", "") == _UNKNOWN:
            told = _wrong_address(place)
        if told is None:
            raise
        never = _name(error).startswith(_NEVER) or getattr(_driver(error), "sqlstate", None) in _REFUSED
        if starting and never:
            told = RecordUnusable(str(told))
        elif not starting:
            told = RecordAway(str(told))
        raise told from error


def _driver(error: BaseException) -> BaseException:
    """The driver's own error behind SQLAlchemy's copies of it."""
    if isinstance(error, DBAPIError):
        error = error.orig or error
        error = error.__cause__ or error
    return error


def _name(error: BaseException) -> str:
    """SQLite's name of an error, e.g. SQLITE_BUSY; empty for all others."""
    name = getattr(_driver(error), "sqlite_errorname", None)
    return name if isinstance(name, str) else ""
