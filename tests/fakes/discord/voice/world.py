"""The voice servers and the rest of the fake Discord as one world: who joins here is seen there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.fakes.discord import Channel, FakeDiscord, Member
from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.person import Person
from tests.fakes.discord.voice.server import FakeVoice, voice


class World:
    """What stands between the two: promises of voice servers one way, voice states the other."""

    def __init__(self, discord: FakeDiscord, server: FakeVoice) -> None:
        self.discord, self.voice = discord, server
        self._placing = False
        server.announce = self._announce
        server.moved = self._moved
        server.deaf = self._deaf
        discord.rooms.server = self

    def person(self, member: Member) -> Person:
        """The voice of somebody in a guild."""
        found = self.voice.people.get(member.id)
        return found or self.voice.person(member.name, member.id, guild=member.guild.id)

    async def join(self, member: Member, channel: Channel, *, muted: bool = False) -> Person:
        """Somebody comes into a voice channel, as `Person.join` does."""
        person = self.person(member)
        await person.join(channel.id, stage=channel.stage, muted=muted)
        return person

    # What the main gateway asks of the voice servers

    def expect(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> tuple[str, str]:
        stage = self.discord.channel(channel_id).stage
        return self.voice.expect(guild_id, channel_id, user_id, session_id, stage)

    def gone(self, guild_id: int, user_id: int) -> None:
        self.voice.dismiss(guild_id, user_id)
        person = self.voice.people.get(user_id)
        if person and not self._placing:
            # Somebody with the right to do so put them out: their voice state is changed already.
            self._placing = True
            person.vanish()
            self._placing = False

    # What the voice servers tell the main gateway

    def _announce(self, guild: int, user: int, token: str, endpoint: str | None) -> None:
        if user == self.discord.bot_id:
            data = {"token": token, "guild_id": str(guild), "endpoint": endpoint}
            self.discord.state.emit("VOICE_SERVER_UPDATE", data)

    def _deaf(self, guild: int, user: int) -> bool:
        state = self.discord.state.guilds[guild].voice_states.get(user)
        return state is not None and state.self_deaf

    def _moved(self, person: Person) -> None:
        if self._placing or not person.guild:
            return
        self._placing = True
        self.discord.rooms.place(
            person.guild, person.user, person.channel, self_mute=person.muted, self_video=person.filming
        )
        self._placing = False


@asynccontextmanager
async def world(discord: FakeDiscord, faults: Faults | None = None) -> AsyncIterator[World]:
    """Voice servers for an open `FakeDiscord`."""
    async with voice(faults, doors=discord.doors) as server:
        try:
            yield World(discord, server)
        finally:
            server.moved = lambda _person: None
            discord.rooms.server = None
