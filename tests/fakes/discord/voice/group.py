"""Who is in a channel's MLS group, at which leaf, and what has been proposed: the server's own books."""

from dataclasses import dataclass

from tests.fakes.discord.voice import mls
from tests.fakes.discord.voice.mls import KeyPackage, Proposal, Refused

_APPEND, _REVOKE = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal that nobody has committed yet."""

    proposal: Proposal
    user: int
    added: KeyPackage | None
    """None: the user is to be removed."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A commit that made the next epoch."""

    commit: bytes
    welcomes: dict[int, bytes]
    """What each new member gets."""


class Group:
    """One MLS group from its founder on. Payloads are those of op 27, without opcode and sequence."""

    def __init__(self, sender: mls.ExternalSender, channel: int, founder: int) -> None:
        self.id = channel.to_bytes(8, "big")
        self.epoch = 0
        self._sender = sender
        self._leaves: list[int | None] = [founder]
        self._offers: dict[bytes, Offer] = {}

    @property
    def members(self) -> set[int]:
        return {user for user in self._leaves if user is not None}

    @property
    def joining(self) -> set[int]:
        """Proposed, and not let in yet."""
        return {offer.user for offer in self._offers.values() if offer.added}

    @property
    def leaving(self) -> set[int]:
        return {offer.user for offer in self._offers.values() if not offer.added}

    def add(self, package: KeyPackage) -> bytes:
        proposal = self._sender.add(self.id, self.epoch, package.raw)
        return self._append(Offer(proposal, package.user, package))

    def remove(self, user: int) -> bytes:
        proposal = self._sender.remove(self.id, self.epoch, self._leaves.index(user))
        return self._append(Offer(proposal, user, None))

    def _append(self, offer: Offer) -> bytes:
        self._offers[offer.proposal.ref] = offer
        return _APPEND + mls.vector(offer.proposal.message)

    def pending(self) -> bytes:
        """All that is proposed in this epoch, once more."""
        return _APPEND + mls.vector(b"".join(offer.proposal.message for offer in self._offers.values()))

    def revoke(self, user: int) -> bytes:
        """Take the proposal to add `user` back."""
        refs = [ref for ref, offer in self._offers.items() if offer.user == user and offer.added]
        for ref in refs:
            del self._offers[ref]
        return _REVOKE + mls.vector(b"".join(mls.vector(ref) for ref in refs))

    def accept(self, user: int, payload: bytes) -> Accepted:
        """Op 28. Raises `Refused` when it is late, somebody else's, or not about all that is proposed."""
        commit, rest = mls.read_commit(payload)
        if commit.group != self.id or commit.epoch != self.epoch:
            raise Refused(f"it is of epoch {commit.epoch}, and this one is {self.epoch}")
        if commit.leaf >= len(self._leaves) or self._leaves[commit.leaf] != user:
            raise Refused("it is committed from somebody else's leaf")
        if not commit.refs or set(commit.refs) != set(self._offers):
            raise Refused("it does not commit what is proposed")
        offers = [self._offers[ref] for ref in commit.refs]
        added = {offer.user: offer.added.ref for offer in offers if offer.added}
        welcomes: dict[int, bytes] = {}
        if added:
            welcome = mls.read_welcome(rest)
            if set(welcome.secrets) != set(added.values()):
                raise Refused("its welcome is not for those who are added")
            welcomes = {who: welcome.cut(ref) for who, ref in added.items()}
        elif rest:
            raise Refused("it welcomes nobody that was added")
        self._turn(offers)
        return Accepted(commit.raw, welcomes)

    def _turn(self, offers: list[Offer]) -> None:
        """Removed members leave their leaf blank, new ones take the first blank leaf (section 7.7)."""
        for offer in offers:
            if not offer.added:
                self._leaves[self._leaves.index(offer.user)] = None
        for offer in offers:
            if offer.added:
                if None not in self._leaves:
                    self._leaves.append(None)
                self._leaves[self._leaves.index(None)] = offer.user
        self._offers.clear()
        self.epoch += 1

    def stranger(self, ahead: int = 5) -> bytes:
        """A proposal of another epoch, as seen live: whoever reads it must refuse it and go on."""
        proposal = self._sender.remove(self.id, self.epoch + ahead, 0)
        return _APPEND + mls.vector(proposal.message)
