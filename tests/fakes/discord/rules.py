"""What Discord refuses although a route exists: the rules that simcord's routes leave out."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simcord.enums import ChannelType

from tests.fakes.discord import registry
from tests.fakes.discord.backend import EPHEMERAL, State
from tests.fakes.discord.limits import Buckets, Limits, seconds

MANAGE_THREADS = 1 << 34
NAMED = ("name", "topic")


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


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the rules look at it. `files`: how many it brings."""

    state: State
    limits: Limits
    buckets: Buckets
    path: str
    body: Any
    files: int


Rule = Callable[..., None]


def check(method: str, request: Request) -> None:
    """Raises `Refused` where Discord would; makes of the body what Discord makes of it."""
    for verb, pattern, rule in _RULES:
        found = pattern.fullmatch(request.path) if verb == method else None
        if found is not None:
            rule(request, *found.groups())


# Interactions and webhooks


def _callback(request: Request, interaction: str, token: str) -> None:
    if isinstance(request.body, dict) and isinstance(request.body.get("data"), dict):
        said = request.body["data"]
        _text(request, said, nested=True)
        if request.body.get("type") in (4, 7):
            _quiet(said)
        if len(said.get("choices") or ()) > 25:
            raise Refused(400, 50035, "Invalid Form Body")


def _follow_up(request: Request, webhook: str, token: str, *rest: str) -> None:
    state = request.state
    record = state.interactions.get(state.interaction_tokens.get(token, 0))
    if record is not None:
        if record.expires_at is not None and state.now_iso() >= record.expires_at:
            raise Refused(401, 50027, "Invalid Webhook Token")
        if not record.responded:
            raise Refused(404, 10015, "Unknown Webhook")
    if isinstance(request.body, dict):
        _text(request, request.body)
        _quiet(request.body)
        if record is None and "username" in request.body:
            _webhook_name(str(request.body["username"]))


def _webhook(request: Request, channel: str) -> None:
    _webhook_name(str((request.body or {}).get("name", "")))


def _webhook_name(name: str) -> None:
    """1 to 80 characters, without Discord's own names in it (resources/webhook)."""
    if not 1 <= len(name) <= 80 or any(one in name.lower() for one in ("clyde", "discord")):
        raise Refused(400, 50035, "Invalid Form Body")


def _quiet(said: dict[str, Any]) -> None:
    """In interactions and webhooks only people are notified, unless the message says otherwise."""
    if said.get("allowed_mentions") is None and ("content" in said or "components" in said):
        said["allowed_mentions"] = {"parse": ["users"]}


# Messages


def _text(request: Request, said: dict[str, Any], *, nested: bool = False) -> None:
    content, most = said.get("content"), request.limits.content
    if not isinstance(content, str):
        return
    if len(content) > most:
        problem = {"code": "BASE_TYPE_MAX_LENGTH", "message": f"Must be {most} or fewer in length."}
        errors: dict[str, Any] = {"content": {"_errors": [problem]}}
        raise Refused(
            400, 50035, "Invalid Form Body", more={"errors": {"data": errors} if nested else errors}
        )
    said["content"] = content.strip()


def _post(request: Request, number: str) -> None:
    said = request.body if isinstance(request.body, dict) else {}
    _text(request, said)
    if len(str(said.get("nonce") or "")) > 25:
        raise Refused(400, 50035, "Invalid Form Body")
    things = ("embeds", "embed", "components", "sticker_ids", "poll", "message_reference")
    if not said.get("content") and not request.files and not any(said.get(one) for one in things):
        raise Refused(400, 50006, "Cannot send an empty message")
    state, bot = request.state, request.state.bot_user.id
    channel = state.channels.get(int(number))
    if channel is None or channel.guild_id is None:
        return
    rights = state.compute_permissions(channel.guild_id, bot, channel.id)
    if request.files and not rights & 1 << 15:
        raise Refused(403, 50013, "Missing Permissions")
    about = channel.thread_metadata
    if about is None or not about.archived:
        return
    if about.locked and not rights & MANAGE_THREADS:
        raise Refused(403, 160005, "Thread is locked")
    state.edit_channel(channel.id, {}, thread_metadata={"archived": False})


def _edit(request: Request, channel: str, number: str) -> None:
    if isinstance(request.body, dict):
        _text(request, request.body)
    state = request.state
    found = state.channels.get(int(channel))
    if found is not None and found.thread_metadata is not None and found.thread_metadata.archived:
        raise Refused(400, 50083, "Thread is archived")
    message = state.messages.get(int(channel), {}).get(int(number))
    if message is None or message.flags & EPHEMERAL or int(number) not in state.born:
        return
    now = state.time.loop_time()
    if now - state.born[int(number)] <= request.limits.old:
        return
    wait = request.buckets.ask_within("old edits", int(channel), request.limits.old_edits, now)
    if wait is not None:
        raise _wait(
            wait, 30046, "Maximum number of edits to messages older than 1 hour reached. Try again later"
        )


def _rename(request: Request, number: str) -> None:
    found = request.state.channels.get(int(number))
    body = request.body or {}
    if found is None or all(body.get(one, getattr(found, one)) == getattr(found, one) for one in NAMED):
        return
    now = request.state.time.loop_time()
    wait = request.buckets.ask_within("renames", int(number), request.limits.renames, now)
    if wait is not None:
        raise _wait(wait, 0, "The resource is being rate limited.")


def _wait(wait: float, code: int, sentence: str) -> Refused:
    text = seconds(wait)
    return Refused(
        429,
        code,
        sentence,
        more={"retry_after": float(text), "global": False},
        headers={"Retry-After": str(math.ceil(float(text))), "X-RateLimit-Scope": "shared"},
    )


def _thread(request: Request, channel: str, *rest: str) -> None:
    found = request.state.channels.get(int(channel))
    if found is not None and found.type in (ChannelType.VOICE, ChannelType.STAGE_VOICE):
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    name = (request.body or {}).get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise Refused(400, 50035, "Invalid Form Body")
    if rest and int(rest[0]) in request.state.channels:
        raise Refused(400, 160004, "A thread has already been created for this message")


def _register(request: Request) -> None:
    problems = registry.problems(request.body or [])
    if problems:
        errors = {"_errors": [{"code": "INVALID", "message": one} for one in problems]}
        raise Refused(400, 50035, "Invalid Form Body", more={"errors": errors})


_RULES: list[tuple[str, re.Pattern[str], Rule]] = [
    ("POST", re.compile(r"/interactions/(\d+)/([^/]+)/callback"), _callback),
    ("POST", re.compile(r"/webhooks/(\d+)/([^/]+)"), _follow_up),
    ("GET", re.compile(r"/webhooks/(\d+)/([^/]+)/messages/([^/]+)"), _follow_up),
    ("PATCH", re.compile(r"/webhooks/(\d+)/([^/]+)/messages/([^/]+)"), _follow_up),
    ("DELETE", re.compile(r"/webhooks/(\d+)/([^/]+)/messages/([^/]+)"), _follow_up),
    ("POST", re.compile(r"/channels/(\d+)/messages"), _post),
    ("PATCH", re.compile(r"/channels/(\d+)/messages/(\d+)"), _edit),
    ("PATCH", re.compile(r"/channels/(\d+)"), _rename),
    ("POST", re.compile(r"/channels/(\d+)/threads"), _thread),
    ("POST", re.compile(r"/channels/(\d+)/webhooks"), _webhook),
    ("POST", re.compile(r"/channels/(\d+)/messages/(\d+)/threads"), _thread),
    ("PUT", re.compile(r"/applications/\d+(?:/guilds/\d+)?/commands"), _register),
]
