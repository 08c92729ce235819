"""The SenderClock: where a sender's own seconds lie in the call."""

DRIFT = 0.0005
"""How much faster or slower than ours a sound card's clock may be: 500 parts in a million."""

WINDOW = 10.0
"""Seconds over which the least delay is sought."""

STEP = 2.0
"""A delay that stays above this for two windows and does not shrink is a stopped clock, not a replay."""


class SenderClock:
    """Turns a sender's sample clock into seconds of the call.

    Of all frames the least delayed one tells most exactly how the clocks lie: the others waited in the
    network. So replayed audio keeps the time at which it was spoken, and a sound card that runs a little
    slow is followed. A clock that stood still (a laptop slept) is found again after two windows.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        self._window_began = 0.0
        self._least = float("inf")
        self._least_before: float | None = None

    def anchor(self, at: float, now: float) -> None:
        """The sender says that its clock shows `at` now: audio that is sent late has its place by that."""
        if self._offset is None:
            self._offset = now - at
            self._window_began = now

    def place(self, at: float, duration: float, now: float) -> float:
        """Seconds of the call for audio captured at `at` (sender's seconds), `duration` long, here `now`."""
        arrived = now - (at + duration)
        if self._offset is None or arrived < self._offset:
            self._offset = arrived
            self._least_before = None
        self._least = min(self._least, arrived - self._offset)
        if now - self._window_began >= WINDOW:
            self._follow(self._offset, now - self._window_began)
            self._window_began = now
        return max(0.0, at + self._offset)

    def _follow(self, offset: float, window: float) -> None:
        """`window`: how long it was, in seconds; whoever is silent for long drifts all the while."""
        least, before = self._least, self._least_before
        self._least, self._least_before = float("inf"), least
        if least > STEP and before is not None and abs(least - before) < DRIFT * window * 10:
            self._offset = offset + least
        elif 0 < least < float("inf"):
            self._offset = offset + min(least, DRIFT * window)

    def seconds(self, at: float) -> float | None:
        """Seconds of the call for `at`, as known so far; None before the first `place`."""
        return None if self._offset is None else max(0.0, at + self._offset)
