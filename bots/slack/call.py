"""One call that is captioned in Slack: a room that people talk in, a card, and a thread that people read."""

import asyncio
from datetime import UTC, datetime

from bots.slack import places
from bots.slack.house import Ended, House, Words
from bots.slack.thread import Thread
from bots.slack.wish import Status
from bots.slack.workspace import Member, Workspace
from core.bridge import LOST
from core.captions.board import Board
from core.captions.publisher import Outlet, Publisher
from core.rooms import Keep, OpenedRoom

UNUSED = 1800.0
"""Seconds after which a call ends in which nobody ever shared sound."""

QUIET = 600.0
"""Seconds after which it ends when nobody shares sound any more."""

LOOK = 15.0
"""Seconds between two looks whether somebody does."""

ASK = 300.0
"""Seconds between two questions to Slack whether the channel is still there, where no event told so."""

FAREWELL = 90.0
"""Seconds for which the last words and the card are tried at a Slack that is busy. A stop cuts it short."""

OVER = "The call is over."
NOBODY_CAME = "Nobody shared sound for half an hour, so captions ended."
NOBODY_LEFT = "Nobody has shared sound for ten minutes, so captions ended."
PLACE_GONE = "The Slack channel can't be written to any more, so captions ended."


class SlackCall:
    """A call, from `Calls.start` until its room is over. `Calls` runs it."""

    def __init__(
        self,
        house: House,
        workspace: Workspace,
        thread: Thread,
        room: OpenedRoom,
        *,
        started_by: str,
        keep: Keep,
    ) -> None:
        """`started_by`: the user's id."""
        self.workspace = workspace
        self.thread = thread
        self.room = room
        self.started_by = started_by
        self.keep = keep
        self.opened = datetime.now(UTC)
        self.over = False
        """Its room is over, and its last words are shown."""
        self.carded = False
        """Its card says that it is over."""
        self._house = house
        self._why = ""
        self._done = asyncio.Event()

    @property
    def title(self) -> str:
        return self.room.title

    @property
    def board(self) -> Board:
        return self.room.board

    @property
    def record(self) -> str | None:
        """The key of its record."""
        return self.room.record

    @property
    def began(self) -> datetime:
        """When the first sound came, or the call was opened while none has."""
        return self.room.began or self.opened

    @property
    def why(self) -> str:
        """Why it ends or has ended, for people; empty while it goes on."""
        return self._why

    def link(self, who: Member, ttl: float) -> str:
        """An address that lets one person into the room, under their name in the workspace."""
        return self.room.link(who.name, self.workspace.identity(who.id, who.home), ttl)

    def status(self) -> Status:
        """How it is doing."""
        return Status(
            engine=self._house.engine,
            since=self.began,
            state=state(self),
            heard=tuple(self.room.speakers),
            lateness=self.board.lateness,
            places=self.places(),
            private=self.room.private,
        )

    def places(self) -> tuple[str, ...]:
        """Where it is shown besides its own thread."""
        return tuple(self._house.bridge.places(self.room))

    async def stop(self, why: str) -> None:
        """End it; returns when the card says so and everything was posted. `why`: a sentence for people."""
        self.end(why)
        await self._done.wait()

    def end(self, why: str) -> None:
        """Begin the end of it. Asked again, it is the same end."""
        self._why = self._why or why
        self.room.close(self._why)

    def ended(self) -> Ended:
        """What there is to say of it when it is over."""
        return Ended(self.workspace, self.thread, self.title, self._why or OVER, self.record, self.began)

    async def run(self, captions: Words, card: Outlet) -> None:
        """Show it until it is over, and its last words as well; returns when both outlets have the end."""
        showing, carding = Publisher(self.board, captions), Publisher(self.board, card)
        async with asyncio.TaskGroup() as tasks:
            shown = tasks.create_task(showing.run(), name="slack captions")
            carded = tasks.create_task(carding.run(), name="slack card")
            looking = tasks.create_task(self._look(), name="slack look")
            over = tasks.create_task(self.room.ended(), name="slack room")
            await asyncio.wait([shown, over], return_when=asyncio.FIRST_COMPLETED)
            if not over.done():
                # What nobody can read must not be listened to.
                self.end(PLACE_GONE)
                await asyncio.wait([over])
            looking.cancel()
            self._why = self._why or OVER
            captions.end()
            showing.close(FAREWELL)
            said = tasks.create_task(captions.said.wait(), name="slack last words")
            await asyncio.wait([shown, said], return_when=asyncio.FIRST_COMPLETED)
            said.cancel()
            if not captions.said.is_set() and self._why != PLACE_GONE:
                self._why = f"{self._why} {LOST}"
            self.over = True
            carding.close(FAREWELL)
            await asyncio.wait([shown, carded])

    def done(self) -> None:
        """Everything was said and posted."""
        self.over = True
        self._done.set()

    async def _look(self) -> None:
        """End it when nobody shares sound for too long, or the channel was closed while nobody spoke."""
        loop = asyncio.get_running_loop()
        heard = asked = loop.time()
        while True:
            await asyncio.sleep(LOOK)
            if loop.time() - asked > ASK:
                if await places.closed(self.workspace, self.thread.channel):
                    self.end(PLACE_GONE)
                    return
                asked = loop.time()
            if self.room.state == "live":
                heard = loop.time()
            never = self.room.began is None
            if loop.time() - heard > (UNUSED if never else QUIET):
                self.end(NOBODY_CAME if never else NOBODY_LEFT)
                return


def state(call: SlackCall) -> str:
    """How a call stands, in one sentence."""
    if call.why:
        return call.why
    if call.room.state == "live":
        return "Captions are live."
    if call.room.began is None:
        return "Waiting for somebody to open the room and share sound."
    return "Nobody shares sound now."
