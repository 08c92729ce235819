"""The manifest that people paste into Slack asks for exactly what the app uses."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import yaml  # type: ignore[import-untyped]  # it carries no types
from slack_bolt.async_app import AsyncApp

from bots.slack import listening
from bots.slack.calls import Calls
from bots.slack.desk import Desk
from bots.slack.features import features
from bots.slack.scopes import SCOPES
from core.record.files.recording import Dictation

MANIFEST = yaml.safe_load(
    (Path(__file__).parent.parent.parent.parent / "config" / "slack-manifest.yaml").read_text()
)


class Register:
    """An app that writes down what is listened to."""

    def __init__(self) -> None:
        self.heard: set[tuple[str, str]] = set()

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        return partial(self._listen, kind)

    def _listen(self, kind: str, what: Any, **_: Any) -> Callable[[Any], Any]:
        if isinstance(what, dict):
            kind, what = f"{kind} {what.get('type')}", what["callback_id"]
        self.heard.add((kind, str(what)))
        return lambda listener: listener


def heard() -> set[tuple[str, str]]:
    register = Register()
    desk = Desk(cast(Calls, None), cast(Any, None))
    for listen in (*features(Dictation(lambda: [])), listening.listen):
        listen(cast(AsyncApp, register), desk)
    return register.heard


def test_it_asks_for_the_scopes_that_are_used_and_no_more() -> None:
    assert MANIFEST["oauth_config"]["scopes"]["bot"] == sorted(scope.name for scope in SCOPES)


def test_it_names_the_command() -> None:
    commands = {command["command"] for command in MANIFEST["features"]["slash_commands"]}
    assert commands == {name for kind, name in heard() if kind == "command"}


def test_it_hints_at_what_people_need_the_command_for() -> None:
    hint = MANIFEST["features"]["slash_commands"][0]["usage_hint"]
    assert {"start", "open", "stop", "attach", "help"} <= set(re.findall(r"[a-z]+", hint))
    assert len(hint) <= 1000  # https://docs.slack.dev/reference/app-manifest


def test_it_subscribes_to_the_events_that_are_heard() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(subscribed) == sorted({name for kind, name in heard() if kind == "event"})


def test_it_names_the_shortcuts() -> None:
    named = {(one["type"], one["callback_id"]) for one in MANIFEST["features"]["shortcuts"]}
    used = {
        ("message" if kind == "shortcut message_action" else "global", name)
        for kind, name in heard()
        if kind.startswith("shortcut")
    }
    assert named == used


def test_interactivity_app_home_and_socket_mode_are_on() -> None:
    settings = MANIFEST["settings"]
    assert settings["interactivity"]["is_enabled"]
    assert settings["socket_mode_enabled"]
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"]
