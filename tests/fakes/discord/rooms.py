"""Who is in which voice channel, and how a bot gets in: op 4 and what Discord answers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from simcord.backend import errors
from simcord.backend.models import VoiceState
from simcord.enums import ChannelType

from tests.fakes.discord.backend import State
from tests.fakes.discord.bell import Bell
from tests.fakes.discord.session import Session

SPEAK, MUTE_MEMBERS, MOVE_MEMBERS, MANAGE_CHANNELS = 1 << 21, 1 << 22, 1 << 24, 1 << 4


class VoiceServer(Protocol):
    """The voice servers, as the rest of Discord sees them."""

    def expect(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> tuple[str, str]:
        """Somebody will connect: the token they must bring, and the endpoint (host:port) to connect to."""
        ...

    def gone(self, guild_id: int, user_id: int) -> None:
        """They left the channel, or were put out of it: their connection is closed."""
        ...


class Rooms:
    """Voice states of everybody. Its switches are the bad days of getting in."""

    def __init__(self, state: State, bell: Bell) -> None:
        self._state = state
        self._bell = bell
        self.server: VoiceServer | None = None
        """Without one nobody is told where to connect."""
        self.changed: Callable[[VoiceState], None] = lambda _state: None
        """Somebody's voice state is another one."""
        self.server_first = False
        """VOICE_SERVER_UPDATE comes before VOICE_STATE_UPDATE."""
        self.away = False
        """The endpoint is null: no voice server is there yet. `tell_server` says so when it is."""
        self.silent = False
        """Op 4 is not answered at all."""
        self.again = True
        """Op 4 for the channel that the bot is in already is answered as if it came in anew."""
        self.asked_for: list[Mapping[str, Any]] = []
        """What bots asked for with op 4."""

    # The bot

    def asked(self, session: Session, wish: Mapping[str, Any]) -> None:
        """Op 4. A full channel, or one without permission, is not answered at all."""
        self.asked_for.append(dict(wish))
        state, bot = self._state, self._state.bot_user.id
        guild = state.guilds.get(int(wish["guild_id"]))
        if guild is None or self.silent:
            return
        flags = {"self_mute": bool(wish.get("self_mute")), "self_deaf": bool(wish.get("self_deaf"))}
        channel = int(wish["channel_id"]) if wish.get("channel_id") else None
        if channel is not None and not self.may_enter(guild.id, channel, bot):
            return
        self.place(guild.id, bot, channel, session=session.name, **flags)

    def session_over(self, name: str) -> None:
        """A gateway session has ended for good: its bot is out of every call."""
        bot = self._state.bot_user.id
        for guild in list(self._state.guilds.values()):
            voice = guild.voice_states.get(bot)
            if voice is not None and voice.session_id == name:
                self.place(guild.id, bot, None)

    def tell_server(self, guild: int) -> None:
        """VOICE_SERVER_UPDATE for the bot, with a new token; its state stays as it is."""
        bot = self._state.bot_user.id
        voice = self._state.guilds[guild].voice_states[bot]
        assert voice.channel_id is not None
        assert self.server is not None
        token, endpoint = self.server.expect(guild, voice.channel_id, bot, voice.session_id)
        data = {"token": token, "guild_id": str(guild), "endpoint": None if self.away else endpoint}
        self._state.emit("VOICE_SERVER_UPDATE", data)

    # Everybody

    def may_enter(self, guild: int, channel: int, user: int) -> bool:
        """Whether Discord lets somebody in: permission, and room for one more."""
        state = self._state
        try:
            state.require_permissions(guild, user, channel, "view_channel", "connect")
        except errors.BackendError:
            return False
        most = state.channels[channel].user_limit
        inside = [
            one.user_id
            for one in state.guilds[guild].voice_states.values()
            if one.channel_id == channel and one.user_id != user
        ]
        if not most or len(inside) < most:
            return True
        return bool(state.compute_permissions(guild, user, channel) & (MOVE_MEMBERS | MANAGE_CHANNELS))

    def place(
        self, guild: int, user: int, channel: int | None, *, session: str | None = None, **flags: Any
    ) -> None:
        """Puts somebody into a channel (None: out of all), and tells everybody.

        The bot is told where to connect when it comes into a channel, is moved, or asks again.
        """
        state = self._state
        before = state.guilds[guild].voice_states.get(user)
        after = self._next(guild, user, channel, session, flags)
        if after is None or (after == before and session is None):
            return
        here = before is not None and before.channel_id == channel
        mine = user == state.bot_user.id and channel is not None
        tell = mine and self.server is not None and (not here or (session is not None and self.again))
        state.commit_voice_state(after, broadcast=False)
        if tell and self.server_first:
            self.tell_server(guild)
        state.commit_voice_state(after)
        if tell and not self.server_first:
            self.tell_server(guild)
        if channel is None and self.server is not None:
            self.server.gone(guild, user)
        self.changed(after)
        self._bell.ring()

    def _next(
        self, guild: int, user: int, channel: int | None, session: str | None, flags: dict[str, Any]
    ) -> VoiceState | None:
        """On a stage everybody begins as a listener."""
        state = self._state
        before = state.guilds[guild].voice_states.get(user)
        if channel is not None and (before is None or before.channel_id != channel):
            stage = state.channels[channel].type == ChannelType.STAGE_VOICE
            speaks = bool(state.compute_permissions(guild, user, channel) & SPEAK)
            flags = {"suppress": stage or not speaks, "request_to_speak_timestamp": None, **flags}
        after = state.prepare_voice_state(guild, user, channel, **flags)
        if after is None or session is None:
            return after
        return replace(after, session_id=session)

    def leave(self, guild: int, user: int) -> None:
        """Out of voice, whoever wanted it."""
        self.place(guild, user, None)

    def close(self, channel: int) -> None:
        """The channel is about to be deleted: everybody in it is disconnected."""
        guild = self._state.channels[channel].guild_id
        if guild is not None:
            for user, voice in list(self._state.guilds[guild].voice_states.items()):
                if voice.channel_id == channel:
                    self.leave(guild, user)
