"""All calls of one bot: at most one in a server, because a bot is in at most one voice channel there."""

from bots.discord.call import DiscordCall
from bots.discord.setup import GuildSetup
from bots.discord.wish import Wish
from core.record.secretary import Secretary


class Calls:
    """Starts calls, finds them, and knows how every server is set up and who is not to be captioned."""

    secretary: Secretary | None
    """Who keeps records; None where Spokenly keeps none (SPOKENLY_KEEP=never)."""

    async def start(self, wish: Wish) -> DiscordCall:
        """Join and caption; returns when the bot is in the channel and hears.

        Raises `UserError` with a sentence for whoever asked.
        """
        raise NotImplementedError

    def of(self, guild: int) -> DiscordCall | None:
        """The call that runs in a server."""
        raise NotImplementedError

    def setup(self, guild: int) -> GuildSetup:
        """How a server is set up."""
        raise NotImplementedError

    async def change_setup(self, guild: int, setup: GuildSetup) -> None:
        """From now on a server is set up so. Raises `UserError` when it can't be kept now."""
        raise NotImplementedError

    def opted_out(self, guild: int) -> frozenset[int]:
        """Who is not to be captioned in a server, by Discord's ids."""
        raise NotImplementedError

    async def opt_out(self, guild: int, user: int) -> None:
        """Caption somebody no more, from this moment and in every later call, until `opt_in`.

        Raises `UserError` when it holds only until Spokenly is restarted, because it can't be kept now.
        """
        raise NotImplementedError

    async def opt_in(self, guild: int, user: int) -> None:
        """Caption somebody again. Raises `UserError` when that can't be kept now; then nothing changed."""
        raise NotImplementedError
