"""Whole recordings through a `Transcriber` that hears them as one: nothing is told before all was sent."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from core.audio.frame import RATE, WIDTH
from core.engines.deepgram import files
from core.engines.deepgram.engine import Deepgram
from core.engines.protocol import Hypothesis
from core.errors import Refused

_HEADER = 44
"""Bytes of a WAV file before its sound."""


class Recordings:
    """Deepgram's pre-recorded API as a `Transcriber`, for files: cheaper than a stream, and much faster.

    It holds the recording in memory, 115 MB for an hour.
    """

    lead = 0.0

    def __init__(self, deepgram: Deepgram) -> None:
        self._deepgram = deepgram
        self.name = deepgram.name
        self.languages = deepgram.languages
        self.streams = deepgram.streams

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator["_Recording"]:
        """As the protocol says, but that silence is not settled and `flush` has to wait for the end."""
        yield _Recording(self._deepgram, language, vocabulary)


class _Recording:
    """One recording, on its way into memory and then to Deepgram."""

    def __init__(self, deepgram: Deepgram, language: str, vocabulary: Sequence[str]) -> None:
        self._deepgram = deepgram
        self._language = language
        self._vocabulary = vocabulary
        self._sound = bytearray()
        self._whole = asyncio.Event()

    async def send(self, pcm: bytes) -> None:
        if _HEADER + len(self._sound) + len(pcm) > files.LARGEST:
            self._sound.clear()
            raise Refused("Deepgram takes recordings of up to 2 GB: cut this one into parts.")
        self._sound += pcm

    async def flush(self) -> None:
        return

    async def finish(self) -> None:
        self._whole.set()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        await self._whole.wait()
        if not self._sound:
            return
        audio = await asyncio.to_thread(_wav, self._sound)
        self._sound.clear()
        async for said in self._deepgram.transcribe_file(audio, self._language, self._vocabulary):
            yield said


def _wav(sound: bytearray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(WIDTH)
        writer.setframerate(RATE)
        writer.writeframes(sound)
    return file.getvalue()
