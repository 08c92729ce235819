"""Slack by HTTP: signed requests to our own web application, and the pages on which people install the app.

Every signature (HMAC with SHA-256 over time and body) is checked before anything else is read of a request,
and nothing is taken that is older than five minutes:
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import asyncio
import html
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr
from slack_bolt import BoltResponse
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackClientError
from slack_sdk.signature import SignatureVerifier

from bots.slack.installations import ORGANISATION, STATE, Many, Workspaces, client_of
from bots.slack.scopes import SCOPES
from core.errors import UserError
from core.limits import Allowances, whose
from core.record.database.trouble import telling
from core.settings import Settings

log = logging.getLogger(__name__)

EVENTS, INSTALL, REDIRECT = "/slack/events", "/slack/install", "/slack/oauth_redirect"

LARGEST = 1 << 20
"""Bytes of one request: a form of Slack's has 250 kB at most."""

PATIENCE = 10.0
"""Seconds in which a request must arrive."""

RATE, BURST = 0.1, 20.0
"""How often the pages of an installation are opened from one address: so many a second, so many at once."""

_AGAIN = "Begin again at /slack/install."
_FAILED = {
    "access_denied": "Spokenly was not installed, because it was not allowed.",
    "invalid_browser": f"This browser did not begin the installation. {_AGAIN}",
    "invalid_state": f"This installation took too long, or was finished before. {_AGAIN}",
    "invalid_code": f"Slack does not know this installation. {_AGAIN}",
    "missing_code": f"Slack sent no code with this. {_AGAIN}",
}
_TOO_OFTEN = "That was too often: wait some minutes, then begin again at /slack/install."


def routes(
    app: AsyncApp,
    flow: AsyncOAuthFlow | None,
    place: str,
    opened: Callable[[], bool] | None,
    secret: SecretStr | None,
) -> Iterable[web.RouteDef]:
    """What our web application serves for Slack. `place` names the database in sentences.

    `opened`: whether calls can be taken yet; None: Slack uses sockets instead. `secret`: what Slack signs
    with.
    """
    listed = []
    if opened is not None and secret is not None:
        listed.append(web.post(EVENTS, _events(app, opened, SignatureVerifier(secret.get_secret_value()))))
    return listed if flow is None else [*listed, *_installing(flow, place)]


def _events(app: AsyncApp, opened: Callable[[], bool], verifier: SignatureVerifier) -> Handler:
    async def take(request: web.Request) -> web.Response:
        if not opened():
            raise web.HTTPServiceUnavailable
        async with _in_time():
            body = await _body(request)
        if not _signed(verifier, body, request.headers):
            raise web.HTTPUnauthorized
        return await to_aiohttp_response(await app.async_dispatch(_read(request, body)))

    return take


def _signed(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether Slack sent this, just now."""
    try:
        return verifier.is_valid_request(body, dict(headers))
    except (ValueError, TypeError, OverflowError):
        # The SDK takes it for granted that times are numbers, signatures ASCII and bodies UTF-8.
        return False


def _read(request: web.Request, body: bytes) -> AsyncBoltRequest:
    """What bolt takes. Raises `HTTPBadRequest` where the body is not of Slack's making."""
    try:
        asked = AsyncBoltRequest(
            body=body.decode(), query=request.query_string, headers=dict(request.headers)
        )
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        # bolt looks into the body without asking what it is.
        raise web.HTTPBadRequest from error
    if not isinstance(asked.body, dict) or not isinstance(asked.body.get("event", {}), dict):
        raise web.HTTPBadRequest
    return asked


def _installing(flow: AsyncOAuthFlow, place: str) -> Iterable[web.RouteDef]:
    opened = Allowances(RATE, BURST)

    async def begun(request: web.Request) -> AsyncBoltRequest | None:
        """What bolt takes; None where somebody opens these pages again and again."""
        if opened.take(whose(request.remote or ""), asyncio.get_running_loop().time()):
            return None
        async with _in_time():
            return await to_bolt_request(request)

    async def install(request: web.Request) -> web.Response:
        if (asked := await begun(request)) is None:
            return await to_aiohttp_response(_page(_TOO_OFTEN, 429))
        async with telling(place):
            answer = await flow.handle_installation(asked)
        return await to_aiohttp_response(answer)

    async def redirect(request: web.Request) -> web.Response:
        if (asked := await begun(request)) is None:
            return await to_aiohttp_response(_page(_TOO_OFTEN, 429))
        async with telling(place):
            try:
                answer = await flow.handle_callback(asked)
            except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
                raise UserError(f"Slack can't be reached now. {_AGAIN}") from error
        return await to_aiohttp_response(answer)

    return [web.get(INSTALL, install), web.get(REDIRECT, redirect)]


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Whoever sends a request has so long for it. Raises `HTTPRequestTimeout`."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


async def _body(request: web.Request) -> bytes:
    """The whole body, where it is not too large."""
    body = bytearray()
    async for piece in request.content.iter_chunked(1 << 16):
        body += piece
        if len(body) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
    return bytes(body)


def installing(
    settings: Settings, many: Many, workspaces: Workspaces, api: str, quiet: logging.Logger
) -> AsyncOAuthFlow:
    """How people install the app (https://docs.slack.dev/authentication/installing-with-oauth)."""
    assert settings.slack_client_id is not None
    assert settings.slack_client_secret is not None
    home = str(settings.public_url).rstrip("/")

    async def success(given: AsyncSuccessArgs) -> BoltResponse:
        installed = given.installation
        if installed.team_id is None or installed.is_enterprise_install:
            await many.refuse(installed.enterprise_id)
            return _page(f"{ORGANISATION}. {_AGAIN[:-1]} and choose a workspace of it.", 400)
        workspaces.forget(installed.team_id)
        name = installed.team_name or "your workspace"
        return _page(f"Spokenly is in {name}. Type /captions start in a channel.")

    async def failure(given: AsyncFailureArgs) -> BoltResponse:
        # The reason stands in an address, which anybody can make up.
        said = _FAILED.get(given.reason)
        log.info("slack.not_installed", extra={"reason": given.reason if said else "another"})
        said = said or f"Spokenly could not be installed. {_AGAIN}"
        return _page(said, given.suggested_status_code)

    chosen = AsyncOAuthSettings(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret.get_secret_value(),
        scopes=[scope.name for scope in SCOPES],
        redirect_uri=f"{home}{REDIRECT}",
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        install_page_rendering_enabled=False,
        authorization_url=f"{api.removesuffix('api/')}oauth/v2/authorize",
        callback_options=AsyncCallbackOptions(success=success, failure=failure),
        installation_store=many.store,
        installation_store_bot_only=True,
        state_store=many.states,
        state_expiration_seconds=STATE,
        logger=quiet,
    )
    return AsyncOAuthFlow(client=client_of(None, None, api), settings=chosen, logger=quiet)


def _page(sentence: str, status: int = 200) -> BoltResponse:
    """A page that says one sentence."""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Spokenly</title>'
        f"<p>{html.escape(sentence)}</p></html>"
    )
    return BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
