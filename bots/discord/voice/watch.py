"""The watch over whether everybody who speaks is heard, and what to try for somebody who isn't."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from bots.discord.voice.listener import Listener

UNHEARD = 36
"""Packets with sound, none of which could be heard, before anything is tried (0.7 s of speech)."""

SINCE = 2.0
"""Seconds over which they must have come: keys are on their way for that long when somebody joins."""

SHOWN = 4.0
"""Seconds for which somebody may be shown as speaking before a packet of theirs must have come."""

SETTLE = 2.0
"""Seconds that whatever was tried is given before anybody counts as unheard again."""

CALM = 60.0
"""Seconds without anybody unheard after which the remedies start over with the gentlest."""

REJOINS = 3
"""Sessions thrown away for the sake of somebody unheard in `SPAN` seconds; after that it is only said."""

SPAN = 600.0

QUIET = 10.0
"""Seconds without a sound of strangers after which nobody is said to be unheard for their sake."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Packets of one person since the beginning: of any kind, with sound, and those that could be heard."""

    packets: int
    sounds: int
    heard: int


class Remedy(Enum):
    """What may help, the gentlest first."""

    KEYS = "keys"
    """Be removed from the end-to-end encrypted group and added again."""
    SESSION = "session"
    """A new session with the voice server."""
    REJOIN = "rejoin"
    """Leave the channel and join it again. Only when nobody at all is heard."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look found. `deaf`: who is known not to be heard now; `heard`: of whom that is over.

    None among them is somebody unknown.
    """

    remedy: Remedy | None
    deaf: tuple[int | None, ...]
    heard: tuple[int | None, ...]


@dataclass(slots=True)
class _Person:
    met: bool = False
    packets: int = 0
    sounds: int = 0
    heard: int = 0
    unheard: int = 0
    since: float = 0.0
    shown: float | None = None
    tried: int = 0
    deaf: bool = False


@dataclass(slots=True)
class Watch:
    """Compares what arrives from people with what of it can be heard. None stands for strangers."""

    _people: dict[int | None, _Person] = field(default_factory=dict)
    _ladder: list[Remedy] = field(default_factory=list)
    _tried_at: float = float("-inf")
    _suspected: float = float("-inf")
    _heard_at: float = float("-inf")
    _sessions: list[float] = field(default_factory=list)
    _strange_at: float = float("-inf")

    def shown(self, user: int, now: float) -> None:
        """Discord shows that they began to speak."""
        person = self._people.setdefault(user, _Person())
        if person.shown is None:
            person.shown = now

    def forget(self, user: int | None) -> bool:
        """They left, or are not to be heard. Returns whether they were said to be unheard: that is over."""
        person = self._people.pop(user, None)
        return person is not None and person.deaf

    def dismiss(self, user: int | None, listener: Listener) -> None:
        """`forget`, and tell."""
        if self.forget(user):
            listener.deaf(user, False)

    def tell(self, findings: Findings, listener: Listener) -> None:
        """Tell what was found. Of who is not welcome (any more) nothing is said."""
        for user in findings.heard:
            listener.deaf(user, False)
        for user in findings.deaf:
            if listener.welcome(user):
                listener.deaf(user, True)
            else:
                self.dismiss(user, listener)

    def keep(self, present: Collection[int], listener: Listener) -> None:
        """Dismiss everybody else."""
        for user in [one for one in self._people if one is not None and one not in present]:
            self.dismiss(user, listener)

    def began(self, now: float) -> None:
        """A session began: what came before says nothing about it."""
        self._tried_at = max(self._tried_at, now)
        for person in self._people.values():
            person.unheard, person.shown = 0, None

    def look(self, now: float, counts: Mapping[int | None, Tally], *, encrypted: bool) -> Findings:
        """Look, about twice a second. `encrypted`: whether the call is end-to-end encrypted now."""
        again = tuple(user for user, tally in counts.items() if self._weigh(user, tally, now))
        if self._strangers_fell_silent(now, heard=None in counts):
            again = (*again, None)
        if now - self._suspected > CALM:
            self._ladder.clear()
        unheard = [user for user, person in self._people.items() if _is_unheard(person, now)]
        if unheard:
            self._suspected = now
            remedy = self._choose(now, encrypted, unheard)
            for user in unheard:
                person = self._people[user]
                # Two remedies that did not help are enough to say so, while the last one is tried.
                person.deaf = person.deaf or remedy is None or person.tried >= 2
                person.tried += 1
                person.unheard, person.shown = 0, None
            if remedy is not None:
                self._tried_at = now
        else:
            remedy = None
        return Findings(remedy, tuple(user for user, person in self._people.items() if person.deaf), again)

    def _weigh(self, user: int | None, tally: Tally, now: float) -> bool:
        """Take one person's counts in. Returns whether somebody deaf is heard again."""
        person = self._people.setdefault(user, _Person())
        if tally.packets > person.packets:
            person.shown = None
        more, more_heard = tally.sounds - person.sounds, tally.heard - person.heard
        person.packets, person.sounds, person.heard = tally.packets, tally.sounds, tally.heard
        if not person.met:
            # They may have been forgotten in the middle of a line: what it counted before says nothing.
            person.met = True
            return False
        # A packet or two that could be heard prove nothing beside many that could not.
        if more_heard > 0 and more_heard * 4 >= more:
            self._heard_at = now
            was, person.deaf = person.deaf, False
            person.unheard = person.tried = 0
            return was
        if more > 0 and now - self._tried_at >= SETTLE:
            if not person.unheard:
                person.since = now
            person.unheard += more
        return False

    def _strangers_fell_silent(self, now: float, *, heard: bool) -> bool:
        """Whether it is over that somebody unknown is unheard: they are known, or quiet."""
        if heard:
            self._strange_at = now
        elif None in self._people:
            self._people[None].unheard = 0
            if now - self._strange_at > QUIET:
                return self.forget(None)
        return False

    def _choose(self, now: float, encrypted: bool, unheard: Collection[int | None]) -> Remedy | None:
        self._sessions = [when for when in self._sessions if now - when < SPAN]
        for remedy in Remedy:
            if remedy in self._ladder or (remedy is Remedy.KEYS and not encrypted):
                continue
            if remedy is Remedy.REJOIN and (now - self._heard_at < SPAN / 60 or not any(unheard)):
                continue
            if remedy is not Remedy.KEYS:
                if len(self._sessions) >= REJOINS:
                    continue
                self._sessions.append(now)
            self._ladder.append(remedy)
            return remedy
        return None


def _is_unheard(person: _Person, now: float) -> bool:
    if person.unheard >= UNHEARD and now - person.since >= SINCE:
        return True
    return person.shown is not None and now - person.shown >= SHOWN
