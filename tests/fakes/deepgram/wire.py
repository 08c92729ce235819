"""The ends of a TCP connection that no protocol above it knows of."""

import asyncio
import socket
import struct


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Ends a connection with RST; what was not sent is lost."""
    if isinstance(transport, asyncio.Transport):
        if not transport.is_closing():
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def end(transport: asyncio.Transport) -> None:
    """Ends a connection with FIN; a second later nothing that comes is taken any more."""
    if transport.is_closing():
        return
    if transport.can_write_eof():
        transport.write_eof()
        asyncio.get_running_loop().call_later(1.0, transport.abort)
    else:
        transport.close()
