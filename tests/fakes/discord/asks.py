"""An interaction from the moment somebody uses it until its first response."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from simcord import interactions
from simcord.backend import serializers
from simcord.enums import InteractionType

from tests.fakes.discord.answers import Answer
from tests.fakes.discord.messages import Message
from tests.fakes.discord.places import Channel

if TYPE_CHECKING:
    from tests.fakes.discord.server import FakeDiscord


async def ask(
    home: FakeDiscord,
    guild: int,
    user: int,
    kind: InteractionType,
    channel: Channel,
    data: dict[str, Any],
    *,
    source: Message | None = None,
    patience: float = 60.0,
) -> Answer:
    """Tells the bot, and waits for its first response until Discord gives up; then, while Discord shows
    "thinking", at most `patience` seconds for what follows, and for what the bot does at once after it."""
    state, limits = home.state, home.limits
    record, payload = interactions.base_payload(
        state, type=int(kind), channel_id=channel.id, guild_id=guild, user_id=user, data=data
    )
    record.expires_at = state.iso_after(limits.token_life)
    record.initial_response_deadline = state.iso_after(limits.first_response)
    payload["locale"] = state.locales.get(user, "en-US")
    payload["guild_locale"] = state.guilds[guild].preferred_locale
    payload["attachment_size_limit"] = limits.file
    payload["authorizing_integration_owners"] = {"0": str(guild)}
    if source is not None:
        record.source_message_id = source.id
        payload["message"] = dict(serializers.message_payload(state, source._kept))
    loop = asyncio.get_running_loop()
    answer = Answer(home, record, loop.time())
    home.answers.append(answer)
    state.emit("INTERACTION_CREATE", payload)
    if await home.bell.until(lambda: record.responded, limits.first_response):
        answer.late = loop.time() - answer.began
        await answer.settle(patience)
        await answer.quiet()
    return answer
