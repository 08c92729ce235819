"""What a Track needs of the call that it is part of."""

from typing import Protocol

from core.audio.frame import Speaker
from core.audio.tape import Tape
from core.captions.caption import Caption, Gap


class Call(Protocol):
    """A call as its tracks see it; `Session` is one."""

    @property
    def name(self) -> str:
        """What tells it from other calls."""

    @property
    def now(self) -> float:
        """Seconds since the call began."""

    def show(self, caption: Caption) -> None: ...

    def mark(self, gap: Gap) -> None: ...

    def commit(self, speaker: Speaker) -> Caption | None:
        """Let stand what is shown of a speaker's unfinished words; returns it."""

    def notify(self, key: str, sentence: str | None) -> None: ...

    def notify_engine(self, speaker: Speaker, note: str | None) -> None:
        """What people must know of the engine that hears a speaker now; None: nothing."""

    def streamed(self, seconds: float) -> None:
        """So much sound went to an engine that is paid for."""

    def catch_up(self, speaker: Speaker, backlog: Tape) -> None:
        """Have what is on the tape heard, beside what the speaker says now."""
