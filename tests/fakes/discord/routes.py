"""What simcord's routes leave to us: the gateway's address, voice channel statuses, and limits of messages."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simcord.backend import errors, serializers

from tests.fakes.discord.backend import EPHEMERAL, State
from tests.fakes.discord.limits import Buckets, Limits, seconds


class Refused(Exception):
    """An answer that is no success, in Discord's form."""

    def __init__(
        self,
        status: int,
        code: int,
        sentence: str,
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"message": sentence, "code": code, **(more or {})}
        self.headers = dict(headers or {})


Route = Callable[[State, Limits, Any], Any]


def find(method: str, path: str) -> Route | None:
    """A route of ours; None when it's simcord's."""
    for verb, pattern, route in _OURS:
        found = pattern.fullmatch(path) if verb == method else None
        if found is not None:
            return partial(route, *map(int, found.groups()))
    return None


def _gateway(state: State, limits: Limits, body: Any) -> dict[str, Any]:
    return {"url": "wss://gateway.discord.gg"}


def _gateway_bot(state: State, limits: Limits, body: Any) -> dict[str, Any]:
    return {
        "url": "wss://gateway.discord.gg",
        "shards": 1,
        "session_start_limit": {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1},
    }


def _me(state: State, limits: Limits, body: Any) -> dict[str, Any]:
    return dict(serializers.user_payload(state.bot_user))


def _voice_status(channel_id: int, state: State, limits: Limits, body: Any) -> None:
    """https://docs.discord.food/resources/channel#modify-channel-status"""
    channel = state.get_channel(channel_id)
    bot = state.bot_user.id
    assert channel.guild_id is not None
    guild = state.get_guild(channel.guild_id)
    voice = guild.voice_states.get(bot)
    needed = ["set_voice_channel_status"]
    if voice is None or voice.channel_id != channel_id:
        needed.append("manage_channels")
    state.require_permissions(guild.id, bot, channel_id, *needed)
    status = (body or {}).get("status") or None
    if channel.type != 2:
        raise errors.cannot_execute_on_channel_type()
    if status is not None and len(status) > limits.status:
        raise errors.invalid_form_body(f"Must be {limits.status} or fewer in length.")
    state.statuses[channel_id] = status
    state.emit(
        "VOICE_CHANNEL_STATUS_UPDATE",
        {"id": str(channel_id), "guild_id": str(guild.id), "status": status},
    )


_OURS: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
    ("GET", re.compile(r"/gateway"), _gateway),
    ("GET", re.compile(r"/gateway/bot"), _gateway_bot),
    ("GET", re.compile(r"/users/@me"), _me),
    ("PUT", re.compile(r"/channels/(\d+)/voice-status"), _voice_status),
]

_EDIT = re.compile(r"/channels/(\d+)/messages/(\d+)")
_SPOKEN = re.compile(
    r"/channels/\d+/messages(/\d+)?|/webhooks/\d+/[^/]+(/messages/[^/]+)?|/interactions/\d+/[^/]+/callback"
)


def check(state: State, limits: Limits, buckets: Buckets, method: str, path: str, body: Any) -> None:
    """The limits that no header tells: the length of a message, and edits of old ones.

    https://docs.discord.food/resources/message#edit-message
    """
    if method in ("POST", "PATCH") and _SPOKEN.fullmatch(path) and isinstance(body, dict):
        said = body.get("data", body)
        content = said.get("content") if isinstance(said, dict) else None
        if isinstance(content, str) and len(content) > limits.content:
            raise _too_long(limits.content, "data" in body)
    edit = _EDIT.fullmatch(path) if method == "PATCH" else None
    if edit is None:
        return
    channel, number = int(edit[1]), int(edit[2])
    message = state.messages.get(channel, {}).get(number)
    if message is None or message.flags & EPHEMERAL:
        return
    now = state.time.loop_time()
    if now - state.versions[number][0].at > limits.old and (wait := buckets.ask_old(channel, now)):
        text = seconds(wait)
        raise Refused(
            429,
            30046,
            "Maximum number of edits to messages older than 1 hour reached. Try again later",
            more={"retry_after": float(text), "global": False},
            headers={"Retry-After": text, "X-RateLimit-Scope": "shared"},
        )


def _too_long(most: int, nested: bool) -> Refused:
    problem = {
        "_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": f"Must be {most} or fewer in length."}]
    }
    errors: dict[str, Any] = {"content": problem}
    return Refused(400, 50035, "Invalid Form Body", more={"errors": {"data": errors} if nested else errors})
