"""People in a guild: they write, use commands, press buttons and fill in forms."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcord import interactions
from simcord.backend import errors, serializers
from simcord.backend.access import message_accessible
from simcord.backend.command_access import command_access
from simcord.backend.errors import SetupError
from simcord.enums import AppCommandType, InteractionType

from tests.fakes.discord import asks, wishes
from tests.fakes.discord.answers import Answer
from tests.fakes.discord.messages import Message
from tests.fakes.discord.places import Channel, Guild, Role
from tests.fakes.discord.voice import Person

if TYPE_CHECKING:
    from tests.fakes.discord.server import FakeDiscord


class Member:
    """A person in a guild, at their own Discord client."""

    def __init__(self, home: FakeDiscord, guild: Guild, user: int) -> None:
        self._home = home
        self._state = home.state
        self.guild = guild
        self.id = user

    def __repr__(self) -> str:
        return f"<Member {self.name}>"

    @property
    def name(self) -> str:
        """As it's shown in this guild."""
        member = self._state.guilds[self.guild.id].members.get(self.id)
        return (member.nick if member else None) or self._state.users[self.id].name

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    # Messages

    def post(
        self,
        channel: Channel,
        content: str = "",
        files: Mapping[str, bytes] | None = None,
        *,
        voice_message: float | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Message:
        """Posts a message. `voice_message`: it is one, of so many seconds. `about`: what Discord says of its
        files (size, content_type, …), true or not."""
        self._may(channel, "send_messages_in_threads" if channel._channel.is_thread else "send_messages")
        attachments = self._state.store_attachments(channel.id, list((files or {}).items()))
        flags = 0
        if voice_message is not None:
            flags = 1 << 13
            shape = base64.b64encode(bytes(32)).decode()
            for one in attachments:
                one.update(duration_secs=voice_message, waveform=shape, content_type="audio/ogg")
        for one in attachments:
            one.update(about or {})
        message = self._state.create_message(
            channel.id, self.id, content, attachments=attachments, flags=flags
        )
        return Message(self._state, message.id)

    def sees(self, channel: Channel) -> list[Message]:
        """What is on this person's screen in a channel, the oldest first."""
        self._may(channel)
        return [
            Message(self._state, one.id)
            for one in self._state.messages[channel.id].values()
            if message_accessible(self._state, channel.id, one, self.id, history=True)
        ]

    def _may(self, channel: Channel, *names: str) -> None:
        self._state.require_permissions(self.guild.id, self.id, channel.id, "view_channel", *names)

    # Voice

    async def join(self, channel: Channel, *, muted: bool = False, deaf: bool = False) -> Person:
        """Joins a voice or stage channel, or changes to it; comes back when the others can hear."""
        return await self._home.calls.enter(self.guild.id, self.id, channel.id, muted=muted, deaf=deaf)

    async def leave(self) -> None:
        """Leaves voice."""
        self._home.rooms.leave(self.guild.id, self.id)
        await asyncio.sleep(0)

    @property
    def person(self) -> Person:
        """Their microphone, camera and ears."""
        return self._home.calls.person(self.guild.id, self.id)

    async def say(self, what: bytes | Path, *, rate: int = 48_000, channels: int = 1) -> None:
        """Speaks, at the pace of speech: s16le PCM of this rate, or a file with sound in it."""
        await self.person.say(what, rate=rate, channels=channels)

    def mute(self) -> None:
        """Mutes their own microphone."""
        self.person.mute()

    def unmute(self) -> None:
        self.person.unmute()

    def camera(self, *, on: bool = True) -> None:
        """Switches their camera."""
        self.person.camera(on=on)

    def in_voice(self, **flags: Any) -> None:
        """What a moderator, or their own client, changes of their voice state: mute, deaf, self_deaf,
        suppress, request_to_speak_timestamp, self_stream."""
        voice = self._state.guilds[self.guild.id].voice_states[self.id]
        self._home.rooms.place(self.guild.id, self.id, voice.channel_id, **flags)

    def raise_hand(self) -> None:
        """Asks to speak on a stage."""
        self.in_voice(request_to_speak_timestamp=self._state.now_iso())

    def come_forward(self) -> None:
        """Becomes a speaker on a stage."""
        self.in_voice(suppress=False, request_to_speak_timestamp=None)

    # Membership

    def rename(self, nick: str | None) -> None:
        """Is called otherwise in this guild from now on."""
        self._state.edit_member(self.guild.id, self.id, {"nick": nick})

    def give(self, role: Role) -> None:
        self._state.add_member_role(self.guild.id, self.id, role.id)

    def take(self, role: Role) -> None:
        self._state.remove_member_role(self.guild.id, self.id, role.id)

    def go(self) -> None:
        """Leaves the guild."""
        self._home.rooms.leave(self.guild.id, self.id)
        self._state.remove_member(self.guild.id, self.id)

    @property
    def dms(self) -> list[Message]:
        """What was written to this person alone."""
        number = self._state.dm_channels.get(self.id)
        return [Message(self._state, one) for one in self._state.messages.get(number or 0, {})]

    # Commands

    def commands(self, channel: Channel) -> list[str]:
        """The slash commands that Discord offers this person, with their subcommands."""
        found = self._state.visible_commands(user_id=self.id, channel_id=channel.id)
        return [" ".join(path) for one in found for path, _ in interactions.command_leaves(one)]

    async def command(
        self,
        name: str,
        options: Mapping[str, Any] | None = None,
        *,
        channel: Channel,
        patience: float = 60.0,
    ) -> Answer:
        """Uses a slash command ("captions start").

        People, roles and channels are given as such, a file as (name, bytes). Comes back with the first
        response, or, when that is "thinking", with what follows it (at most `patience` seconds later).
        """
        root, path = self._find(name, channel)
        resolved = wishes.Resolved(self._state, channel, self.id)
        data = wishes.command(root, path, options or {}, resolved)
        return await self._ask(InteractionType.APPLICATION_COMMAND, channel, data, patience=patience)

    async def complete(
        self,
        name: str,
        option: str,
        typed: str,
        *,
        channel: Channel,
        options: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Types into an option of a command; what is offered."""
        root, path = self._find(name, channel)
        resolved = wishes.Resolved(self._state, channel, self.id)
        given = {**(options or {}), option: typed}
        data = wishes.command(root, path, given, resolved, typing=option)
        return (await self._ask(InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE, channel, data)).choices

    async def menu(
        self,
        name: str,
        target: Message | Member,
        *,
        channel: Channel | None = None,
        patience: float = 60.0,
    ) -> Answer:
        """Right-clicks a message, or a person in a channel, and chooses a command under "Apps"."""
        if isinstance(target, Message):
            channel, kind = Channel(self._state, target.channel_id), AppCommandType.MESSAGE
            wire = serializers.message_payload(self._state, target._kept)
            resolved: dict[str, Any] = {"messages": {str(target.id): dict(wire)}}
        else:
            channel, kind = channel or self.guild.channels[0], AppCommandType.USER
            people = wishes.Resolved(self._state, channel, self.id)
            people.add(target)
            resolved = people.data
        root = self._visible(name, kind, channel)
        data = {
            "id": root["id"],
            "name": name,
            "type": int(kind),
            "target_id": str(target.id),
            "resolved": resolved,
        }
        return await self._ask(InteractionType.APPLICATION_COMMAND, channel, data, patience=patience)

    def _find(self, name: str, channel: Channel) -> tuple[dict[str, Any], list[str]]:
        first, *path = name.split()
        return self._visible(first, AppCommandType.CHAT_INPUT, channel), path

    def _visible(self, name: str, kind: AppCommandType, channel: Channel) -> dict[str, Any]:
        self._may(channel)
        if self._home.bot_id not in self._state.guilds[self.guild.id].members:
            raise SetupError("the bot is not in this server: Discord shows none of its commands")
        found = self._state.find_command(name, self.guild.id, kind)
        if found is None:
            raise SetupError(f"there is no command {name!r}")
        access = command_access(self._state, found, user_id=self.id, channel_id=channel.id)
        if not access.allowed:
            raise SetupError(f"Discord does not show {name!r} to {self.name}: {access.reason}")
        return found

    # Buttons, menus, forms

    async def press(
        self, message: Message, control: str, values: Sequence[Any] | None = None, *, patience: float = 60.0
    ) -> Answer:
        """Presses a button, by its custom_id or its label, or chooses values in a menu."""
        if message.deleted or not message._kept.visible_to(self.id):
            raise errors.unknown_message()
        channel = Channel(self._state, message.channel_id)
        self._may(channel)
        found = _control(message, control)
        resolved = wishes.Resolved(self._state, channel, self.id)
        data = wishes.control(found, values, resolved)
        return await self._ask(
            InteractionType.MESSAGE_COMPONENT, channel, data, source=message, patience=patience
        )

    async def submit(
        self, shown: Answer, values: Mapping[str, Any] | None = None, *, patience: float = 60.0
    ) -> Answer:
        """Sends the form that an answer opened, filled in by custom_id."""
        assert shown.modal is not None, "no form was opened"
        channel = Channel(self._state, shown._record.channel_id)
        resolved = wishes.Resolved(self._state, channel, self.id)
        data = wishes.form(shown.modal, values or {}, resolved)
        number = shown._record.source_message_id
        source = Message(self._state, number) if number is not None else None
        return await self._ask(InteractionType.MODAL_SUBMIT, channel, data, source=source, patience=patience)

    async def _ask(
        self, kind: InteractionType, channel: Channel, data: dict[str, Any], **more: Any
    ) -> Answer:
        return await asks.ask(self._home, self.guild.id, self.id, kind, channel, data, **more)


def _control(message: Message, name: str) -> dict[str, Any]:
    found = message.controls
    for number, one in found.items():
        if name in (number, one.get("label")):
            return one
    raise SetupError(f"there is nothing like {name!r} to press, only {sorted(found)}")
