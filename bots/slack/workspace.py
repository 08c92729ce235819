"""A workspace that has the app: who the bot is there, and its line to Slack's Web API."""

from collections import OrderedDict
from dataclasses import dataclass, field

from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.governor import Governor

NAMES = 2000
"""People of one workspace whose names are remembered."""

NAMED = 3600.0
"""Seconds that a name is remembered."""

TRUSTED = 60.0
"""Seconds that it is remembered who manages a workspace: somebody may have lost that."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a workspace. `manages`: an admin or owner of it. `asked`: the loop's time then.

    `home`: the other workspace that they are of, where a channel is shared with it; empty for its own people,
    None where Slack did not tell.
    """

    id: str
    name: str
    manages: bool = False
    asked: float = 0.0
    home: str | None = ""


@dataclass(slots=True)
class Workspace:
    """`team`: Slack's id of it. `bot`: the bot's user id there. `client` carries the workspace's token.

    `url`: where people open it, e.g. https://acme.slack.com/. `name`: what it is called; empty: not known.
    """

    team: str
    bot: str
    client: AsyncWebClient
    url: str = "https://slack.com/"
    name: str = ""
    governor: Governor = field(default_factory=Governor)
    """Shares what Slack takes between everything that shows captions there."""
    members: OrderedDict[str, Member] = field(default_factory=OrderedDict)
    """Who was asked about lately, by user id."""

    @property
    def space(self) -> str:
        """What the workspace is called in the record."""
        return space(self.team)

    def identity(self, user: str, home: str | None = "") -> str:
        """Who somebody is, in every call; `home`: the workspace that they are of, if it is another."""
        return f"{space(home or self.team)}:{user}"

    def remember(self, member: Member) -> None:
        self.members[member.id] = member
        if len(self.members) > NAMES:
            self.members.popitem(last=False)

    def message(self, channel: str, ts: str) -> str:
        """The address of a message."""
        return f"{self.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"


def space(team: str) -> str:
    """What a workspace is called in the record."""
    return f"slack:{team}"
