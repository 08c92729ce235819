"""From datagrams to people's sound: whose packet it is, whether it may be opened, and in which order.

Plain code that is told the time; the socket and the gateway are elsewhere.
"""

from bots.discord.voice import packets
from bots.discord.voice.dave import MARKER, Dave
from bots.discord.voice.lines import Counters, Line
from bots.discord.voice.listener import Listener
from bots.discord.voice.packets import SILENCE, Packet
from bots.discord.voice.sealed import Seal
from bots.discord.voice.strangers import Held, Strangers
from bots.discord.voice.watch import Tally

PEOPLE = 1000
"""People who can be heard at once."""

LATE = 0.2
"""Seconds after the end of a stream for which packets may still be on their way."""

RETIRED = 2.0
"""Seconds after its end in which a stream is held, but not yet somebody else's, unless the server says so."""


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
        self._strangers = Strangers(self.counters)
        self._retired: dict[int, tuple[int, float]] = {}  # by SSRC: whose it was, until when
        self._now = float("-inf")
        self._surveyed: tuple[list[int], frozenset[int]] | None = None
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
        self._now = now
        packet = packets.read(datagram)
        if packet is None:
            self.counters.foreign += 1
            return
        line = self._lines.get(packet.ssrc)
        if line is None:
            self._hold(packet, datagram, now)
        elif not self._listener.welcome(line.user, 1):
            self._turn_away(line)
        else:
            self._take(line, packet, datagram, now)

    def met(self, user: int, ssrc: int, now: float) -> None:
        """The stream `ssrc` is `user`'s. Whatever of it is held is heard now, if they were welcome then."""
        self._now = now
        self._surveyed = None
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
        for held in self._strangers.known(ssrc):
            if not self._listener.welcome(user, 1):
                self._turn_away(line)
            elif not held.may_be_heard_of(user, now):
                self.counters.unknown += 1
            else:
                self._replay(line, held, now)

    def _replay(self, line: Line, held: Held, now: float) -> None:
        line.late = now - held.now
        if held.sound is not None:
            line.packets += 1
            line.arrived += 1
            line.opened += 1
            self._play(line, held.packet, held.sound, held.now)
        else:
            self._take(line, held.packet, held.datagram, held.now)
        line.late = 0.0

    def went(self, user: int) -> None:
        """They left the channel."""
        self.members.discard(user)
        self._surveyed = None
        line = self._people.get(user)
        if line is not None:
            self._end(line)

    def tick(self, now: float) -> None:
        """`deadline` has come."""
        self._now = now
        for line in list(self._waiting):
            if not self._listener.welcome(line.user):
                self._silence(line)
            elif line.playout is not None:
                line.playout.tick(now)
            if line.playout is None or line.playout.deadline is None:
                self._waiting.discard(line)

    def hush(self, user: int) -> None:
        """They are no longer welcome: nothing that is held of them will be heard."""
        self._strangers.clear()
        self._surveyed = None
        line = self._people.get(user)
        if line is not None:
            self._silence(line)

    def forget(self) -> None:
        """A session is over: streams have new numbers in the next one."""
        for line in list(self._people.values()):
            self._end(line)
        self._strangers.clear()
        self._retired.clear()
        self.members.clear()
        self._surveyed = None

    def expire(self, now: float) -> None:
        """Call this now and then: nothing is held for longer than it may be."""
        self._now = now
        self._surveyed = None
        self._strangers.expire(now)
        self._retired = {ssrc: whose for ssrc, whose in self._retired.items() if now < whose[1]}

    def arrivals(self) -> dict[int | None, Tally]:
        """For each person: what came of them, and what of it could be heard.

        What comes of strangers counts for the one person who can be meant, where there is only one;
        else, under None, for somebody. It counts for nobody if they may all be people who are not welcome.
        """
        found: dict[int | None, Tally] = {user: line.tally for user, line in self._people.items()}
        speaking = self._strangers.speaking(self._now)
        self._surveyed = None
        if speaking:
            unknown, unwelcome = self._survey()
            if len(speaking) > len(unwelcome):
                one = unknown[0] if len(unknown) == 1 and not unwelcome else None
                found[one] = Tally(max(speaking), max(speaking), 0)
        return found

    def _survey(self) -> tuple[list[int], frozenset[int]]:
        """People in the channel whose stream is not known, and those of them who are not to be heard.

        A stage may have thousands of listeners, so it is not counted anew for every packet.
        """
        if self._surveyed is None:
            unknown = [user for user in self.members if user not in self._people]
            self._surveyed = unknown, frozenset(one for one in unknown if not self._listener.welcome(one))
        return self._surveyed

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
        self._retired[line.ssrc] = (line.user, self._now + RETIRED)

    def _take(self, line: Line, packet: Packet, datagram: bytes, now: float) -> None:
        """A packet of somebody welcome."""
        line.packets += 1
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
        retired = self._is_retired(packet.ssrc, now)
        if retired:
            whose, until = self._retired[packet.ssrc]
            if now < until - RETIRED + LATE or not self._listener.welcome(whose):
                return
        unknown, unwelcome = self._survey()
        if not self._listener.welcome(None) or (unwelcome and len(unwelcome) == len(unknown)):
            self._shut_out(packet.ssrc, unwelcome)
            return
        held = Held(packet, datagram, now, unwelcome)
        # Silence proves nothing, and looking into it is not needed to tell.
        size = len(datagram) - packet.clear - packet.extension - packets.TAG - packets.NONCE
        stranger = self._strangers.hold(held, sounds=not retired and size > len(SILENCE))
        # The first few are tried at once; then now and then, because keys may still be on their way.
        if not retired and (stranger.arrived <= 5 or stranger.arrived % 10 == 0):
            user = self._identify(held)
            if user is not None:
                self.counters.identified += 1
                self.met(user, packet.ssrc, now)

    def _is_retired(self, ssrc: int, now: float) -> bool:
        """Whether this stream has just ended; then what still comes of it counts for whose it was."""
        user, until = self._retired.get(ssrc, (0, now))
        if now >= until:
            return False
        self.counters.late += 1
        if (line := self._people.get(user)) is not None:
            line.packets += 1
            line.arrived += 1
        return True

    def _shut_out(self, ssrc: int, unwelcome: frozenset[int]) -> None:
        """Whoever this is, they are not to be heard."""
        self._strangers.drop(ssrc)
        if len(unwelcome) == 1:
            (user,) = unwelcome
            self._listener.welcome(user, 1)
            self.counters.dropped[user] = self.counters.dropped.get(user, 0) + 1
        else:
            self.counters.shut_out += 1

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
