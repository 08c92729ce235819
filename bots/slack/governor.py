"""One Governor per workspace: it says when the next request would be taken, so that none is refused."""

import asyncio

from bots.slack.pace import ALL_POSTS, CHANNEL_POSTS, INTERVALS, OTHER, Answers, Lane, Rank

CHANNELS = 1000
"""Channels whose limits are remembered; of more, those that are at rest are forgotten."""

POST = "chat.postMessage"


class Governor:
    """Shares what Slack takes of each method between all captions of one workspace.

    `wait` asks, `sent` tells that a request goes out, then `taken`, `refused` or `failed` what came of it.
    A refusal freezes only the method that it is about. Nothing is queued here: whoever was told to wait comes
    back with what is true then.
    """

    def __init__(self) -> None:
        self.refusals = 0
        """429s received by captions."""
        self.answers = Answers()
        """How long Slack takes over what captions ask."""
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[tuple[str, str], Lane] = {}

    def wait(self, method: str, who: str, rank: Rank, channel: str = "") -> float:
        """Seconds until `who` should call `method`; 0: now. `channel`: where, which counts for posts."""
        now = self._loop.time()
        for lane in self._of(method, channel):
            if (wait := lane.wait(who, now, rank)) > 0:
                return wait
        return 0.0

    def leave(self, method: str, who: str, channel: str = "") -> None:
        """`who` does not wait for `method` any more."""
        for lane in self._of(method, channel):
            lane.leave(who)

    def sent(self, method: str, who: str, channel: str = "") -> None:
        """`who` calls `method` now, as `wait` allowed."""
        now = self._loop.time()
        for lane in self._of(method, channel):
            lane.sent(who, now)

    def taken(self, method: str, channel: str = "") -> None:
        """Slack answered, be it with a refusal of what was asked for."""
        for lane in self._of(method, channel):
            lane.taken()

    def refused(self, method: str, seconds: float, channel: str = "") -> None:
        """Slack answered 429 and wants no such call for so long."""
        self.refusals += 1
        for lane in self._of(method, channel):
            lane.refused(self._loop.time(), seconds)

    def failed(self, method: str, channel: str = "") -> float:
        """No answer came, or none that could be used. Returns the seconds until it is tried again."""
        return max(lane.failed(self._loop.time()) for lane in self._of(method, channel))

    @property
    def slow(self) -> float | None:
        """Seconds that Slack takes to answer now, where that is worth telling."""
        return self.answers.slow(self._loop.time())

    @property
    def doubtful(self) -> bool:
        """Whether answers may well be missed now."""
        return self.answers.doubtful(self._loop.time())

    def _of(self, method: str, channel: str) -> tuple[Lane, ...]:
        if method != POST:
            return (self._lane(method, "", INTERVALS.get(method, OTHER)),)
        return self._lane(method, channel, CHANNEL_POSTS), self._lane(method, "", ALL_POSTS)

    def _lane(self, method: str, channel: str, usual: float) -> Lane:
        lane = self._lanes.get((method, channel))
        if lane is None:
            if len(self._lanes) >= CHANNELS:
                now = self._loop.time()
                self._lanes = {key: kept for key, kept in self._lanes.items() if not kept.idle(now)}
            lane = self._lanes[method, channel] = Lane(usual)
        return lane
