"""Rooms: who is in them, whose sound comes in, and the call that captions it."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bots.meet.keeping import Keeping
from bots.meet.line import RoomVoice
from bots.meet.manners import same
from bots.meet.names import named
from bots.meet.person import Person, clean_name
from bots.meet.terms import Terms
from bots.meet.voice import Full, Taken, Unwelcome
from core.audio.frame import Left, Speaker
from core.audio.senderclock import SenderClock
from core.captions.board import Board
from core.errors import UserError
from core.metrics import Metrics
from core.rooms import RoomState
from core.session import Session
from core.settings import Settings
from core.switchboard import Switchboard

log = logging.getLogger(__name__)

FORGET = 600.0
"""Seconds after which a room that nobody uses is forgotten."""

UNUSED = 60.0
"""Seconds after which a room is forgotten in which nobody ever shared and nobody reads."""

HELD = 6 * 3600.0
"""Seconds that a room is held at most for a record whose database is away."""

AWAY = 600.0
"""Seconds after which somebody who joined and shares nothing may have to make place."""

EXPLAIN = 30.0
"""Seconds that people are told what is over: why captions were interrupted, who is called otherwise now."""

RESTART = 3.0
"""Seconds between two starts of a call that bugs keep ending."""


class Room:
    """One address: people who read, people who share, what was said; in memory only, unless it is `kept`."""

    def __init__(
        self,
        name: str,
        switchboard: Switchboard,
        settings: Settings,
        metrics: Metrics,
        now: float,
        *,
        terms: Terms,
        kept: Keeping | None = None,
        ended: Callable[["Room"], None] = lambda _room: None,
    ) -> None:
        """`ended` is told when nothing can be said in it any more, and its board is complete."""
        self.name, self.title, self._kept = name, terms.title, kept
        self.terms = terms
        self.closed: str | None = None
        """Why nobody can share sound here any more, in a sentence for people."""
        self.over = asyncio.Event()
        """Nothing can be said in it any more, and its board is complete."""
        self._metrics = metrics
        self.board = Board()
        self.people: dict[str, Person] = {}
        self.viewers = 0
        self.session: Session | None = None
        self.began_at: datetime | None = None
        """The wall clock's time at zero of the call's clock, for people to read."""
        self.used = now
        self.version = 0
        """Grows when something about the room changed that readers see, besides the board."""
        self._began: float | None = None
        self._started = 0.0
        self._calls = 0
        self._ended = ended
        self._running = 0  # sessions, those included whose last words are being heard
        self._streamed = 0.0  # by sessions that are over
        self._joined = 0
        self._switchboard = switchboard
        self._settings = settings

    @property
    def state(self) -> RoomState:
        """`waiting` until somebody shares, `live` while somebody does, then `ended`."""
        if self.session is not None:
            return "live"
        return "waiting" if self._began is None and self.closed is None else "ended"

    @property
    def now(self) -> float | None:
        """Seconds of the call; None before it began."""
        return None if self._began is None else asyncio.get_running_loop().time() - self._began

    @property
    def streamed(self) -> float:
        """Seconds of sound that went to an engine which is paid for."""
        return self._streamed + (self.session.paid if self.session else 0.0)

    @property
    def sharing(self) -> Sequence[Person]:
        return [person for person in self.people.values() if person.voice is not None]

    def forgettable(self, now: float) -> bool:
        """Nobody reads, nobody shares, and nobody has for a while."""
        if self.terms.held and not self.over.is_set():
            return False
        patience = UNUSED if self._began is None else FORGET
        if self._kept is not None and self._kept.behind:
            patience = HELD  # the database is away: what was said is only here
        return self.viewers == 0 and self.session is None and now - self.used > patience

    def join(self, name: str, identity: str | None = None, *, known: bool = False) -> Person:
        """Let somebody in who wants to share; no two people have names that look the same.

        `identity`: who this is in every call, where their browser says so. `known`: it is proven, so whoever
        comes again is the same person, and a guest who looks like them gets a number behind their name.
        Raises `UserError` for a bad name, and where nobody may share any more; `Full` when nobody more fits.
        """
        if self.closed is not None:
            raise UserError(self.closed)
        wanted = clean_name(name)
        again = [person for person in self.people.values() if person.known == identity] if known else []
        now = asyncio.get_running_loop().time()
        if again:
            again[0].seen = now
            return again[0]
        self._make_place()
        self._joined += 1
        speaker = Speaker(f"p{self._joined}", wanted, identity)
        proven = identity if known else None
        person = Person(speaker, secrets.token_urlsafe(24), asked=wanted, seen=now, known=proven)
        renamed = named(person, tuple(self.people.values()))
        self.people[speaker.id] = person
        if renamed is not None:
            self._tell_apart(person, *renamed)
        self.used = now
        self.changed()
        return person

    def _tell_apart(self, proven: Person, before: str, guest: Person) -> None:
        """Readers know the guest's words until now under a name that is another's from now on."""
        sentence = (
            f"{proven.speaker.name} has come, and it is certain who that is. Who came as a guest and was "
            f"called {before} until now is {guest.speaker.name} from now on."
        )
        self.board.notify("renamed", sentence)
        asyncio.get_running_loop().call_later(EXPLAIN, self.board.notify, "renamed", None)

    def _make_place(self) -> None:
        if len(self.people) < self._settings.people:
            return
        now = asyncio.get_running_loop().time()
        away = [p for p in self.people.values() if p.voice is None and now - p.seen > AWAY]
        if not away:
            raise Full("This room is full.")
        # Whoever joined long ago and shares nothing has most likely closed the page.
        del self.people[min(away, key=lambda person: person.seen).speaker.id]

    def person(self, token: str) -> Person:
        """Who holds this token. Raises `Unwelcome`."""
        for person in self.people.values():
            if same(person.token, token):
                return person
        raise Unwelcome("This token opens nothing in this room. Join again.")

    def share(self, person: Person, source: str, clock: SenderClock | None = None) -> RoomVoice:
        """Open the person's line; the first one begins the call.

        `clock`: what is known of the sender's clock from a line that broke. Raises `Taken`, `Full` or
        `UserError`.
        """
        if self.closed is not None:
            raise UserError(self.closed)
        if person.voice is not None:
            raise Taken(f"{person.speaker.name} shares sound from somewhere else already.")
        if len(self.sharing) >= self._settings.speakers:
            raise Full(f"{self._settings.speakers} people share sound here already, which is all that fit.")
        if self.session is None:
            self._begin()
        person.voice = RoomVoice(self, person, clock or SenderClock())
        person.source, person.muted = source, False
        self._metrics.speakers.inc()
        self.changed()
        return person.voice

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        began = self._began if self._began is not None else loop.time()
        session: Session | None = None

        def ended() -> None:
            if session is not None:
                self._streamed += session.paid
            if self.session is session:
                self.session = None
            if self.session is None and self._kept is not None:
                self._kept.end()
            self.used = loop.time()
            self._running -= 1
            self._settle()
            self.changed()

        session = self._switchboard.start(
            f"{self.name}:{self._calls}",
            self.board,
            began=began,
            language=self.terms.language,
            ended=ended,
        )
        self.session = session
        self._running += 1
        self._calls += 1
        self._started = loop.time()
        if "bug" in self.board.notices:
            loop.call_later(EXPLAIN, self.board.notify, "bug", None)
        if self._began is None:
            self._began = began
            self.began_at = datetime.now(UTC)
        if self._kept is not None and self.began_at is not None:
            self._kept.go_on(self.board, self.began_at)

    def listening(self) -> Session | None:
        """The call that hears whoever shares. One that a bug has ended begins anew, but not in a rush."""
        if self.session is None and asyncio.get_running_loop().time() - self._started > RESTART:
            try:
                self._begin()
            except UserError:
                return None
            self.changed()
        return self.session

    def leave(self, person: Person) -> None:
        """The person shares no more; the room's call ends with the last one."""
        person.voice, person.source, person.muted = None, None, False
        self._metrics.speakers.dec()
        person.seen = self.used = asyncio.get_running_loop().time()
        if self.session is not None:
            self.session.hear(Left(person.speaker))
            if not self.sharing:
                self.session.close()
                self.session = None
        self.changed()

    @property
    def keep(self) -> str:
        """What is kept of the room: `captions` (nothing is written) or `transcript`."""
        return "captions" if self.record is None else "transcript"

    @property
    def record(self) -> str | None:
        """The key of its record; None where none is kept (or not any more)."""
        return self._kept.key if self._kept is not None and not self._kept.over else None

    def shut(self, sentence: str) -> None:
        """Nobody shares here any more; people in it read `sentence`. What was being said is heard out."""
        if self.closed is not None:
            return
        self.closed = sentence
        for person in self.sharing:
            if person.voice is not None:
                person.voice.left()
        self._settle()
        self.changed()

    def _settle(self) -> None:
        if self.closed is None or self._running or self.over.is_set():
            return
        self.over.set()
        if self._kept is not None:
            self._kept.close()
        self._ended(self)

    def close(self) -> None:
        """The room is forgotten; its record, if there is one, stays."""
        self.shut("This room is over.")

    async def kept(self) -> None:
        """Wait until it is over, and everything that is kept of it is written."""
        await self.over.wait()
        if self._kept is not None:
            await self._kept.finish()

    def changed(self) -> None:
        """Readers should look at the room again."""
        self.version += 1
        self.board.touch()
