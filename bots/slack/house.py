"""What all calls on Slack share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bots.slack.thread import Thread
from bots.slack.workspace import Workspace
from core.bridge import Bridge
from core.captions.publisher import Outlet
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.secretary import Secretary
from core.rooms import RoomOpener
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over, for what is posted then. `why`: a sentence for people.

    `record`: the key of its record, if one was kept. `interrupted`: Spokenly was stopped in the middle of it.
    """

    workspace: Workspace
    thread: Thread
    title: str
    why: str
    record: str | None
    began: datetime
    interrupted: bool = False


class Words(Outlet, Protocol):
    """What shows captions in a thread; `ThreadCaptions` are such."""

    said: asyncio.Event
    """After `end`, when the last words stand there: what is left to be done is of no matter to readers."""

    def end(self, sentence: str = "") -> None:
        """Nothing more comes: when the last words stand there, so does `sentence`."""


class Post(Protocol):
    """Makes what shows captions in a thread."""

    def __call__(
        self, workspace: Workspace, thread: Thread, calls: Callable[[], int], first: int = 0
    ) -> Words:
        """`calls`: how many the workspace has now; they share what Slack allows it.

        `first`: the board's entry that the thread begins with.
        """


class Finale(Protocol):
    """Posts what people get when a call is over: the recap, the transcript."""

    async def __call__(self, house: "House", ended: Ended) -> None:
        """Expected failures of Slack's and of the record's are told in the thread or left.

        Raises `OutletBusy` when Slack takes nothing now: it is to be tried again.
        """


@dataclass(frozen=True, slots=True)
class House:
    """`engine`: what hears, as people read it. `hears`: whether it knows a language, as far as it tells.

    `secretary`: who keeps records; None where nobody does (SPOKENLY_KEEP=never).
    """

    opener: RoomOpener
    bridge: Bridge
    secretary: Secretary | None
    store: Store
    settings: Settings
    metrics: Metrics
    engine: str
    hears: Callable[[str], bool]
    post: Post
    finale: Finale
