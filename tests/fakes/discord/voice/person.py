"""Somebody in a call: joins, speaks real Opus, is muted, shows a camera, leaves, comes again."""

import asyncio
import contextlib
import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fakes.discord.voice.crypt import Crypt, Davey
from tests.fakes.discord.voice.encoder import frames, read
from tests.fakes.discord.voice.faults import Weather
from tests.fakes.discord.voice.member import Member
from tests.fakes.discord.voice.room import Room
from tests.fakes.discord.voice.rtp import OPUS, RTX, SILENCE, STEP, VIDEO, Rtp

if TYPE_CHECKING:
    from tests.fakes.discord.voice.server import FakeVoice

FRAME = 0.02
"""Seconds of one Opus packet."""

HEARD = 5000
"""Frames kept of each person heard."""


class Person:
    """Sits in the server's own process, with encryption of their own; packets pass the same relay as others'.

    All time is `loop.time()`. RTP timestamps run on through silence; sequence numbers count packets.
    """

    def __init__(self, server: "FakeVoice", user: int, name: str, guild: int) -> None:
        self.user, self.name, self.guild = user, name, guild
        self.channel: int | None = None
        self.ssrc = 0
        self.library: Callable[[int], Crypt] = Davey
        """Whose implementation of DAVE this person uses from the next join on."""
        self.uplink = Weather()
        """What befalls their packets on the way to the server."""
        self.heard: defaultdict[int, deque[bytes]] = defaultdict(lambda: deque(maxlen=HEARD))
        """Opus packets by user, opened."""
        self.counters: Counter[str] = Counter()
        """Frames sent, frames not sent (muted, no key yet), frames that could not be opened."""
        self.muted = False
        self.plain = False
        """Sends without end-to-end encryption where there should be some; nobody may listen to that."""
        self.listens = True
        """Whether what others say is opened and kept; without it much goes faster."""
        self.member: Member
        self._server = server
        self._room: Room | None = None
        self._dice = random.Random(user)
        self._seq = 0
        self._base = 0
        self._joined = 0.0
        self._video: asyncio.TimerHandle | None = None
        self._pictures = 0
        self._talking = False
        self._step = 0
        self._news = asyncio.Event()

    # Coming and going

    async def join(
        self, channel_id: int, *, stage: bool = False, muted: bool = False, patience: float = 5.0
    ) -> None:
        """Come in, and wait until what one says can be heard by all, or for `patience` seconds.

        Alone in an encrypted call nobody is ready; then it does not wait.
        """
        if self._room:
            await self.leave()
        loop = asyncio.get_running_loop()
        room = self._room = self._server.room(channel_id, stage=stage)
        self.channel, self.muted, self.ssrc = channel_id, muted, self._server.new_ssrc()
        self._seq, self._base = self._dice.getrandbits(16), self._dice.getrandbits(32)
        self._joined, self._step = loop.time(), 0
        self.member = Member(self.user, self.library(self.user), self._send, self._send_binary)
        room.encryption.arriving()
        room.encryption.greet(self)
        self.member.described(channel_id, room.encryption.version)
        room.enter(self)
        self._server.moved(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._room is room and room.others(self.user) and not self._settled(room):
                    self._news.clear()
                    await self._news.wait()

    def _settled(self, room: Room) -> bool:
        return self.member.ready and room.encryption.settled

    async def leave(self) -> None:
        self.vanish()
        await asyncio.sleep(0)

    def vanish(self) -> None:
        """Leave without waiting for anything."""
        room, self._room, self.channel = self._room, None, None
        self._talking = False
        self._stop_pictures()
        self._news.set()
        if room:
            room.leave(self)
            self._server.moved(self)

    def mute(self) -> None:
        self.muted = True
        self._quiet()
        self._server.moved(self)

    def unmute(self) -> None:
        self.muted = False
        self._server.moved(self)

    # Speaking

    async def say(
        self, what: bytes | Path, *, rate: int = 48_000, channels: int = 1, silence: int = 5
    ) -> None:
        """Say it at the pace of speech, then `silence` frames of silence.

        `what`: s16le PCM of this rate, or a file with sound in it. While muted the time passes and nothing
        is sent.
        """
        if isinstance(what, Path):
            what, rate = read(what, channels), 48_000
        await self.send(frames(what, rate, channels), silence=silence)

    async def send(self, packets: Sequence[bytes], *, silence: int = 5) -> None:
        """Opus packets of 20 ms each, then so many of silence."""
        loop = asyncio.get_running_loop()
        if not self.muted and self._room and not self._talking:
            self._talk(self._room)
            await asyncio.sleep(self._server.faults.speaking_lead)
        began, step = loop.time(), self._next_step()
        for number, packet in enumerate([*packets, *[SILENCE] * silence]):
            wait = began + number * FRAME - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if self.muted or not self._room:
                self.counters["muted"] += 1
                continue
            if not self._talking:
                self._talk(self._room)
            self._frame(packet, step + number, first=number == 0)
        self._quiet()

    def _talk(self, room: Room) -> None:
        self._talking = True
        room.speaking(self, 1)

    def _quiet(self) -> None:
        if self._talking and self._room:
            self._room.speaking(self, 0)
        self._talking = False

    def _next_step(self) -> int:
        """Which 20 ms since they joined begin now, and are not used yet."""
        now = round((asyncio.get_running_loop().time() - self._joined) / FRAME)
        return max(now, self._step + 1)

    def _frame(self, packet: bytes, step: int, *, first: bool = False) -> None:
        self._step = step
        sealed = packet if self.plain else self.member.encrypt(packet, self.ssrc)
        if sealed is None:
            self.counters["no key"] += 1
            return
        self._seq = (self._seq + 1) & 0xFFFF
        self.counters["sent"] += 1
        timestamp = (self._base + step * STEP) & 0xFFFFFFFF
        self._pass(Rtp(self.ssrc, self._seq, timestamp, sealed, OPUS, marker=first))

    def _pass(self, packet: Rtp) -> None:
        room = self._room
        for delay in self.uplink.arrivals():
            if delay and room:
                asyncio.get_running_loop().call_later(delay, room.relay, self, packet)
            elif room:
                room.relay(self, packet)

    # The camera

    def camera(self, *, on: bool = True) -> None:
        """Pictures go out by the same socket; and where nothing is said, silent audio all the time."""
        if self._room:
            self._room.camera(self, on=on)
        self._stop_pictures()
        if on:
            self._picture()
        self._server.moved(self)

    @property
    def filming(self) -> bool:
        return self._video is not None

    def _picture(self) -> None:
        self._video = asyncio.get_running_loop().call_later(FRAME, self._picture)
        self._pictures += 1
        payload = self._dice.randbytes(1100) + (b"\xfa\xfa" if self._pictures % 2 else b"")
        kind, ssrc = (RTX, self.ssrc + 2) if self._pictures % 10 == 0 else (VIDEO, self.ssrc + 1)
        self._pass(Rtp(ssrc, self._pictures & 0xFFFF, self._pictures * 1800, payload, kind))
        if not self._talking and not self.muted:
            self._frame(SILENCE, self._next_step())

    def _stop_pictures(self) -> None:
        if self._video:
            self._video.cancel()
        self._video = None

    # A seat in the room

    def tell(self, op: int, data: object) -> None:
        asyncio.get_running_loop().call_soon(self._told, self.member, op, data)

    def tell_binary(self, op: int, payload: bytes) -> None:
        asyncio.get_running_loop().call_soon(self._told_binary, self.member, op, payload)

    def _told(self, member: Member, op: int, data: Any) -> None:
        if self._room and member is self.member:
            member.told(op, data)
            self._news.set()

    def _told_binary(self, member: Member, op: int, payload: bytes) -> None:
        if self._room and member is self.member:
            member.told_binary(op, payload)

    def _send(self, op: int, data: Any) -> None:
        room = self._room
        if room and op == 23:
            room.encryption.ready(self.user, data["transition_id"])
        elif room and op == 31:
            room.encryption.invalid(self.user, data["transition_id"])

    def _send_binary(self, op: int, payload: bytes) -> None:
        if self._room:
            asyncio.get_running_loop().call_soon(self._room.said, self, op, payload)

    def media(self, sender: int, packet: Rtp) -> None:
        if packet.kind != OPUS or not self.listens:
            return
        opened = self.member.decrypt(sender, packet.payload)
        if opened is None:
            self.counters["unopened"] += 1
        else:
            self.heard[sender].append(opened)

    def quiet(self, ssrc: int) -> None:
        """Nothing to add for somebody without a wire."""

    def evicted(self) -> None:
        """The same user came by a socket: this person is out."""
        self._room = self.channel = None
        self._stop_pictures()
