"""Tokens as people paste them: with spaces around, swapped, or another of the same page. Pure.

https://docs.slack.dev/authentication/tokens
"""

from typing import Annotated

from pydantic import BeforeValidator, SecretStr

_BOT, _APP = ("xoxb-", "xoxe.xoxb-"), "xapp-"

_PAGE = "https://api.slack.com/apps, your app"


def _bare(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


Token = Annotated[SecretStr | None, BeforeValidator(_bare)]
"""A token, without spaces around it; nothing else is none."""


def slack_mistake(bot: SecretStr | None, app: SecretStr | None) -> str | None:
    """What is wrong with Slack's tokens at first sight; None where nothing is, as far as can be seen."""
    of_bot = "" if bot is None else bot.get_secret_value()
    of_app = "" if app is None else app.get_secret_value()
    if of_bot.startswith(_APP) and of_app.startswith(_BOT):
        return (
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: the bot's token begins with xoxb-, the "
            "app-level token with xapp-"
        )
    if of_bot and not of_bot.startswith(_BOT):
        return (
            f"SLACK_BOT_TOKEN must begin with xoxb-{_instead(of_bot)}: set it to the Bot User OAuth Token "
            f"({_PAGE}, OAuth & Permissions)"
        )
    if of_app and not of_app.startswith(_APP):
        return (
            f"SLACK_APP_TOKEN must begin with xapp-{_instead(of_app)}: set it to an app-level token with the "
            f"scope connections:write ({_PAGE}, Basic Information, App-Level Tokens)"
        )
    return None


def _instead(token: str) -> str:
    """Which other token it is, where that can be seen."""
    kinds = {
        "xapp-": "xapp- is the app-level token's beginning",
        "xoxb-": "xoxb- is the bot token's beginning",
        "xoxp-": "xoxp- is the beginning of a person's token",
    }
    return next((f" ({told})" for beginning, told in kinds.items() if token.startswith(beginning)), "")
