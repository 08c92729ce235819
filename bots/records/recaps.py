"""`records recap`: what a call came to, made where there is no recap yet."""

from bots.records.desk import find, reading
from bots.records.files import heading
from bots.records.screen import Screen, count, tell
from core.errors import NoSuchRecord
from core.record.database.store import Store
from core.record.kept import Call, Line
from core.record.recaps import minutes
from core.record.recaps.fallback import open_summariser
from core.record.recaps.recap import Conversation, Recap
from core.settings import Settings


async def recap(store: Store, settings: Settings, key: str, *, anew: bool, form: str) -> int:
    """Show the recap that is kept; else, or `anew`, one is made and kept.

    Raises `NoSuchRecord` and `RecapFailed`.
    """
    call = await find(store, key)
    summary = None if anew else await store.recap(call)
    if summary is None:
        summary = await _made(store, settings, call)
    lines = await cited(store, call, summary)
    page = Screen()
    if form == "json":
        page.json(minutes.as_json(summary, lines))
        return 0
    written = minutes.markdown if form == "markdown" else minutes.text
    for piece in written(heading(call), summary, lines):
        page.lines(piece)
    return 0


async def _made(store: Store, settings: Settings, call: Call) -> Recap:
    async with reading(store.entries(call)) as entries:
        said = [entry async for entry in entries if isinstance(entry, Line)]
    if not said:
        raise NoSuchRecord("Nothing was said in this call, so there is nothing to sum up.")
    async with open_summariser(settings) as summariser:
        tell(f"Summing up {count(len(said), 'line')} ({summariser.name}).")
        summary = await summariser.summarise(Conversation(call.title, call.language, said))
    if call.state == "live":
        tell("The call goes on: this recap is not kept, there will be a whole one at its end.")
    else:
        await store.keep_recap(call, summary)
    return summary


async def cited(store: Store, call: Call, summary: Recap) -> list[Line]:
    """The lines that a recap cites, as far as they are still there."""
    found = []
    for number in sorted({number for claim in summary.claims for number in claim.lines}):
        try:
            found.append(await store.line(call, number))
        except NoSuchRecord:
            continue
    return found
