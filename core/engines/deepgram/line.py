"""One WebSocket to Deepgram.

It is Spokenly's own and not the official client's, which stays for the REST API: there the reason of a
refusal is lost, a close in mid-stream is silent, messages of new kinds arrive as nothing at all, every TLS
connection builds its certificates on the event loop, opening and leaving may take ten seconds each, and
only private names would change any of that. Here both are bounded, and every end says what it was.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from core.engines.deepgram.failures import answer, closed, failure
from core.errors import EngineError, LineLost, Refused

OPENING: Final = 5.0
"""Seconds that a connection may take to open."""

_CLOSING: Final = 1.0
"""Seconds that Deepgram has to close a connection that it said it would close."""

_wire = logging.getLogger("websockets.deepgram")
# At the level of debugging it quotes the key and what people say.
_wire.setLevel(logging.INFO)


class Line:
    """An open connection. Made by `dial`."""

    def __init__(self, connection: ClientConnection, key: SecretStr) -> None:
        self._connection = connection
        self._key = key

    async def send(self, data: bytes | str) -> None:
        """Sound as bytes (never none: that would end the stream), or a message as text.

        Waits while the network takes nothing. Raises `LineLost` or `Refused` when the connection has ended.
        """
        try:
            await self._connection.send(data)
        except ConnectionClosed as error:
            raise self._ended(error) from error

    async def receive(self) -> bytes | None:
        """The next message; None when Deepgram ended the stream as if all was done (close code 1000).

        Raises `LineLost` or `Refused` after any other end. Cancelling it loses no message.
        """
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            if error.rcvd is not None and error.rcvd.code == 1000:
                return None
            raise self._ended(error) from error

    def abort(self) -> None:
        """End it at once, whatever the other side does; what waits in `send` or `receive` is released."""
        self._connection.transport.abort()

    def _ended(self, error: ConnectionClosed) -> EngineError:
        if error.rcvd is None:
            return LineLost("The connection to Deepgram broke.")
        return closed(error.rcvd.code, error.rcvd.reason.replace(self._key.get_secret_value(), "[the key]"))


@asynccontextmanager
async def dial(
    address: str, key: SecretStr, trust: ssl.SSLContext | None, model: str, language: str
) -> AsyncIterator[Line]:
    """A connection to `address`, gone when the context is left. `trust`: certificates, for wss addresses.

    Entering raises `LineLost`, `LineBusy` or `Refused`; `model` and `language` are for the sentence.
    """
    opening = connect(
        address,
        additional_headers={"Authorization": f"Token {key.get_secret_value()}"},
        ssl=trust,
        compression=None,  # sound can't be made smaller that way
        open_timeout=OPENING,
        close_timeout=_CLOSING,
        # Deepgram's messages are the sign of life: a recogniser may be stuck behind a server that pongs.
        ping_interval=None,
        logger=_wire,
    )
    try:
        connection = await opening
    except InvalidStatus as error:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        said = answer(response.status_code, headers, response.body or b"")
        raise failure(said.without(key.get_secret_value()), model, language) from error
    except TimeoutError as error:
        raise LineLost(f"Deepgram did not answer in {OPENING:g} seconds.") from error
    except ssl.SSLCertVerificationError as error:
        raise LineLost("Whoever answers at SPOKENLY_DEEPGRAM_URL has no valid certificate.") from error
    except ImportError as error:
        raise Refused(
            "Deepgram can't be reached through a SOCKS proxy: install python-socks, or take the proxy out of "
            "ALL_PROXY."
        ) from error
    except (OSError, WebSocketException) as error:
        raise LineLost("Deepgram can't be reached: is this machine online?") from error
    line = Line(connection, key)
    try:
        yield line
    finally:
        line.abort()
        await connection.wait_closed()


async def certificates(address: str) -> ssl.SSLContext | None:
    """What TLS connections to `address` trust, read once in a thread; None where there is no TLS."""
    secure = address.startswith(("wss:", "https:"))
    return await asyncio.to_thread(ssl.create_default_context) if secure else None
