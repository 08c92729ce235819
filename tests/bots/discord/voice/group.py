"""An end-to-end encrypted call without a network: some of us and the server's half of the protocol."""

import json
from collections import deque
from typing import Any

from bots.discord.voice import reading
from bots.discord.voice.dave import Dave, Frame
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
from tests.fakes.discord.voice import Faults
from tests.fakes.discord.voice.encryption import Encryption

CHANNEL, BOT, ANN = 10, 1, 2


class Ends:
    """One end of the line to the server: what it says is kept until it is delivered."""

    def __init__(self, group: "Group", user: int) -> None:
        self.group, self.user = group, user
        self.dave = Dave(user, CHANNEL)
        self.inbox: deque[DaveMessage] = deque()
        self.said: list[Frame] = []

    def tell(self, op: int, data: object) -> None:
        envelope = reading.read(json.dumps({"op": op, "d": data}))
        assert envelope is not None
        assert isinstance(envelope.message, PrepareTransition | ExecuteTransition | PrepareEpoch)
        self.inbox.append(envelope.message)

    def tell_binary(self, op: int, payload: bytes) -> None:
        envelope = reading.read_binary(bytes([0, 0, op]) + payload)
        assert envelope is not None
        assert isinstance(envelope.message, ExternalSender | Proposals | Commit | Welcome)
        self.inbox.append(envelope.message)

    def say(self, sent: list[Frame]) -> None:
        self.said += sent
        encryption = self.group.encryption
        for one in sent:
            if isinstance(one, bytes):
                act = encryption.key_package if one[0] == 26 else encryption.commit
                act(self.user, one[1:])
            else:
                message: dict[str, Any] = json.loads(one)
                answer = encryption.ready if message["op"] == 23 else encryption.invalid
                answer(self.user, message["d"]["transition_id"])


class Group:
    """The server's half, and whoever is in the call."""

    def __init__(self, *users: int) -> None:
        self.now = 1000.0
        self.seats: dict[int, Ends] = {}
        self.encryption = Encryption(CHANNEL, self.seats, Faults(), version=1)  # type: ignore[arg-type]  # as seats are
        for user in users:
            self.come(user)

    def come(self, user: int) -> Ends:
        seat = self.seats[user] = Ends(self, user)
        seat.tell_binary(25, self.encryption._sender.package)
        seat.say(seat.dave.begin(1))
        self.deliver()
        return seat

    def deliver(self) -> None:
        while any(seat.inbox for seat in self.seats.values()):
            for seat in self.seats.values():
                while seat.inbox:
                    seat.say(seat.dave.take(seat.inbox.popleft(), self.seats, self.now))

    def frame(self, sound: bytes = b"\x78sound of some length", user: int = ANN) -> bytes:
        """What somebody sends."""
        session = self.seats[user].dave._session
        assert session is not None
        return session.encrypt_opus(sound)
