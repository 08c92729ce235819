"""Speaks secrets, crashes, and searches everything that operators see for them.

The secrets are made while the test runs, because tracebacks show lines of the source.
"""

import ast
import asyncio
import io
import logging
import os
import secrets
import struct
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client import generate_latest
from pydantic import SecretStr

from bots import app
from bots.meet import outlet
from core.captions.board import Board
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.hearing import alone
from core.errors import EngineError
from core.metrics import Metrics
from core.record.database import writing
from core.record.journal import Journal
from core.settings import Settings
from core.telemetry import bug_reports, set_up_logging
from tests.fakes.deepgram import BROKEN, Close, Drop, Http, Key, Reset, Say, Script, deepgram
from tests.fakes.engine import ScriptedEngine, ScriptedRecognition, speak
from tests.fakes.sentry import FakeSentry, fake_sentry

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.real_time


@dataclass
class Seen:
    """All that operators get to see while something runs."""

    logs: list[io.StringIO]
    sentry: FakeSentry
    screen: pytest.CaptureFixture[str]
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def log(self) -> str:
        return "\n".join(log.getvalue() for log in self.logs)

    def search(self, *hidden: str) -> None:
        """Fails when one of these is to be seen anywhere."""
        printed = self.screen.readouterr()
        places = {
            "the log": self.log,
            "Sentry": self.sentry.everything,
            "the metrics": generate_latest(self.metrics.registry).decode(),
            "what was printed": printed.out + printed.err,
        }
        for secret in hidden:
            assert len(secret) > 5, "too short to be found for sure"
            for place, text in places.items():
                found = text.find(secret)
                assert found < 0, f"a secret is in {place}: {text[max(0, found - 300) : found + 100]}"


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Seen]:
    """Logs of both kinds at their loudest, and a Sentry."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    level = root.level
    logs = [io.StringIO(), io.StringIO()]
    handlers = [set_up_logging("people", "debug", logs[0]), set_up_logging("json", "debug", logs[1])]
    try:
        with fake_sentry() as sentry:
            yield Seen(logs, sentry, capfd)
    finally:
        logging.captureWarnings(False)
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)


def word() -> str:
    return secrets.token_hex(6)


def fail(error: Exception) -> None:
    local = str(error)
    raise type(error)(local)


def test_what_code_says_carelessly_is_not_seen(watched: Seen) -> None:
    spoken, name, room = word(), word(), secrets.token_urlsafe(16)
    ours, theirs = logging.getLogger("core.track"), logging.getLogger("somelibrary")
    with bug_reports(watched.sentry.dsn):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            ours.log(level, "heard %s", spoken, extra={"text": spoken, "speaker": name, "id": room})
            ours.log(level, "in %(room)s", {"room": room}, stack_info=True)
            theirs.log(level, f"heard {spoken} of {name}", extra={"anything": spoken})
            theirs.log(level, "%s", spoken, extra={"anything": name})
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(spoken, stacklevel=1)
    watched.search(spoken, name, room)
    assert "heard %s" in watched.log
    assert "py.warnings" in watched.log
    assert len(watched.sentry.events) == 8


def test_what_an_exception_says_is_not_seen(watched: Seen) -> None:
    spoken, name = word(), word()
    ours, theirs = logging.getLogger("core.track"), logging.getLogger("somelibrary")
    with bug_reports(watched.sentry.dsn):
        for logger in (ours, theirs):
            try:
                try:
                    fail(ValueError(spoken))
                except ValueError as error:
                    error.add_note(name)
                    raise ExceptionGroup(spoken, [KeyError(name), OSError(2, name, spoken)]) from error
            except ExceptionGroup:
                logger.exception("a bug")
    watched.search(spoken, name)
    assert "builtins.KeyError" in watched.log
    assert len(watched.sentry.events) == 2
    for event in watched.sentry.events:
        assert {one["type"] for one in event["exception"]["values"]} >= {"ValueError", "KeyError"}


def test_what_ends_a_thread_a_task_or_the_process_is_not_seen(watched: Seen) -> None:
    spoken = word()

    async def die() -> None:
        fail(ValueError(spoken))

    async def forget() -> None:
        asyncio.get_running_loop().call_exception_handler(
            {"message": spoken, "exception": ValueError(spoken), "task": asyncio.current_task()}
        )

    with bug_reports(watched.sentry.dsn):
        thread = threading.Thread(target=fail, args=[ValueError(spoken)], name=spoken)
        thread.start()
        thread.join()
        asyncio.run(forget())
        try:
            asyncio.run(die())
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
    watched.search(spoken)
    assert watched.log.count("builtins.ValueError") == 6, "three failures in two logs"
    assert len(watched.sentry.events) == 3


DIES = """
import os, sys
from bots import __main__, app
async def serve(*_: object) -> None:
    raise ValueError(os.environ["SPOKEN"])
app.serve = serve
sys.argv = ["spokenly", "run"]
__main__.main()
"""


@pytest.mark.parametrize("form", ["people", "json"])
def test_a_process_that_dies_of_a_bug_says_where_and_nothing_else(watched: Seen, form: str) -> None:
    spoken = word()
    settings = {"SPOKENLY_SENTRY_DSN": watched.sentry.dsn.get_secret_value(), "SPOKENLY_LOG_FORMAT": form}
    died = subprocess.run(
        [sys.executable, "-c", DIES],
        cwd=ROOT,
        env=os.environ | settings | {"SPOKEN": spoken},
        capture_output=True,
        text=True,
        check=False,
    )
    watched.logs.append(io.StringIO(died.stdout + died.stderr))
    watched.search(spoken)
    assert died.returncode
    assert "the process ends by a bug" in died.stderr
    (event,) = watched.sentry.events
    assert event["level"] == "fatal"
    assert event["exception"]["values"][0]["type"] == "ValueError"


SPEAKS = {
    "body",
    "caption",
    "name",
    "person",
    "people",
    "sentence",
    "speaker",
    "text",
    "token",
    "url",
    "words",
}


def calls_to_log() -> Iterator[tuple[str, ast.Call]]:
    for top in ("core", "bots"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in ("log", "logger", "logging")
                    and node.func.attr
                    in ("debug", "info", "warning", "error", "exception", "critical", "log")
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_every_line_of_the_log_is_a_static_message_with_named_fields() -> None:
    calls = dict(calls_to_log())
    assert calls
    for place, call in calls.items():
        assert len(call.args) == 1, place
        assert isinstance(call.args[0], ast.Constant), place
        for keyword in call.keywords:
            assert keyword.arg in ("extra", "exc_info"), place
            if keyword.arg == "extra":
                assert isinstance(keyword.value, ast.Dict), place
                for key in keyword.value.keys:
                    assert isinstance(key, ast.Constant), place
                    assert key.value not in SPEAKS, place


class Visitor:
    """Somebody with a browser: opens a room, gives a name, speaks and reads."""

    def __init__(self, address: str, http: ClientSession, name: str) -> None:
        self._address = address
        self._http = http
        self._name = name
        self.room = self.token = ""
        self.read = ""

    async def enter(self) -> None:
        async with self._http.post(f"{self._address}/api/rooms", json={}) as answer:
            self.room = (await answer.json())["room"]
        async with self._http.post(
            f"{self._address}/api/rooms/{self.room}/people", json={"name": self._name}
        ) as answer:
            self.token = (await answer.json())["token"]

    async def speak(self, pcm: bytes) -> None:
        async with self._http.ws_connect(f"{self._address}/api/rooms/{self.room}/audio") as socket:
            await socket.send_json(
                {"type": "hello", "token": self.token, "source": "microphone", "share": "1"}
            )
            assert (await socket.receive_json())["type"] == "ready"
            for number, start in enumerate(range(0, len(pcm), 1280)):
                await socket.send_bytes(struct.pack("<Id", number, number * 0.04) + pcm[start : start + 1280])
                await asyncio.sleep(0.01)
            await socket.send_json({"type": "bye"})
            await socket.receive(timeout=5)

    async def listen(self, until: Callable[[], bool]) -> None:
        async with (
            asyncio.timeout(10),
            self._http.ws_connect(f"{self._address}/api/rooms/{self.room}/captions?after=0") as socket,
        ):
            while not until():
                message = await socket.receive()
                if not isinstance(message.data, str):
                    return
                self.read += message.data

    async def misbehave(self, spoken: str) -> None:
        """Whatever a browser would never do, with secrets in it."""
        there = f"{self._address}/api/rooms/{self.room}"
        for path in (
            f"/room/{self.token}",
            f"/{spoken}?{self.token}",
            f"/api/rooms/{self.token}/transcript.md",
        ):
            await (await self._http.get(f"{self._address}{path}")).read()
        await (await self._http.post(f"{there}/people", data=f'{{"name": "{spoken}"')).read()
        await (await self._http.post(f"{there}/people", json={"name": [spoken]})).read()
        await (await self._http.delete(f"{there}/people/p1", headers={"Authorization": spoken})).read()
        await (await self._http.post(f"{self._address}/whip/{self.room}", data=spoken)).read()
        await (
            await self._http.post(
                f"{self._address}/whip/{self.room}",
                data=f"v=0\r\ns={spoken}\r\n",
                headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp"},
            )
        ).read()
        for first in (spoken, f'{{"type": "hello", "token": "{spoken}", "source": "tab"}}'):
            async with self._http.ws_connect(f"{there}/audio") as socket:
                await socket.send_str(first)
                await socket.receive(timeout=5)


def put_a_bug(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, trigger: str) -> None:
    """From now on `owner.name` fails when it is called with `trigger`, quoting all that it was given."""
    whole = getattr(owner, name)

    def broken(*args: Any, **kwargs: Any) -> Any:
        quoted = f"{args} {kwargs}"
        if trigger in quoted:
            raise RuntimeError(quoted)
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, broken)


@pytest.mark.parametrize(
    "bug",
    [
        None,
        (ScriptedRecognition, "_put"),
        (Board, "show"),
        (outlet, "entry"),
        (outlet, "partial"),
        (Journal, "_kept"),
        (writing, "write"),
    ],
    ids=["none", "engine", "board", "reader's entries", "reader's partials", "journal", "database"],
)
def test_nothing_of_a_conversation_is_seen_by_operators(
    watched: Seen, monkeypatch: pytest.MonkeyPatch, bug: tuple[object, str] | None
) -> None:
    name = word()
    numbers = [10_000 + secrets.randbelow(20_000) for _ in range(3)]
    words = [f"w{number}" for number in numbers]
    if bug is not None:
        put_a_bug(monkeypatch, *bug, trigger=words[1])
    settings = Settings(port=0, log_level="debug", drain=1, keep="transcript")
    visitors: list[Visitor] = []

    async def converse() -> None:
        async with (
            app.spokenly(settings, alone(ScriptedEngine()), watched.metrics) as running,
            ClientSession() as http,
            asyncio.TaskGroup() as tasks,
        ):
            visitor = Visitor(running.address, http, name)
            visitors.append(visitor)
            await visitor.enter()

            said = f'"text":"{" ".join(words)}"'
            reading = tasks.create_task(visitor.listen(lambda: bug is None and said in visitor.read))
            await visitor.speak(speak(numbers, after=1.0))
            if bug is None:
                await reading
            else:
                async with asyncio.timeout(10):
                    while "builtins.RuntimeError" not in watched.log:  # noqa: ASYNC110 - a log rings no bell
                        await asyncio.sleep(0.02)
                reading.cancel()
            await visitor.misbehave(words[2])

    with bug_reports(watched.sentry.dsn):
        asyncio.run(converse())
    (visitor,) = visitors
    watched.search(name, *words, visitor.room, visitor.token)
    assert visitor.room
    assert visitor.token
    assert "room.opened" in watched.log
    if bug is None:
        assert name in visitor.read
        assert not watched.sentry.events
    else:
        assert watched.sentry.events
        assert "RuntimeError" in watched.sentry.everything


def test_neither_deepgrams_key_nor_what_it_heard_is_seen_by_operators(watched: Seen) -> None:
    key = word() + word()
    numbers = [10_000 + secrets.randbelow(20_000) for _ in range(4)]
    spoken = speak(numbers, after=0.4)
    faults: list[Script] = [
        *(Http(401), Http(400), Http(429), Drop(), Reset(), Close(1008), Close(1000), Say(BROKEN), None)
    ]

    async def converse() -> None:
        async with (
            deepgram(faults, keys={key: Key()}) as fake,
            Deepgram(SecretStr(key), DeepgramOptions(url=fake.url), metrics=watched.metrics) as engine,
        ):
            for _ in faults:
                try:
                    async with engine.recognize("en") as stream:
                        await stream.send(spoken)
                        await stream.finish()
                        async for _ in stream:
                            pass
                except EngineError:
                    logging.getLogger("core.track").exception("stream.lost")

    with bug_reports(watched.sentry.dsn):
        asyncio.run(converse())
    watched.search(key, *(f"w{number}" for number in numbers))
    assert "LineLost" in watched.log
    assert "Refused" in watched.log
