"""Slack: whether it takes the tokens, which scopes the app lacks, and whether Slack can reach it."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from bots.doctor.finding import Finding
from core.errors import UserError
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """What Slack told of the bot's token. `scopes`: what the app may do."""

    team: str
    scopes: frozenset[str]


def slack(settings: Settings, api: str | None = None) -> Iterator[Finding]:
    """The tokens, the scopes, and the way in. `api`: how Slack is reached, if not the usual way."""
    if not settings.slack:
        yield Finding(
            "Slack", "unneeded", "No app; with SLACK_BOT_TOKEN Spokenly captions in Slack channels."
        )
        return
    if settings.slack_bot_token is not None and settings.slack_client_id is None:
        try:
            answer = asyncio.run(_asked(settings.slack_bot_token.get_secret_value(), api))
        except UserError as error:
            yield Finding("Slack", "missing", str(error))
        else:
            yield Finding("Slack", "good", f"The bot token is that of the workspace {answer.team}.")
            yield from _scopes(answer.scopes)
    else:
        sentence = f"Workspaces install the app at {str(settings.public_url).rstrip('/')}/slack/install."
        yield Finding("Slack", "good", sentence)
    yield from _way(settings, api)


def _scopes(granted: frozenset[str]) -> Iterator[Finding]:
    from bots.slack.scopes import missing

    lacking = missing(granted)
    if not lacking:
        yield Finding("Slack scopes", "good", "It may do all that it needs.")
        return
    names = ", ".join(f"{scope.name} ({scope.what})" for scope in lacking)
    if any(scope.vital for scope in lacking):
        sentence = f"It lacks {names}. Paste config/slack-manifest.yaml again and reinstall the app."
        yield Finding("Slack scopes", "missing", sentence)
    else:
        yield Finding("Slack scopes", "good", f"It works; it lacks {names}.")


def _way(settings: Settings, api: str | None) -> Iterator[Finding]:
    from bots.greeting import slack_gets_there

    if settings.slack_app_token is None:
        if (told := slack_gets_there(settings)) is not None:
            yield Finding("Slack requests", "missing", told)
            return
        where = "its address" if settings.public_url is None else str(settings.public_url).rstrip("/")
        sentence = (
            f"Slack has to reach {where}/slack/events, which is not tried here; "
            "every request's signature is checked."
        )
        yield Finding("Slack requests", "good", sentence)
        return
    try:
        asyncio.run(_tried(settings.slack_app_token.get_secret_value(), api))
    except UserError as error:
        yield Finding("Slack sockets", "missing", str(error))
    else:
        yield Finding("Slack sockets", "good", "Socket Mode is on, and Slack takes the app-level token.")


async def _asked(token: str, api: str | None) -> Answer:
    from bots.slack.installations import API, NOT_TAKEN, client_of, examine
    from bots.slack.trouble import FOREIGN, REMOVED, code, user_error

    try:
        told = await client_of(token, None, api or API).auth_test()
    except FOREIGN as error:
        if code(error) in REMOVED:
            raise UserError(NOT_TAKEN) from error
        if code(error):
            raise user_error(error) from error
        raise UserError("Slack can't be reached now, so nothing can be said of the token.") from error
    examine(told)
    headers = {name.lower(): value for name, value in told.headers.items()}
    scopes = frozenset(part.strip() for part in str(headers.get("x-oauth-scopes", "")).split(","))
    return Answer(str(told["team"]), scopes)


async def _tried(token: str, api: str | None) -> None:
    from bots.slack.company import looked_for
    from bots.slack.installations import API
    from bots.slack.sockets import try_out

    if not await try_out(token, api or API):
        raise UserError("Slack can't be reached now, so nothing can be said of Socket Mode.")
    await looked_for(token, api or API)
