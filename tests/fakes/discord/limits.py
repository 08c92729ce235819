"""Discord's limits as numbers, and the buckets that count against them. Pure: the caller brings the time."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

TICK = 1e-6
"""Seconds that a clock may be early by rounding."""
_NUMBER = re.compile(r"/\d+(?=/|$)")
_MAJOR = re.compile(r"/(?:channels|guilds)/(\d+)|/webhooks/(\d+)(/[^/]+)?")


@dataclass(frozen=True, slots=True)
class Window:
    """So many requests in so many seconds; the window opens with its first request."""

    count: int
    seconds: float


@dataclass(slots=True)
class Limits:
    """Every number that Discord holds us to. Tests and benchmarks may change any of them, at any time."""

    rules: dict[str, Window] = field(
        default_factory=lambda: {
            "POST /channels/{}/messages": Window(5, 5.0),
            "PATCH /channels/{}/messages/{}": Window(5, 5.0),
            "DELETE /channels/{}/messages/{}": Window(5, 1.0),
            "POST /channels/{}/threads": Window(5, 5.0),
            "POST /channels/{}/messages/{}/threads": Window(5, 5.0),
            "PATCH /channels/{}": Window(5, 10.0),
            "PUT /channels/{}/voice-status": Window(5, 5.0),
            "POST /webhooks/{}/{}": Window(5, 2.0),
            "PATCH /webhooks/{}/{}/messages/{}": Window(5, 2.0),
            "GET /webhooks/{}/{}/messages/{}": Window(5, 2.0),
            "DELETE /webhooks/{}/{}/messages/{}": Window(5, 2.0),
            "PUT /applications/{}/commands": Window(2, 60.0),
            "PUT /applications/{}/guilds/{}/commands": Window(2, 60.0),
        }
    )
    """Buckets by route: each counts for itself for each channel, guild, or webhook and token."""
    others: Window = Window(50, 1.0)
    """The bucket of a route that has no rule."""
    everything: Window | None = Window(50, 1.0)
    """Of the whole bot; interactions and webhooks are not counted (topics/rate-limits)."""
    old_edits: Window = Window(3, 6.0)
    """Edits of messages that are older than `old`, for each channel; then 429 with code 30046."""
    old: float = 3600.0
    """Seconds."""
    renames: Window = Window(2, 600.0)
    """Changes of a channel's or a thread's name or topic, inside the limit of its route."""
    first_response: float = 3.0
    """Seconds until an interaction must have been answered; then its token is unknown (10062)."""
    token_life: float = 900.0
    """Seconds that an interaction's token lives."""
    content: int = 2000
    """Characters of a message's content, counted as Discord counts: code points."""
    file: int = 10 * 1024 * 1024
    """Bytes of one file."""
    request: int = 25 * 1024 * 1024
    """Bytes of a whole request."""
    nonce: float = 180.0
    """Seconds in which a message with the same enforced nonce is not posted again."""
    status: int = 500
    """Characters of a voice channel's status."""
    identifies: Window = Window(1, 5.0)
    """Identifies of the same shard; one too early gets "invalid session"."""
    gateway: Window = Window(120, 60.0)
    """Messages over one gateway connection; one more closes it with 4008."""
    gateway_message: int = 4096
    """Bytes of a message to the gateway; a longer one closes it with 4002."""
    resume: float = 180.0
    """Seconds that a lost gateway session can be resumed."""
    missed: int = 1000
    """Events kept for a resume; with more missed the session is invalid."""


def route(method: str, path: str) -> str:
    """The route of a path, without its ids: "PATCH /channels/{}/messages/{}"."""
    path = re.sub(r"^(/webhooks/)\d+/[^/]+", r"\1{}/{}", path)
    path = re.sub(r"^(/interactions/)\d+/[^/]+", r"\1{}/{}", path)
    return f"{method} {_NUMBER.sub('/{}', path).replace('/@original', '/{}')}"


def major(path: str) -> str:
    """What a bucket counts for: the channel, the guild, or the webhook with its token."""
    found = _MAJOR.match(path)
    return "" if found is None else "".join(part or "" for part in found.groups())


@dataclass(slots=True)
class Bucket:
    window: Window
    left: int
    ends: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limits say to one request. `headers` go with every answer, refused or not."""

    headers: Mapping[str, str]
    wait: float | None = None
    """Seconds to wait, when it is refused."""
    everything: bool = False


class Buckets:
    """Counts requests against the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._everything: Bucket | None = None
        self.refused: Counter[str] = Counter()
        """How often each route got 429 for its own limit."""

    def ask(self, method: str, path: str, now: float) -> Verdict:
        """Takes one from the bucket of this request, and one from the whole bot's where that counts."""
        door = route(method, path)
        interaction = door.startswith("POST /interactions/")
        if not interaction and "/webhooks/{}/{}" not in door and (wait := self._over(now)) is not None:
            self.refused[door] += 1
            return Verdict({"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, wait, True)
        if interaction:
            return Verdict({})
        window = self._limits.rules.get(door, self._limits.others)
        bucket = self._taken((door, major(path)), window, now)
        headers = _headers(door, bucket, now)
        if bucket.left < 0:
            bucket.left = 0
            self.refused[door] += 1
            return Verdict(headers | {"X-RateLimit-Scope": "user"}, bucket.ends - now)
        return Verdict(headers)

    def forget(self, now: float) -> None:
        """Forget the windows that are over; nobody can tell."""
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.ends > now}

    def ask_within(self, name: str, channel: int, window: Window, now: float) -> float | None:
        """A limit inside a route's, that no header tells. Seconds to wait when it is one too many."""
        bucket = self._taken((name, str(channel)), window, now)
        if bucket.left >= 0:
            return None
        bucket.left = 0
        self.refused[name] += 1
        return bucket.ends - now

    def _taken(self, key: tuple[str, str], window: Window, now: float) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None or now >= bucket.ends - TICK or bucket.window != window:
            bucket = self._buckets[key] = Bucket(window, window.count, now + window.seconds)
        bucket.left -= 1
        return bucket

    def _over(self, now: float) -> float | None:
        window = self._limits.everything
        if window is None:
            return None
        bucket = self._everything
        if bucket is None or now >= bucket.ends - TICK or bucket.window != window:
            bucket = self._everything = Bucket(window, window.count, now + window.seconds)
        bucket.left -= 1
        return None if bucket.left >= 0 else bucket.ends - now


def seconds(value: float) -> str:
    """As Discord writes them: three decimals; rounded up, so that who waits so long is not too early."""
    return f"{math.ceil(value * 1000 - 1e-6) / 1000:.3f}"


def _headers(door: str, bucket: Bucket, now: float) -> dict[str, str]:
    return {
        "X-RateLimit-Bucket": hashlib.sha256(door.encode()).hexdigest()[:32],
        "X-RateLimit-Limit": str(bucket.window.count),
        "X-RateLimit-Remaining": str(max(0, bucket.left)),
        "X-RateLimit-Reset-After": seconds(bucket.ends - now),
    }
