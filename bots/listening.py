"""Where Spokenly listens, and under which address people open it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from core.errors import UserError
from core.settings import Settings


@asynccontextmanager
async def listening(app: web.Application, settings: Settings) -> AsyncIterator[str]:
    """Serve `app`; yields the address for people. Raises `UserError` when the address can't be had."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
    await runner.setup()
    try:
        secure = certificate(settings)
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=secure)
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                f"Spokenly can't listen on {settings.host} port {settings.port}: {error.strerror}. "
                "Is it running already? SPOKENLY_PORT names another port."
            ) from error
        yield address(settings, runner.addresses[0][1])
    finally:
        await runner.cleanup()


def certificate(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, if a certificate is set. Raises `UserError` when it can't be used."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise UserError(f"The TLS certificate can't be used: {error.strerror or error}.") from error
    return context


def address(settings: Settings, port: int) -> str:
    """The address that people open."""
    if settings.public_url is not None:
        return str(settings.public_url).rstrip("/")
    everywhere = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
    host = "localhost" if settings.host in ("127.0.0.1", "::1", *everywhere) else settings.host
    return f"{'https' if settings.tls_cert else 'http'}://{host}:{port}"
