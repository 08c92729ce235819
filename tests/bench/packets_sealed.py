"""The sound of the packet benchmark end-to-end encrypted: as in a call, by keys that everybody agreed on."""

from typing import Any

from bots.discord.voice import packets
from bots.discord.voice.dave import Dave
from bots.discord.voice.sealed import MODES
from tests.bots.discord.voice.group import BOT, Group
from tests.fakes.discord.voice.rtp import Seal, parse


async def seal(plan: dict[str, Any], plain: list[bytes]) -> tuple[Dave, list[bytes]]:
    """The bot's keys, and the same packets with their sound encrypted by whoever sends it."""
    streams = {ssrc: user for user, ssrc in plan["speakers"]}
    group = Group(*streams.values(), BOT)
    group.encryption.close()
    key = bytes.fromhex(plan["key"])
    opening, closing = MODES[plan["mode"]](key), Seal(plan["mode"], key)
    sealed = []
    for datagram in plain:
        read = packets.read(datagram)
        assert read is not None
        opened = opening.open(datagram, read.clear)
        assert opened is not None
        rtp = parse(datagram[: read.clear], opened)
        assert rtp is not None
        frame = group.frame(rtp.payload, streams[rtp.ssrc])
        sealed.append(closing.close(datagram[: read.clear], (rtp.extension or b"") + frame))
    return group.seats[BOT].dave, sealed
