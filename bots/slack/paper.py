"""The message of a thread that words are added to now, and what became of those that were begun."""

from math import inf

from bots.slack.ladder import Ladder, Rung
from bots.slack.shelf import Page, Shelf

TRIES, PAUSE = 3, 60.0
"""Failures of one way in a row, until it is not tried for so many seconds."""


class Paper:
    """`page`: the open message, if there is one. Those that are done go to the shelf."""

    def __init__(self, shelf: Shelf, ladder: Ladder) -> None:
        self.page: Page | None = None
        self._shelf = shelf
        self._ladder = ladder
        self._written = False
        self._failures = 0

    def turn(self, page: Page | None = None) -> None:
        """Nothing is added to the open message any more, but to `page`."""
        if self.page is not None:
            self._shelf.add(self.page)
        self.page = page

    def wrote(self) -> None:
        """Words stand there: this way works."""
        self._written, self._failures = True, 0

    def failed(self, rung: Rung, now: float, weight: int = 1) -> None:
        """A message that was begun that way did not come to anything."""
        self._failures += weight
        if self._failures >= TRIES:
            self._failures = 0
            self._ladder.refuse(rung, now + PAUSE)

    def refused(self, rung: Rung, now: float) -> None:
        """Slack doesn't take this way: for a while where it ever did, else for good."""
        self._ladder.refuse(rung, now + PAUSE if self._written else inf)
