"""Deepgram, an engine that hears on another machine.

send → pieces → WebSocket → Deepgram → messages → Settling → hypotheses
"""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.engines.deepgram.files import transcribe
from core.engines.deepgram.line import certificates, dial
from core.engines.deepgram.options import DeepgramOptions, asked, base, complaints, live, spoken
from core.engines.deepgram.recognition import DeepgramRecognition, Spent
from core.engines.deepgram.settling import Settling
from core.engines.protocol import Hypothesis
from core.errors import LineBusy, Refused
from core.metrics import Metrics


class Deepgram:
    """A `Transcriber` over Deepgram. `async with` it, so that certificates are read before anybody speaks.

    `streams`: how many live streams the account's plan allows at once. Raises `Refused` with a sentence when
    `options` can't be used.
    """

    languages: frozenset[str] | None = None
    """Models and their languages come and go; Deepgram says at the opening what it does not hear."""

    lead = 0.3
    """Seconds of settled sound that it likes to hear again before a replay."""

    def __init__(
        self,
        key: SecretStr,
        options: DeepgramOptions | None = None,
        *,
        streams: int = 150,
        metrics: Metrics | None = None,
    ) -> None:
        self.options = options or DeepgramOptions()
        if wrong := complaints(self.options):
            raise Refused(" ".join(wrong))
        self._key = SecretStr(key.get_secret_value().strip())
        if not _sendable(self._key.get_secret_value()):
            raise Refused("DEEPGRAM_API_KEY is not a key: it must be letters and digits without spaces.")
        self.streams = streams
        self._metrics = metrics
        self._trust: ssl.SSLContext | None = None
        self._lent: set[DeepgramRecognition] = set()
        self._taken = 0  # streams that are open, opening or closing
        self._ended = Spent()

    @property
    def name(self) -> str:
        return f"Deepgram {self.options.model}"

    @property
    def spent(self) -> Spent:
        """What was used in all, streams that go on included."""
        whole = Spent()
        for one in (self._ended, *(stream.spent for stream in self._lent)):
            whole.add(one)
        return whole

    async def __aenter__(self) -> Self:
        self._trust = await certificates(self.options.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[DeepgramRecognition]:
        """As the protocol says. `interim=False` costs the same here."""
        if self._taken >= self.streams:
            raise LineBusy("All streams that the plan with Deepgram allows are lent.")
        tongue = spoken(self.options, language)
        settling = Settling(None if tongue == "multi" else tongue, known)
        address = live(self.options, language, vocabulary)
        self._taken += 1
        try:
            async with dial(address, self._key, self._trust, self.options.model, language) as line:
                stream = DeepgramRecognition(line, settling, interim=interim)
                self._lent.add(stream)
                try:
                    yield stream
                finally:
                    stream.close()
                    self._lent.remove(stream)
                    self._count(stream.spent)
        finally:
            self._taken -= 1

    async def transcribe_file(
        self, audio: bytes, language: str, vocabulary: Sequence[str] = ()
    ) -> AsyncIterator[Hypothesis]:
        """The utterances of a whole recording, in any form that Deepgram reads, as finals in order.

        It is tried once. Raises `LineBusy`, `LineLost` or `Refused`, before the first of them.
        """
        query = asked(self.options, language, vocabulary)
        address = base(self.options)
        duration, found = await transcribe(audio, address, self._key, self._trust, query)
        self._count(Spent(duration))
        tongue = query["language"][0]
        settling = Settling(None if tongue == "multi" else tongue)
        for results in found:
            if (said := settling.hear(results, max(duration, results.end))) is not None:
                yield said

    async def check_key(self, language: str = "en") -> str:
        """Open a stream as a call would and close it without a sound. Returns one sentence about it.

        Raises `Refused`, `LineLost` or `LineBusy` with the sentence about what is wrong.
        """
        async with self.recognize(language) as stream:
            await stream.finish()
            async for _ in stream:
                pass
        where, tongue = urlsplit(self.options.url).hostname, spoken(self.options, language)
        heard = "many languages at once" if tongue == "multi" else tongue
        return f"{where} takes the key and hears {heard} with {self.options.model}."

    def _count(self, spent: Spent) -> None:
        self._ended.add(spent)
        if self._metrics is not None:
            self._metrics.deepgram_seconds.inc(spent.seconds)
            self._metrics.deepgram_connections.inc(spent.connections)


def _sendable(key: str) -> bool:
    """Whether a key can stand in a header of HTTP."""
    return key.isascii() and key.isprintable() and key != "" and " " not in key
