"""Which workspaces have the app, and with which token: one from the settings, or many installed by OAuth.

What OAuth brings is kept in our database by Slack's own SDK, in three tables of its own (`slack_bots`,
`slack_installations`, `slack_oauth_states`); they are made when they are missing.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

import aiohttp
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bots.slack.trouble import FOREIGN, REMOVED, code
from bots.slack.workspace import Workspace
from core.errors import RecordAway, UserError
from core.record.database.opening import open_engine
from core.record.database.trouble import telling
from core.settings import Settings

log = logging.getLogger(__name__)

API = "https://slack.com/api/"

TIMEOUT = 65
"""Seconds that Slack has to answer: late is better than not at all, and than twice."""

PATIENCE = aiohttp.ClientTimeout(total=300, connect=10, sock_read=TIMEOUT)
"""Of the session that carries all requests: the SDK gives a session of ours no limits of its own."""

START = 10.0
"""Seconds that it has where the start of Spokenly waits for it, and for which somebody waits for a token."""

STATE = 600
"""Seconds that somebody has to allow the app, once they asked to install it."""

ORGANISATION = "Spokenly is installed to single workspaces, not to a whole organisation"
ORGANISATIONS_TOKEN = (
    f"{ORGANISATION}: SLACK_BOT_TOKEN is an organisation's. Install the app to a workspace "
    "(https://api.slack.com/apps, your app, OAuth & Permissions) and set its token."
)

AWAY = "Slack can't be reached now: try again in a minute."
SLOW = "Spokenly's database takes too long now: try again in a minute."

NOT_TAKEN = (
    "Slack does not take SLACK_BOT_TOKEN: set it to the whole Bot User OAuth Token, which begins with xoxb- "
    "(https://api.slack.com/apps, your app, OAuth & Permissions). If it is that, install the app to your "
    "workspace again and set the new one."
)


@dataclass(frozen=True, slots=True)
class Installed:
    """The app in one workspace. `url`: where people open it, `name`: what it is called, if that is known."""

    team: str
    token: str
    bot: str
    bot_id: str = ""
    url: str = ""
    name: str = ""


class Installations(Protocol):
    """Where tokens come from."""

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        """The app in a workspace; None where it is not. Raises `RecordAway` or `UserError`."""

    async def remove(self, team: str, enterprise: str | None) -> None:
        """It is not there any more. Raises `RecordAway`."""


def examine(told: AsyncSlackResponse) -> None:
    """What auth.test answered must be about a bot in one workspace. Raises `UserError`.

    Slack answers app-level tokens, too, and people's: those of an app know no workspace, people's no bot.
    """
    if told.get("is_enterprise_install"):
        raise UserError(ORGANISATIONS_TOKEN)
    if not (told.get("team_id") and told.get("bot_id")):
        raise UserError(NOT_TAKEN)


class OneToken:
    """One workspace: that of the token in the settings. `ask` it before it is used."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._installed: Installed | None = None

    async def ask(self) -> None:
        """Ask Slack whose token it is. Raises `UserError` when it is nobody's; an outage is left."""
        try:
            async with asyncio.timeout(START):
                told = await self._client.auth_test()
        except FOREIGN as error:
            if code(error) in REMOVED:
                raise UserError(NOT_TAKEN) from error
            log.warning("slack.away")
            return
        examine(told)
        self._installed = Installed(
            team=str(told["team_id"]),
            token=str(self._client.token),
            bot=str(told["user_id"]),
            bot_id=str(told["bot_id"]),
            url=str(told.get("url") or ""),
            name=str(told.get("team") or ""),
        )

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        if self._installed is None:
            await self.ask()
        if self._installed is None:
            raise UserError(AWAY)
        return self._installed if self._installed.team == team else None

    async def remove(self, team: str, enterprise: str | None) -> None:
        """The token is in the settings still: who installs the app again may get the same one."""


class States(AsyncSQLAlchemyOAuthStateStore):
    """The SDK's, but what is too old goes: most of those who begin an installation don't come back."""

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        now = datetime.now(UTC).replace(tzinfo=None)  # as the SDK keeps times
        async with self.engine.begin() as connection:
            await connection.execute(delete(self.oauth_states).where(self.oauth_states.c.expire_at <= now))
        return await super().async_issue(*args, **kwargs)


class Many:
    """Every workspace that installed the app by OAuth."""

    def __init__(self, client_id: str, engine: AsyncEngine, place: str) -> None:
        """`place` names the database in sentences."""
        self.store = AsyncSQLAlchemyInstallationStore(client_id, engine)
        self.states = States(STATE, engine)
        self._engine = engine
        self._place = place

    async def prepare(self) -> None:
        """Make the tables that are missing. Raises `RecordAway`."""
        async with telling(self._place), self._engine.begin() as connection:
            await connection.run_sync(self.store.metadata.create_all)
            await connection.run_sync(self.states.metadata.create_all)

    async def find(self, team: str, enterprise: str | None) -> Installed | None:
        async with telling(self._place):
            bot = await self.store.async_find_bot(enterprise_id=enterprise, team_id=team)
        if bot is None or not bot.bot_token:
            return None
        return Installed(team, bot.bot_token, bot.bot_user_id, bot.bot_id, name=bot.team_name or "")

    async def refuse(self, enterprise: str | None) -> None:
        """Forget the token of a whole organisation, which nothing here asks for. Raises `RecordAway`."""
        async with telling(self._place):
            await self.store.async_delete_all(enterprise_id=enterprise, team_id=None)

    async def remove(self, team: str, enterprise: str | None) -> None:
        async with telling(self._place):
            await self.store.async_delete_all(enterprise_id=enterprise, team_id=team)


@asynccontextmanager
async def many(settings: Settings, place: str) -> AsyncIterator[Many]:
    """The installations in the record's database. Raises `RecordAway` or `RecordUnusable`."""
    assert settings.slack_client_id is not None
    async with open_engine(settings) as engine:
        found = Many(settings.slack_client_id, engine, place)
        await found.prepare()
        yield found


class Line(AsyncWebClient):
    """Slack's Web API. `refused` is called when it says that the app is not there any more, or the token not
    good: there may be a new one.
    """

    refused: Callable[[], None] = staticmethod(lambda: None)

    async def api_call(self, *given: Any, **more: Any) -> AsyncSlackResponse:
        try:
            return await super().api_call(*given, **more)
        except FOREIGN as error:
            if code(error) in REMOVED:
                self.refused()
            raise


class Workspaces:
    """The workspaces that were met since the start. `session` carries all requests."""

    def __init__(self, installations: Installations, session: aiohttp.ClientSession, api: str = API) -> None:
        self._installations = installations
        self._session = session
        self._api = api
        self._met: dict[str, Workspace] = {}
        self._installed: dict[str, Installed] = {}
        self._forgets: Counter[str] = Counter()
        """How often the app was installed again, or refused, in each workspace."""

    async def find(self, team: str, enterprise: str | None = None) -> tuple[Workspace, Installed] | None:
        """A workspace, always the same object while the app is there; None where the app is not installed.

        Raises `UserError` when nobody can tell now.
        """
        while team not in self._installed:
            before = self._forgets[team]
            found = await self._ask(team, enterprise)
            if self._forgets[team] != before:
                continue  # it was installed again meanwhile: that may be the token of before
            if found is None:
                return None
            # Somebody else may have asked meanwhile, and their answer is as good.
            self._installed.setdefault(team, found)
        installed = self._installed[team]
        return self._workspace(installed), installed

    async def _ask(self, team: str, enterprise: str | None) -> Installed | None:
        """Raises `UserError`."""
        try:
            async with asyncio.timeout(START):
                return await self._installations.find(team, enterprise)
        except RecordAway as error:
            raise UserError(f"{error} Try again in a minute.") from error
        except TimeoutError as error:
            raise UserError(SLOW) from error

    def _workspace(self, installed: Installed) -> Workspace:
        """One for all: calls that run share what Slack allows, and go on with a new token."""
        met = self._met.get(installed.team)
        if met is None:
            client = client_of(installed.token, self._session, self._api)
            client.refused = partial(self.forget, installed.team)
            met = Workspace(installed.team, installed.bot, client, installed.url)
            self._met[installed.team] = met
        met.bot, met.client.token, met.name = installed.bot, installed.token, installed.name
        return met

    def stranger(self, team: str) -> Workspace:
        """A workspace that does not have the app: its people can be answered, and nothing else."""
        return Workspace(team, "", client_of(None, self._session, self._api))

    def met(self, team: str) -> Installed | None:
        """The app in a workspace, where that is known without asking."""
        return self._installed.get(team)

    async def remove(self, team: str, enterprise: str | None = None) -> None:
        """The app is not there any more. Raises `RecordAway`."""
        self.forget(team)
        self._met.pop(team, None)
        await self._installations.remove(team, enterprise)

    async def gone(self, team: str, enterprise: str | None = None) -> bool:
        """Whether the app is not there, or its token is not good: Slack itself is asked with what is kept, as
        the app may have been installed again. Raises `UserError` when nobody can tell now.
        """
        while True:
            self.forget(team)
            found = await self.find(team, enterprise)
            if found is None:
                return True
            token = found[1].token
            try:
                async with asyncio.timeout(START):
                    await client_of(token, self._session, self._api).auth_test()
            except FOREIGN as error:
                if code(error) not in REMOVED:
                    raise UserError(AWAY) from error
            else:
                return False
            now = await self._ask(team, enterprise)
            if now is None or now.token == token:
                return True

    def forget(self, team: str) -> None:
        """Ask for its token anew: the app was installed again, or Slack does not take the one of before."""
        self._forgets[team] += 1
        self._installed.pop(team, None)


def client_of(token: str | None, session: aiohttp.ClientSession | None, api: str) -> Line:
    """Slack's Web API. It never waits out a limit or repeats what may have been done."""
    return Line(token, base_url=api, session=session, timeout=TIMEOUT, retry_handlers=[])
