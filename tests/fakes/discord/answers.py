"""What somebody who used a command or a button gets to see."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from simcord.backend.models import Interaction, ResponseKind

from tests.fakes.discord.messages import Message

if TYPE_CHECKING:
    from tests.fakes.discord.server import FakeDiscord


class Answer:
    """An interaction as the person who began it sees it. It goes on living: follow-ups appear here too."""

    def __init__(self, home: FakeDiscord, record: Interaction, began: float) -> None:
        self._home = home
        self._record = record
        self.began = began
        """By the loop's clock."""
        self.late: float | None = None
        """Seconds until the first response; None: "The application did not respond"."""

    def __repr__(self) -> str:
        return f"<Answer {self.text!r}>"

    @property
    def failed(self) -> bool:
        """Discord says "The application did not respond"."""
        return not self._record.responded

    @property
    def thinking(self) -> bool:
        """Discord still says "… is thinking"."""
        return self._record.loading

    @property
    def acknowledged(self) -> bool:
        """A button or a menu was answered without a message (deferred update)."""
        return self._record.response_kind is ResponseKind.DEFERRED_UPDATE

    @property
    def updated(self) -> bool:
        """The message with the button was rewritten as the first response."""
        return self._record.response_kind is ResponseKind.UPDATE

    @property
    def messages(self) -> list[Message]:
        """The answer and its follow-ups, in order, without deleted ones."""
        record = self._record
        first = record.message_id if record.message_id != record.source_message_id else None
        numbers = [first, *record.followup_ids]
        found = [Message(self._home.state, number) for number in numbers if number is not None]
        return [one for one in found if not one.deleted and not one.flags.loading]

    @property
    def message(self) -> Message:
        """The newest message of the answer."""
        return self.messages[-1]

    @property
    def text(self) -> str:
        """Everything there is to read in it."""
        return "\n".join(one.text for one in self.messages)

    @property
    def ephemeral(self) -> bool:
        """Whether nobody else sees any of it."""
        return bool(self.messages) and all(one.ephemeral for one in self.messages)

    @property
    def modal(self) -> dict[str, Any] | None:
        """The form that was opened."""
        return self._record.modal

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The fields of the form, by custom_id."""
        found: dict[str, dict[str, Any]] = {}
        for row in (self.modal or {}).get("components") or ():
            inner = [row["component"]] if "component" in row else row.get("components") or ()
            found.update((one["custom_id"], one) for one in inner if "custom_id" in one)
        return found

    @property
    def choices(self) -> list[dict[str, Any]]:
        """What was offered to complete an option."""
        return self._record.autocomplete_choices or []

    async def quiet(self, pause: float = 0.05, most: float = 1.0) -> Answer:
        """Waits until the bot has asked Discord for nothing during `pause` seconds, at most `most`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + most
        while loop.time() < end:
            before = self._home.rest.served
            if not await self._home.bell.until(lambda: self._home.rest.served != before, pause):  # noqa: B023 - used at once
                break
        return self

    async def settle(self, patience: float = 60.0) -> Answer:
        """Waits until "thinking" is over, at most so many seconds."""
        await self._home.bell.until(lambda: not self.thinking, patience)
        return self
