"""What was delivered before: Slack sends events again that it saw no answer to."""

from collections import OrderedDict

LIMIT = 5000
"""Deliveries that are remembered. Slack repeats after a minute and after five, and then no more."""


class Seen:
    """Tells the first delivery from the others, by what Slack calls it. The oldest are forgotten."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.repeated = 0
        """Deliveries that had come before."""

    def first(self, delivery: str) -> bool:
        """Whether this one has not come before. What has no name is always new."""
        if not delivery:
            return True
        if delivery in self._seen:
            self.repeated += 1
            return False
        self._seen[delivery] = None
        if len(self._seen) > self._limit:
            self._seen.popitem(last=False)
        return True
