"""A recap by Deepgram's text intelligence, with the lines that it rests on.

https://developers.deepgram.com/docs/text-intelligence: English only, and 150,000 tokens in one request.
"""

import asyncio
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import httpx
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from pydantic import ValidationError

from core.errors import RecapFailed
from core.record.recaps.deepgram_answer import NAME, Answer, Results, recap
from core.record.recaps.places import Sent, sent
from core.record.recaps.recap import Conversation, Recap
from core.record.recaps.words import sounds_english

log = logging.getLogger(__name__)

ADDRESS: Final = "https://api.deepgram.com"

FEWEST: Final = 50
"""Words up to which Deepgram sends back what it was sent instead of summing it up."""

AT_ONCE: Final = 2
"""Parts of one call that are read at the same time; Deepgram takes ten requests of one project."""

RETRIES: Final = 1
"""How often the official client asks again where Deepgram is busy or fails."""


class DeepgramRead:
    """A Summariser over `POST /v1/read`. Made in a thread (it reads certificates), closed at the end.

    `mood`: whether to ask how it sounded. `url`: another region's address. `timeout`: seconds for one answer.
    """

    name = NAME

    def __init__(self, key: str, *, mood: bool = False, url: str = ADDRESS, timeout: float = 120.0) -> None:
        self._mood = mood
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout + 5, connect=min(10.0, timeout)), event_hooks={"response": [_look]}
        )
        everywhere = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
        client = AsyncDeepgramClient(
            api_key=key.strip(), environment=everywhere, httpx_client=self._http, max_retries=RETRIES
        )
        # The client would look its own version up on the disk for each request, on the loop.
        wrapper = client._client_wrapper
        headers = wrapper.get_headers()
        wrapper.get_headers = headers.copy  # type: ignore[method-assign] # the same, read once
        self._read = client.read.v1.text

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def summarise(self, conversation: Conversation) -> Recap:
        """See `Summariser`. The language must be English, and there must be more than 50 words."""
        parts = await asyncio.to_thread(sent, conversation.lines)
        if not parts:
            return Recap("deepgram", NAME)
        if not await asyncio.to_thread(_english, conversation):
            raise RecapFailed(
                "Deepgram's text intelligence reads English only; this call was in another language."
            )
        if sum(len(part.words) for part in parts) <= FEWEST:
            raise RecapFailed(f"Deepgram sums up calls of more than {FEWEST} words only.")
        answers = await self._all(parts)
        made = await asyncio.to_thread(recap, conversation, parts, answers)
        log.info("recap.made", extra={"parts": len(parts)})
        return made

    async def _all(self, parts: Sequence[Sent]) -> list[Results]:
        """What Deepgram finds in each part; the first failure ends the others."""
        seats = asyncio.Semaphore(AT_ONCE)
        failed: list[RecapFailed] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = [tasks.create_task(self._part(part, seats)) for part in parts]
        except* RecapFailed as group:
            failed = [error for error in group.exceptions if isinstance(error, RecapFailed)]
        if failed:
            raise failed[0]
        return [task.result() for task in reading]

    async def _part(self, part: Sent, seats: asyncio.Semaphore) -> Results:
        async with seats:
            try:
                async with asyncio.timeout(self._timeout):
                    answer = await self._read.analyze(
                        request={"text": part.text},
                        language="en",
                        summarize=True,
                        topics=True,
                        intents=True,
                        sentiment=self._mood or None,
                    )
            except (TimeoutError, httpx.ReadTimeout) as error:
                raise RecapFailed(f"Deepgram did not answer in {self._timeout:g} seconds.") from error
            except UnicodeEncodeError:
                # A key with a letter beyond ASCII has no place in a header.
                raise RecapFailed(_sentence(401)) from None
            except httpx.HTTPError as error:
                raise RecapFailed("Deepgram can't be reached: see whether this machine is online.") from error
            except ApiError as error:
                raise RecapFailed(_sentence(error.status_code)) from error
        # The client's own models hold whatever came, right or wrong; it was looked at.
        return (await asyncio.to_thread(Answer.model_validate, answer, from_attributes=True)).results


def _english(conversation: Conversation) -> bool:
    """Whether a call was in English; where nobody knows, by its commonest words."""
    language = conversation.language.lower().partition("-")[0]
    unknown = language in {"", "auto", "multi", "und"}
    return language == "en" or (unknown and sounds_english([line.text for line in conversation.lines]))


async def _look(response: httpx.Response) -> None:
    """Reads an answer before the client does, which has no error for one of another form than it expects."""
    if response.is_success:
        try:
            await asyncio.to_thread(Answer.model_validate_json, await response.aread())
        except ValidationError:
            # Its words quote the answer, and the answer quotes people.
            raise RecapFailed(_ODD) from None


_ODD: Final = "Deepgram gave an answer that can't be read."


def _sentence(status: int | None) -> str:
    """The failure that a status stands for (https://developers.deepgram.com/docs/errors)."""
    if status in (401, 403):
        return "Deepgram does not take the key for this: set DEEPGRAM_API_KEY to one that may use it."
    if status == 402:
        return "The account of DEEPGRAM_API_KEY has nothing left to spend."
    if status == 429:
        return "Deepgram has too much to do for this account for now."
    if status is not None and status >= 500:
        return f"Deepgram failed (HTTP {status})."
    return _ODD if status is None or status < 300 else f"Deepgram refuses what it was sent (HTTP {status})."
