"""Who may do what with records: proven by one token in the Authorization header."""

import asyncio
import re
from typing import Literal

from aiohttp import web

from bots.meet.guard import only_local
from bots.meet.manners import asker, bearer, digest, same, too_often
from bots.meet.voice import Unwelcome
from core.errors import UserError
from core.limits import Allowances
from core.record.kept import Call, Line
from core.settings import Settings

_ME = re.compile(r"[A-Za-z0-9_-]{16,64}")


def identity(me: object) -> str:
    """Who holds a browser's secret, in every call. Raises `UserError` for what is no such secret."""
    if not isinstance(me, str) or not _ME.fullmatch(me):
        raise UserError("me must be 16 to 64 letters, digits, hyphens or underscores.")
    return f"web:{digest(me)}"


class Access:
    """The records' key opens everything; where only this machine can open Spokenly, nothing has to be proven.

    A room's `owner` token opens one record, a browser's `me` what was said from it.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.records_key.get_secret_value() if settings.records_key else None
        self._alone = self._key is None and only_local(settings)
        self._wrong = Allowances(0.1, 10.0)

    def state(self, request: web.Request) -> Literal["open", "key", "closed"]:
        """Whether the list of all records is open to who asks, asks for the key, or has none."""
        if self._runs_it(request):
            return "open"
        return "closed" if self._key is None else "key"

    def operate(self, request: web.Request) -> None:
        """Raises `Unwelcome` unless whoever asks may see all records."""
        if self._runs_it(request):
            return
        if self._key is None:
            raise Unwelcome("The list of all records is closed here: SPOKENLY_RECORDS_KEY is not set.")
        bearer(request)
        raise Unwelcome("That is not the key to the records.")

    def owns(self, request: web.Request, call: Call) -> bool:
        """Whether whoever asks may change and delete this record."""
        if self._runs_it(request):
            return True
        token = _token(request)
        return bool(token and call.owner and same(digest(token), call.owner))

    def own(self, request: web.Request, call: Call) -> None:
        """Raises `Unwelcome` unless whoever asks may change and delete this record."""
        if not self.owns(request, call):
            raise Unwelcome("Only whoever opened the room, or runs Spokenly, may do that.")

    def mine(self, request: web.Request, line: Line) -> bool:
        """Whether whoever asks said this."""
        token = _token(request)
        return bool(token and line.speaker.identity and same(f"web:{digest(token)}", line.speaker.identity))

    def me(self, request: web.Request) -> str:
        """The identity of who asks. Raises `Unwelcome`."""
        token = bearer(request)
        if not _ME.fullmatch(token):
            raise Unwelcome("That is not the secret of a browser that has spoken here.")
        return identity(token)

    def _runs_it(self, request: web.Request) -> bool:
        if self._alone:
            # A proxy on this machine brings strangers, and says whom.
            return "X-Forwarded-For" not in request.headers and "Forwarded" not in request.headers
        token = _token(request)
        if token is None or self._key is None:
            return False
        if _ME.fullmatch(token):
            # Long tokens are the pages' own: owners and browsers ask with them all the time.
            return same(token, self._key)
        who, now = asker(request), asyncio.get_running_loop().time()
        if wait := self._wrong.lacks(who, now):
            # The key may be a word that people remember: nobody may guess it quickly.
            raise too_often(wait, "That was wrong too often. Please wait a moment.")
        if same(token, self._key):
            return True
        self._wrong.take(who, now)
        return False


def _token(request: web.Request) -> str | None:
    try:
        return bearer(request)
    except Unwelcome:
        return None
