"""A call on Discord as the Bridge knows it."""

from collections.abc import Sequence

from bots.discord.call import DiscordCall
from bots.discord.where import everybody_enters
from core.bridge import named
from core.captions.board import Board

SHOWN = "shown"
"""The key of the notice where else a call is shown."""


class CallSource:
    """A `Source` of the Bridge: a call in a voice channel."""

    origin = "Discord"

    def __init__(self, call: DiscordCall) -> None:
        self._call = call
        self.open = everybody_enters(call.channel)
        """Whether all of the server might enter when that was last looked at."""

    @property
    def title(self) -> str:
        channel = self._call.channel
        return f"{channel.name} in {channel.guild.name}"

    @property
    def board(self) -> Board:
        return self._call.board

    @property
    def language(self) -> str:
        return self._call.language

    @property
    def private(self) -> bool:
        return self._call.private

    @property
    def over(self) -> bool:
        return self._call.over

    def shown_at(self, places: Sequence[str]) -> None:
        self._call.board.notify(SHOWN, named(places))
