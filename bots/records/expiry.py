"""`records expire` and `retention`: how long records are kept."""

from datetime import UTC, datetime

from bots.records.reading import show_calls
from bots.records.screen import Screen, count, tell
from core.errors import UserError
from core.record.database.store import Store

LONGEST = 36_500
"""Days, as SPOKENLY_RETENTION_DAYS allows."""


async def expire(store: Store, days: int, *, dry: bool) -> int:
    """Delete the calls whose time is over, or say which they are."""
    gone = await store.expire(datetime.now(UTC), days, dry=dry)
    if gone:
        show_calls(gone, Screen())
    calls = count(len(gone), "call") if gone else "No call"
    tell(f"{calls} would be deleted." if dry else f"{calls} deleted." if gone else "No call is that old.")
    return 0


async def retention(store: Store, default: int, space: str | None, days: str | None) -> int:
    """Show the days of every space, or of one, or give that one others."""
    if space is not None and days is not None:
        await _change(store, default, space, None if days == "default" else _days(days))
    spaces = await store.spaces() if space is None else [space]
    page = Screen()
    rows = [(name, *_rule(await store.retention(name), default)) for name in spaces]
    if rows:
        page.table(("Space", "Kept for", "By"), rows)
    else:
        tell(f"No space has a record yet. New ones keep it {_long(default)}.")
    return 0


async def _change(store: Store, default: int, space: str, days: int | None) -> None:
    await store.set_retention(space, days)
    if not await store.calls(space=space, limit=1):
        tell(f"No call of {space} is kept yet: is it spelled right?")
    old = await store.expire(datetime.now(UTC), default, dry=True)
    if number := sum(call.space == space for call in old):
        tell(f"{count(number, 'call')} of {space} will be deleted within the hour, or by `records expire`.")


def _rule(days: int | None, default: int) -> tuple[str, str]:
    if days is None:
        return _long(default), "SPOKENLY_RETENTION_DAYS"
    return _long(days), "its own rule"


def _long(days: int) -> str:
    return count(days, "day") if days else "until somebody deletes it"


def _days(words: str) -> int:
    """Raises `UserError`."""
    if not (words.isascii() and words.isdigit() and len(words) <= 6 and int(words) <= LONGEST):
        raise UserError(f"{words} is no number of days: 0 to {LONGEST:,}, where 0 keeps it, or default.")
    return int(words)
