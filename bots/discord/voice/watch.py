"""The watch over whether everybody who speaks is heard, and what to try for somebody who isn't."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

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
    """What a look found. `deaf`: people who are now known not to be heard; `heard`: who is heard again."""

    remedy: Remedy | None
    deaf: tuple[int, ...]
    heard: tuple[int, ...]


@dataclass(slots=True)
class _Person:
    arrived: int = 0
    heard: int = 0
    unheard: int = 0
    since: float = 0.0
    shown: float | None = None
    tried: int = 0
    deaf: bool = False


@dataclass(slots=True)
class Watch:
    """Compares what arrives from people with what of it can be heard."""

    _people: dict[int, _Person] = field(default_factory=dict)
    _ladder: list[Remedy] = field(default_factory=list)
    _tried_at: float = float("-inf")
    _suspected: float = float("-inf")
    _heard_at: float = float("-inf")
    _sessions: list[float] = field(default_factory=list)

    def shown(self, user: int, now: float) -> None:
        """Discord shows that they began to speak."""
        person = self._people.setdefault(user, _Person())
        if person.shown is None:
            person.shown = now

    def forget(self, user: int) -> None:
        """They left."""
        self._people.pop(user, None)

    def began(self, now: float) -> None:
        """A session began: what came before says nothing about it."""
        self._tried_at = max(self._tried_at, now)
        for person in self._people.values():
            person.unheard, person.shown = 0, None

    def look(self, now: float, counts: Mapping[int, tuple[int, int]], *, encrypted: bool) -> Findings:
        """Look, about twice a second.

        `counts`: for each person packets with sound that arrived, and those of them that could be heard,
        both since the beginning. `encrypted`: whether the call is end-to-end encrypted now.
        """
        again = tuple(user for user, (came, heard) in counts.items() if self._weigh(user, came, heard, now))
        if now - self._suspected > CALM:
            self._ladder.clear()
        unheard = [user for user, person in self._people.items() if _is_unheard(person, now)]
        if not unheard:
            return Findings(None, (), again)
        self._suspected = now
        remedy = self._choose(now, encrypted)
        deaf = []
        for user in unheard:
            person = self._people[user]
            # Two remedies that did not help are enough to say so, while the last one is tried.
            if not person.deaf and (remedy is None or person.tried >= 2):
                person.deaf = True
                deaf.append(user)
            person.tried += 1
            person.unheard, person.shown = 0, None
        if remedy is not None:
            self._tried_at = now
        return Findings(remedy, tuple(deaf), again)

    def _weigh(self, user: int, came: int, heard: int, now: float) -> bool:
        """Take one person's counts in. Returns whether somebody deaf is heard again."""
        person = self._people.setdefault(user, _Person())
        more, more_heard = came - person.arrived, heard - person.heard
        person.arrived, person.heard = came, heard
        if more > 0:
            person.shown = None
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

    def _choose(self, now: float, encrypted: bool) -> Remedy | None:
        self._sessions = [when for when in self._sessions if now - when < SPAN]
        for remedy in Remedy:
            if remedy in self._ladder or (remedy is Remedy.KEYS and not encrypted):
                continue
            if remedy is Remedy.REJOIN and now - self._heard_at < SPAN / 60:
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
