"""Packets of one speaker, put back in order: what was lost, what was silence, and when to stop waiting.

Packets in order pass at once; only behind a hole is anything held, for as long as packets have lately
been late (60 to 200 ms), because recognition pays for every millisecond. A hole in the sequence numbers
is loss; a jump of the timestamp without one is silence that was not sent (Opus DTX).

Positions count samples of the sender's clock from the first packet on. They never go back, through
wrap-around of either number, through a sender that starts anew, or through any nonsense it sends.
"""

from collections.abc import Callable
from dataclasses import dataclass

_FAR = 3000
"""So many packets ahead is another stream, not loss: a minute (RFC 3550, appendix A.1, MAX_DROPOUT)."""

_BACK = 100
"""So many packets back is another stream, not lateness (MAX_MISORDER there)."""

_LEAP = 10.0
"""Seconds that a timestamp may run ahead of the packets' arrival before it is called nonsense."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet in its place; `at` counts samples."""

    at: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Missing:
    """Sound that was sent and is given up: `samples` from `at` on, up to the packet `following`."""

    at: int
    samples: int
    following: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """`samples` from `at` on were never sent: the sender had nothing to say."""

    at: int
    samples: int


@dataclass(frozen=True, slots=True)
class Restart:
    """The sender began anew; what comes now owes nothing to what came before `at`."""

    at: int


Piece = Packet | Missing | Silence | Restart


@dataclass(slots=True)
class Counts:
    """What happened to packets so far."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    reordered: int = 0
    empty: int = 0
    stray: int = 0


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A packet as it came, at `now` seconds."""

    source: int
    sequence: int
    timestamp: int
    payload: bytes
    now: float


class JitterBuffer:
    """Takes packets as they come and gives them back in order.

    `duration`: how many samples a payload lasts, 0 for none. `rate`: the RTP clock (Hz). `wait`: seconds
    that a hole is waited for; it grows up to `longest` while packets come later than that, and shrinks
    back. `depth`: packets held at most.
    """

    def __init__(
        self,
        duration: Callable[[bytes], int],
        *,
        rate: int = 48_000,
        wait: float = 0.06,
        longest: float = 0.2,
        depth: int = 64,
    ) -> None:
        self.counts = Counts()
        self.wait = wait
        self._duration = duration
        self._rate = rate
        self._shortest = wait
        self._longest = longest
        self._depth = depth
        self._source: int | None = None
        self._next = 0  # the sequence number that is due, counted on past 65535
        self._held: dict[int, _Arrival] = {}
        self._given: dict[int, float] = {}  # given up lately: when the packet behind it came
        self._stranger: _Arrival | None = None
        self._end = 0  # the position after the last sample given back
        self._stamp = 0  # the timestamp that belongs to `_end`
        self._arrived = 0.0  # when the last packet given back had come
        self._usual = 0  # how long packets are, to judge how much a hole holds

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, on the clock that `now` is of; None while nothing is held."""
        if not self._held:
            return None
        return min(arrival.now for arrival in self._held.values()) + self.wait

    def put(self, source: int, sequence: int, timestamp: int, payload: bytes, now: float) -> list[Piece]:
        """A packet came at `now` (seconds). `source` is its SSRC. Returns what is in order by that."""
        arrival = _Arrival(source, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, payload, now)
        self.counts.received += 1
        if self._source is None:
            self._begin(arrival)
        ahead = _signed(arrival.sequence - self._next, 16)
        if source != self._source or not -_BACK <= ahead <= _FAR:
            return self._suspect(arrival)
        self._stranger = None
        place = self._next + ahead
        if ahead < 0:
            self._tardy(place, now)
        elif place in self._held:
            self.counts.duplicate += 1
        else:
            self._reckon(place, now)
            self._held[place] = arrival
        return self._release(now)

    def tick(self, now: float) -> list[Piece]:
        """Time passed: what was held too long comes out, and the hole before it is given up."""
        return self._release(now)

    def drain(self) -> list[Piece]:
        """Nothing more will come: everything held comes out."""
        return self._release(float("inf"))

    def _begin(self, arrival: _Arrival) -> None:
        self._source = arrival.source
        self._next = arrival.sequence
        self._stamp = arrival.timestamp
        self._arrived = arrival.now
        self._given.clear()

    def _suspect(self, arrival: _Arrival) -> list[Piece]:
        """A packet that fits nowhere. A second one that follows it proves that the sender began anew."""
        first, self._stranger = self._stranger, arrival
        if (
            first is None
            or first.source != arrival.source
            or not 0 < _signed(arrival.sequence - first.sequence, 16) <= 8
        ):
            self.counts.stray += 1
            return []
        pieces = self.drain()
        self._stranger = None
        self.counts.stray -= 1
        at = self._end + self._pause(first, self._duration(first.payload))
        self._begin(first)
        self._end = at
        self._held[self._next] = first
        pieces.append(Restart(at))
        pieces += self._release(arrival.now)
        self.counts.received -= 1
        pieces += self.put(arrival.source, arrival.sequence, arrival.timestamp, arrival.payload, arrival.now)
        return pieces

    def _tardy(self, place: int, now: float) -> None:
        behind = self._given.pop(place, None)
        if behind is None:
            self.counts.duplicate += 1
        else:
            self.counts.late += 1
            self._learn(now - behind)

    def _reckon(self, place: int, now: float) -> None:
        """Learn from a packet that others overtook."""
        overtook = [held.now for later, held in self._held.items() if later > place]
        if overtook:
            self.counts.reordered += 1
            self._learn(now - min(overtook))

    def _learn(self, late: float) -> None:
        self.wait = min(self._longest, max(self.wait, 1.25 * late))

    def _release(self, now: float) -> list[Piece]:
        pieces: list[Piece] = []
        missing = 0
        while self._held:
            arrival = self._held.pop(self._next, None)
            if arrival is not None:
                self._next += 1
                missing = self._place(arrival, missing, pieces)
                continue
            deadline = self.deadline
            if len(self._held) <= self._depth and (deadline is None or now < deadline):
                break
            first = min(self._held)
            missing += self._give_up(first)
        return pieces

    def _give_up(self, first: int) -> int:
        """The packets before `first` will not be waited for any longer."""
        count = first - self._next
        came = self._held[first].now
        for place in range(max(self._next, first - _BACK), first):
            self._given[place] = came
        while len(self._given) > _BACK:
            del self._given[next(iter(self._given))]
        self._next = first
        self.counts.lost += count
        return count

    def _place(self, arrival: _Arrival, missing: int, pieces: list[Piece]) -> int:
        """Give a packet its position. Returns the missing packets that are not yet accounted for."""
        samples = self._duration(arrival.payload)
        if samples <= 0:
            self.counts.empty += 1
            return missing
        self.wait += (self._shortest - self.wait) * 0.001
        ahead = _signed(arrival.timestamp - self._stamp, 32)
        elapsed = (arrival.now - self._arrived + _LEAP) * self._rate
        if not 0 <= ahead <= elapsed:
            # The sender's clock was set: only the packets' arrival can tell how long the pause was.
            ahead = self._pause(arrival, samples)
        gone = min(ahead, missing * (self._usual or samples))
        quiet = ahead - gone
        if quiet:
            pieces.append(Silence(self._end, quiet))
        if gone:
            pieces.append(Missing(self._end + quiet, gone, arrival.payload))
        at = self._end + ahead
        pieces.append(Packet(at, arrival.payload))
        self._end = at + samples
        self._stamp = arrival.timestamp + samples
        self._arrived = max(self._arrived, arrival.now)
        self._usual = samples
        return 0

    def _pause(self, arrival: _Arrival, samples: int) -> int:
        """Samples of silence before `arrival`, by the clock on the wall."""
        return max(0, round((arrival.now - self._arrived) * self._rate) - samples)


def _signed(difference: int, bits: int) -> int:
    """The shorter way round from one number to another, where numbers have so many bits."""
    half = 1 << (bits - 1)
    return ((difference + half) & ((1 << bits) - 1)) - half
