"""The routes that simcord leaves to us: the gateway's address and the status of voice channels."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from simcord.backend import errors, serializers
from simcord.enums import ChannelType
from simcord.http import router

from tests.fakes.discord.backend import State
from tests.fakes.discord.limits import Limits

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


def _guilds(state: State, limits: Limits, body: Any) -> list[dict[str, Any]]:
    """https://docs.discord.com/developers/resources/user#get-current-user-guilds"""
    bot = state.bot_user.id
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "permissions": str(state.compute_permissions(guild.id, bot)),
        }
        for guild in state.guilds.values()
        if bot in guild.members
    ]


def _application(state: State, limits: Limits, body: Any) -> Any:
    return router.dispatch(state, "GET", "/oauth2/applications/@me")


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
    if channel.type != ChannelType.VOICE:
        raise errors.cannot_execute_on_channel_type()
    if status is not None and len(status) > limits.status:
        raise errors.invalid_form_body(f"Must be {limits.status} or fewer in length.")
    state.statuses[channel_id] = status
    state.emit(
        "VOICE_CHANNEL_STATUS_UPDATE",
        {"id": str(channel_id), "guild_id": str(guild.id), "status": status},
    )


def _voice_state(guild_id: int, user_id: int, state: State, limits: Limits, body: Any) -> dict[str, Any]:
    voice = state.get_guild(guild_id).voice_states.get(user_id)
    if voice is None:
        raise errors.BackendError(404, 10065, "Unknown Voice State")
    return serializers.voice_state_payload(state, voice)


def _my_voice_state(guild_id: int, state: State, limits: Limits, body: Any) -> dict[str, Any]:
    return _voice_state(guild_id, state.bot_user.id, state, limits, body)


def _speak(guild_id: int, state: State, limits: Limits, body: Any) -> None:
    """The bot comes forward on a stage, asks to, or goes back (resources/voice, its caveats)."""
    bot = state.bot_user.id
    voice = state.get_guild(guild_id).voice_states.get(bot)
    if voice is None or voice.channel_id is None:
        raise errors.BackendError(404, 10065, "Unknown Voice State")
    if state.get_channel(voice.channel_id).type != ChannelType.STAGE_VOICE:
        raise errors.cannot_execute_on_channel_type()
    flags: dict[str, Any] = {}
    if "suppress" in body:
        flags["suppress"] = bool(body["suppress"])
        if not flags["suppress"]:
            state.require_permissions(guild_id, bot, voice.channel_id, "mute_members")
    if "request_to_speak_timestamp" in body:
        flags["request_to_speak_timestamp"] = body["request_to_speak_timestamp"]
        if body["request_to_speak_timestamp"] is not None:
            state.require_permissions(guild_id, bot, voice.channel_id, "request_to_speak")
    state.set_voice_state(guild_id, bot, voice.channel_id, **flags)


_OURS: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
    ("GET", re.compile(r"/gateway"), _gateway),
    ("GET", re.compile(r"/gateway/bot"), _gateway_bot),
    ("GET", re.compile(r"/users/@me"), _me),
    ("GET", re.compile(r"/users/@me/guilds"), _guilds),
    ("GET", re.compile(r"/applications/@me"), _application),
    ("PUT", re.compile(r"/channels/(\d+)/voice-status"), _voice_status),
    ("GET", re.compile(r"/guilds/(\d+)/voice-states/@me"), _my_voice_state),
    ("GET", re.compile(r"/guilds/(\d+)/voice-states/(\d+)"), _voice_state),
    ("PATCH", re.compile(r"/guilds/(\d+)/voice-states/@me"), _speak),
]

_POSTED = re.compile(r"/channels/(\d+)/messages")


def said_before(state: State, limits: Limits, method: str, path: str, body: Any) -> dict[str, Any] | None:
    """The message that was posted with the same enforced nonce a short while ago (resources/message)."""
    key = _nonce(method, path, body)
    if key is None or key not in state.nonces:
        return None
    number, at = state.nonces[key]
    message = state.messages.get(key[0], {}).get(number)
    if message is None or state.time.loop_time() - at > limits.nonce:
        return None
    return dict(serializers.message_payload(state, message))


def remember(state: State, limits: Limits, method: str, path: str, body: Any, result: Any) -> None:
    """Keeps the nonce of a message that was posted."""
    key = _nonce(method, path, body)
    if key is None:
        return
    now = state.time.loop_time()
    state.nonces = {one: kept for one, kept in state.nonces.items() if now - kept[1] <= limits.nonce}
    state.nonces[key] = (int(result["id"]), now)


def _nonce(method: str, path: str, body: Any) -> tuple[int, str] | None:
    found = _POSTED.fullmatch(path) if method == "POST" else None
    if found is None or not isinstance(body, dict) or not body.get("enforce_nonce") or "nonce" not in body:
        return None
    return int(found[1]), str(body["nonce"])
