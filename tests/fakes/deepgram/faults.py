"""What can go wrong between Spokenly and Deepgram, as data, and the moments at which it does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opening:
    """As soon as the socket is open."""


@dataclass(frozen=True, slots=True)
class Words:
    """Once so many words were heard on this connection: 1 is the first word, more are mid-sentence."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Seconds:
    """Once so many seconds of audio were heard on this connection. Early ones fall into a replay."""

    count: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """So many seconds after the socket was opened, on the loop's clock."""

    count: float = 0.0


@dataclass(frozen=True, slots=True)
class Finals:
    """Right after so many finals were told."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Silence:
    """Once at least one word was heard and then so many seconds of silence."""

    seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Drain:
    """When the client has sent CloseStream: before the last results, or (`told`) between them and
    Metadata."""

    told: bool = False


Moment = Opening | Words | Seconds | Clock | Finals | Silence | Drain


@dataclass(frozen=True, slots=True)
class Http:
    """Refuses with this status; the code and sentence are Deepgram's own where none are given."""

    status: int
    code: str | None = None
    sentence: str | None = None
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Takes the connection and does not answer, for ever or for some seconds."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Resets the connection instead of answering."""


Refusing = Http | Hang | Drop
"""What can happen instead of an answer: to an upgrade, or to a request over REST."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The server's side ends the TCP connection (FIN) without a word."""

    at: Moment = Words()


@dataclass(frozen=True, slots=True)
class Reset:
    """The TCP connection is reset (RST)."""

    at: Moment = Words()


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame, after all that was already said; 1000 in mid-stream is the silent one.

    `metadata`: Metadata comes before it, as if the client had sent CloseStream.
    """

    code: int = 1011
    reason: str = ""
    at: Moment = Words()
    metadata: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Audio is taken and nothing comes back, for ever or for some seconds (then all of it comes)."""

    at: Moment = Words()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Nothing is read, answered or closed any more: the peer is gone and nobody was told.

    The stream counts as open for a minute, then it is reset.
    """

    at: Moment = Words()


@dataclass(frozen=True, slots=True)
class NoPong:
    """Pings are not answered; everything else goes on."""

    at: Moment = Opening()


@dataclass(frozen=True, slots=True)
class Late:
    """From here on every message comes so many seconds later."""

    seconds: float
    at: Moment = Opening()


@dataclass(frozen=True, slots=True)
class Pace:
    """From here on audio is worked through at so many times real time; below 1 it falls behind."""

    speed: float
    at: Moment = Opening()


@dataclass(frozen=True, slots=True)
class Gap:
    """So many seconds of audio are lost in the server: its clock goes on and no final covers them."""

    seconds: float
    at: Moment = Words()


UNKNOWN = '{"type":"Tomorrow","weather":["sun",null]}'
"""A message of a kind that no client knows yet."""

BROKEN = '{"type":"Results","channel":{"alternatives":['
"""Half a message."""


@dataclass(frozen=True, slots=True)
class Say:
    """Sends this in between, as text or as a binary frame; the stream goes on."""

    payload: str | bytes = UNKNOWN
    at: Moment = Words()


Breaking = Cut | Reset | Close | Stall | HalfOpen | NoPong | Late | Pace | Gap | Say
"""What can happen to an open stream."""

Fault = Refusing | Breaking

Script = Fault | tuple[Breaking, ...] | None
"""What one connection gets: nothing, one fault, or several on one stream."""
