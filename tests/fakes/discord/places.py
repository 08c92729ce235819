"""What stands in a Discord: guilds, roles and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simcord.backend import models, serializers
from simcord.enums import ChannelType, OverwriteType

import discord
from tests.fakes.discord.backend import State
from tests.fakes.discord.messages import Message

if TYPE_CHECKING:
    from tests.fakes.discord.people import Member
    from tests.fakes.discord.server import FakeDiscord


SPOKEN = (0, 19, 20, 23)
"""Types of messages that say something: plain ones, replies, and answers to commands."""


def permissions(names: tuple[str, ...]) -> int:
    """The bits of these permissions, named as discord.py names them."""
    value = discord.Permissions.none()
    value.update(**dict.fromkeys(names, True))
    return value.value


class Channel:
    """A channel or a thread."""

    def __init__(self, state: State, number: int) -> None:
        self._state = state
        self._channel = state.channels[number]
        self.id = number

    def __repr__(self) -> str:
        return f"<Channel {self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Channel) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def name(self) -> str:
        return self._channel.name or ""

    @property
    def guild_id(self) -> int:
        assert self._channel.guild_id is not None
        return self._channel.guild_id

    @property
    def parent(self) -> int | None:
        return self._channel.parent_id

    @property
    def stage(self) -> bool:
        return self._channel.type == ChannelType.STAGE_VOICE

    @property
    def messages(self) -> list[Message]:
        """What everybody in it sees now, the oldest first."""
        return [
            Message(self._state, one.id)
            for one in self._state.messages.get(self.id, {}).values()
            if not one.is_ephemeral
        ]

    @property
    def posted(self) -> list[Message]:
        """What the bot posted for everybody to see, and is still there."""
        bot = self._state.bot_user.id
        return [one for one in self.messages if one.author_id == bot and one._kept.type in SPOKEN]

    @property
    def history(self) -> list[Message]:
        """Everything that was ever posted here, also deleted and private messages."""
        return [
            Message(self._state, number)
            for number, one in self._state.everything.items()
            if one.channel_id == self.id
        ]

    @property
    def threads(self) -> list[Channel]:
        return [
            Channel(self._state, one.id)
            for one in self._state.channels.values()
            if one.parent_id == self.id and one.is_thread
        ]

    @property
    def archived(self) -> bool:
        """Whether a thread is closed."""
        about = self._channel.thread_metadata
        return about is not None and about.archived

    @property
    def locked(self) -> bool:
        about = self._channel.thread_metadata
        return about is not None and about.locked

    @property
    def members(self) -> set[int]:
        """Who is in a thread."""
        return set(self._channel.thread_members)

    @property
    def status(self) -> str | None:
        """What a voice channel says of itself in the list."""
        return self._state.statuses.get(self.id)

    def say_of_itself(self, status: str | None) -> None:
        """Somebody sets what a voice channel says of itself in the list, or clears it."""
        self._state.statuses[self.id] = status
        told = {"id": str(self.id), "guild_id": str(self.guild_id), "status": status}
        self._state.emit("VOICE_CHANNEL_STATUS_UPDATE", told)

    @property
    def speakers(self) -> dict[int, models.VoiceState]:
        """Who is in a voice channel, by user."""
        states = self._state.guilds[self.guild_id].voice_states
        return {user: one for user, one in states.items() if one.channel_id == self.id}

    # What an administrator does

    def deny(self, who: Member | Role | None, *names: str) -> None:
        """Takes permissions from somebody in here; None: from the bot."""
        self._overwrite(who, 0, permissions(names))

    def allow(self, who: Member | Role | None, *names: str) -> None:
        """Gives permissions to somebody in here; None: to the bot."""
        self._overwrite(who, permissions(names), 0)

    def _overwrite(self, who: Member | Role | None, allow: int, deny: int) -> None:
        target = self._state.bot_user.id if who is None else who.id
        kind = OverwriteType.ROLE if isinstance(who, Role) else OverwriteType.MEMBER
        for one in self._channel.overwrites:
            if one.target_id == target:
                allow, deny = (one.allow & ~deny) | allow, (one.deny & ~allow) | deny
        self._state.set_overwrite(
            self.id, models.Overwrite(target_id=target, type=kind, allow=allow, deny=deny)
        )

    def rename(self, name: str) -> None:
        self._state.edit_channel(self.id, {"name": name})

    def archive(self, *, locked: bool = False) -> None:
        """Closes a thread; a locked one only moderators can open again."""
        self._state.edit_channel(self.id, {}, thread_metadata={"archived": True, "locked": locked})

    def limit(self, people: int) -> None:
        """How many may be in a voice channel; 0: any number."""
        self._state.edit_channel(self.id, {"user_limit": people})


class Role:
    """A role of a guild."""

    def __init__(self, state: State, guild: int, role: models.Role) -> None:
        self._state = state
        self._guild = guild
        self._role = role
        self.id = role.id

    @property
    def name(self) -> str:
        return self._role.name

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def delete(self) -> None:
        self._state.delete_role(self._guild, self.id)


class Guild:
    """A server that the bot was invited to."""

    def __init__(self, home: FakeDiscord, guild: models.Guild) -> None:
        self._home = home
        self._state = home.state
        self._guild = guild
        self._roles: list[int] = []
        self.id = guild.id

    @property
    def name(self) -> str:
        return self._guild.name

    @property
    def channels(self) -> list[Channel]:
        return [Channel(self._state, number) for number in self._guild.channel_ids]

    def text(self, name: str = "general", **fields: Any) -> Channel:
        """A new text channel."""
        return self._new(name, ChannelType.TEXT, fields)

    def forum(self, name: str = "forum", **fields: Any) -> Channel:
        """A new forum channel."""
        return self._new(name, ChannelType.FORUM, fields)

    def voice(self, name: str = "Lounge", *, limit: int = 0, **fields: Any) -> Channel:
        """A new voice channel with its own chat; `limit`: how many may be in it."""
        return self._new(name, ChannelType.VOICE, {"user_limit": limit, **fields})

    def stage(self, name: str = "Stage", **fields: Any) -> Channel:
        """A new stage channel."""
        return self._new(name, ChannelType.STAGE_VOICE, fields)

    def _new(self, name: str, kind: int, fields: dict[str, Any]) -> Channel:
        return Channel(self._state, self._state.create_channel(self.id, name, type=kind, **fields).id)

    @property
    def everybody(self) -> Role:
        """The role that everybody has."""
        return Role(self._state, self.id, self._guild.roles[self.id])

    def role(self, name: str, *names: str) -> Role:
        """A new role with these permissions."""
        return Role(
            self._state, self.id, self._state.create_role(self.id, name, permissions=permissions(names))
        )

    def member(
        self,
        name: str,
        *names: str,
        locale: str = "en-US",
        nick: str | None = None,
        roles: tuple[Role, ...] = (),
        bot: bool = False,
    ) -> Member:
        """Somebody joins the server. `names`: permissions of theirs beyond everybody's."""
        return self._home.invite(self, name, names, locale=locale, nick=nick, roles=roles, bot=bot)

    # What an administrator does

    def everyone(self, *names: str, allow: bool = True) -> None:
        """Gives everybody permissions, or takes them."""
        self._grant(self._guild.everyone_role, names, allow)

    def bot(self, *names: str, allow: bool = True) -> None:
        """Gives the bot permissions, or takes them."""
        member = self._guild.members[self._state.bot_user.id]
        self._grant(self._guild.roles[member.role_ids[0]], names, allow)

    def only(self, value: int) -> None:
        """The bot was invited with exactly these permissions (beyond everybody's)."""
        member = self._guild.members[self._state.bot_user.id]
        self._state.edit_role(self.id, member.role_ids[0], {"permissions": value})

    def _grant(self, role: models.Role, names: tuple[str, ...], allow: bool) -> None:
        bits = permissions(names)
        value = role.permissions | bits if allow else role.permissions & ~bits
        self._state.edit_role(self.id, role.id, {"permissions": value})

    def move_bot(self, channel: Channel) -> None:
        """A moderator moves the bot to another voice channel."""
        self._home.rooms.place(self.id, self._state.bot_user.id, channel.id)

    def disconnect_bot(self) -> None:
        """A moderator throws the bot out of voice."""
        self._home.rooms.leave(self.id, self._state.bot_user.id)

    @property
    def bot_in(self) -> Channel | None:
        """The voice channel that the bot is in."""
        voice = self._guild.voice_states.get(self._state.bot_user.id)
        return None if voice is None or voice.channel_id is None else Channel(self._state, voice.channel_id)

    def remove_bot(self) -> None:
        """The bot is thrown out of the server."""
        bot = self._state.bot_user.id
        self.disconnect_bot()
        self._state.emit("GUILD_DELETE", {"id": str(self.id)})
        self._roles = self._guild.members.pop(bot).role_ids

    def invite_bot(self) -> None:
        """The bot is invited again, with the permissions it had."""
        self._state.add_member(self.id, self._state.bot_user.id, roles=self._roles)
        self._state.emit("GUILD_CREATE", serializers.guild_create_payload(self._state, self._guild))

    def outage(self, *, over: bool = False) -> None:
        """Discord has lost the server for a while; or has it back."""
        if over:
            self._state.emit("GUILD_CREATE", serializers.guild_create_payload(self._state, self._guild))
        else:
            self._state.emit("GUILD_DELETE", {"id": str(self.id), "unavailable": True})

    def delete(self, channel: Channel) -> None:
        """Deletes a channel; who was in it is disconnected."""
        self._home.voice.delete(channel.id)
        self._home.rooms.close(channel.id)
        self._state.delete_channel(channel.id)
