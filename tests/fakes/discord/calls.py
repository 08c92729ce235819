"""The voice servers and the rest of the fake as one world: who joins here is heard there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcord.backend import errors
from simcord.backend.models import VoiceState
from simcord.enums import ChannelType

from tests.fakes.discord.voice import FakeVoice, Person

if TYPE_CHECKING:
    from tests.fakes.discord.server import FakeDiscord


class Calls:
    """The `VoiceServer` that every fake Discord has from the start."""

    def __init__(self, home: FakeDiscord, servers: FakeVoice) -> None:
        self._home = home
        self._state = home.state
        self.servers = servers
        self._moving: set[int] = set()
        servers.announce = self._announced
        servers.moved = self._moved
        servers.deaf = self._deaf

    # What the rest asks of the voice servers

    def expect(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> tuple[str, str]:
        return self.servers.expect(guild_id, channel_id, user_id, session_id, self._stage(channel_id))

    def gone(self, guild_id: int, user_id: int) -> None:
        self.servers.dismiss(guild_id, user_id)
        person = self.servers.people.get(user_id)
        if person is not None and person.guild == guild_id and user_id not in self._moving:
            self._moving.add(user_id)
            person.vanish()
            self._moving.discard(user_id)

    def hush(self, voice: VoiceState) -> None:
        """Who may not speak is not heard, whatever they say."""
        person = self.servers.people.get(voice.user_id)
        if person is not None:
            person.muted = voice.self_mute or voice.mute or voice.suppress

    def _deaf(self, guild: int, user: int) -> bool:
        voice = self._state.guilds[guild].voice_states.get(user)
        return voice is not None and (voice.self_deaf or voice.deaf)

    def _stage(self, channel: int) -> bool:
        return self._state.channels[channel].type == ChannelType.STAGE_VOICE

    # People

    def person(self, guild: int, user: int) -> Person:
        """Somebody's microphone, camera and ears."""
        found = self.servers.people.get(user)
        if found is None or found.guild != guild:
            found = self.servers.person(self._state.users[user].name, user, guild=guild)
        return found

    async def enter(self, guild: int, user: int, channel: int, *, muted: bool, deaf: bool) -> Person:
        """Somebody joins a call, or moves to another one; comes back when they can be heard there."""
        rooms = self._home.rooms
        if not rooms.may_enter(guild, channel, user):
            raise errors.missing_access()
        person = self.person(guild, user)
        self._moving.add(user)
        try:
            rooms.place(guild, user, channel, self_mute=muted, self_deaf=deaf, self_video=False)
            voice = self._state.guilds[guild].voice_states[user]
            quiet = voice.self_mute or voice.mute or voice.suppress
            await person.join(channel, stage=self._stage(channel), muted=quiet)
        finally:
            self._moving.discard(user)
        return person

    # What the voice servers tell the rest

    def _announced(self, guild: int, user: int, token: str, endpoint: str | None) -> None:
        if user == self._home.bot_id:
            data = {"token": token, "guild_id": str(guild), "endpoint": endpoint}
            self._state.emit("VOICE_SERVER_UPDATE", data)

    def _moved(self, person: Person) -> None:
        """A person has joined or left, or changed mute or camera."""
        guild = self._state.guilds.get(person.guild)
        if guild is None or person.user in self._moving:
            return
        voice = guild.voice_states.get(person.user)
        forced = voice is not None and (voice.mute or voice.suppress)
        muted = voice.self_mute if voice is not None and forced else person.muted
        self._home.rooms.place(
            guild.id, person.user, person.channel, self_mute=muted, self_video=person.filming
        )
