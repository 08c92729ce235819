"""What to do when the voice gateway closes the connection (API docs, "Voice Close Event Codes")."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from core.backoff import backoff


class After(Enum):
    """What follows the end of a connection to the voice gateway."""

    RESUME = "resume"
    """The session lives on: connect again and resume it; sound comes meanwhile."""
    FRESH = "fresh"
    """The session is over: identify anew with what is known."""
    REJOIN = "rejoin"
    """Leave the channel and join it again, for a new voice server and a new token."""
    WAIT = "wait"
    """We are out of the channel, or its voice server is changed: only Discord can say what follows."""
    MOVED = "moved"
    """Discord has given a new voice server, token or channel: go there."""
    UNREACHABLE = "unreachable"
    """The voice server can't be reached, or no datagram comes through."""
    REFUSED = "refused"
    """It will never take us like this."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection to the voice gateway, or a whole session, is over. `code`: the close code, if any."""

    after: After
    code: int | None = None


@dataclass(slots=True)
class Tries:
    """Sessions begun in vain, how often the channel was joined again for them, and the waits between."""

    troubles: int = 0
    rejoins: int = 0
    waits: Iterator[float] = field(default_factory=backoff)


_AFTER = {
    4004: After.REFUSED,  # authentication failed
    4006: After.FRESH,  # session no longer valid
    4009: After.FRESH,  # session timed out
    4011: After.REJOIN,  # there is no such voice server (any more)
    4012: After.REFUSED,  # unknown protocol
    4013: After.RESUME,
    4014: After.WAIT,  # this client is out: kicked, moved, or the bot's own session was lost
    4015: After.RESUME,  # the voice server crashed
    4016: After.REFUSED,  # unknown encryption mode
    4017: After.REFUSED,  # the call is end-to-end encrypted, and we did not offer that
    4021: After.REFUSED,  # too many requests; coming back would be one more
    4022: After.WAIT,  # everybody is out: the channel is deleted, or its voice server changes
}


def after(code: int) -> After:
    """What follows a close with `code`; everything below 4000 is the network's doing."""
    return After.RESUME if code < 4000 else _AFTER.get(code, After.FRESH)
