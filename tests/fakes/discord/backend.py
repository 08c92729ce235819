"""simcord's state of a Discord, with the loop's clock, its own files, and every version of every message."""

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from simcord.backend import Backend, serializers
from simcord.backend.cdn import CdnStore
from simcord.backend.models import AllowedMentions, Message
from simcord.enums import MessageType

from tests.fakes.discord.clock import LoopClock

EPHEMERAL, LOADING = 1 << 6, 1 << 7


@dataclass(frozen=True, slots=True)
class Version:
    """What a message looked like from one moment on."""

    at: float
    """The loop's time."""
    content: str
    components: tuple[dict[str, Any], ...]
    embeds: tuple[dict[str, Any], ...]
    files: tuple[str, ...]
    flags: int
    allowed_mentions: AllowedMentions


class Files(CdnStore):
    """What was uploaded, under the addresses that Discord gives such files."""

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        filename = filename.replace(" ", "_")
        path = f"attachments/{channel_id}/{attachment_id}/{quote(filename)}"
        self._blobs["/" + path] = data
        return {
            "id": str(attachment_id),
            "filename": filename,
            "description": description,
            "size": len(data),
            "url": f"https://cdn.discordapp.com/{path}?ex=7fffffff&is=60000000&hm={attachment_id:x}",
            "proxy_url": f"https://media.discordapp.net/{path}?ex=7fffffff&is=60000000&hm={attachment_id:x}",
            "content_type": mimetypes.guess_type(filename)[0] or "application/octet-stream",
        }

    def get(self, url: str) -> bytes | None:
        """By its address, or by the path of it alone."""
        return self._blobs.get(urlsplit(url).path)


class State(Backend):
    """The whole state. Nothing that was ever posted is forgotten: tests look at it later."""

    def __init__(self) -> None:
        self.time = LoopClock()
        super().__init__(clock=self.time)
        self.cdn = Files()
        self.keeps = True
        """Whether past versions and deleted messages are kept; a simulated day does without."""
        self.versions: dict[int, list[Version]] = {}
        """By message, the oldest first."""
        self.born: dict[int, float] = {}
        """When a message was posted, by the loop's time."""
        self.everything: dict[int, Message] = {}
        """Every message there ever was, also deleted ones."""
        self.deleted: dict[int, float] = {}
        """When, by message."""
        self.nonces: dict[tuple[int, str], tuple[int, float]] = {}
        """Which message was posted with a nonce, and when; by channel and nonce."""
        self.statuses: dict[int, str | None] = {}
        """What voice channels say of themselves."""
        self.locales: dict[int, str] = {}
        """The language of a user's client."""
        self.pinged: dict[int, tuple[frozenset[int], frozenset[int], bool]] = {}
        """Whom a message notified when it came: users, roles, everyone."""

    def member(self, guild: int, user: int) -> dict[str, Any]:
        """A member as it goes over the wire."""
        found = self.guilds[guild]
        return dict(serializers.member_payload(self, found, found.members[user]))

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        kept = super().commit_message(message, broadcast=broadcast)
        self.everything[kept.id] = kept
        self.born[kept.id] = self.time.loop_time()
        self._notify(kept)
        self._remember(kept)
        return kept

    def _notify(self, message: Message) -> None:
        users, roles = frozenset(message.ping_user_ids), frozenset(message.ping_role_ids)
        self.pinged[message.id] = (users, roles, message.mention_everyone)

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        thinking = bool(self.get_message(channel_id, message_id).flags & LOADING)
        message = super().edit_message(channel_id, message_id, fields)
        if thinking:
            # It comes only now; other edits notify nobody.
            self._notify(message)
        self._remember(message)
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        super().delete_message(channel_id, message_id)
        self.deleted[message_id] = self.time.loop_time()
        self._forget(message_id)

    def bulk_delete_messages(self, channel_id: int, message_ids: Iterable[int]) -> list[int]:
        gone = super().bulk_delete_messages(channel_id, message_ids)
        self.deleted.update(dict.fromkeys(gone, self.time.loop_time()))
        return gone

    def create_system_message(
        self, channel_id: int, message_type: MessageType, author_id: int, **more: Any
    ) -> Message:
        """Discord says nothing in a channel of its new name, nor of a thread that begins at a message."""
        told = message_type == MessageType.THREAD_CREATED and more.get("referenced_message_id") is not None
        if told or message_type == MessageType.CHANNEL_NAME_CHANGE:
            return Message(id=0, channel_id=channel_id, author_id=author_id)
        return super().create_system_message(channel_id, message_type, author_id, **more)

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        super().emit(event, payload)
        # Its own log of everything would grow for ever.
        self.transcript.clear()
        self.http_requests.clear()

    def forget(self, newest: int) -> None:
        """Forget all messages but the `newest` of each channel, and what interactions and requests left."""
        for messages in self.messages.values():
            for number in list(messages)[:-newest]:
                del messages[number]
                self._forget(number)
        for number in list(self.interactions)[:-newest]:
            del self.interactions[number]
        for token in list(self.interaction_tokens)[:-newest]:
            del self.interaction_tokens[token]
        for nonce in list(self.nonces)[:-newest]:
            del self.nonces[nonce]
        self._reserved_ids.clear()
        for moment in list(self._sequences)[:-1]:
            del self._sequences[moment]

    def _forget(self, number: int) -> None:
        if not self.keeps:
            for kept in (self.everything, self.versions, self.born, self.pinged, self.deleted):
                kept.pop(number, None)

    def _remember(self, message: Message) -> None:
        versions = self.versions.setdefault(message.id, [])
        if not self.keeps:
            versions.clear()
        versions.append(
            Version(
                at=self.time.loop_time(),
                content=message.content,
                components=tuple(message.components),
                embeds=tuple(message.embeds),
                files=tuple(attachment["filename"] for attachment in message.attachments),
                flags=message.flags,
                allowed_mentions=message.allowed_mentions,
            )
        )
