"""What one call hears of the voice channel: each person's sound on its way into the session."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from core.audio.frame import Frame, Left, Lost, Speaker, seconds
from core.audio.senderclock import SenderClock
from core.session import Session

TORN = 30.0
"""Seconds in which somebody who was cut off in the middle of a word is heard again, so that it was a loss."""

AUDIBLE = 300
"""Amplitude from which a frame is no silence; Discord ends whatever is said with a little of that."""

UNKNOWN = Speaker("somebody", "somebody")
"""Whoever speaks and is not heard, when it can't be found out who that is."""


@dataclass(slots=True)
class _Voice:
    """One line of one person; whoever leaves and comes again has another, with another clock."""

    speaker: Speaker
    clock: SenderClock
    unheard: float | None = None
    """The sender's second since when no session has listened."""
    last: Frame | None = None
    """What was heard of them last."""


class Ears:
    """Told by the voice connection (its `Listener`, but for its `standing`). Nothing here waits or raises.

    `listening` gives the session that hears now, `meet` who a Discord id is, as far as is known by now;
    `deafness` is told when it is found or over that somebody can't be heard. `left_out` and `bots` may change
    at any time: they count from the next packet on.
    """

    def __init__(
        self,
        listening: Callable[[], Session | None],
        meet: Callable[[int], Speaker],
        deafness: Callable[[Speaker, bool], None],
        *,
        left_out: Collection[int],
        bot: Callable[[int], bool],
    ) -> None:
        self._listening = listening
        self._meet = meet
        self._deafness = deafness
        self._left_out = left_out
        self._bot = bot
        self._voices: dict[int, _Voice] = {}
        self._deaf: dict[int | None, Speaker] = {}
        self._torn: dict[int, float] = {}  # when somebody's line ended in the middle of a word
        self.shut = False
        """Nobody is heard: paused, or over."""
        self.heard: dict[int, Speaker] = {}
        """Everybody who was heard so far, by Discord's id."""
        self.dropped: dict[int, int] = {}
        """Packets of who is left out, that were dropped before they were opened."""

    @property
    def deaf_to(self) -> tuple[str, ...]:
        """The names of who speaks and can't be heard."""
        return tuple(speaker.name for speaker in self._deaf.values())

    def welcome(self, user: int | None, packets: int = 0) -> bool:
        """Whether this person's packets may be opened (None: of somebody unknown), `packets` of them now."""
        if user is not None and user in self._left_out:
            if packets:
                self.dropped[user] = self.dropped.get(user, 0) + packets
            return False
        return self._may(user)

    def hear(self, user: int, pcm: bytes, at: float, late: float = 0.0) -> None:
        """`pcm` (mono, s16le, 16 kHz) that `user` sent at second `at` of their own clock.

        `late`: seconds since it came.
        """
        if not self._may(user):
            return  # what was already opened when somebody opted out must not be heard either
        voice = self._voices.get(user) or self._begin(user)
        session = self._listening()
        if session is None:
            voice.unheard = at if voice.unheard is None else voice.unheard
            return
        voice.speaker = self.heard[user] = self._meet(user)
        moment = voice.clock.place(at, seconds(pcm), session.now - late)
        if voice.unheard is not None:
            since = voice.clock.seconds(voice.unheard)
            voice.unheard = None
            session.hear(Lost(voice.speaker, moment if since is None else since, moment))
        elif (torn := self._torn.pop(user, None)) is not None and 0 < moment - torn < TORN:
            session.hear(Lost(voice.speaker, torn, moment))
        voice.last = Frame(voice.speaker, moment, pcm)
        session.hear(voice.last)

    def lost(self, user: int, start: float, end: float) -> None:
        """What was sent from `start` to `end` of the sender's clock can't be heard."""
        voice = self._voices.get(user)
        session = self._listening()
        if voice is None or session is None or not self._may(user):
            return
        first, last = voice.clock.seconds(start), voice.clock.seconds(end)
        if first is not None and last is not None:
            session.hear(Lost(voice.speaker, first, last))

    def left(self, user: int) -> None:
        """Their line is over; the next one has another clock."""
        voice = self._voices.pop(user, None)
        if voice is not None and voice.last is not None and self._may(user) and _audible(voice.last.pcm):
            self._torn[user] = voice.last.at + voice.last.seconds
        if voice is not None and (session := self._listening()) is not None:
            session.hear(Left(voice.speaker))

    def deaf(self, user: int | None, deaf: bool) -> None:
        """They speak and can't be heard (None: somebody unknown), which may be said again; or it is over."""
        if deaf:
            if user not in self._deaf and self._may(user):
                self._deaf[user] = UNKNOWN if user is None else self.heard.get(user) or self._meet(user)
                self._deafness(self._deaf[user], True)
        elif (speaker := self._deaf.pop(user, None)) is not None:
            self._deafness(speaker, False)

    def hush(self) -> None:
        """What everybody said is settled now, as if they had left; they may go on."""
        self._torn.clear()
        for user in tuple(self._deaf):
            self.deaf(user, False)
        if (session := self._listening()) is not None:
            for voice in self._voices.values():
                session.hear(Left(voice.speaker))

    def _may(self, user: int | None) -> bool:
        return not self.shut and (user is None or (user not in self._left_out and not self._bot(user)))

    def _begin(self, user: int) -> _Voice:
        speaker = self.heard.get(user)
        if speaker is None:
            speaker = self.heard[user] = self._meet(user)
        voice = self._voices[user] = _Voice(speaker, SenderClock())
        return voice


def _audible(pcm: bytes) -> bool:
    return any(abs(sample) > AUDIBLE for sample in memoryview(pcm).cast("h"))
