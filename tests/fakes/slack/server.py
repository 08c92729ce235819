"""The fake Slack: Web API, Socket Mode, files, response addresses and OAuth, on loopback over real sockets.

The official SDK runs against it unmodified: `AsyncWebClient(token, base_url=slack.api)`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.slack.blocks import faults
from tests.fakes.slack.faults import Faults
from tests.fakes.slack.limits import Buckets, Limits
from tests.fakes.slack.methods import METHODS, Call, Refused, chat, others  # noqa: F401 - they register
from tests.fakes.slack.oauth import OAuth
from tests.fakes.slack.people import Person, Place
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.state import Channel, File, Json, Message, Stream, Team, User, World


@dataclass(frozen=True, slots=True)
class Called:
    """A call of the Web API as it came, and how it ended: `ok`, an error's name, or an HTTP status."""

    at: float
    method: str
    team: str
    args: Json
    result: str


class FakeSlack:
    """Use as an async context. One app, any number of workspaces."""

    def __init__(self) -> None:
        self.world = World()
        self.limits = Limits()
        self.faults = Faults()
        self.app_id = "A00000001"
        self.app_token = "xapp-1-" + secrets.token_hex(16)
        self.signing_secret = secrets.token_hex(16)
        self.client_id, self.client_secret = "111.222", secrets.token_hex(16)
        self.calls: list[Called] = []
        self.url = ""
        self.sockets = Sockets(self)
        self.oauth = OAuth(self)
        self._buckets = Buckets(self.limits)
        self._triggers: dict[str, tuple[str, float]] = {}
        self._responses: dict[str, tuple[str, str, str | None, float, int]] = {}
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    @property
    def api(self) -> str:
        """The Web API's address, for the SDK's `base_url`."""
        return f"{self.url}/api/"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_get("/files-pri/{file}", self._download)
        app.router.add_post("/response/{key}", self._respond)
        app.router.add_get("/link", self.sockets.accept)
        app.router.add_get("/oauth/v2/authorize", self.oauth.authorize)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        await self.sockets.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # The world

    def team(self, name: str = "Acme", *, installed: bool = True) -> Team:
        """A workspace; `installed`: with the app in it."""
        world = self.world
        team = Team(world.id("T"), name, "xoxb-" + secrets.token_hex(16), world.id("U"), installed=installed)
        world.teams[team.id] = team
        world.users[team.bot] = User(team.bot, "spokenly", team.id, bot=True)
        return team

    def person(self, team: Team, name: str, *, admin: bool = False, guest: bool = False) -> Person:
        """Somebody in a workspace."""
        user = User(self.world.id("U"), name, team.id, admin=admin, guest=guest)
        self.world.users[user.id] = user
        return Person(self, team, user)

    def channel(
        self, team: Team, name: str, *people: Person, bot: bool = True, private: bool = False
    ) -> Place:
        """A channel with these people, and the bot, in it; the first of them made it."""
        channel = Channel(self.world.id("C"), name, team.id, {one.id for one in people}, private=private)
        channel.creator = people[0].id if people else ""
        if bot:
            channel.members.add(team.bot)
        self.world.channels[channel.id] = channel
        return Place(self, channel)

    def direct(self, team: Team, user: str) -> Channel:
        """The direct messages between the bot and somebody."""
        for channel in self.world.channels.values():
            if channel.im and channel.members == {team.bot, user}:
                return channel
        channel = Channel(self.world.id("D"), "", team.id, {team.bot, user}, im=True)
        self.world.channels[channel.id] = channel
        return channel

    def foreign(self, channel: Channel) -> bool:
        """Whether people of another organisation are in a channel (Slack Connect)."""
        return any(self.world.users[one].team != channel.team for one in channel.members)

    def add(self, message: Message) -> None:
        self.world.messages.append(message)
        self.changed()

    def alive(self, stream: Stream, now: float) -> bool:
        """Whether a stream can still be written to."""
        return stream.open and not stream.stopped_by_user and now - stream.began < self.limits.stream

    def payload(self, message: Message) -> Json:
        """A message as the Web API and events show it."""
        shown: Json = {
            "type": "message",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "blocks": message.blocks,
        }
        if message.thread_ts:
            shown["thread_ts"] = message.thread_ts
        if message.files:
            shown["files"] = [self._in_message(self.world.files[one]) for one in message.files]
        return shown

    def sees(self, team: Team, file: File) -> bool:
        """Whether the bot is where a file was shared, or made it."""
        if file.team != team.id:
            return False
        shared = (self.world.channels[one] for one in file.channels)
        return file.user == team.bot or any(
            (not one.private and not one.im) or team.bot in one.members for one in shared
        )

    def _in_message(self, file: File) -> Json:
        if file.elsewhere:
            return {"id": file.id, "file_access": "check_file_info"}
        if file.deleted:
            return {"id": file.id, "mode": "tombstone"}
        if file.hidden:
            return {"id": file.id, "mode": "hidden_by_limit"}
        return self.file(file)

    def file(self, file: File) -> Json:
        if file.hidden:
            return {"id": file.id, "mode": "hidden_by_limit"}
        shown: Json = {
            "id": file.id,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "size": len(file.content),
            "user": file.user,
            "url_private": f"{self.url}/files-pri/{file.id}",
            "url_private_download": f"{self.url}/files-pri/{file.id}",
            "permalink": f"https://acme.slack.com/files/{file.id}",
            "channels": file.channels,
        }
        if file.external:
            shown.update(is_external=True, mode="external", url_private=file.external)
            del shown["url_private_download"]
        if file.subtype:
            shown.update(subtype=file.subtype, media_display_type="audio", duration_ms=file.duration_ms)
        return shown

    # What interactions carry

    def trigger(self, user: str) -> str:
        """A trigger: whoever has it may open one view on this person's screen, for three seconds."""
        trigger = f"{secrets.randbelow(10**12)}.{secrets.token_hex(8)}"
        self._triggers[trigger] = user, asyncio.get_running_loop().time() + self.limits.ack
        return trigger

    def spend(self, trigger: str, now: float) -> str:
        """Whose screen a trigger opens a view on; it works once. Raises `Refused`."""
        user, until = self._triggers.pop(trigger, ("", 0.0))
        if not user:
            raise Refused("invalid_trigger_id")
        if now > until or self.faults.expired_trigger:
            raise Refused("expired_trigger_id")
        return user

    def response_url(self, channel: str, user: str, thread: str | None = None) -> str:
        """An address that takes five answers to an interaction, for half an hour."""
        key = secrets.token_hex(12)
        uses, life = self.limits.response
        self._responses[key] = channel, user, thread, asyncio.get_running_loop().time() + life, uses
        return f"{self.url}/response/{key}"

    # Waiting for what happens

    def changed(self) -> None:
        """Something happened that somebody may wait for."""
        self._changed.set()

    async def until(self, condition: Any, seconds: float = 60.0) -> None:
        """Wait until `condition()` is true. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.25):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    # The wire

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        now = asyncio.get_running_loop().time()
        args = await _arguments(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(args.pop("token", ""))
        if name == "oauth.v2.access" and token.startswith("Basic "):
            args["client_id"], _, args["client_secret"] = (
                base64.b64decode(token.removeprefix("Basic ")).decode().partition(":")
            )
        faults = self.faults
        if name in faults.hang:
            await asyncio.sleep(3600)
        if name in faults.slow:
            await asyncio.sleep(faults.slow[name])
        if faults.statuses.get(name):
            status = faults.statuses[name].pop(0)
            self._note(now, name, "", args, str(status))
            return web.Response(status=status, text="upstream error")
        team = next((one for one in self.world.teams.values() if one.bot_token == token), None)
        answer, retry = self._answer(name, token, team, args, now)
        self._note(now, name, team.id if team else "", args, "ok" if answer["ok"] else str(answer["error"]))
        if faults.landed.get(name):
            faults.landed[name] -= 1
            if request.transport is not None:
                request.transport.abort()
            await asyncio.sleep(0)
        headers = {"Retry-After": str(retry)} if retry else {}
        if team is not None:
            headers["x-oauth-scopes"] = ",".join(sorted(team.scopes))
        return web.json_response(answer, status=429 if retry else 200, headers=headers)

    def _answer(self, name: str, token: str, team: Team | None, args: Json, now: float) -> tuple[Json, int]:
        """What the method answers, and the seconds of Retry-After."""
        if (without := self._without_team(name, token, args)) is not None:
            return without, 0
        error: Json | None = self._unknown(name, token, team)
        if error is not None or team is None:
            return {"ok": False, **(error or {})}, 0
        wait = self._buckets.take(team.id, name, str(args.get("channel", "")), now)
        if wait:
            return {"ok": False, "error": "ratelimited"}, wait
        if self.faults.errors.get(name):
            wanted = self.faults.errors[name].pop(0)
            return {"ok": False, "error": wanted}, 1 if wanted in ("ratelimited", "rate_limited") else 0
        try:
            return {"ok": True, **METHODS[name][0](Call(self, team, args, now))}, 0
        except Refused as refused:
            return {"ok": False, "error": refused.error, **refused.more}, 0

    def _without_team(self, name: str, token: str, args: Json) -> Json | None:
        """What is answered to what is not asked with a bot's token; None where one is needed."""
        if token in self.faults.revoked:
            return None
        if name == "apps.connections.open":
            return self.sockets.ticket(token)
        if name == "auth.test" and token == self.app_token:
            # Slack takes app-level tokens here, and tells no more than whose they are.
            return {"ok": True, "app_name": "Spokenly", "app_id": self.app_id}
        return self.oauth.access(args) if name == "oauth.v2.access" else None

    def _unknown(self, name: str, token: str, team: Team | None) -> Json | None:
        """Why this token may not call this method."""
        if token in self.faults.revoked:
            return {"error": "token_revoked"}
        if team is None:
            return {"error": "invalid_auth" if token else "not_authed"}
        if not team.installed:
            return {"error": "account_inactive"}
        if name not in METHODS:
            return {"error": "unknown_method"}
        scopes = METHODS[name][1]
        if scopes and not team.scopes & set(scopes):
            return {
                "error": "missing_scope",
                "needed": scopes[0],
                "provided": ",".join(sorted(team.scopes)),
            }
        return None

    def _note(self, now: float, name: str, team: str, args: Json, result: str) -> None:
        self.calls.append(Called(now, name, team, args, result))
        self.changed()

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        if request.content_type.startswith("multipart/"):
            parts = await request.post()
            (part,) = parts.values()
            file.content = part.file.read() if isinstance(part, web.FileField) else str(part).encode()
        else:
            file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["file"])
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        team = next((one for one in self.world.teams.values() if one.bot_token == token), None)
        if self.faults.sends_on:
            raise web.HTTPFound(self.faults.sends_on)
        if (
            self.faults.log_in
            or file is None
            or team is None
            or "files:read" not in team.scopes
            or not self.sees(team, file)
        ):
            # Slack sends people to its log-in page instead of saying no.
            return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
        return web.Response(body=file.content, content_type=file.mimetype)

    async def _respond(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        channel, user, thread, until, uses = self._responses.get(key, ("", "", None, 0.0, 0))
        now = asyncio.get_running_loop().time()
        if not uses or now > until:
            return web.Response(status=404, text="used_url" if channel else "expired_url")
        said = await request.json()
        shown = said.get("blocks") or []
        if (shown and self.faults.blocks) or faults(shown, self.limits, most=self.limits.blocks):
            return web.Response(status=400, text="invalid_blocks")
        self._responses[key] = channel, user, thread, until, uses - 1
        self.answered(channel, user, thread, said, now)
        return web.Response(text="ok")

    def answered(self, channel: str, user: str, thread: str | None, said: Json, now: float) -> None:
        """An answer to an interaction, in its acknowledgement or to its response_url."""
        message = Message(
            channel,
            self.world.ts(now),
            "bot",
            str(said.get("text") or ""),
            said.get("blocks") or [],
            thread_ts=said.get("thread_ts") or thread,
            seen_by=None if said.get("response_type") == "in_channel" else user,
        )
        self.add(message)


async def _arguments(request: web.Request) -> Json:
    """The arguments of a call, from the address and the body, however they were sent."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        args.update(await request.json())
    elif request.can_read_body:
        args.update({key: value for key, value in (await request.post()).items() if isinstance(value, str)})
    for key in ("blocks", "metadata"):
        if isinstance(args.get(key), str):
            args[key] = json.loads(args[key])
    return args
