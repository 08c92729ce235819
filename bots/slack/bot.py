"""The app on Slack: how it is reached, what it listens to, and the calls that it captions."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltUnhandledRequestError

from bots.slack import http, listening, sockets
from bots.slack.book import Book
from bots.slack.calls import Calls
from bots.slack.desk import Desk, Listen, delivery, origin
from bots.slack.house import House
from bots.slack.installations import API, PATIENCE, Installations, Many, OneToken, Workspaces, client_of, many
from bots.slack.seen import Seen
from core.errors import RecordAway, UserError

log = logging.getLogger(__name__)

WAIT = 60.0
"""Seconds between two tries to tell of calls that were interrupted, while Slack can't be reached."""

quiet = logging.getLogger("slack_bolt.quiet")
"""Where the SDK logs: it quotes requests."""
quiet.setLevel(logging.ERROR)

Next = Callable[[], Awaitable[BoltResponse | None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app is made of. `api`: Slack's Web API. `more`: what else it listens to, and is
    asked first.
    """

    house: House
    api: str = API
    more: Sequence[Listen] = ()


class _Authorize(AsyncAuthorize):
    """Tells bolt who the app is where a request comes from, as far as that is known without waiting.

    bolt asks before any listener acknowledges, so the database must not be asked here. Whoever does what was
    asked for finds the workspace anew (bots/slack/desk.py); bolt only leaves out what the app itself did.
    """

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bolt's own
        self._workspaces = workspaces

    async def __call__(self, **given: Any) -> AuthorizeResult:
        team = given["team_id"] or ""
        met = self._workspaces.met(team)
        return AuthorizeResult(
            enterprise_id=given["enterprise_id"],
            team_id=team,
            bot_user_id=None if met is None else met.bot,
            bot_id=None if met is None else met.bot_id,
        )


class SlackBot:
    """The app. `routes` go into the web application before it listens."""

    def __init__(
        self, calls: Calls, desk: Desk, app: AsyncApp, routes: Iterable[web.RouteDef], opened: asyncio.Event
    ) -> None:
        self.calls = calls
        self.desk = desk
        self.app = app
        self.routes = tuple(routes)
        self._opened = opened

    def open(self) -> None:
        """Calls can be taken: from now on it is there for people."""
        self._opened.set()

    def drain(self) -> None:
        """Spokenly stops: all calls end. Their last words still come in."""
        self.calls.drain()

    async def tell_interrupted(self) -> None:
        """Say under the cards of calls that ran when Spokenly was killed that they are over: of its own, and
        of another's with the same database once it is dead.
        """
        left = list(self.calls.book.marks.values())
        await self._opened.wait()
        while True:
            for mark in tuple(left):
                try:
                    found = await self.desk.workspaces.find(mark.team)
                except UserError:
                    continue
                if found is None:
                    await self.calls.forget(mark)  # the app is not there any more
                    left.remove(mark)
                elif await self.calls.tell_interrupted(found[0], mark):
                    left.remove(mark)
            await asyncio.sleep(WAIT)
            await self.calls.book.write_again()
            with suppress(RecordAway):
                left += await self.calls.book.look_for_left()


@asynccontextmanager
async def slack_bot(parts: Parts) -> AsyncIterator[SlackBot]:
    """The app, from its log-in to the end of its calls.

    Raises `UserError` when Slack does not take a token, `RecordAway` and `RecordUnusable`. An outage of Slack
    is waited out beside.
    """
    settings, api = parts.house.settings, parts.api
    book = Book(parts.house.store)
    await book.read()
    token = settings.slack_app_token
    async with (
        aiohttp.ClientSession(timeout=PATIENCE) as session,
        _installations(parts, session) as installations,
    ):
        workspaces = Workspaces(installations, session, api)
        if token is not None:
            await sockets.warn(token.get_secret_value(), api)
        async with _beside() as beside, Calls(parts.house, book) as calls:
            app, desk = _app(parts, workspaces, calls), Desk(calls, workspaces)
            for listen in (*parts.more, listening.listen):
                listen(app, desk)
            flow = None
            if isinstance(installations, Many):
                flow = http.installing(settings, installations, workspaces, api, quiet)
            opened = asyncio.Event()
            ready = opened.is_set if token is None else None
            routes = http.routes(app, flow, parts.house.store.name, ready, settings.slack_signing_secret)
            bot = SlackBot(calls, desk, app, routes, opened)
            if token is not None:
                beside(_reached(opened, app, token.get_secret_value()))
            beside(bot.tell_interrupted())
            yield bot


@asynccontextmanager
async def _installations(parts: Parts, session: aiohttp.ClientSession) -> AsyncIterator[Installations]:
    """Where tokens come from. Raises `UserError` when Slack does not take the one in the settings."""
    settings = parts.house.settings
    if settings.slack_client_id is not None:
        async with many(settings, parts.house.store.name) as found:
            yield found
        return
    assert settings.slack_bot_token is not None
    one = OneToken(client_of(settings.slack_bot_token.get_secret_value(), session, parts.api))
    await one.ask()
    yield one


def _app(parts: Parts, workspaces: Workspaces, calls: Calls) -> AsyncApp:
    """bolt's app: it checks signatures, and nothing reaches a listener twice."""
    secret = parts.house.settings.slack_signing_secret
    app = AsyncApp(
        name="spokenly",
        logger=quiet,
        client=client_of(None, None, parts.api),
        signing_secret=None if secret is None else secret.get_secret_value(),
        authorize=_Authorize(workspaces),
        raise_error_for_unhandled_request=True,
    )
    seen = Seen()

    async def once(body: dict[str, Any], next: Next) -> BoltResponse | None:
        if calls.gone and "event" in body:
            return BoltResponse(status=503)  # Slack tells whoever is there next
        return await next() if seen.first(delivery(body), origin(body)[0]) else BoltResponse(status=200)

    async def broken(error: Exception) -> BoltResponse:
        if not isinstance(error, BoltUnhandledRequestError):
            log.error("slack.listener_bug", exc_info=error)
        return BoltResponse(status=200)

    app.middleware(once)
    app.error(broken)
    return app


async def _reached(opened: asyncio.Event, app: AsyncApp, token: str) -> None:
    await opened.wait()
    await sockets.listen(app, token)


@asynccontextmanager
async def _beside() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Has things done for as long as the app is there."""
    async with asyncio.TaskGroup() as tasks:
        begun: list[asyncio.Task[None]] = []

        def begin(work: Coroutine[Any, Any, None]) -> None:
            begun.append(tasks.create_task(_guarded(work), name="slack beside"))

        try:
            yield begin
        finally:
            for task in begun:
                task.cancel()


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        # A bulkhead: the browser's rooms go on without Slack.
        log.exception("slack.bot_bug")
