"""From datagrams to people's sound: whose packet it is, whether it may be opened, and in which order.

Plain code that is told the time; the socket and the gateway are elsewhere.
"""

from collections.abc import Iterator

from bots.discord.voice import packets
from bots.discord.voice.dave import MARKER, Dave
from bots.discord.voice.lines import Counters, Held, Line, Stranger
from bots.discord.voice.listener import Listener
from bots.discord.voice.packets import SILENCE, Packet
from bots.discord.voice.sealed import Seal

HELD = 2.0
"""Seconds for which packets of somebody unknown are held."""

HELD_PACKETS = 100
"""The most that are held of one stream: two seconds of usual ones."""

STRANGERS = 32
"""Streams of unknown people of which something is held."""

PEOPLE = 1000
"""People who can be heard at once."""

_RETIRED = 256
"""Streams remembered after their end, so that a late packet does not make a stranger of somebody."""


class Hearing:
    """Everybody's sound in one voice channel. Nothing that is received raises.

    `seal` and `dave` are the keys of the moment, exchanged whenever a session begins. `now`: seconds of
    one steady clock.
    """

    def __init__(self, listener: Listener, dave: Dave) -> None:
        self.counters = Counters()
        self.seal: Seal | None = None
        self.dave = dave
        self.members: set[int] = set()
        """People in the channel, as far as the voice server has said."""
        self._listener = listener
        self._lines: dict[int, Line] = {}  # by SSRC
        self._people: dict[int, Line] = {}
        self._strangers: dict[int, Stranger] = {}
        self._retired: dict[int, None] = {}
        self._waiting: set[Line] = set()

    @property
    def deadline(self) -> float | None:
        """When to call `tick`; None while nothing waits."""
        deadlines = [
            line.playout.deadline
            for line in self._waiting
            if line.playout is not None and line.playout.deadline is not None
        ]
        return min(deadlines, default=None)

    def receive(self, datagram: bytes, now: float) -> None:
        """A datagram came."""
        packet = packets.read(datagram)
        if packet is None:
            self.counters.foreign += 1
            return
        line = self._lines.get(packet.ssrc)
        if line is None:
            self._hold(packet, datagram, now)
        elif not self._listener.welcome(line.user):
            self._turn_away(line)
        else:
            self._take(line, packet, datagram, now)

    def met(self, user: int, ssrc: int) -> None:
        """The stream `ssrc` is `user`'s. Whatever of it was held is heard now."""
        known = self._lines.get(ssrc)
        if known is not None and known.user == user:
            return
        if known is not None:
            self._end(known)
        before = self._people.get(user)
        if before is not None:
            self._end(before)
        if len(self._people) >= PEOPLE:
            return
        self.members.add(user)
        line = self._lines[ssrc] = self._people[user] = Line(user, ssrc, self._listener)
        self._retired.pop(ssrc, None)
        stranger = self._strangers.pop(ssrc, None)
        for held in stranger.packets if stranger else ():
            if not self._listener.welcome(user):
                self._turn_away(line)
            elif held.sound is not None:
                line.arrived += 1
                line.opened += 1
                self._play(line, held.packet, held.sound, held.now)
            else:
                self._take(line, held.packet, held.datagram, held.now)

    def went(self, user: int) -> None:
        """They left the channel."""
        self.members.discard(user)
        line = self._people.get(user)
        if line is not None:
            self._end(line)

    def tick(self, now: float) -> None:
        """`deadline` has come."""
        for line in list(self._waiting):
            if not self._listener.welcome(line.user):
                self._silence(line)
            elif line.playout is not None:
                line.playout.tick(now)
            if line.playout is None or line.playout.deadline is None:
                self._waiting.discard(line)

    def hush(self, user: int) -> None:
        """They are no longer welcome: nothing that is held of them will be heard."""
        line = self._people.get(user)
        if line is not None:
            self._silence(line)

    def forget(self) -> None:
        """A session is over: streams have new numbers in the next one."""
        for line in list(self._people.values()):
            self._end(line)
        self.counters.unknown += sum(len(stranger.packets) for stranger in self._strangers.values())
        self._strangers.clear()
        self._retired.clear()
        self.members.clear()

    def arrivals(self) -> dict[int, tuple[int, int]]:
        """For each person: packets with sound that arrived, and those of them that could be heard.

        Packets of somebody unknown count for the one person who can have sent them, where there is
        only one.
        """
        found = {user: (line.arrived, line.heard) for user, line in self._people.items()}
        candidates = [user for user in self._unheard() if user not in found]
        if len(candidates) == 1 and self._strangers:
            found[candidates[0]] = (max(s.arrived for s in self._strangers.values()), 0)
        return found

    def _unheard(self) -> Iterator[int]:
        """Welcome people in the channel whose stream is not known."""
        return (user for user in self.members if user not in self._people and self._listener.welcome(user))

    def _turn_away(self, line: Line) -> None:
        dropped = self.counters.dropped
        dropped[line.user] = dropped.get(line.user, 0) + 1
        self._silence(line)

    def _silence(self, line: Line) -> None:
        if line.playout is not None:
            line.stop()
            self._waiting.discard(line)

    def _end(self, line: Line) -> None:
        if self._listener.welcome(line.user):
            line.finish()
        else:
            line.stop()
        self._waiting.discard(line)
        del self._lines[line.ssrc], self._people[line.user]
        self._retired[line.ssrc] = None
        while len(self._retired) > _RETIRED:
            del self._retired[next(iter(self._retired))]

    def _take(self, line: Line, packet: Packet, datagram: bytes, now: float) -> None:
        """A packet of somebody welcome."""
        sound = self._unseal(packet, datagram)
        if sound is None:
            line.arrived += 1
            return
        if sound == SILENCE:
            self._play(line, packet, sound, now)
            return
        line.arrived += 1
        if sound.endswith(MARKER):
            opened = self.dave.open(line.user, sound, now)
            if opened is None and self.dave.expects_sealed(now):
                self.counters.undecryptable += 1
                return
            sound = opened or sound
        elif not self.dave.takes_plain(now):
            self.counters.plain += 1
            return
        line.opened += 1
        self._play(line, packet, sound, now)

    def _unseal(self, packet: Packet, datagram: bytes) -> bytes | None:
        """What the voice server sent in this packet."""
        opened = self.seal.open(datagram, packet.clear) if self.seal is not None else None
        if opened is None:
            self.counters.forged += 1
            return None
        sound = packets.payload(packet, opened)
        if sound is None:
            self.counters.empty += 1
        return sound

    def _play(self, line: Line, packet: Packet, sound: bytes, now: float) -> None:
        self.counters.heard += 1
        playout = line.play()
        playout.receive(packet.ssrc, packet.sequence, packet.timestamp, sound, now)
        if playout.deadline is not None:
            self._waiting.add(line)

    def _hold(self, packet: Packet, datagram: bytes, now: float) -> None:
        """Somebody unknown: they began to speak before the voice server could say who they are."""
        stranger = self._strangers.get(packet.ssrc)
        if stranger is None:
            if packet.ssrc in self._retired:
                self.counters.late += 1
                return
            if len(self._strangers) >= STRANGERS:
                self._give_up(next(iter(self._strangers)))
            stranger = self._strangers[packet.ssrc] = Stranger()
        held = Held(packet, datagram, now)
        self.counters.held += 1
        stranger.packets.append(held)
        stranger.arrived += 1
        while len(stranger.packets) > HELD_PACKETS or now - stranger.packets[0].now > HELD:
            stranger.packets.popleft()
            self.counters.unknown += 1
        # The first few are tried at once; then now and then, because keys may still be on their way.
        if stranger.arrived <= 5 or stranger.arrived % 10 == 0:
            user = self._identify(held)
            if user is not None:
                self.counters.identified += 1
                self.met(user, packet.ssrc)

    def _give_up(self, ssrc: int) -> None:
        self.counters.unknown += len(self._strangers.pop(ssrc).packets)

    def _identify(self, held: Held) -> int | None:
        """Whose packet this is, by whose key opens it. Only keys of people who are welcome are tried."""
        if not self.dave.version or not self.dave.ready or self.seal is None:
            return None
        candidates = [user for user in self.dave.members if self._listener.welcome(user)]
        opened = self.seal.open(held.datagram, held.packet.clear) if candidates else None
        sound = packets.payload(held.packet, opened) if opened is not None else None
        if sound is None or not sound.endswith(MARKER):
            return None
        for user in sorted(candidates, key=self._people.__contains__):
            opened = self.dave.open(user, sound, held.now)
            if opened is not None:
                held.sound = opened
                return user
        return None
