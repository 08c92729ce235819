"""One person's line into one room: what is heard on it goes to the room's call."""

from typing import Protocol

from bots.meet.person import Person
from core.audio.frame import Frame, Lost, seconds
from core.audio.senderclock import SenderClock
from core.captions.board import Board
from core.session import Session


class Inside(Protocol):
    """What a line needs of its room."""

    board: Board
    session: Session | None

    def listening(self) -> Session | None:
        """The call that hears whoever shares."""

    def changed(self) -> None: ...

    def leave(self, person: Person) -> None: ...


class RoomVoice:
    """A `Voice`: one person's line into one room."""

    def __init__(self, room: Inside, person: Person, clock: SenderClock) -> None:
        self._room = room
        self._person = person
        self.clock = clock
        self.over = False
        self._unheard: float | None = None  # the sender's second since when no call has listened

    def hear(self, pcm: bytes, at: float) -> None:
        # What still arrives after the goodbye must not begin another call.
        session = None if self.over else self._room.listening()
        if session is None:
            self._unheard = at if self._unheard is None else self._unheard
            return
        moment = self.clock.place(at, seconds(pcm), session.now)
        if self._unheard is not None:
            since = self.clock.seconds(self._unheard)
            self._unheard = None
            session.hear(Lost(self._person.speaker, moment if since is None else since, moment))
        session.hear(Frame(self._person.speaker, moment, pcm))

    def lost(self, start: float, end: float) -> None:
        first, last = self.clock.seconds(start), self.clock.seconds(end)
        if self._room.session is not None and first is not None and last is not None:
            self._room.session.hear(Lost(self._person.speaker, first, last))

    def anchor(self, at: float) -> None:
        """The sender says that its clock shows `at` now."""
        if self._room.session is not None:
            self.clock.anchor(at, self._room.session.now)

    @property
    def waiting(self) -> float:
        """Seconds of sound that arrived and were not yet listened to."""
        session = self._room.session
        return 0.0 if session is None else session.waiting(self._person.speaker)

    def silent(self, quiet: bool) -> None:
        name = self._person.speaker.name
        self._room.board.notify(
            f"away:{self._person.speaker.id}",
            f"Nothing arrives from {name}: waiting for the connection to come back." if quiet else None,
        )

    def muted(self, muted: bool) -> None:
        """The sender muted themselves: silence is meant."""
        self._person.muted = muted
        self._room.changed()

    def left(self) -> None:
        if not self.over:
            self.silent(False)
            self.over = True
            self._room.leave(self._person)
