"""`records export`: calls as files, and everything that one person said."""

import asyncio
import errno
import hashlib
import os
import sys
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bots.records.desk import every, find, reading
from bots.records.screen import Screen, count, tell, title
from core.errors import NoSuchRecord, UserError
from core.record.database.store import Store
from core.record.files.formats import FORMATS, SUFFIXES, Format, write
from core.record.files.heading import Heading
from core.record.kept import Call

STDOUT = "-"

_NAME = 40
"""Characters of a title in the name of a file."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written where: `key` None is every call, `target` None the standard output."""

    key: str | None
    form: Format
    target: Path | None
    folder: bool
    force: bool


def order(key: str | None, form: str | None, output: str | None, *, force: bool, one: bool = True) -> Order:
    """What was asked for; `one` file or a folder of them. Raises `ValueError` when that makes no sense."""
    if output is None or output == STDOUT:
        if not one:
            raise ValueError("Several calls don't fit into one file: give --output a folder.")
        return Order(key, FORMATS[form or "text"], None, folder=False, force=force)
    target = Path(output)
    folder = output.endswith(("/", "\\"))
    with suppress(OSError):  # a name that can't be is told of when it is written to
        folder = folder or target.is_dir()
    if one and not folder:
        ending = SUFFIXES.get(target.suffix[1:].lower())
        return Order(key, FORMATS[form] if form else ending or FORMATS["text"], target, False, force)
    if target.is_file():
        raise ValueError(f"{output} is a file, and these are several calls: name a folder.")
    return Order(key, FORMATS[form or "text"], target, True, force)


async def export(store: Store, asked: Order) -> int:
    """Write one call, or all of them. Exits with 1 when a file was there already."""
    if asked.key is not None:
        await _one(store, await find(store, asked.key), asked)
        return 0
    written, there = 0, 0
    async with reading(every(store)) as calls:
        async for call in calls:
            try:
                await _one(store, call, asked)
                written += 1
            except There:
                there += 1
            except NoSuchRecord:
                tell(f"{title(call)} was deleted meanwhile.")
    tell(f"{count(written, 'file')} written to {asked.target}.")
    if there:
        tell(f"{count(there, 'file')} left alone that were there already: --force writes over them.")
    return int(there > 0)


async def _one(store: Store, call: Call, asked: Order) -> None:
    target = asked.target
    if target is not None and asked.folder:
        target /= f"{name(call)}.{asked.form.suffix}"
    async with reading(write(asked.form, heading(call), store.entries(call))) as pieces:
        await save(pieces, target, binary=asked.form.binary, force=asked.force)


def heading(call: Call) -> Heading:
    """What stands above the words; times are those of this machine."""
    note = {
        "live": "The call was going on when this was written.",
        "interrupted": "Spokenly was stopped in the middle of this call.",
        "ended": None,
    }[call.state]
    return Heading(call.title, call.began.astimezone(), call.language, call.engine, note=note)


def name(call: Call) -> str:
    """A name for a file that only this call has, and always: its time, its title, and a hash of its key.

    The key itself opens the record; it is not written where files are listed.
    """
    mark = hashlib.sha256(call.key.encode()).hexdigest()[:8]
    parts = [f"{call.began.astimezone():%Y-%m-%d-%H%M}", slug(call.title), mark]
    return "-".join(filter(None, parts))


def slug(words: str) -> str:
    """Words as a part of the name of a file, on any system."""
    return "-".join("".join(c if c.isalnum() else " " for c in words).split())[:_NAME].strip("-")


class There(UserError):
    """A file of that name is there, and nobody said that it may be written over."""


async def save(pieces: AsyncIterable[bytes], target: Path | None, *, binary: bool, force: bool) -> None:
    """Write a file, or to the standard output. Raises `There`, and `UserError` when it can't be written.

    A file that can't be written to its end is not there afterwards, or is what it was.
    """
    if target is None:
        await _print(pieces, binary=binary)
        return
    try:
        async with _file(target, force=force) as file:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
    except FileExistsError as error:
        raise There(f"{target} is there already: --force writes over it.") from error
    except OSError as error:
        raise UserError(f"{target} can't be written: {error.strerror}.") from error


async def _print(pieces: AsyncIterable[bytes], *, binary: bool) -> None:
    page = Screen()
    if binary and page.terminal:
        raise UserError("This is no text: give --output a file, or send it through a pipe.")
    async for piece in pieces:
        if page.terminal:
            page.write(piece.decode())
        else:
            await asyncio.to_thread(sys.stdout.buffer.write, piece)


@asynccontextmanager
async def _file(target: Path, *, force: bool) -> AsyncIterator[BinaryIO]:
    """A file that takes its name when it is whole. Raises `OSError`."""
    part = await asyncio.to_thread(_begin, target, force=force)
    file: BinaryIO = await asyncio.to_thread(part.open, "wb")
    whole = False
    try:
        yield file
        whole = True
    finally:
        await asyncio.to_thread(_end, file, part, target, whole=whole, force=force)


def _begin(target: Path, *, force: bool) -> Path:
    """Where to write until the file is whole. Without force its name is taken at once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
    if not force:
        target.open("xb").close()
    elif target.exists() and not target.is_file():
        return target  # a device or a pipe: no file can take its place
    return target.with_name(f".{target.name}.{os.getpid()}")


def _end(file: BinaryIO, part: Path, target: Path, *, whole: bool, force: bool) -> None:
    try:
        file.close()
        if whole and part != target:
            part.replace(target)
    finally:
        if part != target:
            part.unlink(missing_ok=True)
        if not (whole or force):
            target.unlink(missing_ok=True)
