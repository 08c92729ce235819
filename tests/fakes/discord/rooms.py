"""Who is in which voice channel, and how a bot gets in: op 4 and what Discord answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from simcord.backend import errors
from simcord.enums import ChannelType

from tests.fakes.discord.backend import State
from tests.fakes.discord.bell import Bell

if TYPE_CHECKING:
    from tests.fakes.discord.session import Session


class VoiceServer(Protocol):
    """The voice servers, as the rest of Discord sees them."""

    def expect(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> tuple[str, str | None]:
        """Somebody will connect: the token they must bring, and the endpoint (host:port) to connect to."""
        ...

    def gone(self, guild_id: int, user_id: int) -> None:
        """They left the channel, were moved out of it, or it was deleted: their connection is closed."""
        ...


class Rooms:
    """Voice states of everybody. Its switches are the bad days of getting in."""

    def __init__(self, state: State, bell: Bell) -> None:
        self._state = state
        self._bell = bell
        self.server: VoiceServer | None = None
        """Without one nobody is told where to connect."""
        self.server_first = False
        """VOICE_SERVER_UPDATE comes before VOICE_STATE_UPDATE."""
        self.away = False
        """The endpoint is null: no voice server is there."""
        self.silent = False
        """Op 4 is not answered at all."""
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
        if channel is not None and not self._let_in(guild.id, channel, bot):
            return
        self.place(guild.id, bot, channel, session=session.name, **flags)

    def _let_in(self, guild: int, channel: int, user: int) -> bool:
        state = self._state
        try:
            state.require_permissions(guild, user, channel, "view_channel", "connect")
        except errors.BackendError:
            return False
        room = state.channels[channel]
        inside = [
            one
            for one in state.guilds[guild].voice_states.values()
            if one.channel_id == channel and one.user_id != user
        ]
        if not room.user_limit or len(inside) < room.user_limit:
            return True
        rights = state.compute_permissions(guild, user, channel)
        return bool(rights & (1 << 24 | 1 << 4))

    # Everybody

    def place(
        self, guild: int, user: int, channel: int | None, *, session: str | None = None, **flags: Any
    ) -> None:
        """Puts somebody into a channel (None: out of all), and tells everybody; the bot is told where to
        connect when it comes into a channel."""
        state = self._state
        before = state.guilds[guild].voice_states.get(user)
        moved = before is not None and before.channel_id != channel
        if before is None and channel is None:
            return
        if moved and self.server is not None:
            self.server.gone(guild, user)
        after = state.prepare_voice_state(guild, user, channel, **self._defaults(guild, user, channel, flags))
        assert after is not None
        if session is not None:
            after.session_id = session
        mine = user == state.bot_user.id and channel is not None
        come = before is None or moved
        tell_server = mine and (come or session is not None) and self.server is not None
        if tell_server and self.server_first:
            self._tell_server(guild, user, channel, after.session_id)
        state.commit_voice_state(after)
        if tell_server and not self.server_first:
            self._tell_server(guild, user, channel, after.session_id)
        self._bell.ring()

    def _defaults(self, guild: int, user: int, channel: int | None, flags: dict[str, Any]) -> dict[str, Any]:
        """On a stage everybody but its moderators begins as a listener."""
        state = self._state
        before = state.guilds[guild].voice_states.get(user)
        if channel is None or (before is not None and before.channel_id == channel):
            return flags
        stage = state.channels[channel].type == ChannelType.STAGE_VOICE
        speaks = bool(state.compute_permissions(guild, user, channel) & 1 << 21)
        return {"suppress": stage or not speaks, "request_to_speak_timestamp": None, **flags}

    def _tell_server(self, guild: int, user: int, channel: int | None, session: str) -> None:
        assert self.server is not None
        assert channel is not None
        token, endpoint = self.server.expect(guild, channel, user, session)
        self._state.emit(
            "VOICE_SERVER_UPDATE",
            {"token": token, "guild_id": str(guild), "endpoint": None if self.away else endpoint},
        )

    def move_server(self, guild: int) -> None:
        """The bot's voice server changes (another region, a failover): a new endpoint and a new token."""
        bot = self._state.bot_user.id
        voice = self._state.guilds[guild].voice_states[bot]
        self._tell_server(guild, bot, voice.channel_id, voice.session_id)

    def leave(self, guild: int, user: int) -> None:
        """Out of voice, whoever wanted it."""
        self.place(guild, user, None)

    def close(self, channel: int) -> None:
        """Everybody in this channel is disconnected."""
        found = self._state.channels[channel]
        if found.guild_id is None:
            return
        for user, voice in list(self._state.guilds[found.guild_id].voice_states.items()):
            if voice.channel_id == channel:
                self.leave(found.guild_id, user)

    async def until_in(self, guild: int, patience: float = 30.0) -> bool:
        """Waits until the bot is in some channel of this guild."""
        bot = self._state.bot_user.id
        return await self._bell.until(lambda: bot in self._state.guilds[guild].voice_states, patience)
