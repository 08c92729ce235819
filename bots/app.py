"""The composition root: builds everything, owns the outermost tasks, and ends them in order."""

import asyncio
import logging
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bots.discord.bot import DiscordBot, Parts, discord_bot
from bots.health import health_routes
from bots.meet.doors import Rooms
from bots.meet.guard import guard, strict_headers
from bots.meet.records import Records
from bots.meet.shown import Ear
from bots.meet.web import MeetingRoom
from bots.meet.whip import Whip
from bots.records.keeping import keeping
from core.engines.hearing import Hearing, open_hearing
from core.engines.models import sample
from core.errors import EngineMissing, RecordAway, RecordUnusable, Refused, UserError
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.database.store import Store
from core.record.files.recording import Dictation, ears
from core.record.recaps.fallback import open_summariser
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard
from core.telemetry import bug_reports, set_up_logging

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """Spokenly, listening at `address`."""

    address: str
    rooms: Rooms
    metrics: Metrics
    record: str
    """Where records are kept, for people; empty where nothing ever is."""


@asynccontextmanager
async def spokenly(settings: Settings, hearing: Hearing, metrics: Metrics) -> AsyncIterator[Running]:
    """Spokenly with loaded engines. Leaving drains: last words, last page, then everything closes.

    Raises `UserError` when it can't listen at the address, `RecordUnusable` or `RecordAway` when it can't
    keep records.
    """
    metrics.streams_lent.set_function(lambda: hearing.lender.lent)
    metrics.stream_waits.set_function(lambda: hearing.lender.waiting)
    async with _record(settings, metrics) as (store, secretary):
        switchboard = Switchboard(
            hearing.lender, calls=settings.rooms, drain=settings.drain, metrics=metrics, gate=hearing.gate
        )
        async with (
            _discord(settings, hearing, metrics, switchboard, store, secretary) as bot,
            _house(settings, hearing, metrics, switchboard, secretary, bot) as running,
        ):
            yield running


@asynccontextmanager
async def _record(
    settings: Settings, metrics: Metrics
) -> AsyncIterator[tuple[Store | None, Secretary | None]]:
    """The database and whoever keeps the record in it; nobody where nothing is ever kept.

    A Discord bot needs the database in any case: who does not want to be captioned is written there.
    Leaving writes the last lines. Raises `RecordUnusable` or `RecordAway`.
    """
    if settings.keep == "never" and settings.discord_token is None:
        yield None, None
        return
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        if settings.keep == "never":
            yield store, None
            return
        summariser = await stack.enter_async_context(open_summariser(settings))
        secretary = Secretary(
            store, summariser, days=settings.retention_days, patience=settings.drain, metrics=metrics
        )
        yield store, await stack.enter_async_context(secretary)


@asynccontextmanager
async def _discord(
    settings: Settings,
    hearing: Hearing,
    metrics: Metrics,
    switchboard: Switchboard,
    store: Store | None,
    secretary: Secretary | None,
) -> AsyncIterator[DiscordBot | None]:
    """The Discord bot, where a token is set. Raises `UserError` when Discord does not take it."""
    if settings.discord_token is None or store is None:
        yield None
        return
    parts = Parts(
        settings=settings,
        store=store,
        secretary=secretary,
        switchboard=switchboard,
        metrics=metrics,
        dictation=Dictation(lambda: ears(hearing.lender)),
        engine=hearing.engine,
        hears=lambda language: _hears(hearing, language),
    )
    async with discord_bot(parts) as bot:
        yield bot


def _hears(hearing: Hearing, language: str) -> bool:
    """Whether any of the engines knows a language, as far as they tell."""
    primary = language.partition("-")[0].lower()
    return any(ear.languages is None or primary in ear.languages for ear in ears(hearing.lender))


@asynccontextmanager
async def _house(
    settings: Settings,
    hearing: Hearing,
    metrics: Metrics,
    switchboard: Switchboard,
    secretary: Secretary | None,
    bot: DiscordBot | None,
) -> AsyncIterator[Running]:
    accepting = True
    async with asyncio.TaskGroup() as outermost:
        rooms = Rooms(switchboard, settings, metrics, secretary=secretary, engine=hearing.engine)
        records = None if secretary is None else Records(secretary, rooms, settings)
        meet = MeetingRoom(
            rooms,
            settings,
            metrics,
            ear=Ear(hearing.engine, hearing.note, paid=hearing.paid),
            sample=sample(),
            records=records,
        )
        app = web.Application(middlewares=[guard(settings)], client_max_size=64 * 1024)
        app.on_response_prepare.append(strict_headers)
        app.add_routes(meet.routes())
        if records is not None:
            app.add_routes(records.routes())
        app.add_routes(
            health_routes(
                lambda: {"engine": True, "accepting": accepting}, metrics if settings.metrics else None
            )
        )
        async with Whip(rooms, settings, metrics) as whip:
            app.add_routes(whip.routes())
            async with _listening(app, settings) as address:
                sweeping = outermost.create_task(rooms.run(), name="rooms")
                async with switchboard, _calls_taken(bot):
                    yield Running(address, rooms, metrics, "" if secretary is None else secretary.store.name)
                    accepting = False
                # Every speaker has had the last word; now every reader sees it.
                meet.close()
                sweeping.cancel()


@asynccontextmanager
async def _calls_taken(bot: DiscordBot | None) -> AsyncIterator[None]:
    """The bot is there for people meanwhile; then its pages say that Spokenly stops."""
    if bot is None:
        yield
        return
    bot.open()
    yield
    bot.drain()


@asynccontextmanager
async def _listening(app: web.Application, settings: Settings) -> AsyncIterator[str]:
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


def advice(settings: Settings) -> str | None:
    """What whoever starts Spokenly should know about sharing sound from other machines."""
    if settings.tls_cert is not None or settings.public_url is not None:
        return None
    if settings.host in ("127.0.0.1", "::1", "localhost"):
        return "Only this machine can open it. For others: SPOKENLY_HOST=0.0.0.0 and HTTPS (see the README)."
    return (
        "Browsers let other machines read over http, but share sound only over HTTPS: "
        "set SPOKENLY_TLS_CERT and SPOKENLY_TLS_KEY, or put a proxy with HTTPS in front."
    )


async def serve(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises `UserError` or `EngineMissing` when it can't start."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    if sys.platform != "win32":
        # On Windows Ctrl-C cancels the main task, which ends everything too, without patience.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    metrics = Metrics()
    async with open_hearing(settings, metrics) as hearing, spokenly(settings, hearing, metrics) as running:
        print(f"Spokenly is ready: {running.address}", flush=True)  # noqa: T201 - what `make run` is for
        print(f"It hears with {hearing.engine}. {hearing.note or ''}".rstrip(), flush=True)  # noqa: T201
        if hearing.trouble is not None:
            print(hearing.trouble, flush=True)  # noqa: T201
        print(keeping(settings, running.record), flush=True)  # noqa: T201
        if settings.discord_token is not None:
            print("Its Discord bot is coming; `spokenly invite` prints the link to a server.", flush=True)  # noqa: T201
        if (words := advice(settings)) is not None:
            print(words, flush=True)  # noqa: T201
        await stop.wait()
        log.info("spokenly.draining")
    log.info("spokenly.stopped")


UNUSABLE, AWAY = 78, 75
"""Exit codes of sysexits.h: EX_CONFIG and EX_TEMPFAIL."""


def run(settings: Settings) -> int:
    """`spokenly run`: the exit code, 0 when it was stopped, 1 when it could not start.

    78 when the record's database can't be used, 75 when it can't be reached.
    """
    failures: list[Exception] = []
    set_up_logging(settings.log_format, settings.log_level)
    try:
        with bug_reports(settings.sentry_dsn):
            asyncio.run(serve(settings))
    except* (UserError, EngineMissing, Refused, RecordUnusable, RecordAway) as group:
        failures += errors(group)
    for failure in failures:
        print(failure, file=sys.stderr)  # noqa: T201 - the last word of a program that could not start
    if any(isinstance(failure, RecordUnusable) for failure in failures):
        return UNUSABLE
    if any(isinstance(failure, RecordAway) for failure in failures):
        return AWAY
    return 1 if failures else 0


def errors(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """The expected failures in a group."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from errors(error)
        else:
            yield error
