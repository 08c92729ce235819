"""What an answer that is no stream means: one sentence that names the setting. Pure.

https://developers.deepgram.com/docs/errors: the reason stands in the header dg-error and in the body as
err_code and err_msg, the request's id in dg-request-id.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.engines.deepgram.messages import plain
from core.errors import EngineError, LineBusy, LineLost, Refused

_REASON: Final = 200
"""Characters of Deepgram's own reason that are told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of Deepgram's over HTTP."""

    status: int
    reason: str = ""
    request: str = ""
    retry_after: float | None = None

    def without(self, secret: str) -> "Answer":
        """The same, should a server quote the key that it was given."""
        return replace(self, reason=self.reason.replace(secret, "[the key]"))


def answer(status: int, headers: Mapping[str, str], body: object = b"") -> Answer:
    """What an answer says of itself. The names of `headers` are in lower case."""
    if isinstance(body, str | bytes):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            body = {}
    told = body if isinstance(body, dict) else {}
    code, message = plain(told.get("err_code")), plain(told.get("err_msg"))
    reason = plain(headers.get("dg-error")) or ": ".join(filter(None, (code, message)))
    request = plain(headers.get("dg-request-id")) or plain(told.get("request_id"))
    return Answer(status, reason[:_REASON], request[:64], _patience(headers.get("retry-after", "")))


def _patience(value: str) -> float | None:
    """Seconds of a Retry-After; its other form, a date, is as good as none."""
    return float(value) if value.isascii() and value.isdigit() and len(value) < 6 else None


def failure(answer: Answer, model: str, language: str) -> EngineError:
    """The failure that an answer stands for, for people."""
    said = _said(answer)
    status = answer.status
    if status == 429:
        return LineBusy(f"Deepgram has too many streams of this account now{said}.", answer.retry_after)
    if status == 408 or status >= 500:
        return LineLost(f"Deepgram failed (HTTP {status}){said}.")
    return Refused(_refusal(status, model, language, answer.reason) + f"{said}.")


def closed(code: int, reason: str) -> EngineError:
    """What it means that Deepgram closed a stream that had not come to its end."""
    said = f" ({plain(reason)[:_REASON]})" if reason.strip() else ""
    if code == 1008:
        return Refused(
            f"Deepgram will not take this sound{said}: see SPOKENLY_DEEPGRAM_MODEL and "
            "SPOKENLY_DEEPGRAM_EXTRA."
        )
    return LineLost(f"Deepgram closed the stream with {code}{said}.")


def _refusal(status: int, model: str, language: str, reason: str) -> str:
    if status == 401:
        return "Deepgram does not take the key: set DEEPGRAM_API_KEY to a valid one"
    if status == 402:
        return "The account of DEEPGRAM_API_KEY has nothing left to spend"
    if status == 403:
        return (
            f"DEEPGRAM_API_KEY may not use {model}: set SPOKENLY_DEEPGRAM_MODEL to another model, or use "
            "another key"
        )
    if status == 413:
        return "Deepgram takes recordings of up to 2 GB"
    if status == 400:
        return f"Deepgram will not hear {language} with {model}: see {_settings(reason.lower())}"
    return f"There is no Deepgram at SPOKENLY_DEEPGRAM_URL (HTTP {status})"


def _settings(reason: str) -> str:
    """The settings that a reason seems to be about."""
    if "keyterm" in reason:
        return "SPOKENLY_DEEPGRAM_KEYTERMS"
    if "redact" in reason:
        return "SPOKENLY_DEEPGRAM_REDACT"
    return "SPOKENLY_DEEPGRAM_MODEL, SPOKENLY_LANGUAGE and SPOKENLY_DEEPGRAM_EXTRA"


def _said(answer: Answer) -> str:
    request = f"request {answer.request}" if answer.request else ""
    told = "; ".join(filter(None, (answer.reason.rstrip("."), request)))
    return f" ({told})" if told else ""
