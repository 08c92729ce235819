"""What somebody asks for who wants captions, and how captions that run are doing."""

from dataclasses import dataclass
from datetime import datetime

from bots.slack.workspace import Workspace
from core.rooms import Keep


@dataclass(frozen=True, slots=True)
class Wish:
    """Captions in `channel`. What is None is as the channel is set up.

    `asked_by`: the user's id. `title`: what the call is called; empty: after the channel.
    """

    workspace: Workspace
    channel: str
    asked_by: str
    title: str = ""
    language: str | None = None
    keep: Keep | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How a call is doing, for people.

    `state`: one sentence. `heard`: the names of who shares sound now. `lateness`: seconds from a word to its
    caption. `places`: where else it is shown. `private`: it can't be.
    """

    engine: str
    since: datetime
    state: str
    heard: tuple[str, ...]
    lateness: float | None
    places: tuple[str, ...]
    private: bool
