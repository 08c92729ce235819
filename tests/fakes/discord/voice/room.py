"""One call on the voice server: who is in it, who speaks, and what goes from one to the others."""

from typing import Protocol

from tests.fakes.discord.voice.encryption import Encryption
from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.rtp import Rtp


class Seat(Protocol):
    """One member's place in the call, whatever leads there."""

    user: int
    ssrc: int

    def tell(self, op: int, data: object) -> None: ...
    def tell_binary(self, op: int, payload: bytes) -> None: ...

    def media(self, sender: int, packet: Rtp) -> None:
        """A packet of somebody else's."""

    def quiet(self, ssrc: int) -> None:
        """Somebody else has stopped speaking."""

    def evicted(self) -> None:
        """The same user has come again by another way."""


class Room:
    """A voice channel while somebody is in it. A stage has no end-to-end encryption."""

    def __init__(self, channel: int, faults: Faults, *, stage: bool) -> None:
        self.channel, self.faults, self.stage = channel, faults, stage
        self.seats: dict[int, Seat] = {}
        self.encryption = Encryption(channel, self.seats, faults, version=0 if stage else 1)  # type: ignore[arg-type]  # every seat can be told
        self._speaking: dict[int, int] = {}
        self._cameras: set[int] = set()

    def others(self, user: int) -> list[Seat]:
        return [seat for seat in self.seats.values() if seat.user != user]

    def enter(self, seat: Seat) -> None:
        """Somebody comes in: they are told of the others, and the others of them (ops 11, 18, 20, 5, 12)."""
        old = self.seats.get(seat.user)
        if old is not None:
            self.leave(old)
            old.evicted()
        others = self.others(seat.user)
        self.seats[seat.user] = seat
        if others:
            seat.tell(11, {"user_ids": [str(other.user) for other in others]})
        for other in others:
            self._introduce(other, seat)
            other.tell(11, {"user_ids": [str(seat.user)]})
            self._introduce(seat, other)

    def _introduce(self, who: Seat, to: Seat) -> None:
        to.tell(18, {"user_id": str(who.user), "flags": 2})
        to.tell(20, {"user_id": str(who.user), "platform": 0})
        if self._speaking.get(who.user) and self.faults.hide_speaking == "":
            to.tell(5, self._spoken(who))
        if who.user in self._cameras:
            to.tell(12, _video(who, on=True))

    def leave(self, seat: Seat) -> None:
        """Somebody has gone (op 13). Nothing happens when they had gone before."""
        if self.seats.get(seat.user) is not seat:
            return
        del self.seats[seat.user]
        self._speaking.pop(seat.user, None)
        self._cameras.discard(seat.user)
        for other in list(self.seats.values()):
            other.tell(13, {"user_id": str(seat.user)})
        self.encryption.left(seat.user, seat)
        if not self.seats:
            self.encryption.empty(0 if self.stage else 1)

    def speaking(self, seat: Seat, flags: int) -> None:
        """Op 5: somebody begins or ends."""
        before = self._speaking.get(seat.user)
        self._speaking[seat.user] = flags
        others = self.others(seat.user)
        if before and not flags:
            for other in others:
                other.quiet(seat.ssrc)
        told = before is None if self.faults.never_quiet else before != flags
        if told and self.faults.hide_speaking != "all":
            for other in others:
                other.tell(5, self._spoken(seat))

    def _spoken(self, seat: Seat) -> dict[str, object]:
        return {
            "user_id": str(seat.user),
            "ssrc": seat.ssrc,
            "speaking": self._speaking.get(seat.user, 0),
        }

    def camera(self, seat: Seat, *, on: bool) -> None:
        """Op 12."""
        if on:
            self._cameras.add(seat.user)
        else:
            self._cameras.discard(seat.user)
        for other in self.others(seat.user):
            other.tell(12, _video(seat, on=on))

    def relay(self, seat: Seat, packet: Rtp) -> None:
        """A packet of `seat` to everybody else."""
        if self.seats.get(seat.user) is not seat:
            return
        for other in self.others(seat.user):
            other.media(seat.user, packet)

    def said(self, seat: Seat, op: int, payload: bytes) -> None:
        """A binary message: op 26 or 28."""
        if self.seats.get(seat.user) is not seat:
            return
        if op == 26:
            self.encryption.key_package(seat.user, payload)
        elif op == 28:
            self.encryption.commit(seat.user, payload)


def _video(seat: Seat, *, on: bool) -> dict[str, object]:
    video = seat.ssrc + 1 if on else 0
    rtx = seat.ssrc + 2 if on else 0
    return {
        "user_id": str(seat.user),
        "audio_ssrc": seat.ssrc,
        "video_ssrc": video,
        "streams": [{"type": "video", "rid": "100", "ssrc": video, "rtx_ssrc": rtx, "active": on}],
    }
