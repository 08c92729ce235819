"""What a fake Slack holds: teams, people, channels, messages, streams, files, views, canvases."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

BOT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "canvases:write",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:read",
        "im:write",
        "users:read",
    }
)
"""What a bot token may do unless a test says otherwise: what config/slack-manifest.yaml asks for."""


@dataclass(slots=True)
class User:
    id: str
    name: str
    team: str
    bot: bool = False
    admin: bool = False
    guest: bool = False
    deleted: bool = False
    """Deactivated."""
    locale: str = "en-US"
    home: Json | None = None
    """What App Home shows this person."""
    modals: list[Json] = field(default_factory=list)
    """The views that are open on their screen, the newest last."""


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    team: str
    members: set[str] = field(default_factory=set)
    private: bool = False
    archived: bool = False
    im: bool = False
    mpim: bool = False
    """Direct messages of several people; `private` as well."""
    creator: str = ""


@dataclass(slots=True)
class Edit:
    """What a message said from a moment on; `at`: the loop's time."""

    at: float
    text: str
    blocks: list[Json]


@dataclass(slots=True)
class Message:
    """A message as everybody in its channel sees it, or only `seen_by`."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    seen_by: str | None = None
    files: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    stream: Stream | None = None
    deleted: bool = False
    markdown: bool = False
    """`text` is Markdown (of a stream or of `markdown_text`), not mrkdwn."""
    metadata: Json | None = None


@dataclass(slots=True)
class Stream:
    """A message that is being written. `appends`: what was appended, each with the loop's time."""

    began: float
    recipient: str
    open: bool = True
    appends: list[tuple[float, str]] = field(default_factory=list)
    stopped_by_user: bool = False


@dataclass(slots=True)
class File:
    id: str
    name: str
    team: str
    user: str
    content: bytes = b""
    mimetype: str = "application/octet-stream"
    title: str = ""
    channels: list[str] = field(default_factory=list)
    duration_ms: int | None = None
    subtype: str | None = None
    """slack_audio or slack_video: a clip that was recorded in Slack."""
    complete: bool = False
    external: str = ""
    """It is not in Slack: where it is."""
    elsewhere: bool = False
    """It is another organisation's: messages carry its id alone (Slack Connect)."""
    deleted: bool = False
    hidden: bool = False
    """The free plan does not show it any more."""


@dataclass(slots=True)
class Canvas:
    id: str
    team: str
    title: str
    channel: str | None
    markdown: str
    readers: list[str] = field(default_factory=list)
    """Channels whose people may open it."""


@dataclass(slots=True)
class Team:
    """A workspace in which the app is installed."""

    id: str
    name: str
    bot_token: str
    bot: str
    scopes: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    installed: bool = True
    whole: bool = False
    """The app is installed to the organisation that it belongs to, and not to the workspace."""
    free_plan: bool = False
    """On the free plan there are no canvases but one for each channel."""


class World:
    """All of it."""

    def __init__(self) -> None:
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self.canvases: dict[str, Canvas] = {}
        self._numbers = itertools.count(1)

    def id(self, letter: str) -> str:
        """A new id, as Slack's look."""
        return f"{letter}0{next(self._numbers):08d}"

    def ts(self, now: float) -> str:
        """A message's id: the time it came, with a part that no other message has."""
        return f"{1_790_000_000 + int(now)}.{next(self._numbers):06d}"

    def message(self, channel: str, ts: str) -> Message | None:
        return next((m for m in self.messages if m.channel == channel and m.ts == ts and not m.deleted), None)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread: its first message and the answers."""
        return [
            m
            for m in self.messages
            if m.channel == channel and ts in (m.ts, m.thread_ts) and not m.deleted and m.seen_by is None
        ]
