"""Slack's own SDK, unmodified, against the fake: what it does, what it refuses, and how it limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.slack import FakeSlack, Person, Place, Team


@asynccontextmanager
async def office() -> AsyncIterator[tuple[FakeSlack, Team, Place, Person, AsyncWebClient]]:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        yield slack, team, general, ann, AsyncWebClient(team.bot_token, base_url=slack.api)


async def refusal(call: "asyncio.Future[object] | object") -> str:
    with pytest.raises(SlackApiError) as caught:
        await call  # type: ignore[misc]  # whatever the SDK's methods give
    return str(caught.value.response["error"])


async def test_a_message_is_posted_and_edited_and_every_edit_is_kept() -> None:
    async with office() as (slack, _team, general, _ann, client):
        posted = await client.chat_postMessage(channel=general.id, text="one")
        await client.chat_update(channel=general.id, ts=posted["ts"], text="two")
        (message,) = general.messages
        assert message.text == "two"
        assert [edit.text for edit in message.edits] == ["two"]
        assert [call.method for call in slack.calls] == ["chat.postMessage", "chat.update"]


async def test_too_many_calls_get_429_and_are_told_when() -> None:
    async with office() as (slack, _team, general, _ann, client):
        for _ in range(3):
            await client.chat_postMessage(channel=general.id, text="again")
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=general.id, text="again")
        assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
        await asyncio.sleep(1)
        await client.chat_postMessage(channel=general.id, text="now")
        assert len(general.messages) == 4
        assert [call.result for call in slack.calls].count("ratelimited") == 1


async def test_a_stream_dies_after_five_minutes_whatever_is_appended() -> None:
    async with office() as (_slack, team, general, ann, client):
        first = await client.chat_postMessage(channel=general.id, text="thread")
        where = {"channel": general.id, "thread_ts": first["ts"]}
        assert await refusal(client.chat_startStream(**where)) == "missing_recipient_user_id"
        started = await client.chat_startStream(
            **where, recipient_user_id=ann.id, recipient_team_id=team.id, markdown_text="a "
        )
        stream = {"channel": general.id, "ts": started["ts"]}
        await client.chat_appendStream(**stream, markdown_text="b ")
        assert await refusal(client.chat_update(**stream, text="x")) == "streaming_state_conflict"
        await asyncio.sleep(300)
        gone = await refusal(client.chat_appendStream(**stream, markdown_text="c"))
        assert gone == "message_not_in_streaming_state"
        (message,) = general.thread(first["ts"])
        assert message.text == "a b "
        await client.chat_update(**stream, text="allowed again")


async def test_missing_scopes_strange_channels_and_dead_tokens_are_refused_by_name() -> None:
    async with office() as (slack, team, general, _ann, client):
        team.scopes.discard("chat:write")
        assert await refusal(client.chat_postMessage(channel=general.id, text="x")) == "missing_scope"
        team.scopes.add("chat:write")
        assert await refusal(client.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
        general.state.archived = True
        assert await refusal(client.chat_postMessage(channel=general.id, text="x")) == "is_archived"
        slack.faults.revoked.add(team.bot_token)
        assert await refusal(client.auth_test()) == "token_revoked"


async def test_files_go_up_in_three_steps_and_come_down_with_the_token() -> None:
    async with office() as (slack, _team, general, _ann, client):
        first = await client.chat_postMessage(channel=general.id, text="thread")
        await client.files_upload_v2(
            channel=general.id, thread_ts=first["ts"], content="WEBVTT", filename="a.vtt", title="Transcript"
        )
        (message,) = general.thread(first["ts"])
        (file,) = (slack.world.files[one] for one in message.files)
        assert (file.content, file.title) == (b"WEBVTT", "Transcript")


async def test_commands_buttons_forms_and_events_reach_the_official_app() -> None:
    async with office() as (slack, team, general, ann, client):
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        seen: list[str] = []

        @app.command("/captions")
        async def command(ack: object, body: dict[str, str], client: AsyncWebClient) -> None:
            await ack("on it")  # type: ignore[operator]  # bolt's own
            button = {"type": "button", "action_id": "stop", "text": {"type": "plain_text", "text": "Stop"}}
            blocks = [{"type": "actions", "elements": [button]}]
            await client.chat_postMessage(channel=body["channel_id"], text="card", blocks=blocks)
            view = {"type": "modal", "callback_id": "form", "title": {"type": "plain_text", "text": "Form"}}
            await client.views_open(trigger_id=body["trigger_id"], view={**view, "blocks": []})

        @app.action("stop")
        async def stop(ack: object, body: dict[str, object]) -> None:
            await ack()  # type: ignore[operator]  # bolt's own
            seen.append("stop")

        @app.view("form")
        async def form(ack: object) -> None:
            await ack({"response_action": "errors", "errors": {"title": "too short"}})  # type: ignore[operator]

        @app.event("app_mention")
        async def mention(event: dict[str, str]) -> None:
            seen.append(event["text"])

        handler = AsyncSocketModeHandler(app, slack.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt's own
        await slack.until(lambda: slack.sockets.connected == 1)
        answer = await ann.command("/captions", "start", channel=general)
        assert not answer.failed
        assert [message.text for message in ann.sees(general)] == ["on it"]
        await slack.until(lambda: ann.state.modals)
        assert (await ann.submit()).errors == {"title": "too short"}
        await ann.press(general.messages[0], "stop")
        await ann.say(f"<@{team.bot}> hello", channel=general)
        await slack.until(lambda: len(seen) == 2)
        assert seen == ["stop", f"<@{team.bot}> hello"]
        assert max(slack.sockets.acks) < 1
        await handler.close_async()  # type: ignore[no-untyped-call]  # bolt's own
        assert client.session is None or client.session.closed
