"""Who is in a voice channel, as Discord tells without privileged intents, and how captions name them."""

import discord

from bots.discord.people import clean_name, skeleton
from core.audio.frame import Speaker

SOMEBODY = "Somebody"


def identity(user: int) -> str:
    """How boards and the record know somebody, in all servers."""
    return f"discord:{user}"


class Guests:
    """The people of one call. Whoever was met keeps one name for the whole call; no two look the same."""

    def __init__(self, guild: int, client: discord.Client) -> None:
        self._guild = guild
        self._client = client
        self._named: dict[str, int] = {}

    def member(self, user: int) -> discord.Member | None:
        """Them, if Discord has told who that is; it tells of everybody who is in a voice channel."""
        # A guild's object is another one after the gateway's session began anew.
        guild = self._client.get_guild(self._guild)
        return None if guild is None else guild.get_member(user)

    def is_bot(self, user: int) -> bool:
        member = self.member(user)
        return member is not None and member.bot

    def name(self, user: int) -> str:
        """What they are called in this server."""
        member = self.member(user)
        if member is None:
            return SOMEBODY
        return clean_name(member.display_name) or clean_name(member.name) or SOMEBODY

    def meet(self, user: int) -> Speaker:
        """The speaker that this person is; called once for each in a call."""
        name = wanted = self.name(user)
        number = 1
        while self._named.setdefault(skeleton(name), user) != user:
            number += 1
            name = f"{wanted} ({number})"
        return Speaker(f"u{user}", name, identity(user))


def humans(channel: discord.VoiceChannel | discord.StageChannel) -> list[int]:
    """The ids of everybody in a voice channel who is no bot, as far as Discord tells."""
    members = {user: channel.guild.get_member(user) for user in channel.voice_states}
    return [user for user, member in members.items() if member is None or not member.bot]
