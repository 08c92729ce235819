"""Slack's limits as numbers, and the buckets that count against them. Pure: the caller brings the time.

Tiers are per method, per workspace and per app (https://docs.slack.dev/apis/web-api/rate-limits).
"""

import math
from dataclasses import dataclass, field

TICK = 1e-6
"""Seconds that a clock may be early by rounding."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a minute, of which `burst` may come at once."""

    a_minute: float
    burst: int = 1


T1, T2, T3, T4 = Rate(1), Rate(20, 2), Rate(50, 3), Rate(100, 5)
"""Slack promises the rate and tolerates small bursts."""


@dataclass(slots=True)
class Limits:
    """Every number that Slack holds an app to. Tests and benchmarks may change any of them, at any time."""

    methods: dict[str, Rate] = field(
        default_factory=lambda: {
            "apps.connections.open": Rate(10, 10),
            "auth.test": Rate(600, 100),
            "canvases.access.set": T3,
            "canvases.create": T2,
            "canvases.delete": T3,
            "canvases.edit": T3,
            "chat.appendStream": T4,
            "chat.delete": T3,
            "chat.postEphemeral": T4,
            "chat.startStream": T2,
            "chat.stopStream": T2,
            "chat.update": T3,
            "conversations.info": T3,
            "conversations.join": T3,
            "conversations.list": T2,
            "conversations.members": T4,
            "conversations.open": T3,
            "conversations.replies": T3,
            "files.completeUploadExternal": T4,
            "files.getUploadURLExternal": T4,
            "files.info": T4,
            "oauth.v2.access": T4,
            "team.info": T3,
            "users.conversations": T3,
            "users.info": T4,
            "views.open": T4,
            "views.publish": T4,
            "views.push": T4,
            "views.update": T4,
        }
    )
    post: Rate = Rate(60, 3)
    """chat.postMessage, for each channel."""
    posts: Rate = Rate(300, 20)
    """chat.postMessage, for the whole workspace."""
    text: int = 40_000
    """Characters of a posted message's text; more is cut off."""
    update: int = 4_000
    """Characters of chat.update's text; more is refused."""
    markdown: int = 12_000
    """Characters of `markdown_text` in one call."""
    section: int = 3_000
    """Characters of a section's text."""
    blocks: int = 50
    blocks_text: int = 13_200
    """Characters of all blocks of a message together."""
    stream: float = 300.0
    """Seconds after which a stream dies, whatever is appended to it."""
    ack: float = 3.0
    """Seconds in which an interaction must be acknowledged; a trigger lives as long."""
    response: tuple[int, float] = (5, 1800.0)
    """Uses and seconds of a response_url."""
    view: int = 250_000
    """Bytes of a view."""
    sockets: int = 10
    """Socket Mode connections of one app."""
    upload: int = 1_000_000_000
    """Bytes of one file."""


@dataclass(slots=True)
class Bucket:
    """A token bucket."""

    rate: Rate
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = float(self.rate.burst)

    def take(self, now: float) -> int:
        """0: taken. Else the whole seconds to wait, as Retry-After tells them."""
        if self.at:
            self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * self.rate.a_minute / 60)
        self.at = now
        if self.tokens >= 1 - TICK:
            self.tokens -= 1
            return 0
        return max(1, math.ceil((1 - self.tokens) * 60 / self.rate.a_minute - TICK))


class Buckets:
    """Every bucket of one app."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def take(self, team: str, method: str, channel: str, now: float) -> int:
        """0: the call is taken. Else the seconds that Retry-After tells; nothing is counted then."""
        if method == "chat.postMessage":
            wait = self._take((team, method, channel), self._limits.post, now)
            return wait or self._take((team, method), self._limits.posts, now)
        rate = self._limits.methods.get(method)
        return 0 if rate is None else self._take((team, method), rate, now)

    def _take(self, key: tuple[str, ...], rate: Rate, now: float) -> int:
        bucket = self._buckets.get(key)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[key] = Bucket(rate)
        return bucket.take(now)
