"""Recordings, through the official client: `POST /v1/listen`.

https://developers.deepgram.com/docs/pre-recorded-audio: up to 2 GB, and ten minutes of Deepgram's time.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

import httpx
from deepgram.core.api_error import ApiError
from deepgram.core.client_wrapper import AsyncClientWrapper
from deepgram.core.parse_error import ParsingError
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.media.client import AsyncMediaClient
from pydantic import BaseModel, SecretStr

from core.engines.deepgram.failures import answer, failure
from core.engines.deepgram.messages import Results, recording
from core.errors import EngineError, LineLost, Refused

LARGEST: Final = 2_000_000_000
"""Bytes of a recording."""

PATIENCE: Final = 660.0
"""Seconds for the whole of it: Deepgram gives up after ten minutes of work."""


async def transcribe(
    audio: bytes, address: str, key: SecretStr, trust: ssl.SSLContext | None, query: Mapping[str, list[str]]
) -> tuple[float, list[Results]]:
    """The seconds of a recording, and its utterances in order.

    It is sent once: whether another try is worth its price, the caller knows. Raises `LineBusy`, `LineLost`
    or `Refused`.
    """
    if len(audio) > LARGEST:
        raise Refused("Deepgram takes recordings of up to 2 GB: cut this one into parts.")
    http, media = await asyncio.to_thread(_client, address, key, trust)
    async with http:
        try:
            async with asyncio.timeout(PATIENCE):
                told = await media.transcribe_file(
                    request=audio,
                    request_options={
                        "additional_query_parameters": {**query, "utterances": "true"},
                        "max_retries": 0,
                    },
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            raise LineLost(f"Deepgram did not answer in {PATIENCE:g} seconds.") from error
        except httpx.HTTPError as error:
            raise LineLost("Deepgram can't be reached: is this machine online?") from error
        except (ParsingError, UnicodeDecodeError, RecursionError) as error:
            raise LineLost("Deepgram sent an answer that can't be read.") from error
        except ApiError as error:
            raise _failure(error, key, query) from error
    # The client's own models hold whatever came, right or wrong.
    return recording(told.model_dump(warnings=False) if isinstance(told, BaseModel) else told)


def _client(
    address: str, key: SecretStr, trust: ssl.SSLContext | None
) -> tuple[httpx.AsyncClient, AsyncMediaClient]:
    """Made in a thread, because both read files. Of the official client only the part for recordings: the
    whole loads the one for streams too."""
    http = httpx.AsyncClient(verify=trust or address.startswith("https:"))
    everywhere = DeepgramClientEnvironment(
        base=address, production=address, agent=address, agent_rest=address
    )
    wrapper = AsyncClientWrapper(
        api_key=key.get_secret_value(),
        environment=everywhere,
        timeout=PATIENCE,
        max_retries=0,
        httpx_client=http,
    )
    # It would look its own version up on the disk for each request, on the event loop.
    headers = wrapper.get_headers()
    wrapper.get_headers = headers.copy  # type: ignore[method-assign]  # the same, read once
    return http, AsyncMediaClient(client_wrapper=wrapper)


def _failure(error: ApiError, key: SecretStr, query: Mapping[str, list[str]]) -> EngineError:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    said = answer(error.status_code or 0, headers, error.body).without(key.get_secret_value())
    if said.status == 504:
        return Refused("Deepgram gives a recording ten minutes, and this one needs more: cut it into parts.")
    if said.status == 400 and "audio" in said.reason.lower():
        return Refused(f"Deepgram can't read this recording ({said.reason}).")
    return failure(said, query["model"][0], query["language"][0])
