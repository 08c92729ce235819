"""The Slack app inside Spokenly: with its rooms, its database, its tokens and its logs."""

from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bots import app
from bots.slack.bot import Parts
from bots.slack.card import STOP
from core.engines.hearing import alone
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.settings import Settings
from tests.bots.meet.house import Visitor
from tests.fakes.engine import ScriptedEngine, speak
from tests.fakes.slack import FakeSlack, Message, Person, words

pytestmark = pytest.mark.real_time  # the database has threads of its own


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kept"
    made.mkdir()
    return made


def links(message: Message) -> list[str]:
    return [
        element["url"]
        for block in message.blocks
        for element in block.get("elements", [])
        if element.get("url")
    ]


async def talk(address: str, link: str) -> None:
    """Open a link from Slack as the page does, and say something."""
    room, _, ticket = link.partition("/room/")[2].partition("#pass=")
    async with aiohttp.ClientSession() as client:
        visitor = Visitor(client, address)
        url = f"{address}/api/rooms/{room}/people"
        async with client.post(url, json={"pass": ticket}) as answer:
            assert answer.status == 201, await answer.text()
            person = dict(await answer.json())
        assert person["name"] == "Ann"
        async with visitor.microphone(room, person["token"]) as microphone:
            await microphone.send(speak([1, 2, 3], after=1.2))


def private(person: Person) -> str:
    return "\n".join(words(message) for message in person.sees())


@pytest.mark.parametrize(("keep", "streams"), [("never", False), ("transcript", True)])
async def test_what_is_said_behind_a_link_from_slack_is_read_in_the_thread(
    monkeypatch: pytest.MonkeyPatch, folder: Path, keep: str, streams: bool
) -> None:
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        monkeypatch.setattr(app, "SlackParts", partial(Parts, api=slack.api))
        settings = Settings(
            port=0,
            keep=keep,
            data_dir=folder,
            slack_bot_token=team.bot_token,
            slack_app_token=slack.app_token,
            slack_streams=streams,
        )
        async with app.spokenly(settings, alone(ScriptedEngine()), Metrics()) as running:
            await slack.until(lambda: slack.sockets.connected == 2)
            assert not (await ann.command("/captions", "start Weekly", channel=general)).failed
            await slack.until(lambda: any(links(message) for message in ann.sees()))
            (link,) = [one for message in ann.sees() for one in links(message)]
            assert link.startswith(f"{running.address}/room/")
            await talk(running.address, link)
            (card,) = general.messages
            await slack.until(lambda: "w1 w2 w3" in "".join(map(words, general.thread(card))), 20)
            await ann.press(card, STOP)
            await slack.until(lambda: "Ann ended captions." in words(card), 20)
            if keep == "transcript":
                await slack.until(lambda: any(message.files for message in general.thread(card)), 30)
        assert any(call.method == "chat.startStream" for call in slack.calls) is streams
        async with open_store(settings) as store:
            kept = await store.calls(space=f"slack:{team.id}")
            assert [call.title for call in kept] == (["Weekly"] if keep == "transcript" else [])
            assert not await store.preferences(f"slack:{team.id}") or keep == "transcript"


async def test_with_a_wrong_token_no_room_is_opened(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    async with FakeSlack() as slack:
        monkeypatch.setattr(app, "SlackParts", partial(Parts, api=slack.api))
        settings = Settings(
            port=0, data_dir=folder, slack_bot_token="xoxb-really", slack_app_token=slack.app_token
        )
        with pytest.raises(ExceptionGroup) as told:
            async with app.spokenly(settings, alone(ScriptedEngine()), Metrics()):
                pytest.fail("it started")
        (sentence,) = map(str, app.errors(told.value))
        assert "SLACK_BOT_TOKEN" in sentence
        assert "really" not in sentence


async def test_without_slack_the_rooms_are_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    async with FakeSlack() as slack:
        api = slack.api
    monkeypatch.setattr(app, "SlackParts", partial(Parts, api=api))
    settings = Settings(port=0, data_dir=folder, slack_bot_token="xoxb-1", slack_app_token="xapp-1")
    async with (
        app.spokenly(settings, alone(ScriptedEngine()), Metrics()) as running,
        aiohttp.ClientSession() as client,
    ):
        assert await Visitor(client, running.address).room()
