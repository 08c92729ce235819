"""Which summariser the settings ask for, and what stands in for it when it fails."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import RecapFailed
from core.record.recaps.mood import feeling
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation, Recap, Summariser
from core.settings import Settings

if TYPE_CHECKING:
    from core.record.recaps.deepgram_read import DeepgramRead
    from core.record.recaps.llm import LanguageModel

log = logging.getLogger(__name__)


class WithQuotes:
    """A Summariser: `first`, and where it fails `then`, whose recap says why it is the one."""

    def __init__(self, first: Summariser, then: Summariser) -> None:
        self._first = first
        self._then = then

    @property
    def name(self) -> str:
        return self._first.name

    async def summarise(self, conversation: Conversation) -> Recap:
        """See `Summariser`. Raises `RecapFailed` where the second fails too."""
        try:
            return await self._first.summarise(conversation)
        except RecapFailed as error:
            why = str(error)
        log.warning("recap.failed")
        recap = await self._then.summarise(conversation)
        return replace(recap, note=f"{why} {recap.note}" if recap.note else why)


@asynccontextmanager
async def open_summariser(settings: Settings) -> AsyncIterator[Summariser]:
    """The summariser that `settings.recap` names, with quotes to fall back on; closed when this is left.

    Raises `UserError` where the mood is wanted without its package.
    """
    # All of them are made in threads, because they read files.
    quotes = await asyncio.to_thread(Quotes, mood=settings.mood)
    if settings.recap == "quotes":
        yield quotes
        return
    if settings.recap == "llm":
        first: LanguageModel | DeepgramRead = await asyncio.to_thread(_language_model, settings)
    else:
        first = await asyncio.to_thread(_deepgram, settings)
    async with first:
        yield WithQuotes(first, quotes)


def _language_model(settings: Settings) -> "LanguageModel":
    from core.record.recaps.llm import LanguageModel  # noqa: PLC0415 - its import takes most of a second

    assert settings.llm_model is not None, "settings see to that"
    return LanguageModel(
        str(settings.llm_url),
        settings.llm_model,
        settings.llm_key.get_secret_value() if settings.llm_key else None,
        context=settings.llm_context,
        timeout=settings.llm_timeout,
        mood=feeling() if settings.mood else None,
    )


def _deepgram(settings: Settings) -> "DeepgramRead":
    from core.record.recaps.deepgram_read import DeepgramRead  # noqa: PLC0415 - only who uses it waits for its import

    assert settings.deepgram_api_key is not None, "settings see to that"
    key = settings.deepgram_api_key.get_secret_value()
    # The same region, or one's own server; its REST address where a socket's was given.
    url = re.sub(r"^ws(s?)://", r"http\1://", settings.deepgram_url).rstrip("/")
    return DeepgramRead(key, mood=settings.mood, url=url)
