"""What is asked over REST: files, texts, tokens, projects."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.fakes.deepgram import file
from tests.fakes.deepgram.keys import Keys
from tests.fakes.deepgram.ledger import Ledger
from tests.fakes.deepgram.manner import Manner
from tests.fakes.deepgram.query import Asked, Rejected, read


def let_in(request: web.Request, keys: Keys, manner: Manner, *, live: bool) -> Asked:
    """What is asked for, if this key may. Raises `Rejected`."""
    key = keys.of(request)
    given = {name: request.query.getall(name) for name in request.query}
    asked = read(given, live=live, keyterms=manner.keyterms)
    if key.models is not None and asked.model not in key.models:
        raise Rejected(403)
    if not key.credit:
        raise Rejected(402)
    return asked


class Desk:
    """Answers with a JSON object, or raises `Rejected`."""

    def __init__(self, keys: Keys, files: Mapping[str, bytes], manner: Manner, ledger: Ledger) -> None:
        self._keys = keys
        self._files = files
        self._manner = manner
        self._ledger = ledger

    async def file(self, request: web.Request, request_id: str) -> dict[str, Any]:
        asked = let_in(request, self._keys, self._manner, live=False)
        body = await request.read()
        if request.content_type == "application/json":
            url = _json(body).get("url")
            if not isinstance(url, str) or url not in self._files:
                sentence = "The remote server hosting the media returned a client error: 404 Not Found"
                raise Rejected(400, "REMOTE_CONTENT_ERROR", sentence)
            body = self._files[url]
        self._ledger.bodies.append(len(body))
        now = asyncio.get_running_loop().time()
        seconds, answer = file.transcript(
            body, asked, request_id=request_id, now=now, style=self._manner.style
        )
        self._ledger.posted += seconds
        return answer

    async def read(self, request: web.Request, request_id: str) -> dict[str, Any]:
        key = self._keys.of(request)
        if not key.credit:
            raise Rejected(402)
        if not request.query.get("language", "").startswith("en"):
            raise Rejected(400, "Bad Request", "Bad Request: language is required and must be English.")
        text = _json(await request.read()).get("text")
        if not isinstance(text, str) or not text:
            raise Rejected(400, "Bad Request", "Bad Request: the text is empty.")
        on = frozenset(name for name, value in request.query.items() if value == "true")
        return file.analysis(text, request_id=request_id, now=asyncio.get_running_loop().time(), on=on)

    async def grant(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._keys.of(request, grants=False)
        if not key.member:
            raise Rejected(403, "FORBIDDEN", "Insufficient permissions.")
        body = await request.read()
        lasts = (_json(body) if body else {}).get("ttl_seconds") or 30
        if not 0 < lasts <= 3600:
            raise Rejected(400, "Bad Request", "Bad Request: ttl_seconds must be between 1 and 3600.")
        return {"access_token": self._keys.grant(key, lasts), "expires_in": float(lasts)}

    async def token(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._keys.of(request, grants=False)
        scopes = ["member"] if key.member else ["usage:write"]
        return {"api_key_id": "6f1d2c3b-0000-4000-8000-000000000001", "comment": "fake", "scopes": scopes}

    async def projects(self, request: web.Request, _: str) -> dict[str, Any]:
        key = self._keys.of(request, grants=False)
        if not key.member:
            sentence = "User does not have the required scope to view projects."
            raise Rejected(403, "INSUFFICIENT_PERMISSIONS", sentence)
        return {"projects": [{"project_id": "7f2e3d4c-0000-4000-8000-000000000002", "name": "Captions"}]}


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(400, "INVALID_JSON", "Invalid JSON submitted.")
    return found
