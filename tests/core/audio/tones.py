"""Sound made by arithmetic, and Opus made of it."""

import array
import math
from fractions import Fraction

import av

RATE = 48_000


def tone(seconds: float, hertz: float = 440.0, level: int = 9000) -> bytes:
    """A sine, mono s16le at 48 kHz."""
    step = 2 * math.pi * hertz / RATE
    return array.array("h", [int(level * math.sin(n * step)) for n in range(int(seconds * RATE))]).tobytes()


def loudness(pcm: bytes) -> float:
    """Root mean square of s16le samples."""
    samples = array.array("h", pcm)
    return math.sqrt(sum(value * value for value in samples) / max(1, len(samples)))


def encode(pcm: bytes, *, loss: int = 0, bits: int = 32_000, frame: int = 960) -> list[bytes]:
    """Opus packets of mono s16le at 48 kHz, as a browser encodes speech.

    `loss`: percent that the encoder expects to be lost; above 0 every packet carries a copy of the one
    before it. `frame`: samples in a packet.
    """
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", av.AudioFormat("s16")
    codec.bit_rate, codec.time_base = bits, Fraction(1, RATE)
    codec.options = {
        "application": "voip",
        "frame_duration": str(frame * 1000 // RATE),
        "fec": "1" if loss else "0",
        "packet_loss": str(loss),
    }
    packets = []
    for start in range(0, len(pcm) - 2 * frame + 1, 2 * frame):
        piece = av.AudioFrame(format="s16", layout="mono", samples=frame)
        piece.sample_rate, piece.pts, piece.time_base = RATE, start // 2, Fraction(1, RATE)
        piece.planes[0].update(pcm[start : start + 2 * frame])
        packets += codec.encode(piece)
    packets += codec.encode(None)
    return [bytes(packet) for packet in packets]
