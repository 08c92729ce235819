"""The socket for sound. It is read until it is empty at each wake-up, which costs a third of a transport."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable
from typing import Self

from bots.discord.voice import packets

_BATCH = 128
"""Datagrams read at one wake-up before others have their turn."""

_ROOM = 2048
"""Bytes of the longest datagram: Ethernet's packets are shorter."""

_BUFFER = 1 << 20
"""Bytes that the system holds for us while the loop is busy: several seconds of a large call."""

_AGAIN = 0.5
_TRIES = 10
"""The question for our address is asked so many times, so many seconds apart: datagrams get lost."""

_UNANSWERED = 3
"""Pings without an answer, or anything else, after which no sound will come this way any more."""


class Unreachable(Exception):
    """No datagram comes from the voice server."""


class Datagrams(asyncio.DatagramProtocol):
    """A connected UDP socket. `receive(datagram, now)` is called for each datagram from the voice server,
    `drained` when there are no more for the moment. `close` in any case.

    Where the event loop can't watch sockets (Windows), its own transport takes over.
    """

    def __init__(
        self, receive: Callable[[bytes, float], None], drained: Callable[[], None] = lambda: None
    ) -> None:
        self.unsent = 0
        """Datagrams that the system did not take."""
        self._receive = receive
        self._drained = drained
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._asked: asyncio.Future[tuple[str, int]] | None = None
        self._ssrc = 0
        self._pings = self._unanswered = 0
        self._answers = False

    @classmethod
    async def open(
        cls,
        address: str,
        port: int,
        receive: Callable[[bytes, float], None],
        drained: Callable[[], None] = lambda: None,
    ) -> Self:
        """Raises `Unreachable` when there is no way to `address`, which must be an IP address."""
        self = cls(receive, drained)
        try:
            version = ipaddress.ip_address(address).version
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.connect((address, port))
        except (OSError, ValueError) as error:
            self.close()
            raise Unreachable from error
        try:
            self._loop.add_reader(self._socket, self._drain)
        except NotImplementedError:
            self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, sock=self._socket)
        return self

    async def discover(self, ssrc: int) -> tuple[str, int]:
        """The address and port under which the voice server sees us. Raises `Unreachable`."""
        self._ssrc = ssrc
        self._asked = self._loop.create_future()
        try:
            for _ in range(_TRIES):
                self.send(packets.ask_address(ssrc))
                done, _ = await asyncio.wait([self._asked], timeout=_AGAIN)
                if done:
                    return self._asked.result()
            raise Unreachable
        finally:
            self._asked = None

    def send(self, datagram: bytes) -> None:
        """Send, or drop: nothing waits for a datagram."""
        if self._transport is not None:
            self._transport.sendto(datagram)
        elif self._socket is not None:
            try:
                self._socket.send(datagram)
            except OSError:
                self.unsent += 1

    def ping(self) -> None:
        """Keeps the way for sound open; every few seconds."""
        self.send(packets.ping(self._pings))
        self._pings += 1
        self._unanswered += 1

    @property
    def dead(self) -> bool:
        """Nothing comes any more, not even answers to pings. Of a server that never gave any, silence proves
        nothing. Ask before the next ping, when there was time for an answer."""
        return self._answers and self._unanswered >= _UNANSWERED

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif self._socket is not None:
            with contextlib.suppress(NotImplementedError):
                self._loop.remove_reader(self._socket)
            self._socket.close()
        self._transport = self._socket = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        """asyncio's transport has one."""
        self._take(data, self._loop.time())
        self._drained()

    def error_received(self, exc: Exception) -> None:
        """The other side's machine has said that nobody listens there (ICMP); the gateway will know more."""

    def _drain(self) -> None:
        now = self._loop.time()
        receive = self._socket.recv if self._socket is not None else None
        try:
            for _ in range(_BATCH):
                if receive is None:
                    return
                self._take(receive(_ROOM), now)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            # The other side's machine has said that nobody listens there (ICMP); the gateway will know more.
            pass
        self._drained()

    def _take(self, datagram: bytes, now: float) -> None:
        self._unanswered = 0
        self._answers = self._answers or packets.is_pong(datagram)
        if self._asked is not None:
            address = packets.read_address(datagram, self._ssrc)
            if address is not None:
                if not self._asked.done():
                    self._asked.set_result(address)
                return
        self._receive(datagram, now)
