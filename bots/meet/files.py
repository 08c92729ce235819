"""Files that the browser saves."""

from collections.abc import AsyncIterable
from contextlib import aclosing

from aiohttp import web

from bots.meet.voice import NotFound
from core.record.files.formats import SUFFIXES, Format, write
from core.record.files.heading import Heading
from core.record.files.turns import Exported


def attachment(name: str) -> dict[str, str]:
    """Headers of something to be saved and not to be kept by any cache."""
    return {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}


def chosen(suffix: str) -> Format:
    """The format of files that end so. Raises `NotFound`."""
    if suffix not in SUFFIXES:
        raise NotFound(f"There is no such format; there are {', '.join(SUFFIXES)}.")
    return SUFFIXES[suffix]


async def send(
    request: web.Request, form: Format, heading: Heading, entries: AsyncIterable[Exported]
) -> web.StreamResponse:
    """Stream a transcript, as fast as the browser takes it."""
    response = web.StreamResponse(
        headers={"Content-Type": form.content_type} | attachment(f"captions.{form.suffix}")
    )
    await response.prepare(request)
    async with aclosing(write(form, heading, entries)) as pieces:
        async for piece in pieces:
            await response.write(piece)
    await response.write_eof()
    return response
