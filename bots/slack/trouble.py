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
    "channel_is_limited_access",
    "channel_not_found",
    "ekm_access_denied",
    "is_archived",
    "is_inactive",
    "message_not_found",
    "method_not_supported_for_channel_type",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_in_channel",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "thread_not_found",
}
"""Errors that stay as they are, however often one asks."""

TOO_MANY = 429
"""The HTTP status of what comes too fast, whatever else the answer says."""

LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
"""Slack's names for too much at once; chat.postMessage has one of its own."""

BLOCKS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
    }
)
"""Slack's names for blocks that it does not take; the same words without them may well be taken."""

FAILED = frozenset({"", "fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Slack's names for its own failures; a server in front of it says nothing that could be read."""

INVITE = "Spokenly is not in this channel: type /invite @Spokenly here, then try again."

_RESTRICTED = "Only some people may post in this channel, and Spokenly is not one of them."

_NO_THREADS = (
    "This channel has no threads, and captions are shown in one: start captions in another channel. Who may "
    "begin threads here is in the channel's settings."
)

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
    "restricted_action_thread_locked": "This thread is locked: nobody can post in it any more.",
    "restricted_action_thread_only_channel": (
        "Only threads are written in this channel, and captions need a message of their own in it: start "
        "captions in another channel."
    ),
    "restricted_action_non_threadable_channel": _NO_THREADS,
    "cannot_reply_to_message": _NO_THREADS,
    "channel_is_limited_access": (
        "Slack keeps apps out of this channel: start captions in another, or ask whoever manages it."
    ),
    "method_not_supported_for_channel_type": (
        "Slack lets no app do that in this kind of channel: start captions in another."
    ),
    "too_many_members": (
        "This channel has as many members as Slack allows, so Spokenly can't come in: start captions in "
        "another."
    ),
    "user_not_found": _OUTSIDE,
    "user_not_visible": _OUTSIDE,
    "expired_trigger_id": "Slack was too slow: try again.",
    "ratelimited": "Slack asks for patience: try again in a minute.",
}
_AWAY = "Slack can't be reached now: try again in a minute."
_REFUSED = "Slack refused that ({}): try again; if it stays so, tell whoever runs Spokenly this name."


def code(error: Exception) -> str:
    """Slack's name for what it refused; empty where it was not Slack that refused."""
    name = str(_told(error).get("error") or "")
    return "ratelimited" if name in LIMITED else name


def limited(error: Exception) -> bool:
    """Whether Slack asks for patience, in whichever of its ways: nothing was done."""
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return status == TOO_MANY or code(error) == "ratelimited"


def blocks_refused(error: Exception) -> bool:
    """Whether Slack does not take a message's blocks, and so did nothing."""
    return code(error) in BLOCKS


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
    if limited(error):
        return UserError(_SENTENCES["ratelimited"])
    if not name:
        return UserError(_AWAY)
    if name in FAILED:
        return UserError(f"Slack failed at that ({name}): try again in a minute.")
    return UserError(_SENTENCES.get(name) or _REFUSED.format(name))


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
