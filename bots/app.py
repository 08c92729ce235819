"""The composition root: builds everything, owns the outermost tasks, and ends them in order."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bots.discord.bot import DiscordBot, Parts, discord_bot
from bots.greeting import greeting
from bots.health import health_routes
from bots.listening import listening
from bots.meet.doors import Rooms
from bots.meet.elsewhere import Elsewhere
from bots.meet.guard import guard, strict_headers
from bots.meet.opener import Opener
from bots.meet.records import Records
from bots.meet.shown import Ear
from bots.meet.web import MeetingRoom
from bots.meet.whip import Whip
from bots.records.keeping import keeping
from bots.slack.bot import Parts as SlackParts
from bots.slack.bot import SlackBot, slack_bot
from bots.slack.features import features
from bots.slack.finale import finale
from bots.slack.house import House
from bots.slack.outlet import ThreadCaptions
from core.bridge import Bridge
from core.engines.hearing import Hearing, open_hearing
from core.engines.models import sample
from core.errors import EngineMissing, RecordAway, RecordUnusable, Refused, UserError
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.database.presence import present
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


@dataclass(frozen=True, slots=True)
class Ground:
    """What all platforms stand on. `store` and `secretary`: see `_record`."""

    settings: Settings
    hearing: Hearing
    metrics: Metrics
    switchboard: Switchboard
    store: Store | None
    secretary: Secretary | None
    bridge: Bridge
    rooms: Rooms


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
        bridge = Bridge(settings.drain)
        rooms = Rooms(
            switchboard, settings, metrics, secretary=secretary, engine=hearing.engine, over=bridge.ended
        )
        ground = Ground(settings, hearing, metrics, switchboard, store, secretary, bridge, rooms)
        async with (
            _discord(ground) as discord,
            _slack(ground) as slack,
            _house(ground, [bot for bot in (discord, slack) if bot is not None]) as running,
        ):
            yield running


@asynccontextmanager
async def _record(
    settings: Settings, metrics: Metrics
) -> AsyncIterator[tuple[Store | None, Secretary | None]]:
    """The database and whoever keeps the record in it; nobody where nothing is ever kept.

    Discord and Slack need the database in any case: what people chose there is written in it. Leaving writes
    the last lines. Raises `RecordUnusable` or `RecordAway`.
    """
    if settings.keep == "never" and settings.discord_token is None and not settings.slack:
        yield None, None
        return
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        await stack.enter_async_context(present(store))
        if settings.keep == "never":
            yield store, None
            return
        summariser = await stack.enter_async_context(open_summariser(settings))
        secretary = Secretary(
            store, summariser, days=settings.retention_days, patience=settings.drain, metrics=metrics
        )
        yield store, await stack.enter_async_context(secretary)


@asynccontextmanager
async def _discord(ground: Ground) -> AsyncIterator[DiscordBot | None]:
    """The Discord bot, where a token is set. Raises `UserError` when Discord does not take it."""
    hearing = ground.hearing
    if ground.settings.discord_token is None or ground.store is None:
        yield None
        return
    parts = Parts(
        settings=ground.settings,
        store=ground.store,
        secretary=ground.secretary,
        switchboard=ground.switchboard,
        metrics=ground.metrics,
        dictation=Dictation(lambda: ears(hearing.lender)),
        engine=hearing.engine,
        hears=lambda language: _hears(hearing, language),
        bridge=ground.bridge,
    )
    async with discord_bot(parts) as bot:
        yield bot


@asynccontextmanager
async def _slack(ground: Ground) -> AsyncIterator[SlackBot | None]:
    """The Slack app, where its tokens are set. Raises `UserError` when Slack does not take them."""
    hearing, streams = ground.hearing, ground.settings.slack_streams
    if not ground.settings.slack or ground.store is None:
        yield None
        return
    house = House(
        opener=Opener(ground.rooms),
        bridge=ground.bridge,
        secretary=ground.secretary,
        store=ground.store,
        settings=ground.settings,
        metrics=ground.metrics,
        engine=hearing.engine,
        hears=lambda language: _hears(hearing, language),
        post=lambda workspace, thread, calls, first=0: ThreadCaptions(
            workspace.client, thread, workspace.governor, calls, first=first, streams=streams
        ),
        finale=finale,
    )
    dictation = Dictation(lambda: ears(hearing.lender))
    async with slack_bot(SlackParts(house, more=features(dictation))) as bot:
        yield bot


def _hears(hearing: Hearing, language: str) -> bool:
    """Whether any of the engines knows a language, as far as they tell."""
    primary = language.partition("-")[0].lower()
    return any(ear.languages is None or primary in ear.languages for ear in ears(hearing.lender))


@asynccontextmanager
async def _house(ground: Ground, bots: Sequence[DiscordBot | SlackBot]) -> AsyncIterator[Running]:
    settings, rooms, bridge = ground.settings, ground.rooms, ground.bridge
    accepting = True
    async with asyncio.TaskGroup() as outermost:
        meet, app = _web(ground, lambda: accepting)
        app.add_routes([route for bot in bots if isinstance(bot, SlackBot) for route in bot.routes])
        async with Whip(rooms, settings, ground.metrics) as whip:
            app.add_routes(whip.routes())
            async with listening(app, settings) as address:
                rooms.address = bridge.address = address
                sweeping = outermost.create_task(rooms.run(), name="rooms")
                record = "" if ground.secretary is None else ground.secretary.store.name
                # The Bridge is left when every call has ended, and before any place of it goes.
                async with bridge, ground.switchboard, _calls_taken(bridge, bots):
                    yield Running(address, rooms, ground.metrics, record)
                    accepting = False
                # Every speaker has had the last word; now every reader sees it.
                meet.close()
                sweeping.cancel()


def _web(ground: Ground, accepting: Callable[[], bool]) -> tuple[MeetingRoom, web.Application]:
    """What browsers are answered with."""
    settings, hearing, rooms = ground.settings, ground.hearing, ground.rooms
    records = None if ground.secretary is None else Records(ground.secretary, rooms, settings)
    meet = MeetingRoom(
        rooms,
        settings,
        ground.metrics,
        ear=Ear(hearing.engine, hearing.note, paid=hearing.paid),
        sample=sample(),
        records=records,
    )
    app = web.Application(middlewares=[guard(settings)], client_max_size=64 * 1024)
    app.on_response_prepare.append(strict_headers)
    elsewhere = Elsewhere(rooms, ground.bridge, settings, ground.metrics)
    app.add_routes([*meet.routes(), *elsewhere.routes()])
    if records is not None:
        app.add_routes(records.routes())
    app.add_routes(
        health_routes(
            lambda: {"engine": True, "accepting": accepting()},
            ground.metrics if settings.metrics else None,
        )
    )
    return meet, app


@asynccontextmanager
async def _calls_taken(bridge: Bridge, bots: Sequence[DiscordBot | SlackBot]) -> AsyncIterator[None]:
    """The bots are there for people meanwhile; then their pages say that Spokenly stops."""
    for bot in bots:
        bot.open()
    yield
    bridge.drain()
    for bot in bots:
        bot.drain()


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
        for sentence in greeting(settings, running.address):
            print(sentence, flush=True)  # noqa: T201
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
