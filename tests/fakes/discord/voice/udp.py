"""The one UDP socket of the voice servers, and whose datagrams come from where."""

import asyncio
import struct
from collections.abc import Iterable
from typing import Protocol

from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.rtp import answer

Address = tuple[str, int]


class Line(Protocol):
    """A session, as far as UDP is concerned."""

    ssrc: int
    over: bool
    udp_dead: bool
    heard_of: float
    address: Address | None

    def datagram(self, packet: bytes) -> None: ...
    def pinged(self) -> None: ...


class Udp(asyncio.DatagramProtocol):
    """IP discovery binds an address to a session; what comes from there afterwards is that session's."""

    def __init__(self, faults: Faults, lines: Iterable[Line]) -> None:
        self._faults, self._lines = faults, lines
        self._bound: dict[Address, Line] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address = self._transport.get_extra_info("sockname")

    def close(self) -> None:
        if self._transport:
            self._transport.close()
        self._transport = None

    def send(self, datagram: bytes, address: Address) -> None:
        if self._transport:
            self._transport.sendto(datagram, address)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        reply = answer(data, addr)
        if reply and len(data) == 74:
            if self._faults.silent_at == "discovery":
                return
            self._bind(data, addr)
        line = self._bound.get(addr)
        if line:
            line.heard_of = asyncio.get_running_loop().time()
        if line and line.udp_dead:
            return
        if reply:
            if line and len(data) == 8:
                line.pinged()
            self.send(reply, addr)
        elif line:
            line.datagram(data)

    def _bind(self, discovery: bytes, address: Address) -> None:
        self._bound = {address: line for address, line in self._bound.items() if not line.over}
        (ssrc,) = struct.unpack_from("!I", discovery, 4)
        for line in self._lines:
            if line.ssrc == ssrc and not line.over:
                self._bound[address] = line
                line.address, line.udp_dead = address, False
