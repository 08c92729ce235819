"""The server's half of DAVE in one call: ops 21 to 31 (Discord's DAVE protocol whitepaper, 1.1)."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tests.fakes.discord.voice import mls
from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.group import Group
from tests.fakes.discord.voice.mls import ExternalSender, KeyPackage, Refused

PATIENCE = 20
"""Recoveries in a row (op 31) after which somebody is left out: two that never agree would go on for ever."""


class Told(Protocol):
    """Somebody in the call, as far as the gateway talks to them."""

    def tell(self, op: int, data: object) -> None: ...
    def tell_binary(self, op: int, payload: bytes) -> None: ...


@dataclass(slots=True)
class Transition:
    """A change that waits until everybody has confirmed it."""

    version: int
    waiting: set[int] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Encryption:
    """One call's protocol version, MLS group and transitions."""

    def __init__(self, channel: int, seats: dict[int, Told], faults: Faults, *, version: int) -> None:
        self.version = version
        self.group: Group | None = None
        self.counters: Counter[str] = Counter()
        """Commits accepted and refused, key packages, invalid transitions, timeouts, resets."""
        self.spoil: set[int] = set()
        """Whose next commit or welcome arrives damaged, so that they have to recover (op 31)."""
        self.spoil_always: set[int] = set()
        """The same for every one of theirs."""
        self._channel, self._seats, self._faults = channel, seats, faults
        self._sender = ExternalSender()
        self._greeted: set[Told] = set()
        self._fresh: dict[int, KeyPackage] = {}
        self._lost: set[int] = set()
        self._asleep = False
        self._recoveries: Counter[int] = Counter()
        self._transitions: dict[int, Transition] = {}
        self._last = 0

    @property
    def epoch(self) -> int | None:
        return self.group.epoch if self.group else None

    @property
    def settled(self) -> bool:
        """Everybody is in the group, and no transition waits."""
        if not self.version:
            return not self._transitions
        members = self.group.members if self.group else set()
        return members == set(self._seats) and not self._transitions

    def arriving(self) -> None:
        """Somebody is about to come in: who was alone and without encryption begins again (op 24)."""
        if self._asleep:
            self._asleep = False
            self.restart()

    def greet(self, seat: Told) -> None:
        """Op 25, once for everybody: a client can't take it twice."""
        if self.version and seat not in self._greeted:
            self._greeted.add(seat)
            seat.tell_binary(25, self._sender.package)

    # What members send

    def key_package(self, user: int, payload: bytes) -> None:
        """Op 26."""
        try:
            package = mls.read_key_package(payload)
        except Refused:
            self.counters["key package refused"] += 1
            return
        if package.user != user or not self.version:
            self.counters["key package refused"] += 1
            return
        if self._recoveries[user] > PATIENCE:
            self.counters["given up"] += 1
            return
        self.counters["key package"] += 1
        self._fresh[user] = package
        group = self.group
        if group and user in group.members:
            self._lost.add(user)
        if group is None or not group.members - self._lost - group.leaving:
            self._found(user)
            return
        if user in group.joining:
            self._tell(self._able(), 27, group.revoke(user))
        elif user in group.members and user not in group.leaving:
            self._tell(self._able(), 27, group.remove(user))
        self._propose(group.add(package))

    def _found(self, user: int) -> None:
        """A new group of this one, which lets in whoever is waiting."""
        self.group = group = Group(self._sender, self._channel, user)
        self._lost.clear()
        del self._fresh[user]
        for package in self._fresh.values():
            self._propose(group.add(package))

    def _able(self) -> set[int]:
        """Who can commit."""
        members = self.group.members if self.group else set()
        return (members - self._lost) & set(self._seats)

    def _propose(self, payload: bytes) -> None:
        pending = set(self._fresh) if self._faults.proposals_to_pending else set()
        self._tell(self._able() | pending, 27, payload)

    def commit(self, user: int, payload: bytes) -> None:
        """Op 28. The first that is right makes the epoch; the others come too late."""
        group = self.group
        if group is None:
            self.counters["commit without group"] += 1
            return
        first = group.epoch == 0
        try:
            accepted = group.accept(user, payload)
        except Refused:
            self.counters["commit refused"] += 1
            return
        self.counters["commit"] += 1
        self._lost -= set(accepted.welcomes)
        for joined in accepted.welcomes:
            self._fresh.pop(joined, None)
        zero = first and self._faults.first_transition_zero
        number = 0 if zero else self._begin(self.version, group.members)
        head = number.to_bytes(2, "big")
        for member in group.members:
            welcome = accepted.welcomes.get(member)
            op, content = (29, accepted.commit) if welcome is None else (30, welcome)
            if member in self.spoil | self.spoil_always:
                self.spoil.discard(member)
                content = content[:-1] + bytes([content[-1] ^ 1])
            self._tell([member], op, head + content)

    def ready(self, user: int, number: int) -> None:
        """Op 23."""
        del self._recoveries[user]
        self._confirm(user, number)

    def _confirm(self, user: int, number: int) -> None:
        transition = self._transitions.get(number)
        if transition is None:
            return
        transition.waiting.discard(user)
        if not transition.waiting:
            self._execute(number)

    def invalid(self, user: int, number: int) -> None:
        """Op 31: they could not follow, and come again with a new key package."""
        self.counters["invalid"] += 1
        self._recoveries[user] += 1
        self._lost.add(user)
        self._confirm(user, number)

    def left(self, user: int, seat: Told) -> None:
        """Somebody is no longer in the call; their seat is gone already."""
        self._greeted.discard(seat)
        del self._recoveries[user]
        self._fresh.pop(user, None)
        self._lost.discard(user)
        for number in list(self._transitions):
            self._confirm(user, number)
        group = self.group
        if group is None:
            return
        if user in group.joining:
            self._tell(self._able(), 27, group.revoke(user))
        if user not in group.members or user in group.leaving:
            return
        remaining = (group.members - group.leaving - {user}) | group.joining
        if not remaining:
            self.group = None
        elif len(remaining) == 1 and self._faults.alone != "nothing":
            self._alone(remaining)
        else:
            self._propose(group.remove(user))

    def _alone(self, remaining: set[int]) -> None:
        self.group = None
        self.counters["reset"] += 1
        if self._faults.alone == "reset":
            self._tell_json(remaining, 24, {"protocol_version": self.version, "epoch": 1})
            self._tell_json(remaining, 21, {"protocol_version": self.version, "transition_id": 0})
        else:
            self.version, self._asleep = 0, True
            self._tell_json(remaining, 21, {"protocol_version": 0, "transition_id": 0})

    # What the server does by itself

    def downgrade(self) -> None:
        """The call goes on without end-to-end encryption (op 21, and 22 when all are ready)."""
        number = self._begin(0, self._seats)
        self._tell_json(self._seats, 21, {"protocol_version": 0, "transition_id": number})

    def upgrade(self) -> None:
        """A new group, as at the beginning (op 24)."""
        self.restart()

    def restart(self) -> None:
        """Op 24 with epoch 1: everybody begins again with a new key package."""
        self.version, self.group = 1, None
        self._fresh.clear()
        self._lost.clear()
        for seat in self._seats.values():
            self.greet(seat)
        self._tell_json(self._seats, 24, {"protocol_version": 1, "epoch": 1})

    def confuse(self) -> None:
        """Proposals of a wrong epoch, to everybody."""
        if self.group:
            self._tell(self._seats, 27, self.group.stranger())

    def empty(self, version: int) -> None:
        """Nobody is left; whoever comes next begins with this version."""
        self.close()
        self.version, self.group, self._asleep = version, None, False

    def close(self) -> None:
        """No timer runs on."""
        for transition in self._transitions.values():
            if transition.timer:
                transition.timer.cancel()
        self._transitions.clear()

    def _begin(self, version: int, members: Iterable[int]) -> int:
        self._last = self._last % 0xFFFF + 1
        number = self._last
        timer = asyncio.get_running_loop().call_later(self._faults.transition_timeout, self._late, number)
        self._transitions[number] = Transition(version, set(members), timer)
        return number

    def _late(self, number: int) -> None:
        self.counters["transition timeout"] += 1
        self._execute(number)

    def _execute(self, number: int) -> None:
        """Op 22."""
        transition = self._transitions.pop(number)
        if transition.timer:
            transition.timer.cancel()
        self.version = transition.version
        if not self.version:
            self.group = None
        self._tell_json(self._seats, 22, {"transition_id": number})

    def _tell(self, users: Iterable[int], op: int, payload: bytes) -> None:
        for user in list(users):
            if user in self._seats:
                self._seats[user].tell_binary(op, payload)

    def _tell_json(self, users: Iterable[int], op: int, data: object) -> None:
        for user in list(users):
            if user in self._seats:
                self._seats[user].tell(op, data)
