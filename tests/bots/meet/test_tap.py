"""The tap on aiortc: loss, reordering and duplication under it, and the private names it stands on."""

import asyncio
import inspect
import random
import threading

import aioice
import pytest
from aiortc import RTCPeerConnection, RTCRtpReceiver
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket

from bots.meet.tap import Tap
from tests.bots.meet.senders import House, client, serving, until
from tests.core.audio.tones import loudness

pytestmark = pytest.mark.real_time


async def test_the_private_names_it_stands_on_are_still_there() -> None:
    peer = RTCPeerConnection()
    try:
        receiver = peer.addTransceiver("audio", "recvonly").receiver
        assert receiver._RTCRtpReceiver__remote_streams == {}  # type: ignore[attr-defined]  # private
        assert callable(receiver._RTCRtpReceiver__stop_decoder)  # type: ignore[attr-defined]  # private
        handler = inspect.signature(RTCRtpReceiver._handle_rtp_packet)
        assert list(handler.parameters) == ["self", "packet", "arrival_time_ms"]
        assert list(inspect.signature(StreamStatistics).parameters) == ["clockrate"]
        connection = receiver.transport.transport._connection
        assert isinstance(connection, aioice.Connection)
        assert list(inspect.signature(connection.get_component_candidates).parameters)[:2] == [
            "component",
            "addresses",
        ]
        assert inspect.iscoroutinefunction(connection.query_consent)
    finally:
        await peer.close()


class Weather:
    """Drops, doubles and swaps packets under the tap, by a seed."""

    def __init__(self, seed: int, *, drop: float = 0.0, double: float = 0.0, swap: float = 0.0) -> None:
        self._chance = random.Random(seed)
        self._drop, self._double, self._swap = drop, double, swap
        self._kept: RtpPacket | None = None
        self.dropped = 0

    def over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        receive = Tap._packet

        async def packet(tap: Tap, packet: RtpPacket, arrival_time_ms: int) -> None:
            for each in self._blow(packet):
                await receive(tap, each, arrival_time_ms)

        monkeypatch.setattr(Tap, "_packet", packet)

    def _blow(self, packet: RtpPacket) -> list[RtpPacket]:
        if self._kept is not None:
            packets, self._kept = [packet, self._kept], None
            return packets
        dice = self._chance.random()
        if dice < self._drop:
            self.dropped += 1
            return []
        if dice < self._drop + self._double:
            return [packet, packet]
        if dice < self._drop + self._double + self._swap:
            self._kept = packet
            return []
        return [packet]


async def told_of_loss(peer: RTCPeerConnection) -> int:
    """Packets that the receiver's reports call lost."""
    reports = (await peer.getStats()).values()
    return sum(each.packetsLost for each in reports if each.type == "remote-inbound-rtp")


@pytest.mark.parametrize("seed", [1, 2])
async def test_in_bad_weather_the_tone_goes_on(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    # RFC 3550 counts a packet that came twice against one that was lost: there are fewer of those.
    weather = Weather(seed, drop=0.1, double=0.03, swap=0.1)
    weather.over(monkeypatch)
    house = House()
    async with serving(house) as (address, _), client(address) as sender:
        await sender.connect()
        line = house.lines[0]
        await until(lambda: line.seconds > 3.0)
        async with asyncio.timeout(15):
            # Without being told of loss, no sender adds copies against it.
            while await told_of_loss(sender.peer) <= 0:  # noqa: ASYNC110 - reports come over the network
                await asyncio.sleep(0.1)
        await sender.delete()
    assert weather.dropped > 0
    end = 0.0
    for at, pcm in line.heard:
        assert at == pytest.approx(end)
        end = at + len(pcm) / 32_000
    assert line.gaps == []
    pieces = [line.pcm[n : n + 3200] for n in range(3200, len(line.pcm) - 3200, 3200)]
    assert min(loudness(piece) for piece in pieces) > 1000


async def test_nothing_that_nobody_reads_grows() -> None:
    house = House()
    async with serving(house) as (address, whip), client(address) as sender:
        await sender.connect()
        await until(lambda: house.lines[0].seconds > 1.0)
        [session] = whip._sessions.values()
        assert session._peer is not None
        [receiver] = session._peer.getReceivers()
        assert receiver.track._queue.qsize() <= 1  # type: ignore[attr-defined]  # private
        assert not [thread for thread in threading.enumerate() if "decoder" in thread.name]


async def test_a_sender_of_endless_new_sources_costs_no_memory() -> None:
    peer = RTCPeerConnection()
    try:
        receiver = peer.addTransceiver("audio", "recvonly").receiver
        tap = Tap(receiver, 111, lambda pcm, at: None, lambda start, end: None)
        for source in range(100):
            packet = RtpPacket(payload_type=111, sequence_number=source, ssrc=source, payload=b"\xf8")
            await receiver._handle_rtp_packet(packet, arrival_time_ms=0)
        other = RtpPacket(payload_type=0, sequence_number=1, ssrc=1, payload=b"\xf8")
        await receiver._handle_rtp_packet(other, arrival_time_ms=0)
        assert len(receiver._RTCRtpReceiver__remote_streams) == 8  # type: ignore[attr-defined]  # private
        assert tap.packets == 101
        assert tap.playout.jitter.counts.received == 8
        tap.close()
        tap.close()
    finally:
        await peer.close()


async def test_a_packet_behind_a_hole_is_heard_without_another_one() -> None:
    heard: list[float] = []
    peer = RTCPeerConnection()
    try:
        receiver = peer.addTransceiver("audio", "recvonly").receiver
        tap = Tap(receiver, 111, lambda pcm, at: heard.append(at), lambda start, end: None)
        for number in (0, 2):
            packet = RtpPacket(
                payload_type=111, sequence_number=number, timestamp=960 * number, ssrc=1, payload=b"\xf8"
            )
            await receiver._handle_rtp_packet(packet, arrival_time_ms=0)
        assert heard == [0.0]
        await until(lambda: len(heard) == 3)
        assert heard == [0.0, 0.02, 0.04]
        tap.close()
    finally:
        await peer.close()
