"""What there is of a call that is over: its recap and its files."""

import logging
from collections.abc import Sequence

from core.record.files.formats import SUFFIXES, write
from core.record.files.heading import Heading
from core.record.kept import Call, Line
from core.record.recaps.recap import Recap
from core.record.secretary import Secretary

log = logging.getLogger(__name__)

RECAP = 20.0
"""Seconds that people wait for a recap; then plain rules quote."""

FILES = ("md", "vtt")
"""The transcripts that are posted when a call is over."""


async def recap_of(secretary: Secretary, call: Call) -> tuple[Recap | None, list[Line]]:
    """What the call came to, and the lines it cites; None when nothing was said. Raises `RecordAway`."""
    recap, making = await secretary.recap(call)
    if making:
        await secretary.sum_up_anew(call, RECAP)
        recap, _ = await secretary.recap(call)
    return recap, [] if recap is None else await secretary.cited(call, recap)


async def transcripts(
    secretary: Secretary, call: Call, room: int, suffixes: Sequence[str] = FILES
) -> dict[str, bytes]:
    """The transcript as files, by their names, each of at most `room` bytes; larger ones are left out.

    Raises `RecordAway` or `NoSuchRecord`.
    """
    files: dict[str, bytes] = {}
    for suffix in suffixes:
        written = bytearray()
        async for piece in write(SUFFIXES[suffix], heading(call), secretary.store.entries(call)):
            written += piece
            if len(written) > room:
                log.warning("record.transcript_too_large")
                break
        else:
            files[f"transcript.{suffix}"] = bytes(written)
    return files


def heading(call: Call) -> Heading:
    """What stands above a call's transcript."""
    note = "Spokenly was stopped in the middle of this call." if call.state == "interrupted" else None
    return Heading(call.title, began=call.began, language=call.language, engine=call.engine, note=note)
