"""Who is heard in a call of elsewhere, as far as its captions tell: nobody here knows who shares sound."""

from core.captions.board import Board
from core.captions.caption import Caption

LATELY = 300.0
"""Seconds for which somebody counts as heard after their last words: a card is not to change with each."""


class Lately:
    """Those whose words came to a board lately; of before entry number `first` nobody is known."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._heard: dict[str, tuple[str, float]] = {}  # names, and when they were heard last
        self._saying: dict[str, Caption] = {}
        self._erased: dict[str, int] = {}

    def names(self, board: Board, now: float) -> tuple[str, ...]:
        """Their names, in the order in which they began, as of `now` (seconds).

        Who takes back what they said is not named for it any more.
        """
        for speaker, before in board.erased.items():
            if self._erased.get(speaker, 0) < before:
                self._erased[speaker] = before
                self._heard.pop(speaker, None)
        fresh = [one for one in board.since(self._next) if isinstance(one, Caption) and one.text]
        fresh += [one for key, one in board.partials.items() if self._saying.get(key) != one]
        self._next, self._saying = board.count, dict(board.partials)
        for one in fresh:
            self._heard[one.speaker.id] = one.speaker.name, now
        self._heard = {key: one for key, one in self._heard.items() if now - one[1] < LATELY}
        return tuple(name for name, _ in self._heard.values())
