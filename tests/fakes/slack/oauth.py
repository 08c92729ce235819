"""Installing the app into a workspace: Slack's half of OAuth 2.0."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack.state import Json

if TYPE_CHECKING:
    from tests.fakes.slack.server import FakeSlack


class OAuth:
    """The page on which somebody allows the app, and the exchange of its code."""

    def __init__(self, slack: FakeSlack) -> None:
        self._slack = slack
        self._codes: dict[str, tuple[str, str]] = {}
        self.denied = False
        """Whoever is asked says no."""
        self.asks: tuple[str, str] | None = None
        """The workspace and the person who is asked next."""

    async def authorize(self, request: web.Request) -> web.Response:
        back, state = request.query["redirect_uri"], request.query["state"]
        if request.query["client_id"] != self._slack.client_id or self.asks is None:
            return web.Response(status=400, text="invalid_client_id")
        if self.denied:
            raise web.HTTPFound(f"{back}?error=access_denied&state={state}")
        code = secrets.token_hex(8)
        self._codes[code] = self.asks
        scopes = request.query["scope"].split(",")
        self._slack.world.teams[self.asks[0]].scopes = set(scopes)
        raise web.HTTPFound(f"{back}?code={code}&state={state}")

    def access(self, args: Json) -> Json:
        """What oauth.v2.access answers."""
        if args.get("client_id") != self._slack.client_id:
            return {"ok": False, "error": "invalid_client_id"}
        if args.get("client_secret") != self._slack.client_secret:
            return {"ok": False, "error": "bad_client_secret"}
        if str(args.get("code")) not in self._codes:
            return {"ok": False, "error": "invalid_code"}
        team_id, user = self._codes.pop(str(args["code"]))
        team = self._slack.world.teams[team_id]
        team.installed = True
        return {
            "ok": True,
            "app_id": self._slack.app_id,
            "authed_user": {"id": user},
            "scope": ",".join(sorted(team.scopes)),
            "token_type": "bot",
            "access_token": team.bot_token,
            "bot_user_id": team.bot,
            "team": None if team.whole else {"id": team.id, "name": team.name},
            "enterprise": {"id": f"E{team.id[1:]}", "name": team.name} if team.whole else None,
            "is_enterprise_install": team.whole,
        }
