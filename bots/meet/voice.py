"""The seam between a room and whatever carries sound into it: the page's WebSocket, WebRTC by WHIP.

A transport asks the room's `Doors` to let a token in and gets a `Voice`, one speaker's line into the room.
It reports what it heard and what it knows to be lost, on the sender's own clock.
"""

from typing import Protocol

from core.errors import UserError


class NotFound(UserError):
    """There is no such room, or it is over."""


class Unwelcome(UserError):
    """The token opens nothing in this room."""


class Taken(UserError):
    """The same person already shares sound from somewhere else."""


class Full(UserError):
    """The room, or Spokenly, has as many speakers as it takes. Trying later may help."""


class Voice(Protocol):
    """One speaker's line into a room, from `admit` to `left`. No call waits, none raises.

    `at`, `start` and `end` are seconds on the sender's own sample clock, which starts anywhere and only
    grows: it counts what was captured, so silence that was never sent still takes its time.
    """

    def hear(self, pcm: bytes, at: float) -> None:
        """Sound arrived: mono s16le 16 kHz, whose first sample was captured at `at`."""

    def lost(self, start: float, end: float) -> None:
        """Sound between `start` and `end` was sent and will never arrive. Silence is not loss."""

    def silent(self, quiet: bool) -> None:
        """Nothing at all comes from the sender (`True`), not even silence; or it comes again (`False`).

        Said once at each change.
        """

    @property
    def over(self) -> bool:
        """The room wants nothing more of this line: the person has stopped sharing by other means."""

    def left(self) -> None:
        """The sender has gone for good. Said exactly once, and nothing after it."""


class Doors(Protocol):
    """Whoever keeps the rooms."""

    def admit(self, room: str, token: str) -> Voice:
        """Let the person who holds `token` speak in `room`.

        Raises `NotFound`, `Unwelcome`, `Taken` or `Full`.
        """
