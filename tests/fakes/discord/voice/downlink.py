"""What the server makes of a packet on its way to one client: dressed, sealed, and at the weather's mercy."""

import random
from dataclasses import dataclass, replace

from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.rtp import SILENCE, STEP, Rtp, rtcp


@dataclass(slots=True)
class _Stream:
    """One SSRC as this client sees it: the server's own packets take sequence numbers too."""

    ahead: int = 0
    seq: int = 0
    timestamp: int = 0


class Dresser:
    """For one client. Plain code: what goes in as one packet comes out as what the client is sent."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._dice = random.Random(seed)
        self._streams: dict[int, _Stream] = {}
        self._relayed = 0

    def dress(self, packet: Rtp) -> tuple[list[Rtp], list[bytes]]:
        """The packets in order, and the RTCP that comes with them."""
        media, dice = self._faults.media, self._dice
        stream = self._streams.setdefault(packet.ssrc, _Stream())
        out = []
        if dice.random() < media.padding_only:
            out.append(self._extra(stream, packet, b"", padding=dice.randrange(1, 256)))
        if dice.random() < media.zeros:
            out.append(self._extra(stream, packet, bytes(dice.randrange(20, 200)) + b"\x07"))
        words = dice.choice(media.extension)
        dressed = replace(
            packet,
            seq=(packet.seq + stream.ahead) & 0xFFFF,
            extension=dice.randbytes(4 * words) if words else None,
            padding=dice.randrange(1, 256) if dice.random() < media.padding else 0,
        )
        stream.seq, stream.timestamp = dressed.seq, packet.timestamp
        out.append(dressed)
        self._relayed += 1
        reports = media.rtcp if self._relayed % media.rtcp_every == 0 else ()
        return out, [rtcp(kind, packet.ssrc) for kind in reports]

    def quiet(self, ssrc: int) -> list[Rtp]:
        """What the server adds when somebody stops."""
        stream = self._streams.get(ssrc)
        if stream is None:
            return []
        out = []
        for _ in range(self._faults.media.injected_silence):
            stream.ahead += 1
            stream.seq = (stream.seq + 1) & 0xFFFF
            stream.timestamp += STEP
            out.append(Rtp(ssrc, stream.seq, stream.timestamp, SILENCE))
        return out

    def _extra(self, stream: _Stream, packet: Rtp, payload: bytes, padding: int = 0) -> Rtp:
        seq = (packet.seq + stream.ahead) & 0xFFFF
        stream.ahead += 1
        return replace(packet, seq=seq, payload=payload, padding=padding, extension=None)
