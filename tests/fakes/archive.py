"""The record's addresses as docs/room-protocol.md has them, out of memory; it fails at the test's command."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes.files import file

OWNER = "owner-token"
KEY = "the records' key"
BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PAGE_OF_LINES = 500


def call(key: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "title": "Budget",
        "began": BEGAN.isoformat(),
        "ended": (BEGAN + timedelta(minutes=48)).isoformat(),
        "state": "ended",
        "language": "en",
        "engine": "Moonshine tiny, on this machine",
        "lines": 0,
        "speakers": ["Ann", "Bob"],
        "may": [],
        "expires": (BEGAN + timedelta(days=30)).isoformat(),
        **changes,
    }


def line(
    number: int, text: str, speaker: str = "p1", start: float | None = None, **more: Any
) -> dict[str, Any]:
    begins = number * 4.0 if start is None else start
    return {
        "kind": "line",
        "number": number,
        "speaker": speaker,
        "name": {"p1": "Ann", "p2": "Bob"}.get(speaker, speaker),
        "start": begins,
        "end": begins + 3,
        "text": text,
        **more,
    }


def claim(
    text: str, *said: dict[str, Any], who: str | None = None, when: str | None = None
) -> dict[str, Any]:
    return {
        "text": text,
        "lines": [one["number"] for one in said],
        "who": who,
        "when": when,
        "said": [{key: one[key] for key in ("number", "name", "start", "text")} for one in said],
    }


def recap(**parts: Any) -> dict[str, Any]:
    return {
        "by": "quotes",
        "name": "Spokenly's own rules",
        "quoted": True,
        "note": None,
        "summary": [],
        "decisions": [],
        "actions": [],
        "questions": [],
        "phrases": [],
        "talk": [],
        "mood": None,
        **parts,
    }


@dataclass(slots=True)
class FakeArchive:
    """What is kept, who may see it, and what was asked for."""

    keep: str = "captions"
    records: str = "open"
    retention: int = 30
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)  # newest first
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    recaps: dict[str, dict[str, Any]] = field(default_factory=dict)
    live_recap: dict[str, Any] = field(default_factory=recap)
    mine: dict[str, Any] = field(default_factory=lambda: {"names": [], "calls": 0, "lines": 0})
    failure: tuple[int, str] | None = None  # of every question of /api/records and /api/me
    key: str = KEY
    list_size: int = 50
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path with query, token

    def keeps(self, key: str, *entries: dict[str, Any], **changes: Any) -> None:
        """Puts a call into the record."""
        lines = sum(entry["kind"] == "line" for entry in entries)
        self.calls[key] = call(key, lines=lines, **changes)
        self.entries[key] = list(entries)

    def paths(self, method: str = "GET") -> list[str]:
        return [path for verb, path, _ in self.asked if verb == method]

    def tokens(self, path: str) -> list[str]:
        return [token for _, asked, token in self.asked if asked == path]


ARCHIVE = web.AppKey("archive", FakeArchive)


def _archive(request: web.Request) -> FakeArchive:
    """Notes the question. Raises what the test wants to go wrong."""
    archive = request.app[ARCHIVE]
    archive.asked.append((request.method, request.path_qs, _token(request)))
    if archive.failure is not None:
        status, sentence = archive.failure
        raise _refusal(status, sentence)
    return archive


def _token(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _refusal(status: int, sentence: str) -> web.HTTPException:
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        404: web.HTTPNotFound,
        429: web.HTTPTooManyRequests,
        503: web.HTTPServiceUnavailable,
    }
    headers = {"Retry-After": "7"} if status == 429 else {}
    error = kinds[status](headers=headers)
    error.text = json.dumps({"error": sentence})
    error.content_type = "application/json"
    return error


def _call(request: web.Request) -> tuple[FakeArchive, dict[str, Any]]:
    archive = _archive(request)
    found = archive.calls.get(request.match_info["key"])
    if found is None:
        raise _refusal(404, "There is no record of such a call.")
    return archive, found


def _owned(request: web.Request) -> bool:
    return _token(request) in (OWNER, request.app[ARCHIVE].key)


async def _settings(request: web.Request) -> web.Response:
    archive = request.app[ARCHIVE]
    return web.json_response(
        {"keep": archive.keep, "records": archive.records, "retention": archive.retention}
    )


async def _list(request: web.Request) -> web.Response:
    archive = _archive(request)
    _unlock(request, archive)
    before = request.query.get("before", "9999")
    calls = [one for one in archive.calls.values() if one["began"] < before]
    size = archive.list_size
    return web.json_response({"calls": calls[:size], "more": len(calls) > size})


def _unlock(request: web.Request, archive: FakeArchive) -> None:
    if archive.records == "closed" or (archive.records == "key" and _token(request) != archive.key):
        raise _refusal(401, "The records' key is needed.")


def _hits(words: str, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Like the server: marks are UTF-16 code units."""
    for entry in entries:
        text = entry.get("text", "")
        at = text.casefold().find(words.casefold())
        if at >= 0:
            first = len(text[:at].encode("utf-16-le")) // 2
            past = first + len(text[at : at + len(words)].encode("utf-16-le")) // 2
            yield {"line": entry, "marks": [[first, past]]}


async def _search(request: web.Request) -> web.Response:
    archive = _archive(request)
    _unlock(request, archive)
    words, skip = request.query["q"], int(request.query["skip"])
    if not any(letter.isalnum() for letter in words):
        raise _refusal(400, "There is nothing to look for in that: type a word.")
    hits = [
        {"call": archive.calls[key], **hit}
        for key, entries in archive.entries.items()
        for hit in _hits(words, entries)
    ]
    return web.json_response({"hits": hits[skip : skip + 20], "more": len(hits) > skip + 20})


async def _show(request: web.Request) -> web.Response:
    _, found = _call(request)
    return web.json_response({**found, "may": ["correct", "delete"] if _owned(request) else found["may"]})


async def _lines(request: web.Request) -> web.Response:
    archive, found = _call(request)
    skip = int(request.query["from"])
    entries = archive.entries[found["key"]]
    page = entries[skip : skip + PAGE_OF_LINES]
    return web.json_response({"entries": page, "more": len(entries) > skip + PAGE_OF_LINES})


async def _search_call(request: web.Request) -> web.Response:
    archive, found = _call(request)
    hits, skip = list(_hits(request.query["q"], archive.entries[found["key"]])), int(request.query["skip"])
    return web.json_response({"hits": hits[skip : skip + 20], "more": len(hits) > skip + 20})


async def _recap(request: web.Request) -> web.Response:
    archive, found = _call(request)
    if request.method == "POST" and not _owned(request):
        raise _refusal(401, "Only whoever opened this call may do that.")
    made = archive.recaps.get(found["key"])
    if made is None:
        raise _refusal(404, "There is no recap yet.")
    return web.json_response(made)


async def _file(request: web.Request) -> web.Response:
    _call(request)
    name = request.path.rpartition("/")[2]
    return web.Response(text=name, headers={"Content-Disposition": f"attachment; filename={name}"})


async def _correct(request: web.Request) -> web.Response:
    archive, found = _call(request)
    number, text = int(request.match_info["number"]), (await request.json())["text"]
    entry = next(one for one in archive.entries[found["key"]] if one.get("number") == number)
    if not _owned(request) and not entry.get("mine") and not found["may"]:
        raise _refusal(401, "That line is somebody else's.")
    if text is None:
        entry["text"] = entry.pop("heard")
    else:
        entry.setdefault("heard", entry["text"])
        entry["text"] = text
    return web.json_response(entry)


async def _delete(request: web.Request) -> web.Response:
    archive, found = _call(request)
    if not _owned(request) and not found["may"]:
        raise _refusal(401, "Only whoever opened this call may do that.")
    del archive.calls[found["key"]], archive.entries[found["key"]]
    return web.Response(status=204)


async def _me(request: web.Request) -> web.Response:
    return web.json_response(_archive(request).mine)


async def _said(request: web.Request) -> web.Response:
    _archive(request)
    return web.json_response({"said": ["Hello."]}, headers={"Content-Disposition": "attachment"})


async def _forget(request: web.Request) -> web.Response:
    archive = _archive(request)
    gone = {"calls": archive.mine["calls"], "lines": archive.mine["lines"]}
    archive.mine = {"names": [], "calls": 0, "lines": 0}
    return web.json_response(gone)


async def _live_recap(request: web.Request) -> web.Response:
    return web.json_response(_archive(request).live_recap)


async def _records_page(request: web.Request) -> web.Response:
    return file(request, "records.html")


async def _record_page(request: web.Request) -> web.Response:
    return file(request, "record.html")


def routes() -> list[web.RouteDef]:
    record = "/api/records/{key}"
    return [
        web.get("/records", _records_page),
        web.get("/records/{key}", _record_page),
        web.get("/api/settings", _settings),
        web.get("/api/records", _list),
        web.get("/api/records/search", _search),
        web.get(record, _show),
        web.delete(record, _delete),
        web.get(f"{record}/lines", _lines),
        web.patch(f"{record}/lines/{{number}}", _correct),
        web.get(f"{record}/search", _search_call),
        web.get(f"{record}/recap", _recap),
        web.post(f"{record}/recap", _recap),
        web.get(f"{record}/{{name}}.{{form}}", _file),
        web.get("/api/me", _me),
        web.get("/api/me/said.json", _said),
        web.delete("/api/me/lines", _forget),
        web.get("/api/rooms/{key}/recap", _live_recap),
    ]
