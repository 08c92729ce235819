"""What was delivered before: Slack sends events again that it saw no answer to."""

from collections import OrderedDict

LIMIT = 20_000
"""Deliveries that are remembered of one workspace. Slack repeats after a minute and after five, and then no
more: of a large workspace there may be some dozens in a second.
"""

TOGETHER = 200_000
"""Deliveries that are remembered of all workspaces."""


class Seen:
    """Tells the first delivery from the others, by what Slack calls it.

    The oldest are forgotten; where there are too many in all, those of the workspace that has most.
    """

    def __init__(self, limit: int = LIMIT, together: int = TOGETHER) -> None:
        self._limit = limit
        self._together = together
        self._seen: dict[str, OrderedDict[str, None]] = {}
        self._count = 0
        self.repeated = 0
        """Deliveries that had come before."""

    def first(self, delivery: str, team: str = "") -> bool:
        """Whether this one of a workspace has not come before. What has no name is always new."""
        if not delivery:
            return True
        seen = self._seen.setdefault(team, OrderedDict())
        if delivery in seen:
            self.repeated += 1
            return False
        seen[delivery] = None
        self._count += 1
        if len(seen) > self._limit:
            self._forget(team)
        elif self._count > self._together:
            self._forget(max(self._seen, key=lambda one: len(self._seen[one])))
        return True

    def _forget(self, team: str) -> None:
        """The oldest of a workspace."""
        seen = self._seen[team]
        seen.popitem(last=False)
        self._count -= 1
        if not seen:
            del self._seen[team]
