"""Calls for a record, in a line or two."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count

from core.audio.frame import Speaker
from core.record.database.store import Store
from core.record.kept import Call, Kept, Line, Numbered, Opening

ANN = Speaker("p1", "Ann", "discord:1")
BOB = Speaker("p2", "Bob", "discord:2")
EVE = Speaker("p3", "Eve")
"""Nobody knows who that is in other calls."""

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_numbers = count(1)


def opening(key: str | None = None, **fields: object) -> Opening:
    """A call, with a key that no other has."""
    known = {"space": "machine", "title": "Weekly", "began": BEGAN, "language": "en", "engine": "Moonshine"}
    return Opening(key or f"call-{next(_numbers)}", **{**known, **fields})  # type: ignore[arg-type]  # its fields


def said(*what: tuple[Speaker, str], start: float = 0.0) -> list[Line]:
    """Lines of two seconds, one after the other."""
    times = [start + 2 * number for number in range(len(what))]
    return [
        Line(number, speaker, at, at + 1.5, text, None, "en", 0.9, "moonshine")
        for number, ((speaker, text), at) in enumerate(zip(what, times, strict=True))
    ]


def numbered(entries: Sequence[Kept], first: int = 0) -> list[Numbered]:
    """Entries with numbers from `first` on."""
    return [Numbered(number, entry) for number, entry in enumerate(entries, first)]


async def kept(store: Store, *what: tuple[Speaker, str], live: bool = False, **fields: object) -> Call:
    """A call with these lines, over unless `live`."""
    call = await store.begin(opening(**fields))  # type: ignore[arg-type]  # fields of an opening
    await store.write(call, numbered(said(*what)))
    if not live:
        await store.end(call)
    return await store.call(call.key)
