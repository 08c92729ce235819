"""What people get when a call is over: why, what it came to, and the transcript if one was kept."""

import logging
from collections.abc import Callable

from bots.discord import notices
from bots.discord.house import House
from bots.discord.keeping import Keeping
from bots.discord.recap_message import recap_message
from bots.discord.where import say
from bots.discord.wish import Chat
from core.captions.markup import MARKDOWN
from core.errors import NoSuchRecord, RecordAway
from core.record.ended import recap_of, transcripts
from core.record.kept import Call

log = logging.getLogger(__name__)


async def farewell(
    house: House, place: Chat, channel: str, why: str, keeping: Keeping | None, forgets: Callable[[], int]
) -> None:
    """The last message of a call, below its last page. `channel` is a mention, `why` a sentence.

    `forgets` counts how often somebody has taken back what they said.
    """
    over = notices.ended(channel, MARKDOWN.escape(why))
    if keeping is None or house.secretary is None:
        await say(place, over)
        return
    call = None if keeping.over else await keeping.finish()
    if call is None:
        await say(place, f"{over}\n{notices.NO_RECORD}")
    else:
        await _sum_up(house, place, over, call, forgets)


async def late_farewell(house: House, place: Chat, channel: str, why: str, record: str | None) -> None:
    """The same for a call that was cut off when Spokenly stopped, and does not go on. `record`: its key."""
    over = notices.ended(channel, MARKDOWN.escape(why))
    if record is None or house.secretary is None:
        await say(place, over)
        return
    try:
        call = await house.secretary.store.call(record)
    except (NoSuchRecord, RecordAway):
        await say(place, f"{over}\n{notices.RECORD_AWAY}")
    else:
        await _sum_up(house, place, over, call)


async def _sum_up(
    house: House, place: Chat, over: str, call: Call, forgets: Callable[[], int] = lambda: 0
) -> None:
    secretary, before = house.secretary, -1
    assert secretary is not None
    try:
        while before != (before := forgets()):
            # What was made before somebody took their words back still has them.
            call = await secretary.store.call(call.key)
            recap, cited = await recap_of(secretary, call)
            files = await transcripts(secretary, call, place.guild.filesize_limit) if call.lines else {}
    except (RecordAway, NoSuchRecord):
        log.warning("discord.no_recap")
        await say(place, f"{over}\n{notices.RECORD_AWAY}")
        return
    text = recap_message(over, call, recap, cited)
    if not await say(place, text, files) and files:
        # Without the right to attach files the recap alone may go through.
        await say(place, text)
