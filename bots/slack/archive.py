"""Where the kept calls of a workspace took place, and so who may read them: whoever is in the channel.

A record's key tells nothing of Slack; beside the record stands the channel, as a preference of its space.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from bots.slack.calls import Calls
from bots.slack.filing import AT, LOOKED_AT
from bots.slack.patience import patiently
from bots.slack.places import asked
from bots.slack.workspace import Workspace, space
from core.errors import NoSuchRecord, UserError
from core.record.database.store import Store
from core.record.kept import Call

PAGE, PAGES = 200, 50
"""Channels of one page, as Slack recommends (more than 999 it refuses), and pages that are read."""

UNKNOWN = "There is no such call, or you are not in its channel."
"""Whoever guesses must not learn what there is."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A kept call and its channel's id."""

    call: Call
    channel: str


async def channels_of(workspace: Workspace, user: str) -> frozenset[str]:
    """The channels somebody is in, as far as Spokenly sees them. Raises `UserError`: then nobody knows."""
    found: set[str] = set()
    cursor = ""
    async with asked():
        for _ in range(PAGES):
            page = await patiently(
                partial(
                    workspace.client.users_conversations,
                    user=user,
                    types="public_channel,private_channel",
                    limit=PAGE,
                    cursor=cursor,
                )
            )
            found.update(channel["id"] for channel in page["channels"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
    return frozenset(found)


async def filed(calls: Calls, team: str, channels: Collection[str]) -> list[Filed]:
    """The kept calls of these channels, newest first. Raises `UserError` or `RecordAway`."""
    store = store_of(calls)
    where = await _where(calls, store, team)
    return [
        Filed(call, where[call.key])
        for call in await store.calls(space=space(team), limit=LOOKED_AT)
        if where.get(call.key) in channels
    ]


async def one(calls: Calls, workspace: Workspace, user: str, key: str) -> Filed:
    """A kept call that somebody may read. Raises `UserError` or `RecordAway`."""
    store = store_of(calls)
    channel = (await _where(calls, store, workspace.team)).get(key)
    if channel is None or channel not in await channels_of(workspace, user):
        raise UserError(UNKNOWN)
    try:
        call = await store.call(key)
    except NoSuchRecord as error:
        raise UserError(UNKNOWN) from error
    if call.space != workspace.space:
        raise UserError(UNKNOWN)
    return Filed(call, channel)


async def _where(calls: Calls, store: Store, team: str) -> dict[str, str]:
    """The channels of kept calls, by the keys of their records; also of those that still run."""
    kept = await store.preferences(space(team))
    where = {
        key.removeprefix(AT): str(value["channel"])
        for key, value in kept.items()
        if key.startswith(AT) and isinstance(value, dict) and "channel" in value
    }
    return where | {
        call.record: call.thread.channel for call in calls.running(team) if call.record is not None
    }


def store_of(calls: Calls) -> Store:
    """Where records are. Raises `UserError` where nothing is kept."""
    if calls.house.secretary is None:
        raise UserError("This Spokenly keeps no records (SPOKENLY_KEEP=never), so there is none to show.")
    return calls.house.secretary.store
