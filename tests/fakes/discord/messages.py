"""A message, as those see it who may see it, with everything it ever said."""

from __future__ import annotations

from typing import Any

from simcord.backend import models
from simcord.components import component_mentions, walk_components

import discord
from tests.fakes.discord.backend import EPHEMERAL, State, Version


class Message:
    """A message that somebody can see, or could: it stays here when it's deleted."""

    def __init__(self, state: State, number: int) -> None:
        self._state = state
        self.id = number

    def __repr__(self) -> str:
        return f"<Message {self.content!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def _kept(self) -> models.Message:
        return self._state.everything[self.id]

    @property
    def channel_id(self) -> int:
        return self._kept.channel_id

    @property
    def author_id(self) -> int:
        return self._kept.author_id

    @property
    def author_name(self) -> str:
        """As it's shown: a webhook may give any name."""
        return self._kept.author_name or self._state.users[self._kept.author_id].name

    @property
    def content(self) -> str:
        return self._kept.content

    @property
    def text(self) -> str:
        """Everything there is to read: the content, embeds, and texts of components."""
        parts = [self.content, component_mentions(self.components)]
        for embed in self.embeds:
            parts += [embed.get("title") or "", embed.get("description") or ""]
            for field in embed.get("fields") or ():
                parts += [field["name"], field["value"]]
            parts.append((embed.get("footer") or {}).get("text") or "")
        return "\n".join(part for part in parts if part)

    @property
    def components(self) -> list[dict[str, Any]]:
        return list(self._kept.components)

    @property
    def controls(self) -> dict[str, dict[str, Any]]:
        """What can be pressed or chosen, by custom_id."""
        return {one["custom_id"]: one for one in walk_components(self._kept.components) if "custom_id" in one}

    @property
    def labels(self) -> list[str]:
        """What is written on its buttons, in order."""
        return [
            one.get("label") or "" for one in walk_components(self._kept.components) if one.get("type") == 2
        ]

    @property
    def embeds(self) -> list[dict[str, Any]]:
        return list(self._kept.embeds)

    @property
    def files(self) -> dict[str, bytes]:
        """Its files' bytes, by name."""
        found = {}
        for one in self._kept.attachments:
            data = self._state.cdn.get(one["url"])
            assert data is not None
            found[one["filename"]] = data
        return found

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """Its files, as Discord tells of them."""
        return list(self._kept.attachments)

    @property
    def flags(self) -> discord.MessageFlags:
        return discord.MessageFlags._from_value(self._kept.flags)

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self._kept.flags & EPHEMERAL)

    @property
    def pinned(self) -> bool:
        return self._kept.pinned

    @property
    def deleted(self) -> bool:
        return self.id in self._state.deleted or self._kept.channel_id not in self._state.channels

    @property
    def posted(self) -> float:
        """When, by the loop's clock."""
        return self.versions[0].at

    @property
    def versions(self) -> list[Version]:
        """Everything it ever said, the oldest first."""
        return self._state.versions[self.id]

    @property
    def edits(self) -> list[Version]:
        """The versions after the first."""
        return self.versions[1:]

    @property
    def allowed_mentions(self) -> models.AllowedMentions:
        return self._kept.allowed_mentions

    @property
    def mentions(self) -> list[int]:
        """The users that it shows as mentioned, whether they were notified or not."""
        return list(self._kept.mention_user_ids)

    @property
    def pinged(self) -> bool:
        """Whether it notified anybody when it came."""
        users, roles, everyone = self._state.pinged[self.id]
        return bool(users or roles or everyone)

    @property
    def reply_to(self) -> int | None:
        """The message it answers."""
        reference = self._kept.reference
        return int(reference["message_id"]) if reference is not None else None

    def delete(self) -> None:
        """Somebody with the right to deletes it."""
        self._state.delete_message(self.channel_id, self.id)
