"""Finding a way between two machines (ICE): the servers that help, and what the library gets wrong."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aioice import Candidate as IceCandidate
from aioice import Connection
from aiortc import RTCIceParameters, RTCIceServer, RTCPeerConnection

from core.errors import UserError

LOOPBACK = "127.0.0.1"

_GATHER = 2
"""Seconds that STUN and TURN servers have to answer; the client's offer waits for them."""

_ADDRESS = re.compile(r"(stuns?|turns?):([A-Za-z0-9.\-]{1,253})(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN server (RFC 7064), or a TURN server with its credentials (RFC 7065)."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)

    def link(self) -> str:
        """The Link header that tells a WHIP client of it (RFC 9725, section 4.6)."""
        parts = [f"<{self.url}>", 'rel="ice-server"']
        if self.username:
            parts += [
                f"username={_quoted(self.username)}",
                f"credential={_quoted(self.password)}",
                'credential-type="password"',
            ]
        return "; ".join(parts)

    def configured(self) -> RTCIceServer:
        """The same for aiortc."""
        return RTCIceServer(self.url, username=self.username or None, credential=self.password or None)


def read_server(text: str) -> IceServer:
    """A server as the settings name it: `turn:host:3478?transport=udp&user=u&password=p`.

    Raises `UserError` with a sentence that does not repeat the password.
    """
    address, _, query = text.strip().partition("?")
    if not _ADDRESS.fullmatch(address):
        raise UserError(
            f"{address!r} is no address of a STUN or TURN server: stun:host:3478 or turn:host:3478."
        )
    extra = {name: values[0] for name, values in parse_qs(query).items()}
    transport, user, password = (extra.pop(name, "") for name in ("transport", "user", "password"))
    if extra or transport not in ("", "udp", "tcp"):
        raise UserError(
            f"{address}: only transport=udp or tcp, user and password may follow the question mark."
        )
    if address.startswith("turn") != bool(user and password):
        raise UserError(f"{address}: a TURN server needs ?user=…&password=…, a STUN server has none.")
    return IceServer(f"{address}?transport={transport}" if transport else address, user, password)


def read_servers(texts: Iterable[str]) -> tuple[IceServer, ...]:
    """All servers of the settings. Raises `UserError`."""
    return tuple(read_server(text) for text in texts)


def adapt(peer: RTCPeerConnection, addresses: Sequence[str] | None) -> None:
    """Make a connection, whose remote description is set, fit for clients as they are.

    `addresses`: where to be reached, instead of every address of this machine. Without any, loopback
    serves: the library never offers it, and a machine without a network would have nothing to offer.

    Checks of the client's consent (RFC 7675) are left out: FFmpeg's WHIP client answers none and would be
    cut off after 30 s. Whether packets come decides instead, see `bots.meet.whip`.
    """
    for transceiver in peer.getTransceivers():
        connection: Connection = transceiver.receiver.transport.transport._connection
        _place(connection, addresses)
        connection.query_consent = _consented  # type: ignore[method-assign]  # of this one connection


def _place(connection: Connection, addresses: Sequence[str] | None) -> None:
    gather = connection.get_component_candidates
    wanted = list(addresses or ())

    async def placed(component: int, addresses: list[str]) -> list[IceCandidate]:
        return await gather(component, wanted or addresses or [LOOPBACK], _GATHER)

    connection.get_component_candidates = placed  # type: ignore[method-assign, assignment]  # as above


async def hang_up(peer: RTCPeerConnection) -> None:
    """Close a connection, and wait for the library's own tasks: `close` leaves one that still connects."""
    transports = [each.receiver.transport.transport for each in peer.getTransceivers()]
    async with asyncio.TaskGroup() as tasks:
        for transport in transports:
            if transport.state == "checking":
                # A second start waits for the first, which closing ends.
                tasks.create_task(transport.start(RTCIceParameters()), name="ice ending")
        await asyncio.sleep(0)
        await peer.close()
    await asyncio.sleep(0)


async def _consented() -> None:
    """In the place of the loop that asks for consent."""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
