"""Slack's rules in the fake, as its own SDK meets them: installing, sockets, acknowledging, what expires."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.fakes.slack import FakeSlack, Person, Place
from tests.fakes.slack.blocks import faults, view_faults
from tests.fakes.slack.limits import Limits

BUTTON = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}}
ROW = {"type": "actions", "elements": [BUTTON]}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Form"}, "blocks": []}

Ack = Callable[..., Awaitable[Any]]


async def refused_with(call: Awaitable[object]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    told: dict[str, Any] = caught.value.response.data
    return told


async def refusal(call: Awaitable[object]) -> str:
    return str((await refused_with(call))["error"])


def client_of(slack: FakeSlack, token: str | None) -> AsyncWebClient:
    return AsyncWebClient(token, base_url=slack.api, retry_handlers=[])


@asynccontextmanager
async def app_of(
    slack: FakeSlack, add: Callable[[AsyncApp], None], sockets: int = 1
) -> AsyncIterator[tuple[Place, Person]]:
    """bolt's app over Socket Mode, in a workspace with Ann."""
    team = slack.team("Acme")
    ann = slack.person(team, "Ann")
    general = slack.channel(team, "general", ann)
    app = AsyncApp(client=client_of(slack, team.bot_token), signing_secret=slack.signing_secret)
    add(app)
    handlers = [AsyncSocketModeHandler(app, slack.app_token) for _ in range(sockets)]
    for handler in handlers:
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt's own
    await slack.until(lambda: slack.sockets.connected == sockets)
    try:
        yield general, ann
    finally:
        for handler in handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt's own


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # the SDK's own way to show its secret
async def test_an_app_is_installed_with_a_code_that_works_once() -> None:
    async with FakeSlack() as slack, aiohttp.ClientSession() as browser:
        team = slack.team("Acme", installed=False)
        ann = slack.person(team, "Ann")
        bot = client_of(slack, team.bot_token)
        assert await refusal(bot.auth_test()) == "account_inactive"
        slack.oauth.asks = team.id, ann.id
        asked = {
            "client_id": slack.client_id,
            "scope": "chat:write,commands",
            "redirect_uri": "https://app.example/back",
            "state": "s1",
        }
        page = f"{slack.url}/oauth/v2/authorize"
        async with browser.get(page, params=asked, allow_redirects=False) as answer:
            back = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert back["state"] == ["s1"]
        wanted = {
            "client_id": slack.client_id,
            "client_secret": slack.client_secret,
            "code": back["code"][0],
        }
        anybody = client_of(slack, None)
        wrong = {**wanted, "client_secret": "guess"}
        assert await refusal(anybody.oauth_v2_access(**wrong)) == "bad_client_secret"
        given = await anybody.oauth_v2_access(**wanted)
        assert (given["access_token"], given["bot_user_id"]) == (team.bot_token, team.bot)
        assert given["scope"] == "chat:write,commands"
        assert (await bot.auth_test())["team_id"] == team.id
        assert await refusal(anybody.oauth_v2_access(**wanted)) == "invalid_code"
        slack.oauth.denied = True
        async with browser.get(page, params=asked, allow_redirects=False) as answer:
            assert "error=access_denied" in answer.headers["Location"]


async def test_events_survive_a_cut_and_a_refresh_where_there_are_two_sockets() -> None:
    async with FakeSlack() as slack:
        heard: list[str] = []

        def add(app: AsyncApp) -> None:
            @app.event("app_mention")
            async def mention(event: dict[str, str]) -> None:
                heard.append(event["text"].split()[-1])

        async with app_of(slack, add, sockets=2) as (general, ann):
            mention = f"<@{ann.team.bot}>"
            for number in range(30):
                if number == 10:
                    await slack.sockets.refresh()
                if number == 20:
                    slack.sockets.cut()
                await ann.say(f"{mention} {number}", channel=general)
            await slack.until(lambda: len(heard) == 30)
            assert heard == [str(number) for number in range(30)]
            await slack.until(lambda: slack.sockets.connected == 2)
            assert slack.sockets.opened > 2


async def test_a_late_acknowledgement_is_none_and_the_event_comes_again() -> None:
    async with FakeSlack() as slack:
        heard: list[str] = []

        def add(app: AsyncApp) -> None:
            @app.command("/slow")
            async def slow(ack: Ack) -> None:
                await asyncio.sleep(4)
                await ack()

            @app.event("app_mention")
            async def mention(event: dict[str, str]) -> None:
                heard.append(event["text"])

        async with app_of(slack, add) as (general, ann):
            assert (await ann.command("/slow", channel=general)).failed
            await asyncio.sleep(2)
            slack.faults.twice = True
            await ann.say(f"<@{ann.team.bot}> once", channel=general)
            # bolt hands on both: telling them apart is the app's.
            await slack.until(lambda: len(heard) == 2)


async def test_a_trigger_opens_one_view_within_three_seconds() -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        client = client_of(slack, team.bot_token)
        trigger = slack.trigger(ann.id)
        await client.views_open(trigger_id=trigger, view=MODAL)
        assert await refusal(client.views_open(trigger_id=trigger, view=MODAL)) == "invalid_trigger_id"
        old = slack.trigger(ann.id)
        await asyncio.sleep(3.1)
        assert await refusal(client.views_open(trigger_id=old, view=MODAL)) == "expired_trigger_id"
        assert len(ann.state.modals) == 1


async def test_a_response_address_takes_five_answers_within_half_an_hour() -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        hook = AsyncWebhookClient(slack.response_url(general.id, ann.id))
        codes = [(await hook.send(text=str(number))).status_code for number in range(6)]
        assert codes == [200] * 5 + [404]
        assert [message.text for message in ann.sees(general)] == ["0", "1", "2", "3", "4"]
        late = AsyncWebhookClient(slack.response_url(general.id, ann.id))
        await asyncio.sleep(1801)
        assert (await late.send(text="late")).status_code == 404


async def test_each_method_has_its_own_limit_in_each_workspace() -> None:
    async with FakeSlack() as slack:
        one, other = slack.team("One"), slack.team("Other")
        ann, eve = slack.person(one, "Ann"), slack.person(other, "Eve")
        mine, theirs = client_of(slack, one.bot_token), client_of(slack, other.bot_token)
        for _ in range(3):
            await mine.users_conversations(user=ann.id)
        assert await refusal(mine.users_conversations(user=ann.id)) == "ratelimited"
        await mine.users_info(user=ann.id)
        await theirs.users_conversations(user=eve.id)
        await asyncio.sleep(60 / 50)
        await mine.users_conversations(user=ann.id)


async def test_people_s_channels_are_told_but_for_private_ones_without_the_bot() -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann, bob = slack.person(team, "Ann"), slack.person(team, "Bob")
        public = slack.channel(team, "public", ann, bot=False)
        private = slack.channel(team, "private", ann, private=True)
        slack.channel(team, "hidden", ann, private=True, bot=False)
        slack.channel(team, "other", bob)
        client = client_of(slack, team.bot_token)
        both = await client.users_conversations(user=ann.id, types="public_channel,private_channel")
        assert {channel["id"] for channel in both["channels"]} == {public.id, private.id}
        first = await client.users_conversations(user=ann.id, types="public_channel,private_channel", limit=1)
        cursor = first["response_metadata"]["next_cursor"]
        assert cursor
        assert len((await client.users_conversations(user=ann.id, limit=1))["channels"]) == 1


@pytest.mark.parametrize(
    ("kind", "scope"), [("", "channels"), ("private", "groups"), ("mpim", "mpim"), ("im", "im")]
)
async def test_each_kind_of_conversation_has_scopes_of_its_own(kind: str, scope: str) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        place = slack.channel(team, "general", ann, private=kind in ("private", "mpim"))
        place.state.im, place.state.mpim = kind == "im", kind == "mpim"
        client = client_of(slack, team.bot_token)
        first = await ann.say("hello", channel=place)
        asks: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("read", lambda: client.conversations_info(channel=place.id)),
            ("read", lambda: client.conversations_members(channel=place.id)),
            ("history", lambda: client.conversations_replies(channel=place.id, ts=first.ts)),
        ]
        for what, ask in asks:
            others = {f"{other}:{what}" for other in ("channels", "groups", "mpim", "im") if other != scope}
            team.scopes = others
            refused = await refused_with(ask())
            assert (refused["error"], refused["needed"]) == ("missing_scope", f"{scope}:{what}")
            team.scopes = {f"{scope}:{what}"}
            await ask()


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


OPTION = {"value": "a", "text": {"type": "plain_text", "text": "A"}}


def _asked(element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "label": {"type": "plain_text", "text": "Which"}, "element": element}


@pytest.mark.parametrize(
    ("blocks", "fault"),
    [
        ([_section("x")] * 51, "no more than 50"),
        ([_section("x" * 3001)], "less than 3001"),
        ([_section("")], "more than 0"),
        ([{"type": "section"}], "text or fields"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151"),
        ([{"type": "actions", "elements": []}], "1 to 25"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "unique in its block"),
        ([{"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}], "less than 2001"),
        ([{"type": "actions", "elements": [{"type": "plain_text_input"}]}], "unsupported element"),
        ([{"type": "actions", "elements": [{"type": "button"}]}], "missing required field"),
        ([{"type": "actions", "elements": [{**BUTTON, "confirm": {}}]}], "missing required field"),
        ([{**ROW, "block_id": "a"}, {**ROW, "block_id": "a"}], "block_id must be unique"),
        ([{"type": "marquee"}], "unsupported type"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "🎉" * 76}}], "less than 151"),
        ([_asked({"type": "plain_text_input", "max_length": 3001})], "from 1 to 3000"),
        ([_asked({"type": "plain_text_input", "max_length": 3, "initial_value": "long"})], "initial_value"),
        ([_asked({**BUTTON})], "unsupported element: button"),
        ([_asked({"type": "static_select", "options": [OPTION, OPTION]})], "unique in its options"),
        ([_asked({"type": "static_select", "options": [OPTION]})], ""),
        ([_section("fine"), ROW, {"type": "divider"}], ""),
    ],
)
def test_blocks_are_taken_as_slack_takes_them(blocks: list[dict[str, Any]], fault: str) -> None:
    found = faults(blocks, Limits(), most=50)
    assert bool(found) is bool(fault)
    assert fault in "\n".join(found)


@pytest.mark.parametrize(
    ("view", "fault"),
    [
        ({**MODAL, "title": {"type": "plain_text", "text": "x" * 25}}, "title: must be less than 25"),
        ({**MODAL, "private_metadata": "x" * 3001}, "private_metadata"),
        (
            {**MODAL, "blocks": [{"type": "input", "label": BUTTON["text"], "element": {}}]},
            "submit is required",
        ),
        (MODAL, ""),
    ],
)
def test_views_are_taken_as_slack_takes_them(view: dict[str, Any], fault: str) -> None:
    found = view_faults(view, Limits())
    assert bool(found) is bool(fault)
    assert fault in "\n".join(found)


async def test_what_slack_would_not_take_is_refused_by_name() -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        client = client_of(slack, team.bot_token)
        post = client.chat_postMessage
        assert (
            await refusal(post(channel=general.id, text="x", blocks=[{"type": "marquee"}]))
            == "invalid_blocks"
        )
        long = [_section("x" * 2900) for _ in range(5)]
        assert await refusal(post(channel=general.id, text="x", blocks=long)) == "msg_blocks_too_long"
        wrong = {"type": "home", "blocks": [{"type": "marquee"}]}
        assert await refusal(client.views_publish(user_id=ann.id, view=wrong)) == "invalid_arguments"
        assert general.messages == []
