"""A recording goes through the engine, and its captions into a file as they come."""

import asyncio
import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, BinaryIO

from core.audio import media
from core.audio.frame import Speaker, seconds
from core.captions.caption import Caption, Entry
from core.engines.protocol import Recognition, Transcriber
from core.errors import UserError
from core.record.files.exports import pieces
from core.record.files.formats import Format
from core.record.files.heading import Heading

_AHEAD = 256
"""Captions that may wait for a slow reader of the output, before the recording waits too."""

_SPEAKER = Speaker("recording", "Recording")
"""Nobody says who speaks in a recording."""


class Transcription:
    """One recording on its way through `engine`. `stop` ends it early, with all that was heard until then."""

    def __init__(self, engine: Transcriber, language: str) -> None:
        self._engine = engine
        self._language = language
        self.stopped = False
        self.said = False
        """Whether there were any words."""

    def stop(self) -> None:
        self.stopped = True

    async def run(
        self,
        source: Path | BinaryIO,
        title: str,
        form: Format,
        out: Callable[[], AbstractContextManager[IO[Any]]],
        progress: Callable[[float], None],
    ) -> None:
        """Write the captions to what `out` opens; tell `progress` how many seconds were heard.

        `out` takes bytes if the format is binary. Reads and writes in threads. Raises `UserError` before
        `out` is opened when there is nothing to hear, and after the last word when the recording breaks off;
        and what the engine and `out` raise. When whoever reads the output goes away, it stops.
        """
        blocks = media.read(source)
        first = await asyncio.to_thread(next, blocks, b"")
        heading = Heading(title, language=self._language, engine=self._engine.name, named=False)
        page = _Page(form, heading, out, self.stop)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(page.write), name="write")
            try:
                async with self._engine.recognize(self._language, interim=False) as recognition:
                    hearing = group.create_task(
                        self._hear(first, blocks, recognition, page, progress), name="hear"
                    )
                    await self._caption(recognition, page)
                    trouble = await hearing
            finally:
                page.end()
        if trouble:
            raise trouble

    async def _hear(
        self,
        block: bytes,
        blocks: Iterator[bytes],
        recognition: Recognition,
        page: "_Page",
        progress: Callable[[float], None],
    ) -> UserError | None:
        """Send everything to the engine. Returns why that is not all there should have been."""
        heard, trouble = 0.0, None
        while block and not self.stopped:
            await page.room()
            await recognition.send(block)
            heard += seconds(block)
            progress(heard)
            try:
                block = await asyncio.to_thread(next, blocks, b"")
            except UserError as error:
                block, trouble = b"", error
        await recognition.finish()
        return trouble

    async def _caption(self, recognition: Recognition, page: "_Page") -> None:
        async for hypothesis in recognition:
            if hypothesis.final and hypothesis.text:
                self.said = True
                text, language = hypothesis.text, hypothesis.language or self._language
                start, end = hypothesis.start, hypothesis.end
                page.add(Caption(_SPEAKER, start, end, text, True, len(text), language))


class _Page:
    """The output, written by a thread that takes captions as they come."""

    def __init__(
        self,
        form: Format,
        heading: Heading,
        out: Callable[[], AbstractContextManager[IO[Any]]],
        gone: Callable[[], None],
    ) -> None:
        self._form = form
        self._heading = heading
        self._out = out
        self._gone = gone
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()

    async def room(self) -> None:
        """Wait while the writer is behind."""
        while self._entries.qsize() >= _AHEAD:  # noqa: ASYNC110 - whoever makes room is a thread
            await asyncio.sleep(0.05)

    def add(self, caption: Caption) -> None:
        self._entries.put(caption)

    def end(self) -> None:
        """No caption comes any more."""
        self._entries.put(None)

    def write(self) -> None:
        """Until `end`; captions that can't be written any more are thrown away."""
        entries = self._coming()
        try:
            with self._out() as file:
                for piece in pieces(self._form.open(self._heading), entries):
                    file.write(piece)
                    file.flush()
        except BrokenPipeError:
            self._gone()
        finally:
            for _ in entries:
                pass

    def _coming(self) -> Iterator[Entry]:
        while (entry := self._entries.get()) is not None:
            yield entry
