"""One client's voice session: it outlives the socket that it was opened by, until it expires."""

import asyncio
import json
import struct
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.fakes.discord.voice.downlink import Dresser
from tests.fakes.discord.voice.room import Room
from tests.fakes.discord.voice.rtp import Rtp, Seal, head_length, parse

Message = str | bytes
"""A text or a binary frame."""

KEPT = 1000
"""Messages kept for a resume; older ones make it impossible."""

_NUMBERED = frozenset({5, 11, 12, 13, 18, 20, 21, 22, 24})
"""The ops that carry a sequence number, and are sent again on resume."""


class Wire(Protocol):
    """The socket that a session has at the moment."""

    def send(self, message: Message) -> None: ...
    def end(self, code: int | None) -> None:
        """Close with this code; None: cut the connection (the client sees 1006)."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to join: what the main gateway has promised (VOICE_SERVER_UPDATE)."""

    guild: int
    channel: int
    user: int
    session: str
    token: str
    host: str
    stage: bool


class Line:
    """A `Seat` that is reached over a WebSocket and UDP."""

    def __init__(
        self,
        ticket: Ticket,
        ssrc: int,
        room: Room,
        send_to: Callable[[bytes, tuple[str, int]], None],
        deaf: Callable[[], bool],
    ) -> None:
        self.ticket, self.room, self.faults = ticket, room, room.faults
        self.user, self.ssrc = ticket.user, ssrc
        self.wire: Wire | None = None
        self.address: tuple[str, int] | None = None
        self.up: Seal | None = None
        self.down: Seal | None = None
        self.counters: Counter[str] = Counter()
        """Packets relayed to this client and taken from it, and why others were not; pings; op 5s."""
        self.over = False
        self.spoken = False
        self.udp_dead = False
        """Nothing comes or goes by UDP any more, and nobody says so, until IP discovery is done again."""
        self.heard_of = 0.0
        self._send_to, self._deaf = send_to, deaf
        self._dresser = Dresser(room.faults, seed=self.ssrc)
        self._kept: deque[tuple[int, Message]] = deque(maxlen=KEPT)
        self._last = 0
        self._expiry: asyncio.TimerHandle | None = None
        self._counts: set[bytes] = set()

    # The gateway

    def tell(self, op: int, data: object) -> None:
        message: dict[str, object] = {"op": op, "d": data}
        if op in _NUMBERED:
            message["seq"] = self._next()
        text = json.dumps(message)
        if op in _NUMBERED:
            self._kept.append((self._last, text))
        if self.wire:
            self.wire.send(text)

    def tell_binary(self, op: int, payload: bytes) -> None:
        frame = struct.pack("!HB", self._next(), op) + payload
        self._kept.append((self._last, frame))
        if self.wire:
            self.wire.send(frame)

    def frame(self, message: Message) -> None:
        """Any frame at all, as it is."""
        if self.wire:
            self.wire.send(message)

    def _next(self) -> int:
        self._last = (self._last + 1) & 0xFFFF
        return self._last

    @property
    def last_seq(self) -> int:
        """The sequence number of the newest numbered message."""
        return self._last

    def missed(self, seq_ack: int) -> list[Message] | None:
        """What came after `seq_ack`; None when that is no longer kept, or was never sent."""
        count = (self._last - max(seq_ack, 0)) & 0xFFFF
        if count > len(self._kept):
            return None
        return [message for _, message in list(self._kept)[len(self._kept) - count :]]

    def acknowledges(self, seq_ack: int) -> bool:
        """Whether a client can honestly have received this number."""
        if seq_ack < 0:
            return not self._kept
        return (self._last - seq_ack) & 0xFFFF <= len(self._kept)

    def start_counting_at(self, seq: int) -> None:
        """Sequence numbers go on from here: to see them wrap."""
        self._last = seq

    # What the server does

    def close(self, code: int) -> None:
        """The session ends, and the client is told why."""
        self.end()
        if self.wire:
            self.wire.end(code)

    def drop(self, code: int | None = None) -> None:
        """The socket is cut (1006) or closed with a code, and the session can be resumed: 4015, say."""
        if self.wire:
            self.wire.end(code)

    def evicted(self) -> None:
        self.close(4014)

    def end(self) -> None:
        """The session can't be resumed any more, and its user is out of the call."""
        self.over = True
        if self._expiry:
            self._expiry.cancel()
        self.room.leave(self)
        # Its counters stay to be looked at; a day of sessions should not stay with them.
        self._kept.clear()
        self._counts.clear()

    def detached(self, wire: Wire, *, for_good: bool) -> None:
        """A socket is gone: the session waits a while for another."""
        if self.wire is not wire:
            return
        self.wire = None
        if for_good:
            self.end()
        elif not self.over:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(self.faults.resume_window, self.end)

    def attached(self, wire: Wire) -> None:
        """The newest socket is the session's."""
        if self._expiry:
            self._expiry.cancel()
            self._expiry = None
        old, self.wire = self.wire, wire
        if old:
            old.end(4006)

    def rekey(self, mode: str, key: bytes) -> None:
        """The transport's key from now on; it is for op 4 to say so."""
        self.up, self.down = Seal(mode, key), Seal(mode, key)
        self._counts.clear()

    # UDP

    def media(self, sender: int, packet: Rtp) -> None:
        """Relay; `sender` is for those who hear without a wire."""
        packets, reports = self._dresser.dress(packet)
        for one in packets:
            self._send_soon(one)
        for report in reports:
            if self.down and not self._muffled():
                self._emit(report)

    def quiet(self, ssrc: int) -> None:
        for one in self._dresser.quiet(ssrc):
            self._send_soon(one)

    def raw(self, datagram: bytes) -> None:
        """Any bytes at all to this client's socket."""
        if not self._muffled():
            self._emit(datagram)

    def _muffled(self) -> bool:
        """Why nothing is sent to this client: counted."""
        why = None
        patience = self.faults.udp_patience
        now = asyncio.get_running_loop().time()
        if patience is not None and now - self.heard_of > patience:
            self.udp_dead = True
        if self.over or not self.down or not self.address:
            why = "not connected"
        elif self.udp_dead:
            why = "udp is dead"
        elif self.faults.needs_speaking and not self.spoken:
            why = "never sent op 5"
        elif self.counters["taken"] < self.faults.needs_packets:
            why = "sent too few packets"
        elif self._deaf():
            why = "deaf"
        if why:
            self.counters[why] += 1
        return why is not None

    def _send_soon(self, packet: Rtp) -> None:
        if self._muffled():
            return
        arrivals = self.faults.downlink.arrivals()
        if not arrivals:
            self.counters["lost on the way"] += 1
        assert self.down
        sealed = self.down.close(packet.head(), packet.body())
        for delay in arrivals:
            if delay:
                asyncio.get_running_loop().call_later(delay, self._emit, sealed)
            else:
                self._emit(sealed)

    def _emit(self, sealed: bytes) -> None:
        if self.address and not self.over and not self.udp_dead:
            self.counters["sent"] += 1
            self._send_to(sealed, self.address)

    def pinged(self) -> None:
        self.counters["ping"] += 1

    def datagram(self, packet: bytes) -> None:
        """What the client sent by UDP, and is neither ping nor discovery."""
        length = head_length(packet)
        if self.udp_dead or length is None or not self.up:
            self.counters["ignored"] += 1
            return
        body = self.up.open(packet, length)
        opened = parse(packet[:length], body) if body is not None else None
        if opened is None:
            self.counters["undecipherable"] += 1
            return
        if packet[-4:] in self._counts:
            self.counters["nonce used twice"] += 1
            return
        if len(self._counts) < 1 << 20:
            self._counts.add(packet[-4:])
        if opened.ssrc not in (self.ssrc, self.ssrc + 1, self.ssrc + 2):
            self.counters["somebody else's ssrc"] += 1
            return
        self.counters["taken"] += 1
        self.room.relay(self, opened)
