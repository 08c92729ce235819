"""Slack by HTTP: signed requests to our own address, and how many workspaces install the app."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bots.slack.bot import SlackBot
from bots.slack.http import BURST, INSTALL, PATIENCE, REDIRECT
from bots.slack.scopes import SCOPES
from tests.bots.slack.office import Shelf, running, served, settings_for, words
from tests.fakes.slack import FakeSlack


async def test_signed_requests_do_all_that_sockets_do(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, *_), served(bot) as url:
            slack.sockets.http = f"{url}/slack/events"
            assert not (await ann.command("/captions", "start Weekly", channel=general)).failed
            await slack.until(lambda: general.messages)
            assert "Weekly" in words(general.messages[0])
            await ann.say(f"<@{team.bot}> help", channel=general)
            await slack.until(lambda: any("opens a room" in words(one) for one in ann.sees()))
            assert slack.sockets.opened == 0


@pytest.mark.parametrize("forged", ["another secret", "ten minutes old", "no signature", "too large"])
async def test_what_slack_did_not_sign_just_now_is_refused(tmp_path: Path, forged: str) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, rooms, *_), served(bot) as url:
            body = f"command=%2Fcaptions&text=start&team_id={team.id}&channel_id=C1&user_id=U1"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            if forged == "another secret":
                slack.signing_secret = "0" * 32
                headers |= slack.sockets.signed(body)
            elif forged == "ten minutes old":
                headers |= slack.sockets.signed(body, at=1_700_000_000)
            elif forged == "too large":
                body += "&more=" + "x" * (1 << 20)
                headers |= slack.sockets.signed(body)
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{url}/slack/events", data=BytesIO(body.encode()), headers=headers) as answer,
            ):
                assert answer.status == (413 if forged == "too large" else 401)
            await asyncio.sleep(1)
            assert not rooms.opened


RUBBISH = [
    ("{", "application/json"),
    ("[]", "application/json"),
    ('{"authorizations": 5}', "application/json"),
    ('{"event": 5}', "application/json"),
    ("payload=[1]", "application/x-www-form-urlencoded"),
    ("payload=x", "application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("body", "kind"), RUBBISH)
async def test_rubbish_is_refused_without_a_word_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, body: str, kind: str, signed: bool
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, *_), served(bot) as url:
            headers = {"Content-Type": kind, **(slack.sockets.signed(body) if signed else {})}
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{url}/slack/events", data=BytesIO(body.encode()), headers=headers) as answer,
            ):
                assert answer.status == (400 if signed else 401)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("time", "signature", "body"),
    [
        ("soon", "v0=0", b"{}"),
        ("9" * 1000, "v0=0", b"{}"),
        (None, "v0=\N{SNOWMAN}", b"{}"),
        (None, "v0=0", b"\xff\xfe"),
    ],
)
async def test_what_can_not_be_a_signature_is_none(
    tmp_path: Path, time: str | None, signature: str, body: bytes
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, *_), served(bot) as url:
            headers = slack.sockets.signed("{}") | {"X-Slack-Signature": signature}
            headers |= {} if time is None else {"X-Slack-Request-Timestamp": time}
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{url}/slack/events", data=BytesIO(body), headers=headers) as answer,
            ):
                assert answer.status == 401


async def test_slacks_check_of_the_address_is_answered(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, *_), served(bot) as url:
            body = json.dumps({"type": "url_verification", "challenge": "abc"})
            headers = {"Content-Type": "application/json", **slack.sockets.signed(body)}
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{url}/slack/events", data=BytesIO(body.encode()), headers=headers) as answer,
            ):
                assert json.loads(await answer.text()) == {"challenge": "abc"}


class Browser:
    """Somebody who installs the app. Cookies that are only for HTTPS are carried by hand."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._url = url
        self._cookie = ""

    async def begin(self) -> str:
        """Where /slack/install leads."""
        async with self._client.get(f"{self._url}/slack/install", allow_redirects=False) as answer:
            self._cookie = answer.headers["Set-Cookie"].partition(";")[0]
            return answer.headers["Location"]

    async def allow(self, address: str) -> str:
        """Where Slack leads back to."""
        async with self._client.get(address, allow_redirects=False) as answer:
            return answer.headers["Location"]

    async def back(self, address: str, *, cookie: bool = True) -> tuple[int, str]:
        """What the page says then."""
        parts = urlsplit(address)
        headers = {"Cookie": self._cookie} if cookie else {}
        async with self._client.get(f"{self._url}{parts.path}?{parts.query}", headers=headers) as answer:
            return answer.status, await answer.text()


async def test_a_body_that_never_ends_is_not_waited_for(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": slack.signing_secret}
        settings = settings_for(slack, team, tmp_path, **secret)
        async with running(slack, settings, shelf=Shelf()) as (bot, *_), served(bot) as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            async with asyncio.timeout(PATIENCE + 1):
                assert b" 408 " in await reader.readline()
            await reader.read()  # until the connection is closed
            writer.close()


@asynccontextmanager
async def open_to_all(tmp_path: Path) -> AsyncIterator[tuple[SlackBot, Browser]]:
    async with FakeSlack() as slack:
        settings = settings_for(
            slack,
            None,
            tmp_path,
            slack_client_id=slack.client_id,
            slack_client_secret=slack.client_secret,
            slack_signing_secret=slack.signing_secret,
            public_url="https://captions.example",
        )
        async with (
            running(slack, settings) as (bot, *_),
            served(bot) as url,
            aiohttp.ClientSession() as client,
        ):
            yield bot, Browser(client, url)


@pytest.mark.real_time  # the database has threads of its own
async def test_nobody_begins_installations_without_end(tmp_path: Path) -> None:
    async with open_to_all(tmp_path) as (_, browser):
        for _ in range(int(BURST)):
            await browser.begin()
        status, said = await browser.back(INSTALL)
        assert (status, "wait some minutes" in said) == (429, True)
        status, said = await browser.back(f"{REDIRECT}?error=access_denied")
        assert (status, "wait some minutes" in said) == (429, True)


@pytest.mark.real_time
async def test_an_installation_that_nobody_finished_leaves_nothing(tmp_path: Path) -> None:
    async with open_to_all(tmp_path) as (bot, browser):
        many: Any = bot.desk.workspaces._installations
        many.states.expiration_seconds = -1
        for _ in range(5):
            await browser.begin()
        async with many._engine.connect() as connection:
            assert len((await connection.execute(many.states.oauth_states.select())).all()) == 1


@pytest.mark.real_time
async def test_what_stands_in_an_address_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with open_to_all(tmp_path) as (_, browser):
        for reason in ("access_denied", "pineapple"):
            status, _ = await browser.back(f"{REDIRECT}?error={reason}")
            assert status == 200
    told = [vars(one)["reason"] for one in caplog.records if one.getMessage() == "slack.not_installed"]
    assert told == ["access_denied", "another"]


@pytest.mark.real_time  # the database has threads of its own
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")  # by Slack's SDK
async def test_workspaces_install_the_app_use_it_and_take_it_out(tmp_path: Path) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme", installed=False)
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(
            slack,
            None,
            tmp_path,
            slack_client_id=slack.client_id,
            slack_client_secret=slack.client_secret,
            slack_signing_secret=slack.signing_secret,
            public_url="https://captions.example",
        )
        async with (
            running(slack, settings) as (bot, rooms, *_),
            served(bot) as url,
            aiohttp.ClientSession() as client,
        ):
            slack.sockets.http = f"{url}/slack/events"
            slack.oauth.asks = team.id, ann.id
            browser = Browser(client, url)
            slack.oauth.denied = True
            status, said = await browser.back(await browser.allow(await browser.begin()))
            assert "was not installed, because it was not allowed" in said
            slack.oauth.denied = False
            consent = await browser.begin()
            asked = parse_qs(urlsplit(consent).query)
            assert set(asked["scope"][0].split(",")) == {scope.name for scope in SCOPES}
            assert asked["redirect_uri"] == ["https://captions.example/slack/oauth_redirect"]
            back = await browser.allow(consent)
            stranger = await browser.back(back, cookie=False)
            assert stranger[0] == 400
            assert "did not begin the installation" in stranger[1]
            status, said = await browser.back(back)
            assert status == 200
            assert "Spokenly is in Acme." in said
            assert (await browser.back(back))[0] == 401, "a link works once"
            team.whole = True
            status, said = await browser.back(await browser.allow(await browser.begin()))
            assert status == 400
            assert "to single workspaces, not to a whole organisation" in said
            many: Any = bot.desk.workspaces._installations
            whole = f"E{team.id[1:]}"
            assert await many.store.async_find_bot(enterprise_id=whole, team_id=None) is None
            team.whole = False

            assert not (await ann.command("/captions", "start Weekly", channel=general)).failed
            await slack.until(lambda: general.messages)
            await ann.uninstall()
            await slack.until(lambda: rooms.opened[0].closed)
            assert "taken out of the Slack workspace" in rooms.opened[0].closed
            await slack.until(lambda: not bot.calls.running())
            await ann.command("/captions", "start again", channel=general)
            assert len(rooms.opened) == 1
