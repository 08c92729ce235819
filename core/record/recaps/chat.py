"""Speaks to an endpoint of OpenAI's chat completions (hosted, Ollama, vLLM, llama.cpp), and hears it out.

https://platform.openai.com/docs/api-reference/chat/create; whatever the endpoint or its client raises is
translated here.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    OpenAIError,
    Timeout,
)
from pydantic import BaseModel, ValidationError

from core.backoff import backoff
from core.errors import RecapFailed
from core.record.recaps import answer
from core.record.recaps.answer import Answer, Nonsense

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

T = TypeVar("T")

TRIES: Final = 3
"""How often one question is asked where the endpoint is busy or away."""

_FORMS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "recap", "strict": True, "schema": answer.schema()},
        }
    },
    {"response_format": {"type": "json_object"}},
    {},
)
"""Ways to ask for JSON, the surest first: not every server knows each."""


class TooMuch(RecapFailed):
    """The question or its answer doesn't fit into what the model takes at once."""

    def __init__(self) -> None:
        super().__init__(
            "The language model takes less at once than SPOKENLY_LLM_CONTEXT says: set that to its real size."
        )


class _NotThisForm(RecapFailed):
    """The endpoint took offence at the request, perhaps at the form of answer that was asked for."""


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _Completion(BaseModel):
    """The little of a chat completion that matters."""

    choices: list[_Choice]


class Chat:
    """A model behind an endpoint. To be made in a thread: reading this machine's certificates takes a while.

    `timeout`: seconds that one answer may take. `http`: another HTTP client than the official one's own.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None,
        timeout: float,
        http: DefaultAsyncHttpxClient | None = None,
    ) -> None:
        self._model = model
        self._timeout = timeout
        self._form = 0
        client = AsyncOpenAI(
            base_url=url,
            # Without one the client would take a key out of the environment, which may be another endpoint's.
            api_key=(key or "").strip() or "none",
            timeout=Timeout(timeout + 5, connect=min(10.0, timeout)),
            max_retries=0,
            http_client=http,
        )
        self._close = client.close
        self._completions = client.chat.completions.with_raw_response

    async def close(self) -> None:
        """Closes its connections."""
        await self._close()

    async def ask(self, orders: str, data: str, accept: Callable[[Answer], T], deadline: float) -> T:
        """What `accept` makes of the answer to `orders` about `data`.

        `deadline`: the moment of the loop's clock after which nobody waits any more.
        An answer that can't be read, or that `accept` raises `Nonsense` for, is asked for once more.
        Raises `TooMuch`, `RecapFailed`.
        """
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": orders},
            {"role": "user", "content": data},
        ]
        try:
            return accept(answer.read(await self._complete(messages, deadline)))
        except Nonsense as nonsense:
            again = f"{nonsense.complaint} Answer again, with one JSON object by the rules and nothing else."
        return accept(
            answer.read(await self._complete([*messages, {"role": "user", "content": again}], deadline))
        )

    async def _complete(self, messages: "list[ChatCompletionMessageParam]", deadline: float) -> str | None:
        """The model's words, in the surest form that the endpoint is able to give."""
        form = self._form
        while True:
            try:
                content = await self._patiently(messages, form, deadline)
            except _NotThisForm:
                form += 1
                if form == len(_FORMS):
                    raise
            else:
                self._form = form
                return content

    async def _patiently(
        self, messages: "list[ChatCompletionMessageParam]", form: int, deadline: float
    ) -> str | None:
        """The same, again where the endpoint is busy or away."""
        delays = backoff(0.5, 8.0)
        next(delays)
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._once(messages, form)
            except APIConnectionError as error:
                wait = next(delays)
                if not tries_left or isinstance(error, APITimeoutError):
                    raise RecapFailed(
                        "The language model can't be reached: see that it runs, and check SPOKENLY_LLM_URL."
                    ) from error
            except APIStatusError as error:
                wait = max(next(delays), _retry_after(error))
                late = asyncio.get_running_loop().time() + wait >= deadline
                if not tries_left or late or not _passes(error):
                    raise _translated(error) from error
            await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")

    async def _once(self, messages: "list[ChatCompletionMessageParam]", form: int) -> str | None:
        try:
            async with asyncio.timeout(self._timeout):
                raw = await self._completions.create(model=self._model, messages=messages, **_FORMS[form])
        except TimeoutError as error:
            raise RecapFailed(f"The language model did not answer in {self._timeout:g} seconds.") from error
        except UnicodeEncodeError:
            # Of all that is sent only the key has a place where a letter beyond ASCII can't stand.
            raise RecapFailed(_SENTENCES[401]) from None
        except (APIConnectionError, APIStatusError):
            raise
        except OpenAIError as error:
            raise RecapFailed("The language model's endpoint gave no answer that can be read.") from error
        return _content(raw.http_response.content)


def _content(body: bytes) -> str | None:
    """What the model wrote. Raises `TooMuch` where it was cut short, `RecapFailed` where it refused."""
    try:
        choices = _Completion.model_validate_json(body).choices
    except ValidationError:
        choices = []
    if not choices:
        raise RecapFailed(
            "What answers at SPOKENLY_LLM_URL does not speak OpenAI's chat completions: check the address."
        )
    choice = choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise RecapFailed("The language model refused to sum up this call.")
    if choice.finish_reason == "length":
        raise TooMuch
    return choice.message.content


def _retry_after(error: APIStatusError) -> float:
    """Seconds that the endpoint asks to be left alone (RFC 9110, 10.2.3); 0 where it doesn't say."""
    try:
        seconds = float(error.response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _passes(error: APIStatusError) -> bool:
    """Whether it may go better the next time."""
    spent = error.code == "insufficient_quota"
    return (error.status_code in (408, 409, 429) or error.status_code >= 500) and not spent


_SPENT: Final = "The account of SPOKENLY_LLM_KEY has nothing left to spend at the language model's endpoint."
_SENTENCES: Final[Mapping[int, str]] = {
    401: "The language model's endpoint does not take the key: set SPOKENLY_LLM_KEY to one that it knows.",
    402: _SPENT,
    403: "The language model's endpoint forbids this: set SPOKENLY_LLM_KEY to a key that may use the model.",
    404: "There is no such language model: check SPOKENLY_LLM_MODEL, and SPOKENLY_LLM_URL.",
    429: "The language model's endpoint has too much to do for now.",
}

_LONG: Final = (
    "context length",
    "context_length",
    "context size",
    "context window",
    "too long",
    "too many tokens",
)


def _translated(error: APIStatusError) -> RecapFailed:
    """The failure that a status stands for, without what the endpoint said of it: that may quote people."""
    status, said = error.status_code, f"{error.code} {error.message}".lower()
    if error.code == "insufficient_quota":
        return RecapFailed(_SPENT)
    if status == 413 or (status in (400, 422, 500) and any(words in said for words in _LONG)):
        return TooMuch()
    if error.code == "content_filter":
        return RecapFailed("The language model refused to sum up this call.")
    if status in (400, 422):
        return _NotThisForm(
            "The language model's endpoint refuses what it is asked: check SPOKENLY_LLM_MODEL and "
            "SPOKENLY_LLM_URL."
        )
    if status >= 500:
        return RecapFailed(f"The language model's endpoint failed (HTTP {status}).")
    return RecapFailed(
        _SENTENCES.get(status, f"The language model's endpoint gave no answer (HTTP {status}).")
    )
