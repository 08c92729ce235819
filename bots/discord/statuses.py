"""What voice channels say of themselves in the list, which is people's before it is ours."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import discord

from bots.discord import notices
from bots.discord.house import TROUBLE
from bots.discord.wish import Voice

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that Discord may take for what is only nice to have."""

_EVENT = "VOICE_CHANNEL_STATUS_UPDATE"
"""https://docs.discord.com/developers/events/gateway-events#voice-channel-status-update"""


class Statuses:
    """Of all voice channels that one client sees, as far as they were set while it was connected.

    Discord tells what a channel says at each change, and not at the start.
    """

    def __init__(self, client: discord.Client) -> None:
        self._known: dict[int, str] = {}
        # discord.py passes it on only with every other event, raw; as its own events, it costs nothing.
        client._connection.parsers[_EVENT] = self._told

    def _told(self, data: Mapping[str, Any]) -> None:
        channel, status = int(data["id"]), data.get("status")
        if status:
            self._known[channel] = status
        else:
            self._known.pop(channel, None)

    async def show(self, voice: Voice, *, on: bool) -> None:
        """Show at a voice channel that captions are on, or no more; where Discord lets us.

        What people have set there stays, before a call and within it.
        """
        if not isinstance(voice, discord.VoiceChannel):
            return
        if self._known.get(voice.id, notices.STATUS) != notices.STATUS:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await voice.edit(status=notices.STATUS if on else None)
        except TROUBLE:
            log.info("discord.status_not_set")
