"""A workspace of the fake Slack with the whole app in it, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aiohttp import web
from slack_sdk.errors import SlackApiError

from bots.slack.bot import Parts, SlackBot, slack_bot
from bots.slack.desk import Listen
from bots.slack.house import Ended, House, Post
from bots.slack.scopes import SCOPES
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, outlet_error
from bots.slack.workspace import Workspace
from core.bridge import Bridge
from core.captions.board import Board
from core.captions.caption import Caption
from core.errors import RecordAway
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.database.presence import Process
from core.record.database.store import Store
from core.record.recaps.quotes import Quotes
from core.record.secretary import Secretary
from core.settings import Settings
from tests.bots.slack.rooms import StandInRooms
from tests.fakes.slack import FakeSlack, Message, Person, Place, Team, words

__all__ = ["FOREIGN", "Office", "SlackApiError", "house", "office", "settings_for", "words"]


class Shelf:
    """Preferences, in memory: what the app needs of a `Store` where nothing is kept."""

    name = "a shelf of the tests"

    def __init__(self) -> None:
        self.spaces: dict[str, dict[str, Any]] = {}
        self.away = False
        self.process = Process()
        self.living: set[str] = set()
        """Other processes that use it."""

    async def lives_elsewhere(self, process: str) -> bool:
        return process in self.living

    async def shared(self) -> bool:
        return bool(self.living)

    async def replace(self, space: str, key: str, old: object, new: object) -> bool:
        if self.spaces.get(space, {}).get(key) != old:
            return False
        await self.prefer(space, key, new)
        return True

    async def all_preferences(self, beginning: str) -> dict[str, dict[str, Any]]:
        return {name: dict(kept) for name, kept in self.spaces.items() if name.startswith(beginning)}

    async def preferences(self, space: str) -> dict[str, Any]:
        return dict(self.spaces.get(space, {}))

    async def prefer(self, space: str, key: str, value: object) -> None:
        if self.away:
            raise RecordAway("The database is locked by another program.")
        kept = self.spaces.setdefault(space, {})
        kept.pop(key, None)
        if value is not None:
            kept[key] = json.loads(json.dumps(value))


class PlainCaptions:
    """An `Outlet`: all captions in one message of the thread, which is rewritten."""

    pace = 1.2

    def __init__(self, workspace: Workspace, thread: Thread, first: int = 0) -> None:
        self._first = first
        self._client, self._thread = workspace.client, thread
        self._ts: str | None = None
        self._shown = ""
        self._ending = False
        self.said = asyncio.Event()

    def end(self, sentence: str = "") -> None:
        """Nothing more comes."""
        self._ending = True

    async def show(self, board: Board) -> None:
        text = "\n".join(
            f"{entry.speaker.name}: {entry.text}"
            for entry in board.since(self._first)
            if isinstance(entry, Caption)
        )
        if text == self._shown:
            if self._ending:
                self.said.set()
            return
        try:
            if self._ts is None:
                posted = await self._client.chat_postMessage(
                    channel=self._thread.channel, thread_ts=self._thread.ts, text=text
                )
                self._ts = posted["ts"]
            else:
                await self._client.chat_update(channel=self._thread.channel, ts=self._ts, text=text)
        except FOREIGN as error:
            raise outlet_error(error) from error
        self._shown = text
        if self._ending:
            self.said.set()


@dataclass
class Office:
    """What tests look at. `finales`: the calls that ended, as whoever posts their recap is told."""

    slack: FakeSlack
    team: Team
    general: Place
    ann: Person
    bob: Person
    bot: SlackBot
    rooms: StandInRooms
    bridge: Bridge
    settings: Settings
    finales: list[Ended] = field(default_factory=list)

    @property
    def card(self) -> Message:
        """The newest card in the channel."""
        return self.general.messages[-1]

    async def until(self, condition: Callable[[], Any], seconds: float = 60.0) -> None:
        await self.slack.until(condition, seconds)

    async def start(self, text: str = "start") -> None:
        """Ann starts captions; returns when she has her link."""
        await self.ann.command("/captions", text, channel=self.general)
        await self.until(lambda: "Go to the room" in self.told(self.ann))

    def told(self, person: Person) -> str:
        """Everything that somebody was told privately."""
        return "\n".join(words(message) for message in person.sees())


def plain(workspace: Workspace, thread: Thread, calls: Callable[[], int], first: int = 0) -> PlainCaptions:
    return PlainCaptions(workspace, thread, first)


def settings_for(slack: FakeSlack, team: Team | None, folder: Path, **more: Any) -> Settings:
    """Settings of an app that is reached over sockets, unless `more` says otherwise."""
    given: dict[str, Any] = {"data_dir": folder, "drain": 5.0, "keep": "captions"}
    if team is not None:
        given.update(slack_bot_token=team.bot_token, slack_app_token=slack.app_token)
    return Settings(_env_file=None, **{**given, **more})


def house(
    settings: Settings,
    store: Store,
    secretary: Secretary | None,
    bridge: Bridge,
    rooms: StandInRooms,
    finales: list[Ended],
    post: Post | None = None,
) -> House:
    async def finale(house: House, ended: Ended) -> None:
        finales.append(ended)

    return House(
        opener=rooms,
        bridge=bridge,
        secretary=secretary,
        store=store,
        settings=settings,
        metrics=Metrics(),
        engine="an ear of the tests",
        hears=lambda language: language in ("en", "de"),
        post=post or plain,
        finale=finale,
    )


@asynccontextmanager
async def running(
    slack: FakeSlack,
    settings: Settings,
    more: Sequence[Listen] = (),
    shelf: Shelf | None = None,
    post: Post | None = None,
    *,
    bridge_first: bool = False,
) -> AsyncIterator[tuple[SlackBot, StandInRooms, Bridge, list[Ended]]]:
    """The app itself. Without a `shelf` it has a database of its own, which needs the real clock.

    `bridge_first`: the Bridge is left before the app, as when Spokenly is stopped; else after it.
    """
    finales: list[Ended] = []
    rooms = StandInRooms()
    async with AsyncExitStack() as stack:
        secretary = None
        if shelf is not None:
            store = cast(Store, shelf)
        else:
            store = await stack.enter_async_context(open_store(settings))
            secretary = Secretary(store, Quotes(), days=0, patience=1.0, metrics=Metrics())
            await stack.enter_async_context(secretary)
        bridge = Bridge(settings.drain)
        if not bridge_first:
            await stack.enter_async_context(bridge)
        parts = Parts(
            house(settings, store, secretary, bridge, rooms, finales, post), api=slack.api, more=more
        )
        bot = await stack.enter_async_context(slack_bot(parts))
        if bridge_first:
            await stack.enter_async_context(bridge)
        bot.open()
        yield bot, rooms, bridge, finales


@asynccontextmanager
async def served(bot: SlackBot) -> AsyncIterator[str]:
    """The app's own routes, on loopback."""
    app = web.Application()
    app.add_routes(bot.routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def office(
    folder: Path,
    more: Sequence[Listen] = (),
    shelf: Shelf | None = None,
    *,
    kept: bool = False,
    post: Post | None = None,
    bridge_first: bool = False,
    **changed: Any,
) -> AsyncIterator[Office]:
    """Acme: Ann and Bob in #general, and the app, which may do what its manifest asks for and no more.

    `kept`: with a real database, which needs the real clock.
    """
    shelf = None if kept else shelf or Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        team.scopes = {scope.name for scope in SCOPES}
        ann, bob = slack.person(team, "Ann"), slack.person(team, "Bob")
        general = slack.channel(team, "general", ann, bob)
        settings = settings_for(slack, team, folder, **changed)
        app = running(slack, settings, more, shelf, post, bridge_first=bridge_first)
        async with app as (bot, rooms, bridge, finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            yield Office(slack, team, general, ann, bob, bot, rooms, bridge, settings, finales)
            assert max(slack.sockets.acks, default=0.0) < 1.0, "something was acknowledged late"
