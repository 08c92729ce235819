"""One Governor per bot token: it says when the next request would be taken, so that none is refused."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp

from bots.discord.pace import Answer, Everything, Lane, Turns, read
from core.errors import OutletBusy

LANES = 1000
"""Limits that are remembered; of more, those whose windows are over are forgotten."""

YIELD = 0.05
"""Seconds after which somebody asks again whose turn it was not."""

LEAST = 0.001
"""Seconds of any wait: less could be lost in the sum with the time, and then be asked for without end."""

_PATH = re.compile(r"^/api(?:/v\d+)?(?=/)")
_MAJOR = re.compile(r"^/(?:channels|guilds)/(\d+)|^/webhooks/(\d+(?:/[^/]+)?)")
_ID = re.compile(r"/\d{5,}(?=/|$)")
_TOKEN = re.compile(r"^(/(?:webhooks|interactions)/)\d+/[^/]+")


@dataclass(frozen=True, slots=True)
class Route:
    """What Discord counts a request by: its kind, and the channel, guild or webhook that it is about."""

    kind: str
    major: str = ""

    @classmethod
    def of(cls, method: str, path: str) -> "Route":
        """From a request's method and path, with or without `/api/v10`."""
        path = _PATH.sub("", path)
        found = _MAJOR.match(path)
        kind = _ID.sub("/:id", _TOKEN.sub(r"\1:id/:token", path))
        return cls(f"{method} {kind}", (found[1] or found[2]) if found else "")

    @property
    def counts(self) -> bool:
        """Whether it counts against the limit of the whole bot: what interactions answer with does not."""
        return not re.match(r"\w+ /(webhooks|interactions)/:id/:token", self.kind)


@dataclass(slots=True)
class _Passage:
    """A request that was asked for here and is on its way."""

    lane: Lane
    counted: bool = True
    """Whether the next request that the trace sees is this one, already counted."""


_passage: ContextVar[_Passage | None] = ContextVar("passage", default=None)


@dataclass(slots=True)
class _Shared:
    """One of Discord's limits, and who waits for it."""

    lane: Lane
    turns: Turns = field(default_factory=Turns)


def _in_turn(turns: Turns, wait: float, who: str, now: float, *, urgent: bool) -> float:
    """`wait`, or a moment more if it is somebody else's turn. Whoever waits holds a place in the line."""
    if wait <= 0 and not turns.first(who, now, urgent=urgent):
        wait = YIELD
    if wait <= 0:
        return 0.0
    wait = max(wait, LEAST)
    turns.told(who, now, wait, urgent=urgent)
    return wait


class Governor:
    """Learns limits from every response of a `discord.Client` and lets captions send within them.

    Give `trace` to the client as `http_trace`. `wait` asks, `passage` surrounds the request. discord.py would
    sleep over a 429 or a failing server and then send a text that is old by then: inside a passage such a
    response raises `OutletBusy` instead, and the caller comes back with the newest. A 429 freezes only the
    limit that it names. Requests of others are counted and never held up.
    """

    def __init__(self) -> None:
        self.refused = 0
        """429s received, by captions and by everything else of this token."""
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[tuple[str, str], _Shared] = {}
        self._buckets: dict[str, str] = {}  # by a route's kind
        self._known: dict[str, int] = {}  # requests in a window, by bucket
        self._everything = Everything()
        self._turns = Turns()
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_start.append(self._started)
        self.trace.on_request_end.append(self._ended)
        self.trace.on_request_exception.append(self._broke)

    def wait(self, route: Route, who: str, *, urgent: bool) -> float:
        """Seconds until `who` should send; 0: now, within `passage`.

        `urgent`: committed words or something people must be told, rather than words that may still change.
        Of those who want the same, finals go first, then who has waited longest.
        """
        now = self._loop.time()
        shared = self._shared(route, now)
        wait = _in_turn(shared.turns, shared.lane.wait(now, urgent=urgent), who, now, urgent=urgent)
        if wait > 0 or not route.counts:
            return wait
        return _in_turn(self._turns, self._everything.wait(now), who, now, urgent=urgent)

    @contextmanager
    def passage(self, route: Route, who: str, *, urgent: bool) -> Iterator[None]:
        """Surrounds a request that `wait` allowed. Raises `OutletBusy` for what discord.py would sit out."""
        now = self._loop.time()
        shared = self._shared(route, now)
        shared.lane.sent(now, urgent=urgent)
        shared.turns.served(who, now)
        if route.counts:
            self._everything.count(now)
            self._turns.served(who, now)
        passage = _Passage(shared.lane)
        token = _passage.set(passage)
        try:
            yield
        finally:
            _passage.reset(token)
            if passage.counted:  # it was never sent
                shared.lane.flying -= 1

    def learn(self, route: Route, lane: Lane, answer: Answer, sent: float) -> None:
        """Take in what a response says to a request of `lane`. `sent`: the loop's time."""
        now = self._loop.time()
        lane.answered(now, answer, sent)
        if answer.refused is not None:
            self.refused += 1
            if answer.everything:
                self._everything.closed = max(self._everything.closed, now + answer.refused)
        if answer.bucket is None:
            return
        if answer.limit is not None:
            self._known[answer.bucket] = answer.limit
        self._buckets[route.kind] = answer.bucket
        early = self._lanes.pop((route.kind, route.major), None)
        shared = self._lanes.setdefault((answer.bucket, route.major), early or _Shared(lane))
        if shared.lane is not lane:  # another kind of request shares its limit
            shared.lane.flying += 1
            shared.lane.answered(now, answer, sent)

    def _shared(self, route: Route, now: float) -> _Shared:
        bucket = self._buckets.get(route.kind, route.kind)
        shared = self._lanes.get((bucket, route.major))
        if shared is None:
            if len(self._lanes) >= LANES:
                self._lanes = {key: kept for key, kept in self._lanes.items() if not kept.lane.idle(now)}
            shared = self._lanes[bucket, route.major] = _Shared(Lane(limit=self._known.get(bucket)))
        return shared

    # What aiohttp tells of every request of the client, ours and others'

    async def _started(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestStartParams,
    ) -> None:
        now = context.sent = self._loop.time()
        route = context.route = Route.of(request.method, request.url.path)
        passage = _passage.get()
        if passage is not None and passage.counted:
            passage.counted = False
            context.lane = passage.lane
            return
        context.lane = self._shared(route, now).lane
        context.lane.sent(now)
        if route.counts:
            self._everything.count(now)

    async def _ended(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestEndParams,
    ) -> None:
        lane: Lane = context.lane
        context.lane = None
        response = request.response
        answer = read(response.status, response.headers)
        if response.status >= 500:
            wait = lane.failed(self._loop.time())
        else:
            self.learn(context.route, lane, answer, context.sent)
            wait = answer.refused or 0.0
        if _passage.get() is not None and (answer.refused is not None or response.status >= 500):
            response.close()
            raise OutletBusy(wait)

    async def _broke(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if context.lane is not None:
            context.lane.failed(self._loop.time())
            context.lane = None
