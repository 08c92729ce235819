"""`records list`, `search` and `people`: what is there, and where."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.text import Text

from bots.records import screen
from bots.records.desk import find
from bots.records.facts import call_fact, hit_fact, person_fact
from bots.records.screen import Screen, tell
from core.record.database.store import Store
from core.record.kept import Call, Hit
from core.record.written import line

NOTHING = 1
"""What `search` exits with when nothing was found, as grep does."""

_STATES = {"live": "bold green", "interrupted": "yellow"}


async def calls(store: Store, *, space: str | None, limit: int, as_facts: bool) -> int:
    """The newest calls, one a line."""
    found = await store.calls(space=space, limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    page = Screen()
    if as_facts:
        page.json([call_fact(call) for call in found])
    elif found:
        show_calls(found, page)
    else:
        tell("No call is kept yet." if space is None else f"No call of {space} is kept.")
    if more:
        tell(f"These are the newest {limit}; --limit shows more.")
    return 0


def show_calls(found: Sequence[Call], page: Screen) -> None:
    """Calls as a table; in a pipe with the whole key, and a column for everything."""
    now = datetime.now(UTC)
    keys = [call.key for call in found]
    facts = [(screen.day(call.began), screen.lasted(call, now), page.number(call.lines)) for call in found]
    if page.terminal:
        rows = zip(screen.short(keys), facts, map(_called, found), strict=True)
        page.table(
            ("Key", "Began", "Length", "Lines", "Call"),
            ((key, *fact, called) for key, fact, called in rows),
            "Length Lines",
        )
        return
    for call, fact in zip(found, facts, strict=True):
        page.row(call.key, *fact, call.state, screen.title(call), ", ".join(call.speakers))


def _called(call: Call) -> Text:
    """The title, the state where it is no ended call, and under them who spoke."""
    called = Text(screen.title(call))
    if call.state != "ended":
        called.append(f" ({call.state})", _STATES[call.state])
    if call.speakers:
        called.append(f"\n{', '.join(map(line, call.speakers))}", "dim")
    return called


async def search(store: Store, words: str, *, within: str | None, limit: int, as_facts: bool) -> int:
    """Lines in which these words are, the words in bold."""
    call = await find(store, within) if within else None
    found = await store.search(words, call=call, limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    page = Screen()
    if as_facts:
        page.json([hit_fact(hit) for hit in found])
    elif page.terminal:
        _show_hits(found, page)
    else:
        for hit in found:
            page.row(hit.call.key, *_where(hit), hit.line.text)
    if not found:
        tell("Nothing found.")
    if more:
        tell(f"There are more than {limit}; --limit shows them.")
    return 0 if found else NOTHING


def _where(hit: Hit) -> tuple[str, str, str]:
    return str(hit.line.number), screen.moment(hit.call, hit.line.start), hit.line.speaker.name


def _show_hits(found: Sequence[Hit], page: Screen) -> None:
    """Hits under the call that they are in, wherever it is the next one."""
    keys = list({hit.call.key for hit in found})
    shown = dict(zip(keys, screen.short(keys), strict=True))
    call: Call | None = None
    for hit in found:
        if call is None or hit.call.id != call.id:
            page.show(*([""] if call else []))
            call = hit.call
            page.show(_name(call, shown[call.key]))
        number, time, name = _where(hit)
        page.said(number, time, Text.assemble((f"{line(name)}: ", "dim"), screen.marked(hit)))


def _name(call: Call, key: str) -> Text:
    return Text.assemble((screen.title(call), "bold"), (f"  {screen.day(call.began)}  {key}", "dim"))


async def people(store: Store, *, as_facts: bool) -> int:
    """Everybody who spoke."""
    found = await store.people()
    page = Screen()
    if as_facts:
        page.json([person_fact(person) for person in found])
    elif found:
        rows = [
            (
                ", ".join(person.names),
                page.number(person.calls),
                page.number(person.lines),
                "one person" if person.identity else "by name alone",
            )
            for person in found
        ]
        page.table(("Name", "Calls", "Lines", "Known"), rows, "Calls Lines")
    else:
        tell("Nobody is in the record.")
    return 0
