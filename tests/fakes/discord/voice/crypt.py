"""A client's half of DAVE, for people and test clients: by davey, or by Discord's own libdave."""

from collections.abc import Callable
from typing import Protocol

import dave
import davey


class Crypt(Protocol):
    """One client's session of one call. What can't be applied answers False or None."""

    def begin(self, channel: int) -> bytes:
        """A new session; the key package that joins it."""

    def trust(self, sender: bytes) -> None: ...
    def proposals(self, payload: bytes, known: set[int]) -> bytes | None:
        """The payload of op 28, when there is something to commit. Raises `Unusable`."""

    def commit(self, payload: bytes) -> bool: ...
    def welcome(self, payload: bytes, known: set[int]) -> bool: ...
    @property
    def ready(self) -> bool: ...
    @property
    def authenticator(self) -> bytes | None:
        """The same for everybody of one epoch, and for nobody else."""

    def encrypt(self, packet: bytes, ssrc: int) -> bytes | None: ...
    def decrypt(self, user: int, frame: bytes) -> bytes | None: ...


class Unusable(Exception):
    """These proposals can't be applied."""


_FAILURES = (ValueError, RuntimeError)
"""How davey says that something can't be applied or opened."""


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except _FAILURES:
        return False
    return True


class Davey:
    """OpenMLS in Rust, by way of davey."""

    def __init__(self, user: int) -> None:
        self._user = user
        self._session: davey.DaveSession
        self._sender: bytes | None = None

    def begin(self, channel: int) -> bytes:
        self._session = davey.DaveSession(1, self._user, channel)
        if self._sender:
            self._session.set_external_sender(self._sender)
        return self._session.get_serialized_key_package()

    def trust(self, sender: bytes) -> None:
        self._sender = sender
        if hasattr(self, "_session"):
            self._session.set_external_sender(sender)

    def proposals(self, payload: bytes, known: set[int]) -> bytes | None:
        kinds = davey.ProposalsOperationType
        kind = kinds.revoke if payload[0] else kinds.append
        try:
            answer = self._session.process_proposals(kind, payload[1:], list(known))
        except _FAILURES as error:
            raise Unusable(str(error)) from error
        return answer.commit + (answer.welcome or b"") if answer else None

    def commit(self, payload: bytes) -> bool:
        return _done(lambda: self._session.process_commit(payload))

    def welcome(self, payload: bytes, known: set[int]) -> bool:
        return _done(lambda: self._session.process_welcome(payload))

    @property
    def ready(self) -> bool:
        return hasattr(self, "_session") and self._session.ready

    @property
    def authenticator(self) -> bytes | None:
        return self._session.get_epoch_authenticator() if hasattr(self, "_session") else None

    def encrypt(self, packet: bytes, ssrc: int) -> bytes | None:
        return self._session.encrypt_opus(packet) if self.ready else None

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        try:
            return self._session.decrypt(user, davey.MediaType.audio, frame) if self.ready else None
        except _FAILURES:
            return None


class LibDave:
    """Discord's own C++, by way of dave-py."""

    def __init__(self, user: int) -> None:
        self._user = user
        self.failures: list[str] = []
        self._session = dave.Session(lambda source, reason: self.failures.append(f"{source}: {reason}"))
        self._encryptor = dave.Encryptor()
        self._decryptors: dict[int, dave.Decryptor] = {}
        self._sender: bytes | None = None

    def begin(self, channel: int) -> bytes:
        self._session.reset()
        self._session.init(1, channel, str(self._user))
        if self._sender:
            self._session.set_external_sender(self._sender)
        package = self._session.get_marshalled_key_package()
        assert package
        return package

    def trust(self, sender: bytes) -> None:
        self._sender = sender
        self._session.set_external_sender(sender)

    def proposals(self, payload: bytes, known: set[int]) -> bytes | None:
        before = len(self.failures)
        answer = self._session.process_proposals(payload, {str(user) for user in known})
        if answer is None and len(self.failures) > before:
            raise Unusable(self.failures[-1])
        return answer

    def commit(self, payload: bytes) -> bool:
        roster = self._session.process_commit(payload)
        if roster is dave.RejectType.failed:
            return False
        if isinstance(roster, dict):
            self._turn(set(roster))
        return True

    def welcome(self, payload: bytes, known: set[int]) -> bool:
        roster = self._session.process_welcome(payload, {str(user) for user in known})
        if roster is None:
            return False
        self._turn(set(roster))
        return True

    def _turn(self, members: set[int]) -> None:
        """A new epoch: everybody's keys, and this client's own. A roster names those who changed."""
        for user in (members | set(self._decryptors)) - {self._user}:
            ratchet = self._session.get_key_ratchet(str(user))
            if ratchet is None:
                self._decryptors.pop(user, None)
            else:
                self._decryptors.setdefault(user, dave.Decryptor()).transition_to_key_ratchet(ratchet)
        self._encryptor.set_key_ratchet(self._session.get_key_ratchet(str(self._user)))

    @property
    def ready(self) -> bool:
        return self._session.has_established_group() and self._encryptor.has_key_ratchet()

    @property
    def authenticator(self) -> bytes | None:
        return self._session.get_last_epoch_authenticator()

    def encrypt(self, packet: bytes, ssrc: int) -> bytes | None:
        self._encryptor.assign_ssrc_to_codec(ssrc, dave.Codec.opus)
        return self._encryptor.encrypt(dave.MediaType.audio, ssrc, packet) if self.ready else None

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        decryptor = self._decryptors.get(user)
        return decryptor.decrypt(dave.MediaType.audio, frame) if decryptor else None
