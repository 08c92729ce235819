"""What happened at the fake, counted, so that tests can ask what was lost and what it would have cost."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Visit:
    """One live stream, from its upgrade on. Times are the loop's."""

    number: int
    """Counts upgrades that were let in, from 0."""
    request_id: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    """Without Authorization, Cookie and Sec-WebSocket-Protocol."""
    opened: float
    closed: float | None = None
    audio: float = 0.0
    """Seconds of audio received."""
    heard: list[int] = field(default_factory=list)
    """Words the server heard."""
    told: list[int] = field(default_factory=list)
    """Words that it told in finals."""
    received: Counter[str] = field(default_factory=Counter)
    """Messages of the client: "audio", "KeepAlive", "Finalize", "CloseStream", "Configure", "ping", ..."""
    sent: Counter[str] = field(default_factory=Counter)
    """Messages to the client by their type; Results as "interim" and "final" as well."""
    faults: list[str] = field(default_factory=list)
    """Names of the faults that struck."""
    ended: str | None = None
    """Who ended it: "server 1000", "client 1000", "Cut", "Reset", "HalfOpen", "lost" (the client went without
    a close frame), "fake closed" (it was open at the end of the test); None while it is open."""


@dataclass(slots=True)
class Ledger:
    """All that happened since the fake was opened."""

    asked: int = 0
    """Upgrades asked for."""
    refused: Counter[str] = field(default_factory=Counter)
    """Upgrades that were not let in: "401", "429", "Hang", "Drop"."""
    visits: list[Visit] = field(default_factory=list)
    open: int = 0
    """Streams open now."""
    most: int = 0
    """The most streams open at once."""
    requests: Counter[str] = field(default_factory=Counter)
    """Requests over REST and what became of them: "POST /v1/listen 200"."""
    posted: float = 0.0
    """Seconds of audio transcribed over REST."""
    bodies: list[int] = field(default_factory=list)
    """Bytes of each body sent to POST /v1/listen."""

    @property
    def connections(self) -> int:
        """Upgrades that were let in."""
        return len(self.visits)

    @property
    def audio(self) -> float:
        """Seconds of audio received over live streams."""
        return sum(visit.audio for visit in self.visits)

    @property
    def lifetime(self) -> float:
        """Seconds that the sockets of ended streams were open, on the loop's clock."""
        return sum(visit.closed - visit.opened for visit in self.visits if visit.closed is not None)

    @property
    def billed(self) -> float:
        """Seconds of audio, live or not: what an invoice counts."""
        return self.audio + self.posted

    @property
    def received(self) -> Counter[str]:
        return sum((visit.received for visit in self.visits), Counter())

    @property
    def sent(self) -> Counter[str]:
        return sum((visit.sent for visit in self.visits), Counter())

    @property
    def ended(self) -> Counter[str]:
        return Counter(visit.ended or "open" for visit in self.visits)

    @property
    def told(self) -> list[int]:
        """Words told in finals, in order of connections."""
        return [number for visit in self.visits for number in visit.told]
