"""Opus packets of one speaker, in any state, to sound in order and honest gaps."""

from collections.abc import Callable

from core.audio.jitter import JitterBuffer, Missing, Packet, Piece, Restart
from core.audio.opus import CLOCK, CorruptPacket, OpusDecoder, duration

_HIDDEN = CLOCK * 12 // 100
"""The longest loss that is concealed (120 ms). What is made up beyond that would be a hum, not speech."""


class Playout:
    """Jitter buffer and decoder of one speaker.

    Calls `hear(pcm, at)` with mono s16le 16 kHz, in order, and `lost(start, end)` for sound that was sent
    and can neither be recovered nor concealed. `at`, `start`, `end`: seconds of the sender's clock from
    the first packet on; silence that was not sent takes its time there. Nothing that a sender sends raises.
    Raises `EngineMissing` when there is no libopus.
    """

    def __init__(self, hear: Callable[[bytes, float], None], lost: Callable[[float, float], None]) -> None:
        self.jitter = JitterBuffer(duration, rate=CLOCK)
        self.corrupt = 0
        """Packets that were no Opus."""
        self._hear = hear
        self._lost = lost
        self._decoder = OpusDecoder()
        self._hidden = 0  # samples made up since the last packet that was whole

    @property
    def deadline(self) -> float | None:
        """When to call `tick`; None while nothing is held."""
        return self.jitter.deadline

    def receive(self, source: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """An RTP packet came at `now` (seconds of any steady clock)."""
        self._play(self.jitter.put(source, sequence, timestamp, payload, now))

    def tick(self, now: float) -> None:
        """`deadline` has come."""
        self._play(self.jitter.tick(now))

    def finish(self) -> None:
        """Nothing more will come: what is held is heard."""
        self._play(self.jitter.drain())

    def _play(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, Packet):
                self._decode(piece)
            elif isinstance(piece, Missing):
                self._mend(piece)
            elif isinstance(piece, Restart):
                self._decoder.reset()

    def _decode(self, packet: Packet) -> None:
        try:
            pcm = self._decoder.decode(packet.payload)
        except CorruptPacket:
            self.corrupt += 1
            self._hide(packet.at, duration(packet.payload))
        else:
            self._hidden = 0
            self._hear(pcm, packet.at / CLOCK)

    def _mend(self, missing: Missing) -> None:
        at, samples = missing.at, missing.samples
        if samples > _HIDDEN:
            # The next packet may carry a copy of what came just before it: that much is not lost.
            kept = min(samples, duration(missing.following))
            self._lost(at / CLOCK, (at + samples - kept) / CLOCK)
            at, samples = at + samples - kept, kept
        pcm = self._decoder.recover(missing.following, samples)
        if pcm:
            self._hear(pcm, at / CLOCK)

    def _hide(self, at: int, samples: int) -> None:
        """Conceal a packet that could not be read, but not many of them in a row."""
        self._hidden += samples
        if self._hidden > _HIDDEN:
            self._lost(at / CLOCK, (at + samples) / CLOCK)
        else:
            self._hear(self._decoder.conceal(samples), at / CLOCK)
