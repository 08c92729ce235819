"""The Web API's methods, each with the scopes it needs, as plain functions over the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.slack.state import Channel, Json, Team, User

if TYPE_CHECKING:
    from tests.fakes.slack.server import FakeSlack


class Refused(Exception):
    """The method answers `ok: false` with this error."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method."""

    slack: FakeSlack
    team: Team
    args: Json
    now: float

    def need(self, name: str) -> Any:
        if self.args.get(name) in (None, ""):
            raise Refused("invalid_arguments", response_metadata={"messages": [f"missing {name}"]})
        return self.args[name]

    def limit(self) -> int:
        """How many things one page has at most. https://docs.slack.dev/apis/web-api/pagination"""
        wanted = int(self.args.get("limit") or 100)
        if not 0 < wanted < 1000:
            raise Refused("invalid_limit")
        return wanted

    def page(self, found: list[Any], name: str) -> Json:
        """One page of what was found, and where the next begins."""
        limit, first = self.limit(), int(self.args.get("cursor") or 0)
        more = str(first + limit) if first + limit < len(found) else ""
        return {name: found[first : first + limit], "response_metadata": {"next_cursor": more}}

    def channel(self, *, write: bool = False) -> Channel:
        """The channel that is meant, if the bot may see it (`write`: post there)."""
        wanted = str(self.args.get("channel") or "")
        world = self.slack.world
        if wanted.startswith("U"):
            return self.slack.direct(self.team, wanted)
        found = world.channels.get(wanted)
        inside = found is not None and self.team.bot in found.members
        if found is None or found.team != self.team.id or (found.private and not inside):
            raise Refused("channel_not_found")
        if write:
            if found.archived:
                raise Refused("is_archived")
            if not inside and "chat:write.public" not in self.team.scopes:
                raise Refused("not_in_channel")
        return found

    def seen(self, what: str) -> Channel:
        """The channel that is meant, with the scope for `what` ("read", "history") that its kind needs.

        https://docs.slack.dev/apis/web-api/using-the-conversations-api
        """
        found = self.channel()
        needed = f"{kind(found)}:{what}"
        if needed not in self.team.scopes:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(self.team.scopes)))
        return found

    def user(self, wanted: str) -> User:
        found = self.slack.world.users.get(wanted)
        if found is None or found.team != self.team.id:
            raise Refused("user_not_found")
        return found

    def known(self, wanted: str) -> User:
        """The same, or somebody of another organisation with whom the bot shares a channel."""
        found = self.slack.world.users.get(wanted)
        shared = (channel.members for channel in self.slack.world.channels.values())
        if found is not None and any({wanted, self.team.bot} <= members for members in shared):
            return found
        return self.user(wanted)


def kind(channel: Channel) -> str:
    """What a conversation is to Slack's scopes."""
    if channel.im:
        return "im"
    if channel.mpim:
        return "mpim"
    return "groups" if channel.private else "channels"


Method = Callable[[Call], Json]
METHODS: dict[str, tuple[Method, tuple[str, ...]]] = {}


def method(name: str, *scopes: str) -> Callable[[Method], Method]:
    """Registers a method; any one of `scopes` is enough."""

    def register(function: Method) -> Method:
        METHODS[name] = function, scopes
        return function

    return register
