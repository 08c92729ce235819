"""Streams of which nobody knows yet whose they are, and what is held of them for a moment."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from bots.discord.voice.lines import Counters
from bots.discord.voice.packets import Packet

HELD = 2.0
"""Seconds for which packets of somebody unknown are held."""

HELD_PACKETS = 100
"""The most that are held of one stream: two seconds of usual ones."""

STRANGERS = 32
"""Streams of unknown people of which something is held."""

FORGOTTEN = 30.0
"""Seconds without a packet after which a stream is forgotten altogether."""


@dataclass(slots=True)
class Held:
    """A packet that waits. `now`: when it came."""

    packet: Packet
    datagram: bytes
    now: float
    unwelcome: frozenset[int] = frozenset()
    """Who was in the channel, without a stream of their own, and not to be heard when it came."""
    sound: bytes | None = None
    """Where it was opened already to find out whose it is."""

    def may_be_heard_of(self, user: int, now: float) -> bool:
        return now - self.now <= HELD and user not in self.unwelcome


class Stranger:
    """Somebody whose packets come and who is not known yet."""

    __slots__ = ("arrived", "last", "packets", "sounds")

    def __init__(self) -> None:
        self.arrived = 0
        self.sounds = 0
        """Packets that can't be mere silence, by their length."""
        self.last = float("-inf")
        """When the last of those came."""
        self.packets: deque[Held] = deque()


class Strangers:
    """All of them, by SSRC. Nothing is kept longer than `HELD`, if `expire` is called now and then."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._streams: dict[int, Stranger] = {}

    def hold(self, held: Held, *, sounds: bool) -> Stranger:
        """Keep a packet for a while. `sounds`: it counts as somebody speaking."""
        ssrc = held.packet.ssrc
        stranger = self._streams.get(ssrc)
        if stranger is None:
            if len(self._streams) >= STRANGERS:
                self.drop(next(iter(self._streams)))
            stranger = self._streams[ssrc] = Stranger()
        self._counters.held += 1
        stranger.packets.append(held)
        stranger.arrived += 1
        if sounds:
            stranger.sounds += 1
            stranger.last = held.now
        self._trim(stranger, held.now)
        return stranger

    def known(self, ssrc: int) -> Iterable[Held]:
        """It is known whose stream that is: all that is held of it, for the last time."""
        stranger = self._streams.pop(ssrc, None)
        return stranger.packets if stranger is not None else ()

    def drop(self, ssrc: int) -> None:
        """Give up what is held of one stream."""
        self._counters.unknown += len(stranger.packets) if (stranger := self._streams.pop(ssrc, None)) else 0

    def clear(self) -> None:
        """Give up all of it."""
        for ssrc in list(self._streams):
            self.drop(ssrc)

    def expire(self, now: float) -> None:
        """Forget what is older than `HELD`."""
        for ssrc, stranger in list(self._streams.items()):
            self._trim(stranger, now)
            if not stranger.packets and now - stranger.last > FORGOTTEN:
                del self._streams[ssrc]

    def speaking(self, now: float) -> list[int]:
        """For each that sounded within the last `HELD`: how many packets of sound have come so far."""
        return [one.sounds for one in self._streams.values() if one.sounds and now - one.last <= HELD]

    def _trim(self, stranger: Stranger, now: float) -> None:
        held = stranger.packets
        while held and (len(held) > HELD_PACKETS or now - held[0].now > HELD):
            held.popleft()
            self._counters.unknown += 1
