"""The records' addresses: past calls, their lines, search, files, corrections and forgetting."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bots.meet import shown
from bots.meet.access import Access
from bots.meet.doors import Rooms
from bots.meet.files import attachment, chosen, send
from bots.meet.manners import enough, json_body
from bots.meet.voice import NotFound
from core.errors import UserError
from core.limits import Allowances
from core.record.kept import Call, Line
from core.record.recaps.minutes import as_json, markdown, text
from core.record.secretary import Secretary
from core.settings import Settings

CALLS, HITS, LINES = 50, 20, 500
"""How many of each one answer holds."""

FAR = 100_000
"""How deep a list may be paged into."""


class Records:
    """What the browser asks of the record (docs/room-protocol.md, "Records")."""

    def __init__(self, secretary: Secretary, rooms: Rooms, settings: Settings) -> None:
        self._secretary = secretary
        self._store = secretary.store
        self._rooms = rooms
        self._settings = settings
        self._access = Access(settings)
        self._asks = Allowances(20.0, 200.0)

    def routes(self) -> list[web.AbstractRouteDef]:
        one = "/api/records/{call}"
        return [
            web.get("/api/records", self._list),
            web.get("/api/records/search", self._search_all),
            web.get(one, self._call),
            web.delete(one, self._delete),
            web.get(f"{one}/lines", self._lines),
            web.patch(one + "/lines/{number}", self._correct),
            web.get(f"{one}/search", self._search_one),
            web.get(f"{one}/recap", self._recap),
            web.post(f"{one}/recap", self._recap_anew),
            web.get(one + "/recap.{form}", self._recap_file),
            web.get(one + "/transcript.{form}", self._transcript),
            web.get("/api/me", self._me),
            web.get("/api/me/said.json", self._said),
            web.delete("/api/me/lines", self._forget),
        ]

    def state(self, request: web.Request) -> str:
        """Whether the list of all records is `open`, asks for the `key` or is `closed`."""
        return self._access.state(request)

    async def _find(self, request: web.Request) -> Call:
        enough(request, self._asks)
        return await self._store.call(request.match_info["call"])

    async def _list(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        self._access.operate(request)
        before = _moment(request.query.get("before"))
        calls = await self._store.calls(before=before, limit=CALLS + 1)
        return shown.fresh(
            {
                "calls": [await self._describe(request, one) for one in calls[:CALLS]],
                "more": len(calls) > CALLS,
            }
        )

    async def _describe(self, request: web.Request, call: Call) -> dict[str, Any]:
        days = await self._store.retention(call.space)
        days = self._secretary.days if days is None else days
        expires = call.ended + timedelta(days=days) if days and call.ended else None
        return shown.call(call, expires, may_change=self._access.owns(request, call))

    async def _call(self, request: web.Request) -> web.Response:
        call = await self._find(request)
        return shown.fresh(await self._describe(request, call))

    async def _delete(self, request: web.Request) -> web.Response:
        call = await self._find(request)
        self._access.own(request, call)
        await self._store.delete(call)
        return web.Response(status=204)

    async def _lines(self, request: web.Request) -> web.Response:
        call = await self._find(request)
        skip, more = _number(request.query.get("from")), False
        entries: list[dict[str, Any]] = []
        async for entry in self._store.entries(call):
            if skip:
                skip -= 1
            elif len(entries) == LINES:
                more = True
                break
            else:
                mine = isinstance(entry, Line) and self._access.mine(request, entry)
                entries.append(shown.entry(entry, mine=mine))
        return shown.fresh({"entries": entries, "more": more})

    async def _correct(self, request: web.Request) -> web.Response:
        call = await self._find(request)
        line = await self._store.line(call, _number(request.match_info["number"]))
        if not self._access.mine(request, line):
            self._access.own(request, call)
        words = (await json_body(request)).get("text")
        if words is not None and not isinstance(words, str):
            raise UserError("text must be what was really said, or null.")
        corrected = await self._store.correct(call, line.number, words)
        return shown.fresh(shown.entry(corrected, mine=self._access.mine(request, corrected)))

    async def _search_all(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        self._access.operate(request)
        return await self._search(request, None)

    async def _search_one(self, request: web.Request) -> web.Response:
        return await self._search(request, await self._find(request))

    async def _search(self, request: web.Request, call: Call | None) -> web.Response:
        skip = _number(request.query.get("skip"))
        words = request.query.get("q", "")
        hits = await self._store.search(words, call=call, limit=HITS + 1, skip=skip)
        found = [shown.hit(one, with_call=call is None) for one in hits[:HITS]]
        return shown.fresh({"hits": found, "more": len(hits) > HITS})

    async def _recap(self, request: web.Request) -> web.Response:
        return await self._show_recap(await self._find(request))

    async def _recap_anew(self, request: web.Request) -> web.Response:
        call = await self._find(request)
        self._access.own(request, call)
        await self._secretary.sum_up_anew(call)
        return await self._show_recap(call)

    async def _show_recap(self, call: Call) -> web.Response:
        recap, making = await self._secretary.recap(call)
        if recap is None:
            raise NotFound("Nothing was said in this call.")
        lines = await self._secretary.cited(call, recap)
        return shown.fresh(as_json(recap, lines) | {"making": making})

    async def _recap_file(self, request: web.Request) -> web.StreamResponse:
        call = await self._find(request)
        forms = {"md": ("text/markdown", markdown), "txt": ("text/plain", text)}
        form = request.match_info["form"]
        if form not in forms:
            raise NotFound("There is no such format; there are md and txt.")
        recap, _ = await self._secretary.recap(call)
        if recap is None:
            raise NotFound("Nothing was said in this call.")
        media, minutes = forms[form]
        heading = shown.heading(call)
        words = "".join(minutes(heading, recap, await self._secretary.cited(call, recap)))
        return web.Response(
            text=words, content_type=media, charset="utf-8", headers=attachment(f"recap.{form}")
        )

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        call = await self._find(request)
        form = chosen(request.match_info["form"])
        return await send(request, form, shown.heading(call), self._store.entries(call))

    async def _me(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        identity = self._access.me(request)
        person = await self._store.person(identity)
        names = [] if person is None else list(person.names)
        return shown.fresh(
            {"names": names, "calls": person.calls if person else 0, "lines": person.lines if person else 0}
        )

    async def _said(self, request: web.Request) -> web.StreamResponse:
        enough(request, self._asks)
        identity = self._access.me(request)
        response = web.StreamResponse(
            headers={"Content-Type": "application/json; charset=utf-8"} | attachment("said.json")
        )
        await response.prepare(request)
        async for piece in shown.said(self._store.said_by(identity)):
            await response.write(piece.encode())
        await response.write_eof()
        return response

    async def _forget(self, request: web.Request) -> web.Response:
        enough(request, self._asks)
        identity = self._access.me(request)
        removed = await self._secretary.forget(identity)
        self._rooms.erase(identity)
        return shown.fresh({"calls": removed.calls, "lines": removed.lines})


def _number(words: str | None) -> int:
    """A number that somebody may have made up. Raises `UserError`."""
    if words is None:
        return 0
    if not (words.isascii() and words.isdigit() and len(words) <= 9 and int(words) <= FAR * 10):
        raise UserError("That is no number of a line.")
    return int(words)


def _moment(words: str | None) -> datetime | None:
    if words is None:
        return None
    try:
        moment = datetime.fromisoformat(words)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UserError("before must be a date and time, such as 2026-01-31T12:00:00Z.") from None
