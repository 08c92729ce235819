"""Who is in a voice channel, as Discord tells without privileged intents, and how captions name them."""

import discord

from bots.discord.people import NAME, clean_name
from core.audio.frame import Speaker
from core.captions.names import NUMBER, apart, skeleton

SOMEBODY = "Somebody"


def identity(user: int) -> str:
    """How boards and the record know somebody, in all servers."""
    return f"discord:{user}"


class Guests:
    """The people of one call. Whoever was met, and is known, keeps one name for the whole call; no two look
    the same.
    """

    def __init__(self, guild: int, client: discord.Client) -> None:
        self._guild = guild
        self._client = client
        self._named: dict[str, int] = {}
        self._met: dict[int, Speaker] = {}
        self._unknown: set[int] = set()
        """Of those, who Discord had not told of yet."""

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
        """The speaker that this person is. Who they are Discord may tell after they began to speak."""
        if user in self._met and (user not in self._unknown or self.member(user) is None):
            return self._met[user]
        if self.member(user) is None:
            self._unknown.add(user)
        else:
            self._unknown.discard(user)
        others = {look for look, one in self._named.items() if one != user}
        name = apart(self.name(user), others, NAME + NUMBER)
        self._named[skeleton(name)] = user
        self._met[user] = Speaker(f"u{user}", name, identity(user))
        return self._met[user]


def humans(channel: discord.VoiceChannel | discord.StageChannel) -> list[int]:
    """The ids of everybody in a voice channel who is no bot, as far as Discord tells."""
    members = {user: channel.guild.get_member(user) for user in channel.voice_states}
    return [user for user, member in members.items() if member is None or not member.bot]
