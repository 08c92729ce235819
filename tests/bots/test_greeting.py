"""What whoever starts Spokenly reads in the terminal."""

from pathlib import Path
from typing import Any

import pytest

from bots.greeting import greeting, left_empty
from core.settings import Settings

HERE = "http://localhost:8080"
HTTP: dict[str, Any] = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "s"}
CAN_NOT = "Slack can't reach an address of this machine alone: set SPOKENLY_PUBLIC_URL"


def told(settings: Settings, address: str = HERE) -> str:
    return "\n".join(greeting(settings, address))


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


def test_a_token_without_a_value_is_told(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no value" not in told(Settings())
    env.write_text("SLACK_BOT_TOKEN=\nSLACK_APP_TOKEN=\n#DISCORD_TOKEN=\nDEEPGRAM_API_KEY=' '\n")
    assert left_empty() == ("SLACK_BOT_TOKEN", "DEEPGRAM_API_KEY")
    assert "SLACK_BOT_TOKEN has no value, so there is no Slack app." in told(Settings())
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")
    assert left_empty() == ("SLACK_BOT_TOKEN", "DEEPGRAM_API_KEY")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    assert left_empty() == ("DEEPGRAM_API_KEY",)
    assert "no Slack app" not in told(Settings())


def test_where_many_workspaces_have_tokens_of_their_own_none_is_missed(env: Path) -> None:
    env.write_text("SLACK_BOT_TOKEN=\nSLACK_APP_TOKEN=xapp-1\nSLACK_CLIENT_ID=1.2\nSLACK_CLIENT_SECRET=s\n")
    assert "no value" not in told(Settings(public_url="https://captions.example"))


@pytest.mark.parametrize("address", [None, HERE, "http://127.0.0.1:1"])
def test_that_slack_can_not_reach_this_machine_alone_is_told(address: str | None) -> None:
    assert CAN_NOT in told(Settings(public_url=address, **HTTP))


@pytest.mark.parametrize(
    "more", [{"public_url": "https://captions.example"}, {"host": "0.0.0.0"}, {"slack_app_token": "xapp-1"}]
)
def test_nothing_is_said_of_it_where_slack_may_get_there_or_need_not(more: dict[str, Any]) -> None:
    assert CAN_NOT not in told(Settings(**{**HTTP, **more}))
