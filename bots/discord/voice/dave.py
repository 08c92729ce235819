"""Discord's end-to-end encryption (DAVE) as a listener needs it, over the davey library.

Messages of the voice gateway go in, frames to be sent come out; packets of somebody are opened. Protocol:
https://daveprotocol.com. This is written for davey 0.1, where a processed commit installs its keys at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import davey

from bots.discord.voice import messages
from bots.discord.voice.messages import (
    Commit,
    DaveMessage,
    ExecuteTransition,
    ExternalSender,
    PrepareEpoch,
    PrepareTransition,
    Proposals,
    Welcome,
)

VERSION: int = davey.DAVE_PROTOCOL_VERSION
"""The newest version of the protocol that we can do."""

MARKER = b"\xfa\xfa"
"""The last bytes of every encrypted frame."""

KEPT = 10.0
"""Seconds for which old keys, and unencrypted sound after an upgrade, are still taken: packets are late."""

RECOVERIES = 5
"""Attempts to be added to the group again, one after the other, without one that succeeds."""

Frame = str | bytes

_OUTSIDE = davey.SessionStatus.pending


@dataclass(slots=True)
class Counts:
    """What happened so far."""

    rejected: int = 0
    """Messages of the key exchange that could not be used."""
    recoveries: int = 0
    """Times that we asked to be added to the group again."""


class Dave:
    """The end-to-end encryption of one voice session, for `user` in `channel`.

    Nothing that comes in raises. `now`: seconds of any steady clock.
    """

    def __init__(self, user: int, channel: int) -> None:
        self.version = 0
        """The version in use; 0 while nothing is encrypted."""
        self.counts = Counts()
        self._user = user
        self._channel = channel
        self._sender: bytes | None = None
        self._session: davey.DaveSession | None = None
        self._before: davey.DaveSession | None = None  # opens what was sent before the group was left
        self._before_until: float | None = None  # None: until we are in the group again
        self._pending: dict[int, int] = {}
        self._last = 0  # the newest transition, to be named when we ask to be added again
        self._plain_until = float("-inf")
        self._sealed_until = float("-inf")
        self._attempts = 0

    @property
    def ready(self) -> bool:
        """Whether we are in the group."""
        return self._session is not None and self._session.ready

    @property
    def exhausted(self) -> bool:
        """Whether asking again was given up."""
        return self._attempts >= RECOVERIES

    @property
    def members(self) -> frozenset[int]:
        """The people whose packets can be opened, ourselves aside."""
        session = self._session if self.ready else self._before
        if session is None:
            return frozenset()
        return frozenset(int(user) for user in session.get_user_ids()) - {self._user}

    def begin(self, version: int) -> list[Frame]:
        """The session was described: found a group of our own and offer our key, without being asked."""
        self.version = version
        self._pending.clear()
        return self._renew()

    def take(self, message: DaveMessage, expected: Iterable[int], now: float) -> list[Frame]:
        """A message came. `expected`: the people in the channel; no others may join the group."""
        match message:
            case ExternalSender(package):
                self._sender = package
                self._introduce()
            case PrepareEpoch(epoch, version):
                if epoch == 1:
                    if version and not self.version:
                        # People go on as they did until everybody has the keys.
                        self._plain_until = now + KEPT
                    self.version = version
                    return self._renew()
            case PrepareTransition(transition, version):
                return self._prepare(transition, version, now)
            case ExecuteTransition(transition):
                self._execute(transition, now)
            case Proposals(revoke, proposals):
                return self._commit(revoke, proposals, expected)
            case Commit(transition, _) | Welcome(transition, _):
                return self._join(transition, message, now)
        return []

    def open(self, user: int, frame: bytes, now: float) -> bytes | None:
        """The sound in an encrypted frame of `user`'s; None when it can't be opened.

        A frame opens once: whatever is tried again afterwards counts as a replay.
        """
        sound = _decrypt(self._session, user, frame)
        if sound is not None:
            self._attempts = 0
            return sound
        if self._before is None:
            return None
        if self._before_until is not None and now >= self._before_until:
            self._before = None
            return None
        return _decrypt(self._before, user, frame)

    def takes_plain(self, now: float) -> bool:
        """Whether a frame that is not encrypted may be believed."""
        return self.version == 0 or now < self._plain_until or 0 in self._pending.values()

    def expects_sealed(self, now: float) -> bool:
        """Whether a frame with the marker must be one that is encrypted."""
        return self.version > 0 or now < self._sealed_until

    def recover(self) -> list[Frame]:
        """Ask to be removed from the group and added again; nothing once that was given up."""
        if not self.version or self.exhausted:
            return []
        self._attempts += 1
        self.counts.recoveries += 1
        return [messages.invalid_commit(self._last), *self._renew()]

    def _renew(self) -> list[Frame]:
        """A new session of the library, which can become a member again."""
        if self.ready:
            self._before, self._before_until = self._session, None
        self._session = None
        if not self.version:
            return []
        try:
            self._session = davey.DaveSession(self.version, self._user, self._channel)
            self._introduce()
            return [messages.key_package(self._session.get_serialized_key_package())]
        except ValueError:
            # A version that the library does not know.
            self.counts.rejected += 1
            return []

    def _introduce(self) -> None:
        """Tell the library who may propose. That may come before or after the session is described."""
        if self._session is None or self._sender is None:
            return
        try:
            self._session.set_external_sender(self._sender)
        except ValueError:
            # It is no key, or we are in the group already.
            self.counts.rejected += 1

    def _prepare(self, transition: int, version: int, now: float) -> list[Frame]:
        self._pending[transition] = version
        self._last = transition
        while len(self._pending) > 16:
            del self._pending[next(iter(self._pending))]
        if transition:
            return [messages.transition_ready(transition)]
        self._execute(0, now)
        return []

    def _execute(self, transition: int, now: float) -> None:
        version = self._pending.pop(transition, None)
        if version is None:
            return
        if version and not self.version:
            self._plain_until = now + KEPT
        if self.version and not version:
            self._sealed_until = now + KEPT
        self.version = version

    def _commit(self, revoke: bool, proposals: bytes, expected: Iterable[int]) -> list[Frame]:
        if self._session is None:
            self.counts.rejected += 1
            return []
        kind = davey.ProposalsOperationType
        try:
            made = self._session.process_proposals(
                kind.revoke if revoke else kind.append, proposals, [*expected, self._user]
            )
        except ValueError:
            # Proposals for another epoch come in live calls. If a commit follows that we can't use, we
            # ask to be added again then.
            self.counts.rejected += 1
            return []
        return [messages.commit_welcome(made.commit, made.welcome)] if made is not None else []

    def _join(self, transition: int, message: Commit | Welcome, now: float) -> list[Frame]:
        """The group's next epoch, or our first."""
        session = self._session
        if session is None or (isinstance(message, Commit) and session.status == _OUTSIDE):
            # It is for those who are in the group already; we wait to be welcomed.
            self.counts.rejected += 1
            return []
        self._last = transition
        try:
            if isinstance(message, Commit):
                session.process_commit(message.commit)
            else:
                session.process_welcome(message.welcome)
        except ValueError:
            self.counts.rejected += 1
            return self.recover()
        if self._before_until is None:
            self._before_until = now + KEPT
        if not transition:
            return []
        self._pending[transition] = self.version
        return [messages.transition_ready(transition)]


def _decrypt(session: davey.DaveSession | None, user: int, frame: bytes) -> bytes | None:
    if session is None:
        return None
    try:
        return session.decrypt(user, davey.MediaType.audio, frame)
    except ValueError:
        return None
