"""What whoever starts Spokenly reads in the terminal, besides its log."""

from collections.abc import Iterator

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from core.address import only_here
from core.settings import Settings

_LOOPBACK = ("127.0.0.1", "::1", "localhost")

MISSED = {
    "DISCORD_TOKEN": "there is no Discord bot",
    "SLACK_BOT_TOKEN": "there is no Slack app",
    "DEEPGRAM_API_KEY": "Deepgram does not hear",
}
"""Settings that people write down before they have the value, and what there is not without them."""


def greeting(settings: Settings, address: str) -> Iterator[str]:
    """What comes besides the rooms at `address`, and what keeps people from it."""
    for name in left_empty():
        if name == "SLACK_BOT_TOKEN" and settings.slack:
            continue  # many workspaces have tokens of their own
        yield f"{name} has no value, so {MISSED[name]}."
    if settings.discord_token is not None:
        yield "Its Discord bot is coming; `spokenly invite` prints the link to a server."
    if settings.slack and settings.slack_app_token is not None:
        yield "Its Slack app is coming."
    elif settings.slack:
        yield f"Its Slack app waits for what Slack sends to {address}/slack/events."
        if (told := slack_gets_there(settings)) is not None:
            yield told
    if (words := advice(settings)) is not None:
        yield words


def left_empty() -> tuple[str, ...]:
    """The names in `MISSED` that stand in the environment or in `.env` with nothing behind them."""
    given: dict[str, str | None] = {}
    sources = (
        DotEnvSettingsSource(Settings, env_ignore_empty=False),
        EnvSettingsSource(Settings, env_ignore_empty=False),
    )
    for source in sources:
        given |= {name: value for name, value in source.env_vars.items() if value or name not in given}
    return tuple(name for name in MISSED if not (given.get(name.lower(), "-") or "").strip())


def slack_gets_there(settings: Settings) -> str | None:
    """Why Slack can't reach Spokenly by HTTP, as far as the settings tell; None where it may."""
    if settings.public_url is not None and not only_here(str(settings.public_url)):
        return None
    if settings.public_url is None and settings.host not in _LOOPBACK:
        return None
    return (
        "Slack can't reach an address of this machine alone: set SPOKENLY_PUBLIC_URL to an HTTPS address "
        "that it can (or SLACK_APP_TOKEN: then none is needed)."
    )


def advice(settings: Settings) -> str | None:
    """What whoever starts Spokenly should know about sharing sound from other machines."""
    if settings.tls_cert is not None or settings.public_url is not None:
        return None
    if settings.host in _LOOPBACK:
        return "Only this machine can open it. For others: SPOKENLY_HOST=0.0.0.0 and HTTPS (see the README)."
    return (
        "Browsers let other machines read over http, but share sound only over HTTPS: "
        "set SPOKENLY_TLS_CERT and SPOKENLY_TLS_KEY, or put a proxy with HTTPS in front."
    )
