"""Beside each record stands the channel of its call, as a preference of the workspace's space."""

import logging

from bots.slack.workspace import space
from core.errors import RecordAway
from core.record.database.store import Store

log = logging.getLogger(__name__)

AT = "record:"

LOOKED_AT = 1000
"""How many of a workspace's newest records are looked at; of older ones, it is forgotten where they were."""


async def file(store: Store, team: str, key: str, channel: str) -> bool:
    """Remember where a kept call takes place. False: that can't be written now, and nobody finds it."""
    try:
        await store.prefer(space(team), f"{AT}{key}", {"channel": channel})
    except RecordAway:
        log.warning("slack.record_not_filed")
        return False
    return True


async def tidy(store: Store, team: str) -> None:
    """Forget where those records were that are gone. Raises `RecordAway`."""
    there = {call.key for call in await store.calls(space=space(team), limit=LOOKED_AT)}
    for key in await store.preferences(space(team)):
        if key.startswith(AT) and key.removeprefix(AT) not in there:
            await store.prefer(space(team), key, None)
