"""What Slack's refusals mean for captions."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.chat import (
    UPDATE,
    ChatThread,
    MessageLost,
    NotTaken,
    StoppedByReader,
    StreamOver,
    Unanswered,
)
from bots.slack.governor import Governor
from bots.slack.installations import PATIENCE
from bots.slack.pace import Rank
from bots.slack.thread import Thread
from core.errors import OutletBusy, OutletError, OutletGone
from tests.bots.slack.office import office
from tests.bots.slack.threadroom import threadroom


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ("message_not_in_streaming_state", StreamOver),
        ("stopped_by_user", StoppedByReader),
        ("message_not_found", MessageLost),
        ("internal_error", Unanswered),
        ("fatal_error", Unanswered),
        ("request_timeout", Unanswered),
        ("ratelimited", OutletBusy),
        ("is_archived", OutletGone),
        ("token_expired", OutletGone),
        ("restricted_action_thread_locked", OutletGone),
        ("restricted_action_non_threadable_channel", OutletGone),
        ("channel_is_limited_access", OutletGone),
        ("rate_limited", OutletBusy),
        ("something_new", NotTaken),
    ],
)
async def test_every_refusal_has_its_meaning(error: str, meaning: type[OutletError]) -> None:
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        ts = await chat.start()
        room.slack.faults.errors["chat.appendStream"] = [error]
        with pytest.raises(meaning):
            await chat.append(ts, "one")
        assert room.messages[0].text == ""


async def test_what_was_never_sent_may_be_repeated() -> None:
    async with threadroom() as room:
        nowhere = AsyncWebClient("xoxb-1", base_url="http://127.0.0.1:1/api/")
        chat = ChatThread(nowhere, room.thread, room.governor)
        with pytest.raises(OutletBusy):
            await chat.append("1.1", "one")


async def test_what_found_no_connection_in_time_may_be_repeated_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.sleep(3600)

    async with threadroom() as room, aiohttp.ClientSession(timeout=PATIENCE) as session:
        assert session.connector is not None
        monkeypatch.setattr(session.connector, "_create_connection", hang)
        client = AsyncWebClient("xoxb-1", base_url=room.slack.api, session=session)
        chat, began = ChatThread(client, room.thread, room.governor), asyncio.get_running_loop().time()
        with pytest.raises(OutletBusy):
            await chat.post("one")
        assert asyncio.get_running_loop().time() - began == pytest.approx(10, abs=1)


async def test_a_slack_that_takes_a_request_and_says_nothing_is_left_after_a_minute(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        acme.slack.faults.slow["users.info"] = 100
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await found[0].client.users_info(user=acme.ann.id)
        assert asyncio.get_running_loop().time() - began == pytest.approx(65, abs=1)
        await asyncio.sleep(60)


async def test_the_sdk_repeats_nothing_by_itself() -> None:
    async with threadroom() as room:
        eager = AsyncWebClient(room.team.bot_token, base_url=room.slack.api)
        assert eager.retry_handlers
        chat = ChatThread(eager, room.thread, room.governor)
        ts = await chat.start()
        room.slack.faults.landed["chat.appendStream"] = 1
        with pytest.raises(Unanswered):
            await chat.append(ts, "one")
        assert room.messages[0].text == "one"
        assert eager.retry_handlers


async def test_a_refusal_closes_its_method_for_as_long_as_slack_says() -> None:
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        message = await chat.post("one")
        room.slack.faults.errors[UPDATE] = ["ratelimited"]
        with pytest.raises(OutletBusy) as busy:
            await chat.update(message, "two")
        assert busy.value.retry_after == 1
        assert 0 < chat.wait(UPDATE) <= 1.9
        assert chat.wait("chat.appendStream", Rank.INTERIM) == 0


async def test_stopping_and_deleting_what_is_gone_is_no_failure() -> None:
    async with threadroom() as room:
        chat = ChatThread(room.client, room.thread, room.governor)
        ts = await chat.start()
        await chat.stop(ts)
        await chat.stop(ts)
        await chat.delete(ts)
        await chat.delete(ts)
        assert room.messages == []


async def test_only_direct_messages_are_streamed_to_without_a_recipient() -> None:
    async with threadroom() as room:
        for channel, recipient, streams in (("C1", "U1", True), ("C1", "", False), ("D1", "", True)):
            thread = Thread("T1", channel, "1.1", recipient)
            assert ChatThread(room.client, thread, Governor()).streams is streams
