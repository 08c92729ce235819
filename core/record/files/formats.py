"""The files that a record can be had as, and the one way to write each of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass

from core.record.files.data import Json
from core.record.files.docx import Docx
from core.record.files.exports import Writing
from core.record.files.heading import Heading
from core.record.files.prose import Markdown, Text
from core.record.files.subtitles import Srt, Vtt
from core.record.files.turns import Exported


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: the name that people type, how its files end, and its media type.

    `binary`: no text, so nothing for a terminal. `alone`: a file of it holds one call.
    """

    name: str
    suffix: str
    media_type: str
    open: Callable[[Heading], Writing[str | bytes]]
    binary: bool = False
    alone: bool = True

    @property
    def content_type(self) -> str:
        """As a Content-Type names it."""
        return self.media_type if self.binary else f"{self.media_type}; charset=utf-8"


_ALL = (
    Format("markdown", "md", "text/markdown", Markdown, alone=False),
    Format("text", "txt", "text/plain", Text, alone=False),
    Format("vtt", "vtt", "text/vtt", Vtt),
    Format("srt", "srt", "application/x-subrip", Srt),
    Format("json", "json", "application/json", Json),
    Format(
        "docx",
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Docx,
        binary=True,
    ),
)

FORMATS: Mapping[str, Format] = {each.name: each for each in _ALL}
"""By the name that people type."""

SUFFIXES: Mapping[str, Format] = {each.suffix: each for each in _ALL}
"""By how the file ends, without the dot: as addresses have it."""

PIECE = 16 * 1024
"""Bytes: a piece is handed on when it has so many."""

SLICE = 0.005
"""Seconds: longer than this, writing never keeps the loop from others, but for one single entry."""


async def write(
    form: Format, heading: Heading, entries: AsyncIterable[Exported]
) -> AsyncGenerator[bytes, None]:
    """The file of `entries` (sorted by start), in pieces, as they come: never in memory as a whole.

    Text is UTF-8, and each piece of it ends with a whole character. Raises what `entries` do. Whoever stops
    before the end closes it (`contextlib.aclosing`).
    """
    loop = asyncio.get_running_loop()
    writing = form.open(heading)
    # Only the template of a binary file has to be read from the disk.
    start = await asyncio.to_thread(lambda: [*writing.begin()]) if form.binary else writing.begin()
    piece = bytearray(_bytes(start))
    since = loop.time()
    async for entry in entries:
        piece += _bytes(writing.feed(entry))
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
        if loop.time() - since > SLICE:
            await asyncio.sleep(0)
            since = loop.time()
    piece += _bytes(writing.close())
    if piece:
        yield bytes(piece)


def _bytes(pieces: Iterable[str | bytes]) -> bytes:
    # Half a surrogate pair can be said by a client, but is no text.
    return b"".join(each.encode(errors="replace") if isinstance(each, str) else each for each in pieces)
