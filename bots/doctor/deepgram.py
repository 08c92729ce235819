"""Deepgram: whether it takes the key, and what it answered."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

import asyncio
from collections.abc import Iterator

from bots.doctor.finding import Finding
from core.settings import Settings


def deepgram(settings: Settings) -> Iterator[Finding]:
    """Open a stream as a call would, and close it without a sound. Raises what Deepgram raises."""
    key = settings.deepgram_api_key
    if key is None:
        yield Finding("Deepgram", "unneeded", "This machine hears; with DEEPGRAM_API_KEY Deepgram would.")
        return
    from core.engines.hearing import deepgram as chosen

    async def ask() -> str:
        async with chosen(settings, key) as engine:
            return await engine.check_key(settings.language)

    yield Finding("Deepgram", "good", asyncio.run(ask()))
    if settings.deepgram_minutes_a_day is not None:
        minutes = f"{settings.deepgram_minutes_a_day:g} minutes a day may go there"
        sentence = f"{minutes}; then this machine hears what it can."
        yield Finding("Deepgram", "good", sentence)
