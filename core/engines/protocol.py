"""What every engine promises: the `Transcriber` and the streams of `Recognition` that it lends.

`tests/core/engines/test_contract.py` runs one suite of these promises over every implementation.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What an engine believes was said from `start` to `end`, in seconds of the stream.

    A stream's clock counts samples that were sent, nothing else. `final` text never changes; finals come
    in order and do not overlap. A final with no text says that nothing was said up to `end`. A text that
    is not final replaces the one before it; its first `stable` characters have been agreed on and are
    unlikely to change (a final is stable as a whole).
    """

    start: float
    end: float
    text: str
    final: bool = False
    stable: int = 0
    language: str | None = None
    confidence: float | None = None
    """Mean probability of the text's tokens, 0 to 1, where the engine tells."""


class Recognition(Protocol):
    """One stream of one speaker's voice.

    Iterating yields hypotheses until everything sent before `finish` is settled by finals; it raises
    `LineLost` when the stream breaks. Silence is settled too: while audio comes, the last final lies at
    most 30 s behind what was sent.
    """

    async def send(self, pcm: bytes) -> None:
        """Take mono 16 kHz s16le audio of any length. May wait when the engine is behind (for files);
        a live track never makes it wait longer than its Inbox lasts. Raises `LineLost`."""

    async def flush(self) -> None:
        """No audio comes for now: settle what was sent soon, without waiting for silence."""

    async def finish(self) -> None:
        """No audio comes any more: iteration ends after the last final."""

    def __aiter__(self) -> AsyncIterator[Hypothesis]: ...


class Transcriber(Protocol):
    """An engine: it lends streams of recognition."""

    @property
    def name(self) -> str:
        """What people read, e.g. "Moonshine tiny, on this machine"."""

    @property
    def languages(self) -> frozenset[str] | None:
        """BCP 47 primary tags that it hears; None: whatever people speak."""

    @property
    def streams(self) -> int:
        """How many streams it lends at once."""

    @property
    def lead(self) -> float:
        """Seconds of settled sound that it likes to hear again when a stream goes on where another ended; at
        most 1."""

    def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AbstractAsyncContextManager[Recognition]:
        """Open a stream. Leaving the context leaves no task, socket or queued work behind.

        The first `known` seconds of what will be sent were settled on another stream and come again for
        what follows them: words whose middle lies before are not told, and no hypothesis starts before. With
        `interim=False` only finals come, at less cost (for files). Entering raises `LineBusy`, `LineLost` or
        `Refused`.
        """
