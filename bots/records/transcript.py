"""`records show`: one call, its facts, what it came to, and what was said."""

from datetime import UTC, datetime
from itertools import islice

from rich.text import Text

from bots.records import screen
from bots.records.desk import find, reading
from bots.records.facts import call_fact, entry_fact
from bots.records.files import heading
from bots.records.recaps import cited
from bots.records.screen import Screen, as_json, tell
from core.captions.caption import Gap
from core.record.database.store import Store
from core.record.kept import Call, Kept, Line
from core.record.recaps import minutes
from core.record.recaps.recap import Recap
from core.record.written import line


async def show(store: Store, key: str, *, recap: bool, as_facts: bool) -> int:
    """A call as it comes from the database: one of any length is never in memory as a whole."""
    call = await find(store, key)
    summary = await store.recap(call) if recap else None
    page = Screen()
    if as_facts:
        await _show_facts(store, call, summary, page)
        return 0
    _above(call, page)
    if summary is not None:
        above = heading(call)
        pieces = minutes.text(above, summary, await cited(store, call, summary))
        # The title and the facts of the call stand there already.
        for piece in islice(pieces, 1 + len([*above.sentences()]), None):
            page.lines(piece)
    page.write("\nTRANSCRIPT\n")
    turns = _Turns(call, page)
    async with reading(store.entries(call)) as entries:
        async for entry in entries:
            turns.show(entry)
    if not call.lines:
        tell("Nothing was said.")
    return 0


async def _show_facts(store: Store, call: Call, summary: Recap | None, page: Screen) -> None:
    """One JSON object, an entry a line."""
    recap = minutes.as_json(summary, await cited(store, call, summary)) if summary else None
    page.write(f'{{"call": {as_json(call_fact(call))},\n"recap": {as_json(recap)},\n"entries": [')
    between = "\n"
    async with reading(store.entries(call)) as entries:
        async for entry in entries:
            page.write(f"{between}{as_json(entry_fact(entry))}")
            between = ",\n"
    page.write("\n]}\n")


def _above(call: Call, page: Screen) -> None:
    length = screen.lasted(call, datetime.now(UTC))
    facts = [f"Began {screen.day(call.began)}", length, call.state, screen.count(call.lines, "line")]
    page.line(Text(screen.title(call), "bold"))
    page.line(" · ".join(filter(None, facts)))
    if call.speakers:
        page.line(f"Speakers: {', '.join(map(line, call.speakers))}")
    page.line(f"Language: {line(call.language)} · Captions by {line(call.engine)}")
    page.line(f"Key: {line(call.key)} · Space: {line(call.space)}")


class _Turns:
    """Lines with their number and time; in a terminal under a name, in a pipe after it."""

    def __init__(self, call: Call, page: Screen) -> None:
        self._call = call
        self._page = page
        self._speaker: str | None = None

    def show(self, entry: Kept) -> None:
        time = screen.moment(self._call, entry.start)
        if not isinstance(entry, Line):
            self._speaker = None
            self._page.said("", time, Text(missing(entry), "italic"))
            return
        name = line(entry.speaker.name) or "Somebody"
        if not self._page.terminal:
            self._page.said(str(entry.number), time, f"{name}: {line(entry.text)}")
            return
        if entry.speaker.id != self._speaker:
            self._speaker = entry.speaker.id
            self._page.line(Text(name, "bold cyan"))
        words = Text(line(entry.text))
        if entry.corrected is not None:
            words.append(f" (heard: {line(entry.heard)})", "dim")
        self._page.said(str(entry.number), time, words)


def missing(entry: Kept) -> str:
    """What is not there, and of whom."""
    length = f"{max(1, round(entry.end - entry.start))} s"
    if isinstance(entry, Gap):
        return f"({length} of {line(entry.speaker.name) or 'somebody'} could not be heard)"
    return f"({length} were not kept)"
