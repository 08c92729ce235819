"""One captioned call: from the voice channel to the page that people read, and to its end."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import discord

from bots.discord.ears import Ears
from bots.discord.house import House
from bots.discord.keeping import Keeping
from bots.discord.setup import Keep
from bots.discord.showing import Showing
from bots.discord.wish import Status, Voice
from core.captions.board import Board
from core.errors import UserError
from core.session import Session

log = logging.getLogger(__name__)

RESTART = 3.0
"""Seconds between two starts of a session that bugs keep ending."""

EXPLAIN = 30.0
"""Seconds that people are told why captions were interrupted, after they have begun again."""


class DiscordCall:
    """A call that is captioned, from `Calls.start` until `stop`. Nothing here raises into who calls it."""

    channel: Voice
    """Where people talk; the bot may be moved."""

    board: Board
    language: str
    keep: Keep
    began: datetime
    started_by: int | None
    """Discord's id of who asked for it; None where nobody did."""

    @property
    def paused(self) -> bool:
        """Nothing is heard, until `resume`."""

    @property
    def record(self) -> str | None:
        """The key of the call's record; None when none is kept."""

    @property
    def page_url(self) -> str | None:
        """A link to the place where captions are shown."""

    @property
    def over(self) -> bool:
        """It ends, or has ended."""

    async def stop(self, by: str | None) -> None:
        """End it: last words, last page, the record, the recap; returns when all of it is posted.

        `by`: the name of who asked, for people; None where nobody did. Asked again, it waits for the same end.
        """

    def pause(self, by: str) -> None:
        """Hear nobody until `resume`; `by` is shown."""

    def resume(self) -> None:
        """Go on after a pause."""

    def status(self) -> Status:
        """How it is doing."""
