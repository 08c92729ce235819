"""Deepgram's text intelligence (`POST /v1/read`) on loopback, with its checks and its bad days.

The official client runs against it unmodified. It sums up by taking sentences of the text in other words,
and counts words as Deepgram's documentation shows it: from 0, the last one included.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Status:
    """Answers with an error."""

    status: int
    code: str = "ERROR"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Answers with these bytes, and says that they are JSON."""

    body: bytes


class Hang:
    """Never answers."""


class FakeDeepgramRead:
    """`texts`: what it was given to read; `queries`: what was asked of it."""

    def __init__(self) -> None:
        self.url = ""
        self.key = "dg-right"
        self.most_tokens = 150_000
        self.nested = False
        self.results: Data | None = None
        self.faults: deque[Status | Raw | Hang] = deque()
        self.always: Status | Raw | Hang | None = None
        self.texts: list[str] = []
        self.queries: list[dict[str, str]] = []
        self._over = asyncio.Event()

    def close(self) -> None:
        self._over.set()

    async def read(self, request: web.Request) -> web.StreamResponse:
        query, body = dict(request.query), await request.json()
        self.queries.append(query)
        self.texts.append(body.get("text", ""))
        fault = self.faults.popleft() if self.faults else self.always
        if isinstance(fault, Hang):
            await self._over.wait()
            return web.Response(status=500)
        if isinstance(fault, Raw):
            return web.Response(body=fault.body, content_type="application/json")
        refused = fault or self._refused(request, query, body)
        if refused is not None:
            told = {"err_code": refused.code, "err_msg": f"Can't: {body}", "request_id": "r"}
            return web.json_response(told, status=refused.status, headers=refused.headers)
        results = self.results or self._results(body["text"], query)
        return web.json_response({"metadata": {"metadata": {"request_id": "r"}}, "results": results})

    def _refused(self, request: web.Request, query: dict[str, str], body: Data) -> Status | None:
        if request.headers.get("Authorization") != f"Token {self.key}":
            return Status(401, "INVALID_AUTH")
        known = {"language", "summarize", "topics", "intents", "sentiment"}
        if set(query) - known or set(query.values()) - {"true", "en"} or query.get("language") != "en":
            return Status(400, "INVALID_QUERY_PARAMETER")
        if set(body) != {"text"} or not isinstance(body["text"], str) or not body["text"].strip():
            return Status(400, "Bad Request")
        if len(body["text"]) / 4 > self.most_tokens:
            return Status(400, "TOO_MANY_TOKENS")
        return None

    def _results(self, text: str, query: dict[str, str]) -> Data:
        found: Data = {}
        pieces = [*segments(text)]
        if "summarize" in query:
            told = {"text": summary(text, [piece for piece, _ in pieces])}
            found["summary"] = {"results": {"summary": told}} if self.nested else told
        if "topics" in query:
            found["topics"] = {
                "segments": [
                    {**place, "topics": [{"topic": piece.split()[-1].strip(".?!"), "confidence_score": 0.9}]}
                    for piece, place in pieces
                ]
            }
        if "intents" in query:
            found["intents"] = {"segments": [*intents(pieces)]}
        if "sentiment" in query:
            found["sentiments"] = {
                "segments": [{**place, **feeling(piece)} for piece, place in pieces],
                "average": feeling(text),
            }
        return found


def segments(text: str) -> Iterator[tuple[str, Data]]:
    """The text sentence by sentence, or line by line, each with its place."""
    at = 0
    for piece in re.split(r"(?<=[.!?])\s+|\n", text):
        words = piece.split()
        if words:
            yield piece, {"text": piece, "start_word": at, "end_word": at + len(words) - 1}
            at += len(words)


def summary(text: str, pieces: list[str]) -> str:
    if len(text.split()) <= 50:
        return text
    longest = sorted(pieces, key=lambda piece: -len(piece))[:2]
    return " ".join(f"The speakers say that {piece.rstrip('.?!')}." for piece in longest)


def intents(pieces: list[tuple[str, Data]]) -> Iterator[Data]:
    for piece, place in pieces:
        if match := re.search(r"\b(send|schedule|review|book)\b (\w+ \w+)", piece, re.IGNORECASE):
            intent = f"{match[1].capitalize()} {match[2]}"
            yield {**place, "intents": [{"intent": intent, "confidence_score": 0.8}]}
        elif piece.endswith("?"):
            yield {**place, "intents": [{"intent": "Ask a question", "confidence_score": 0.9}]}


def feeling(piece: str) -> Data:
    words = piece.lower().split()
    score = sum(word.strip(".,!") in ("great", "love", "good") for word in words)
    score -= sum(word.strip(".,!") in ("terrible", "hate", "bad") for word in words)
    score_ = max(-1.0, min(1.0, score / 2))
    return {"sentiment": "neutral", "sentiment_score": score_}


@asynccontextmanager
async def fake_deepgram_read() -> AsyncIterator[FakeDeepgramRead]:
    fake = FakeDeepgramRead()
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_post("/v1/read", fake.read)
    async with TestServer(app, host="127.0.0.1") as server:
        fake.url = f"http://127.0.0.1:{server.port}"
        try:
            yield fake
        finally:
            fake.close()
