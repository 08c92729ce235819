"""What any client of a call does with the voice gateway's messages about members and encryption."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.fakes.discord.voice.crypt import Crypt, Unusable
from tests.fakes.discord.voice.rtp import SILENCE

_MARKER = b"\xfa\xfa"
"""The end of every end-to-end encrypted frame."""


class Member:
    """One client's books: who is here, who speaks on which SSRC, and the state of the encryption.

    `send` takes an op and its data, `send_binary` an op and its payload.
    """

    def __init__(
        self,
        user: int,
        crypt: Crypt,
        send: Callable[[int, object], None],
        send_binary: Callable[[int, bytes], None],
    ) -> None:
        self.user, self.crypt = user, crypt
        self.channel = 0
        self.version = 0
        self.known: set[int] = {user}
        self.speakers: dict[int, int] = {}
        """SSRC → user, as op 5 and op 12 tell it."""
        self.counters: Counter[str] = Counter()
        self._send, self._send_binary = send, send_binary
        self._transitions: dict[int, int] = {}
        self._prepares = 0

    @property
    def ready(self) -> bool:
        """Whether this client could send audio that the others can hear."""
        return not self.version or self.crypt.ready

    def described(self, channel: int, version: int) -> None:
        """Op 4."""
        self.channel, self.version = channel, version
        self._prepares = version
        if version:
            self._begin()

    def _begin(self) -> None:
        self._send_binary(26, self.crypt.begin(self.channel))

    def told(self, op: int, data: Any) -> None:
        """A JSON message; those that are not about members or encryption do nothing."""
        match op:
            case 5:
                self.speakers[data["ssrc"]] = int(data["user_id"])
            case 11:
                self.known.update(int(user) for user in data["user_ids"])
            case 12:
                self.speakers[data["audio_ssrc"]] = int(data["user_id"])
            case 13:
                self._gone(int(data["user_id"]))
            case 21:
                self._transitions[data["transition_id"]] = data["protocol_version"]
                self._prepared(data["transition_id"])
            case 22:
                self._execute(data["transition_id"])
            case 24 if data["epoch"] == 1:
                # Until its first transition is executed everything goes on as before.
                self._prepares = data["protocol_version"]
                self._begin()

    def told_binary(self, op: int, payload: bytes) -> None:
        """A binary message, without opcode and sequence number."""
        if op == 25:
            self.crypt.trust(payload)
        elif op == 27:
            try:
                answer = self.crypt.proposals(payload, self.known)
            except Unusable:
                self.counters["unusable proposals"] += 1
                return
            if answer:
                self._send_binary(28, answer)
        elif op in (29, 30):
            number = int.from_bytes(payload[:2], "big")
            rest = payload[2:]
            done = self.crypt.commit(rest) if op == 29 else self.crypt.welcome(rest, self.known)
            if done:
                self._transitions[number] = self._prepares
                self._prepared(number)
            else:
                self.counters["invalid"] += 1
                self._send(31, {"transition_id": number})
                self._begin()

    def encrypt(self, packet: bytes, ssrc: int) -> bytes | None:
        """What is sent for an Opus packet; None while nobody could open it."""
        if not self.version or packet == SILENCE:
            return packet
        return self.crypt.encrypt(packet, ssrc)

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        """The Opus packet in a frame; None where it can't be opened, or should have been encrypted."""
        if frame == SILENCE or (not self.version and not frame.endswith(_MARKER)):
            return frame
        return self.crypt.decrypt(user, frame)

    def _gone(self, user: int) -> None:
        self.known.discard(user)
        self.speakers = {ssrc: who for ssrc, who in self.speakers.items() if who != user}

    def _prepared(self, number: int) -> None:
        if number:
            self._send(23, {"transition_id": number})
        else:
            self._execute(number)

    def _execute(self, number: int) -> None:
        version = self._transitions.pop(number, None)
        if version is not None:
            self.version = version
