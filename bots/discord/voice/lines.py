"""One person's stream, and the counts of all that was not heard."""

from dataclasses import dataclass, field

from bots.discord.voice.listener import Listener
from bots.discord.voice.watch import Tally
from core.audio.playout import Playout


@dataclass(slots=True)
class Counters:
    """Datagrams that were not heard, and why. Nothing is dropped that is not counted here."""

    heard: int = 0
    """Packets of sound that were passed on to be played."""
    dropped: dict[int, int] = field(default_factory=dict)
    """Packets of people who are not welcome, by person; nothing of them was decrypted."""
    foreign: int = 0
    """Datagrams that carry no sound: RTCP, video, pings, rubbish."""
    forged: int = 0
    """Packets that the voice server did not encrypt with this session's key."""
    empty: int = 0
    """Packets of padding or zeros alone."""
    undecryptable: int = 0
    """End-to-end encrypted packets that none of the keys opens, and repeated ones."""
    plain: int = 0
    """Packets without end-to-end encryption in a call that has it."""
    held: int = 0
    """Packets of unknown people that were held for a while."""
    unknown: int = 0
    """Packets of unknown people that were given up."""
    late: int = 0
    """Packets of streams that were over just then."""
    shut_out: int = 0
    """Packets of unknown people of whom none can be welcome; nothing of them was decrypted."""
    identified: int = 0
    """Streams whose sender was found by the keys alone."""


class Line:
    """One person's stream."""

    __slots__ = ("_corrupt", "_listener", "arrived", "late", "opened", "packets", "playout", "ssrc", "user")

    def __init__(self, user: int, ssrc: int, listener: Listener) -> None:
        self.user = user
        self.ssrc = ssrc
        self.late = 0.0
        """Seconds since what is played now came: 0 but for what was held."""
        self.packets = 0
        """Packets of any kind that came."""
        self.arrived = 0
        """Packets with sound that came; silence proves nothing."""
        self.opened = 0
        """Those of them that could be opened."""
        self.playout: Playout | None = None
        self._listener = listener
        self._corrupt = 0

    @property
    def tally(self) -> Tally:
        """What came, and what of it could be opened and was Opus as well."""
        heard = self.opened - self._corrupt - (self.playout.corrupt if self.playout is not None else 0)
        return Tally(self.packets, self.arrived, heard)

    def play(self) -> Playout:
        playout = self.playout
        if playout is None:
            playout = self.playout = Playout(self._hear, self._lost)
        return playout

    def stop(self) -> None:
        """Nothing that is still held will be heard."""
        if self.playout is not None:
            self._corrupt += self.playout.corrupt
            self.playout = None
            self._listener.left(self.user)

    def finish(self) -> None:
        """What is still held is heard; then it is over."""
        if self.playout is not None:
            self.playout.finish()
            self.stop()

    def _hear(self, pcm: bytes, at: float) -> None:
        self._listener.hear(self.user, pcm, at, self.late)

    def _lost(self, start: float, end: float) -> None:
        self._listener.lost(self.user, start, end)
