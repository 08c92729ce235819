"""Taps aiortc's Opus before its jitter buffer, which makes 24 % of 5 % loss; see `core.audio.playout`.

Three private names of aiortc 1.16 are used: `RTCRtpReceiver._handle_rtp_packet`, `__remote_streams` (the
statistics that tell the sender of loss, without which it adds no copies) and `__stop_decoder` (the thread
of a decoder that nobody would read). `tests/bots/meet/test_tap.py` fails when they change.
"""

import asyncio
from collections.abc import Callable

from aiortc import RTCRtpReceiver
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from core.audio.opus import CLOCK
from core.audio.playout import Playout

_SOURCES = 8
"""A sender may start anew under another SSRC so often; each one costs memory in aiortc."""


class Tap:
    """Hears what one receiver receives, without its decoder.

    Calls `hear(pcm, at)` and `lost(start, end)` from the event loop, as `Playout` does. `close` must be
    called. Raises `EngineMissing` when there is no libopus.
    """

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        payload_type: int,
        hear: Callable[[bytes, float], None],
        lost: Callable[[float, float], None],
    ) -> None:
        self.playout = Playout(hear, lost)
        self.packets = 0
        """How many packets came, of whatever use they were."""
        self.last: float | None = None
        """When the last packet with sound came (loop time); None before the first."""
        self._loop = asyncio.get_running_loop()
        self._payload_type = payload_type
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._streams: dict[int, StreamStatistics] = receiver._RTCRtpReceiver__remote_streams  # type: ignore[attr-defined]  # private
        self._stop_decoder: Callable[[], None] = receiver._RTCRtpReceiver__stop_decoder  # type: ignore[attr-defined]  # private
        self._start = receiver.receive
        receiver.receive = self._receive  # type: ignore[method-assign]  # of this one receiver
        receiver._handle_rtp_packet = self._packet  # type: ignore[method-assign]  # of this one receiver

    def close(self) -> None:
        """What is held is heard; after this nothing is."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.playout.finish()

    async def _receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Start receiving, and end the decoder's thread before it has anything to do."""
        await self._start(parameters)
        self._stop_decoder()

    async def _packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self.packets += 1
        if self._closed or packet.payload_type != self._payload_type:
            return
        statistics = self._streams.get(packet.ssrc)
        if statistics is None:
            if len(self._streams) == _SOURCES:
                return
            statistics = self._streams[packet.ssrc] = StreamStatistics(CLOCK)
        statistics.add(packet)
        now = self._loop.time()
        if packet.payload:
            self.last = now
        self.playout.receive(packet.ssrc, packet.sequence_number, packet.timestamp, packet.payload, now)
        self._arm()

    def _arm(self) -> None:
        """Come back when a packet that is held has waited long enough."""
        deadline = self.playout.deadline
        if deadline is not None and self._timer is None:
            self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.playout.tick(self._loop.time())
        self._arm()
