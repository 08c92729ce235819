"""What Slack's Web API refuses, in our words: the one place for it beside the captions' own outlet.

Errors by method: https://docs.slack.dev/reference/methods
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from core.errors import OutletBusy, OutletError, OutletGone, UserError

FOREIGN = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever a request to Slack may fail with."""

NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What fails before anything of a request has left."""

PATIENCE = 10.0
"""Seconds that Slack is left alone after it failed."""

REMOVED = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "invalid_refresh_token",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
"""The app is not in that workspace any more, or its token is not good."""

GONE = REMOVED | {
    "cant_update_message",
    "channel_not_found",
    "ekm_access_denied",
    "is_archived",
    "is_inactive",
    "message_not_found",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "thread_not_found",
}
"""Errors that stay as they are, however often one asks."""

LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
"""Slack's names for too much at once; chat.postMessage has one of its own."""

FAILED = frozenset({"", "fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Slack's names for its own failures; a server in front of it says nothing that could be read."""

INVITE = "Spokenly is not in this channel: type /invite @Spokenly here, then try again."

_RESTRICTED = "Only some people may post in this channel, and Spokenly is not one of them."

_OUTSIDE = (
    "Slack lets Spokenly do that only for people of its own workspace and not for those of another: ask "
    "somebody of it."
)

_SENTENCES = {
    "is_archived": "This channel is archived: nobody can post in it any more.",
    "channel_not_found": INVITE,
    "not_in_channel": INVITE,
    "restricted_action": _RESTRICTED,
    "restricted_action_read_only_channel": _RESTRICTED,
    "user_not_found": _OUTSIDE,
    "user_not_visible": _OUTSIDE,
    "expired_trigger_id": "Slack was too slow: try again.",
    "ratelimited": "Slack asks for patience: try again in a minute.",
}
_AWAY = "Slack can't be reached now: try again in a minute."


def code(error: Exception) -> str:
    """Slack's name for what it refused; empty where it was not Slack that refused."""
    name = str(_told(error).get("error") or "")
    return "ratelimited" if name in LIMITED else name


def failed(error: Exception) -> bool:
    """Whether Slack itself says that it could not do what was asked for."""
    return isinstance(error, SlackApiError) and code(error) in FAILED


def user_error(error: Exception) -> UserError:
    """One sentence for whoever asked."""
    name = code(error)
    if name == "missing_scope":
        return UserError(
            f"Spokenly lacks the scope {scope(error)} in this workspace: whoever manages the app adds it "
            "under OAuth & Permissions and installs the app again."
        )
    if name in REMOVED:
        return UserError("Spokenly is not installed in this workspace any more.")
    return UserError(_SENTENCES.get(name, _AWAY))


def outlet_error(error: Exception) -> OutletError:
    """What it means for whatever shows something there."""
    if code(error) in GONE:
        return OutletGone(code(error))
    return OutletBusy(retry_after(error))


def scope(error: Exception) -> str:
    """The scope that was missing."""
    return str(_told(error).get("needed") or "that this needs")


def _told(error: Exception) -> Mapping[str, Any]:
    """Slack's answer; a server that fails sends none that could be read."""
    data = getattr(getattr(error, "response", None), "data", None)
    return data if isinstance(data, Mapping) else {}


def retry_after(error: Exception) -> float:
    """Seconds to leave Slack alone."""
    response: Any = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    try:
        return max(1.0, float(headers.get("Retry-After", PATIENCE)))
    except ValueError:
        return PATIENCE
