"""Codes that somebody reads aloud and somebody else types: made, known again, ended; and who tries too many.

All times are seconds of one clock, which is the caller's.
"""

import secrets
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Shared = TypeVar("Shared")

LIFE = 900.0
"""Seconds that a code can be used. What was attached by then stays."""

TRIES, WINDOW = 10, 60.0
"""How many wrong codes one asker may try in so many seconds. Then they are told to wait; who has a right one
gets in all the same: an asker may be a whole office."""

MOST = 100
"""Wrong codes in as many seconds after which nobody gets in from there. To try all codes at that pace takes
twenty thousand years."""

ASKERS = 10_000
"""People whose tries are remembered; the one who tried longest ago is forgotten first."""

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that looks or sounds like something else (0 and O, 1 and I)."""

LENGTH = 8
"""Letters of a code: 40 bits."""


def cleaned(typed: str) -> str:
    """A code, however somebody typed it: in small letters, with spaces or dashes."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def looks_like_code(typed: str) -> bool:
    """Whether this could be a code at all."""
    return len(code := cleaned(typed)) == LENGTH and all(letter in LETTERS for letter in code)


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody types to see a call. `until`: the time at which it ends."""

    text: str
    until: float

    @property
    def spaced(self) -> str:
        """As people read it aloud."""
        return f"{self.text[:4]}-{self.text[4:]}"


@dataclass(frozen=True, slots=True)
class Ticket(Generic[Shared]):
    """What somebody found by its code. Made by `Codes`, and good while it is shared: see `holds`."""

    shared: Shared
    sharing: object


class Codes(Generic[Shared]):
    """Which code is good for what; each thing has one at most. It is shared from its first to `forget`."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Shared, Code]] = {}
        self._sharing: WeakKeyDictionary[Shared, object] = WeakKeyDictionary()

    def make(self, shared: Shared, now: float) -> Code:
        """A new code for it; the one before ends."""
        self._end(shared)
        self._sharing.setdefault(shared, object())
        code = Code("".join(secrets.choice(LETTERS) for _ in range(LENGTH)), now + LIFE)
        self._kept[code.text] = shared, code
        return code

    def of(self, shared: Shared, now: float) -> Code | None:
        """Its code, if one can be used now."""
        self._expire(now)
        return next((code for one, code in self._kept.values() if one is shared), None)

    def find(self, typed: str, now: float) -> Ticket[Shared] | None:
        """What a code stands for, however it is typed; None when it means nothing (any more)."""
        self._expire(now)
        kept = self._kept.get(cleaned(typed))
        return None if kept is None else Ticket(kept[0], self._sharing[kept[0]])

    def holds(self, ticket: Ticket[Shared]) -> bool:
        """Whether what was found is shared still, without a break since then."""
        return self._sharing.get(ticket.shared) is ticket.sharing

    def forget(self, shared: Shared) -> None:
        """It is shared no more: its code ends, and what was found by one does not hold."""
        self._sharing.pop(shared, None)
        self._end(shared)

    def _end(self, shared: Shared) -> None:
        self._kept = {text: kept for text, kept in self._kept.items() if kept[0] is not shared}

    def clear(self) -> None:
        """End all of them."""
        self._kept.clear()

    def _expire(self, now: float) -> None:
        self._kept = {text: kept for text, kept in self._kept.items() if now < kept[1].until}


class Tries:
    """Wrong codes, by who tried them."""

    def __init__(self) -> None:
        self._tries: dict[str, deque[float]] = {}

    def lately(self, asker: str, now: float) -> int:
        """How many somebody has tried by now, `MOST` at most."""
        tries = self._tries.get(asker, deque[float]())
        while tries and now - tries[0] >= WINDOW:
            tries.popleft()
        return len(tries)

    def count(self, asker: str, now: float) -> None:
        """One more was wrong. Beyond `MOST` none counts: who has a right one is not kept out for longer."""
        if self.lately(asker, now) == MOST:
            return
        tries = self._tries.pop(asker, None) or deque[float]()
        self._tries[asker] = tries
        if len(self._tries) > ASKERS:
            del self._tries[next(iter(self._tries))]
        tries.append(now)
