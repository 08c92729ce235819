"""The record of one call: it begins with the call, and goes on after Spokenly was restarted."""

import logging

from core.captions.board import Board
from core.errors import NoSuchRecord, RecordAway
from core.record.files.formats import SUFFIXES, write
from core.record.files.heading import Heading
from core.record.journal import Journal
from core.record.kept import Call, Line, Opening
from core.record.recaps.recap import Recap
from core.record.secretary import Secretary

log = logging.getLogger(__name__)

LAST_LINE = 10.0
"""Seconds that the last lines have to be written before the recap is given up."""

RECAP = 20.0
"""Seconds that people wait for a recap; then plain rules quote."""

FILES = ("md", "vtt")
"""The transcripts that are posted when a call is over."""


class Keeping:
    """Has the secretary keep one call."""

    def __init__(self, secretary: Secretary, opening: Opening, board: Board, first: int = 0) -> None:
        """`first`: the number of the board's first entry, where the record goes on."""
        self._secretary = secretary
        self._opening = opening
        self._journal: Journal = secretary.keep(opening, board, first)

    @property
    def key(self) -> str:
        """The record's key."""
        return self._opening.key

    @property
    def over(self) -> bool:
        """The record was deleted, or a fault ended it: nothing is kept any more."""
        return self._journal.over

    def close(self) -> None:
        """The call is over."""
        self._secretary.close(self._journal)

    async def finish(self) -> Call | None:
        """The call is over. What the record has of it; None when that can't be had."""
        if not await self._secretary.finish(self._journal, LAST_LINE) or self.over:
            return None
        try:
            return await self._secretary.store.call(self.key)
        except (NoSuchRecord, RecordAway):
            return None


async def recap_of(secretary: Secretary, call: Call) -> tuple[Recap | None, list[Line]]:
    """What the call came to, and the lines it cites; None when nothing was said. Raises `RecordAway`."""
    recap, making = await secretary.recap(call)
    if making:
        await secretary.sum_up_anew(call, RECAP)
        recap, _ = await secretary.recap(call)
    return recap, [] if recap is None else await secretary.cited(call, recap)


async def transcripts(secretary: Secretary, call: Call, room: int) -> dict[str, bytes]:
    """The transcript as files, by their names, each of at most `room` bytes; larger ones are left out.

    Raises `RecordAway` or `NoSuchRecord`.
    """
    files: dict[str, bytes] = {}
    for suffix in FILES:
        written = bytearray()
        async for piece in write(SUFFIXES[suffix], heading(call), secretary.store.entries(call)):
            written += piece
            if len(written) > room:
                log.warning("discord.transcript_too_large")
                break
        else:
            files[f"transcript.{suffix}"] = bytes(written)
    return files


def heading(call: Call) -> Heading:
    """What stands above a call's transcript."""
    note = "Spokenly was stopped in the middle of this call." if call.state == "interrupted" else None
    return Heading(call.title, began=call.began, language=call.language, engine=call.engine, note=note)
