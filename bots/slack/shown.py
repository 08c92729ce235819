"""Cards that keep up with their calls: outlets that show how a call is doing rather than what is said."""

from collections.abc import Callable

from bots.slack import places
from bots.slack.call import SlackCall, state
from bots.slack.card import LATE, Look
from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.captions.board import Board

PACE = 3.0
"""Seconds between two looks at what a card should show: its edits take from what captions may have."""

STEP = 5
"""Lateness is told in steps of so many seconds, so that a card does not change with every word."""


class CardOutlet:
    """An `Outlet`: the card is rewritten when what it shows has changed, and only then."""

    def __init__(
        self, workspace: Workspace, thread: Thread, look: Callable[[], Look], shown: Look | None = None
    ) -> None:
        """`shown`: what the card was posted with."""
        self._workspace = workspace
        self._thread = thread
        self._look = look
        self.shown = shown

    @property
    def pace(self) -> float:
        return PACE

    async def show(self, board: Board) -> None:
        """Raises `OutletBusy` or `OutletGone`."""
        look = self._look()
        if look != self.shown:
            await places.change_card(self._workspace, self._thread, look)
            self.shown = look


def look(call: SlackCall) -> Look:
    """What the card of a call should show now."""
    return Look(
        title=call.title,
        started_by=call.started_by,
        keep=call.keep,
        state=state(call),
        heard=tuple(call.room.speakers),
        late=late(call.board.lateness) if call.room.state == "live" else None,
        notices=(*(() if call.over else slowness(call.workspace)), *call.board.notices.values()),
        ended=call.why if call.over else None,
        private=call.room.private,
    )


def slowness(workspace: Workspace) -> tuple[str, ...]:
    """What there is to say of Slack, which no lateness that is heard tells of."""
    slow = late(workspace.governor.slow)
    if slow is None:
        return ()
    return (f"Slack takes about {slow} s over every message now: captions come later by that and more.",)


def late(lateness: float | None) -> int | None:
    """Lateness as people are told of it; None where it is not worth telling."""
    return None if lateness is None or lateness < LATE else max(STEP, round(lateness / STEP) * STEP)
