"""Who is told what a voice connection hears, and how the connection stands."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Phase(Enum):
    """How a voice connection stands while it is alive."""

    CONNECTING = "connecting"
    HEARING = "hearing"
    RECONNECTING = "reconnecting"
    """Nothing is heard at the moment; it will be again, or the connection will be `Gone`."""
    DEAFENED = "deafened"
    """A moderator has deafened the bot ("server deafen"): Discord sends it nothing until that is undone."""


class Reason(Enum):
    """Why a voice connection is over."""

    LEFT = "left"
    """Spokenly left by itself."""
    KICKED = "kicked"
    """Somebody disconnected the bot, or removed it from the server."""
    DELETED = "deleted"
    """The channel no longer exists."""
    NO_ANSWER = "no answer"
    """Discord did not answer the request to join: the channel is full, or the bot may not connect."""
    UNREACHABLE = "unreachable"
    """The voice server can't be reached, or no sound comes through from it (UDP)."""
    REFUSED = "refused"
    """The voice server closed the door; `Gone.code` says with which code."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection is over for good. `code`: the voice gateway's close code, where there was one."""

    reason: Reason
    code: int | None = None


Standing = Phase | Gone


class Listener(Protocol):
    """Who is told what a voice connection hears. Nothing here waits or raises. `user`: Discord's id."""

    def welcome(self, user: int | None, packets: int = 0) -> bool:
        """May this person's packets be opened at all? None: of somebody who is not known yet.

        Asked for every packet, before anything of it is decrypted; `packets` is then 1. Asked in between as
        well, so the answer must be quick; it may change at any time. False: opted out, paused, a bot.
        """

    def hear(self, user: int, pcm: bytes, at: float, late: float = 0.0) -> None:
        """Sound of theirs: mono s16le 16 kHz. `at`: seconds of the sender's own clock.

        `late`: seconds since it came. It waited here until it was known whose it is.
        """

    def lost(self, user: int, start: float, end: float) -> None:
        """Sound that was sent and can't be heard, in seconds of the sender's clock."""

    def left(self, user: int) -> None:
        """Their line is over: whatever is heard of them after this runs on a new clock.

        They left the channel, came again on another stream, were no longer welcome, or the whole
        connection began anew.
        """

    def deaf(self, user: int | None, deaf: bool) -> None:
        """They are speaking and can't be heard, whatever was tried; or that is over.

        Said again and again for as long as it lasts. It is over when they are heard, have left the
        channel, or are no longer welcome. None: somebody of whom nothing is known but that they speak.
        """

    def standing(self, standing: Standing) -> None:
        """How the connection stands now; once at each change."""
