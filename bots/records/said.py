"""`records export --person`: everything that one person said, for them to take away."""

from collections.abc import AsyncIterator, Sequence

from bots.records.desk import every, reading
from bots.records.facts import Fact
from bots.records.files import Order, save, slug
from bots.records.screen import as_json, count, tell
from core.errors import NoSuchRecord
from core.record.database.reading import known_as
from core.record.database.store import Store
from core.record.kept import Call, Line, Person


async def said(store: Store, name: str, asked: Order) -> int:
    """One JSON object with a line of theirs on each line; under every name, where more is known."""
    people = await store.people(name)
    if not any(person.lines for person in people):
        raise NoSuchRecord(f"Nobody called {name} is in the record: `spokenly records people` lists them.")
    if len(people) > 1:
        tell(f"{len(people)} people were called {name}; this is what all of them said.")
    lines = lines_of(store, name, people)
    target = asked.target / f"{slug(name)}.json" if asked.target and asked.folder else asked.target
    await save(_pieces(lines), target, binary=False, force=asked.force)
    if target is not None:
        tell(f"{count(sum(person.lines for person in people), 'line')} written to {target}.")
    return 0


async def lines_of(store: Store, name: str, people: Sequence[Person]) -> AsyncIterator[tuple[Call, Line]]:
    """All that these `people` of one name said: where they are known by more, under every name of theirs."""
    for person in people:
        if person.identity is None:
            continue
        async with reading(store.said_by(person.identity)) as found:
            async for call, line in found:
                yield call, line
    if all(person.identity is not None for person in people):
        return
    wanted = known_as(name)
    async with reading(every(store)) as calls:
        async for call in calls:
            if wanted not in map(known_as, call.speakers):
                continue
            async with reading(store.entries(call)) as entries:
                async for entry in entries:
                    if isinstance(entry, Line) and _by_name_alone(entry, wanted):
                        yield call, entry


def _by_name_alone(line: Line, wanted: str) -> bool:
    return line.speaker.identity is None and known_as(line.speaker.name) == wanted


async def _pieces(lines: AsyncIterator[tuple[Call, Line]]) -> AsyncIterator[bytes]:
    between = '{"said": [\n'
    async with reading(lines) as found:
        async for call, line in found:
            yield f"{between}{as_json(_fact(call, line))}".encode()
            between = ",\n"
    yield b"\n]}\n"


def _fact(call: Call, line: Line) -> Fact:
    fact: Fact = {
        "call": call.title,
        "key": call.key,
        "began": call.began.isoformat(),
        "as": line.speaker.name,
        "number": line.number,
        "start": round(line.start, 3),
        "end": round(line.end, 3),
        "text": line.text,
    }
    return fact if line.corrected is None else fact | {"heard": line.heard}
