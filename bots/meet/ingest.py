"""One WHIP client's session: its connection, the tap on its sound, and the watch over whether any comes."""

import asyncio
import logging
from collections.abc import Sequence

from aiortc import RTCConfiguration, RTCIceCandidate, RTCPeerConnection, RTCSessionDescription

from bots.meet.ice import IceServer, adapt, hang_up
from bots.meet.sdp import Candidate, Offer, write_answer
from bots.meet.tap import Tap
from bots.meet.voice import Voice

log = logging.getLogger(__name__)

_CONNECT = 20.0
"""Seconds from the answer to the first packet: longer than any working network needs."""

_CANDIDATES = 64
"""Addresses taken from one client after its offer."""

_FLOOD = 1000
"""Packets a second that no sound needs: the shortest Opus frames make 400."""


class Ingest:
    """A client's sound on its way to `voice`.

    `negotiate` first; then `run` until it returns, which it does when the client ends the session, its
    connection fails, nothing comes for `patience` seconds or `end` is called. `close` in any case.
    `silence`: seconds without a packet after which the voice is told.
    """

    def __init__(self, voice: Voice, token: str, *, silence: float, patience: float) -> None:
        self.token = token
        self.ufrag = ""
        self.late = 0
        """Packets that came too late to be heard, as of the last look or the end."""
        self._voice = voice
        self._silence = silence
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._peer: RTCPeerConnection | None = None
        self._tap: Tap | None = None
        self._mid = ""
        self._offered = 0  # candidates so far
        self._packets = 0  # at the last look
        self._quiet = False
        self._over = asyncio.Event()
        self._closing = False
        self._closed = asyncio.Event()
        self._reason = ""

    def idle(self, now: float) -> float:
        """Seconds since anything was heard, or since the session began."""
        last = self._tap.last if self._tap else None
        return now - (last if last is not None else self._began)

    async def negotiate(
        self, offer: Offer, servers: Sequence[IceServer], addresses: Sequence[str] | None
    ) -> str:
        """The answer to `offer`, with every address of ours in it. Raises `EngineMissing`."""
        # Without a list of its own, aiortc would ask a server of Google's.
        configuration = RTCConfiguration(iceServers=[server.configured() for server in servers])
        peer = self._peer = RTCPeerConnection(configuration)
        peer.on("connectionstatechange", self._changed)
        await peer.setRemoteDescription(RTCSessionDescription(offer.text, "offer"))
        self._tap = Tap(peer.getReceivers()[0], offer.payload_type, self._voice.hear, self._voice.lost)
        self.ufrag, self._mid = offer.ufrag, offer.mid
        adapt(peer, addresses)
        await peer.setLocalDescription()
        self._began = self._loop.time()
        return write_answer(offer, peer.localDescription.sdp)

    async def add(self, candidates: Sequence[Candidate]) -> None:
        """The client can be reached at more addresses."""
        for candidate in candidates:
            if self._peer is None or self._closing or self._offered == _CANDIDATES:
                return
            self._offered += 1
            await self._peer.addIceCandidate(
                RTCIceCandidate(
                    component=1,
                    foundation=candidate.foundation,
                    ip=candidate.host,
                    port=candidate.port,
                    priority=candidate.priority,
                    protocol="udp",
                    type=candidate.type,
                    sdpMid=self._mid,
                )
            )

    def end(self, reason: str) -> None:
        """The session is over; `reason` is for the log, not for people."""
        self._reason = self._reason or reason
        self._over.set()

    async def ended(self) -> None:
        """Wait until nothing of the session is left."""
        await self._closed.wait()

    async def run(self) -> None:
        """Watch over the session until it is over, then close it."""
        pace = min(1.0, self._silence / 4)
        try:
            while not self._over.is_set():
                try:
                    async with asyncio.timeout(pace):
                        await self._over.wait()
                except TimeoutError:
                    self._look(pace)
        finally:
            await self.close()

    async def close(self) -> None:
        """Hear what is held, close the connection, and tell the voice. More calls do nothing."""
        if self._closing:
            return
        self._closing = True
        try:
            if self._tap is not None:
                self._tap.close()
                self.late = self._tap.playout.jitter.counts.late
            if self._peer is not None:
                await hang_up(self._peer)
        finally:
            self._voice.left()
            self._closed.set()
            self._report()

    def _changed(self) -> None:
        assert self._peer is not None
        if self._peer.connectionState in ("closed", "failed"):
            self.end(self._peer.connectionState)

    def _look(self, pace: float) -> None:
        """Is anything heard? Is it too much?"""
        tap = self._tap
        assert tap is not None
        if self._voice.over:
            self.end("stopped")
            return
        idle = self.idle(self._loop.time())
        if tap.last is None:
            if idle > _CONNECT:
                self.end("never connected")
            return
        if tap.packets - self._packets > _FLOOD * max(1.0, pace):
            self.end("flooded")
        self._packets = tap.packets
        self.late = tap.playout.jitter.counts.late
        quiet = idle > self._silence
        if quiet != self._quiet:
            self._quiet = quiet
            self._voice.silent(quiet)
        if idle > self._patience:
            self.end("silent")

    def _report(self) -> None:
        counts = self._tap.playout.jitter.counts if self._tap else None
        log.info(
            "whip.ended",
            extra={
                "reason": self._reason or "closed",
                "seconds": round(self._loop.time() - self._began, 1),
                "packets": counts.received if counts else 0,
                "packets_lost": counts.lost if counts else 0,
                "packets_late": counts.late if counts else 0,
                "packets_reordered": counts.reordered if counts else 0,
                "packets_corrupt": self._tap.playout.corrupt if self._tap else 0,
            },
        )
