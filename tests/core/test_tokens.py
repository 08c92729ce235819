"""Tokens as people paste them: what can be seen of a mistake is told before anybody is asked."""

import pytest
from pydantic import SecretStr, ValidationError

from core.settings import Settings, complaints
from core.tokens import slack_mistake

BOT, APP, PERSON = SecretStr("xoxb-really"), SecretStr("xapp-really"), SecretStr("xoxp-really")


@pytest.mark.parametrize(
    ("bot", "app"), [(None, None), (BOT, None), (None, APP), (BOT, APP), (SecretStr("xoxe.xoxb-1"), APP)]
)
def test_what_could_be_right_is_left_to_slack(bot: SecretStr | None, app: SecretStr | None) -> None:
    assert slack_mistake(bot, app) is None


@pytest.mark.parametrize(
    ("bot", "app", "told"),
    [
        (APP, BOT, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: the bot's token begins with xoxb-"),
        (APP, APP, "SLACK_BOT_TOKEN must begin with xoxb- (xapp- is the app-level token's beginning)"),
        (BOT, BOT, "SLACK_APP_TOKEN must begin with xapp- (xoxb- is the bot token's beginning)"),
        (PERSON, APP, "SLACK_BOT_TOKEN must begin with xoxb- (xoxp- is the beginning of a person's token)"),
        (SecretStr("…really"), APP, "SLACK_BOT_TOKEN must begin with xoxb-: set it"),
        (BOT, SecretStr("…really"), "SLACK_APP_TOKEN must begin with xapp-: set it"),
    ],
)
def test_another_token_is_told_with_the_beginning_of_the_right_one(
    bot: SecretStr, app: SecretStr, told: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(slack_bot_token=bot, slack_app_token=app)
    (sentence,) = complaints(refused.value)
    assert sentence.startswith(told)
    assert "really" not in sentence


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "DISCORD_TOKEN", "DEEPGRAM_API_KEY"])
def test_spaces_around_a_token_are_left_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", " xapp-1\t")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv(name, " xoxb-1 ")
    settings = Settings()
    assert settings.slack_app_token == SecretStr("xapp-1")
    assert getattr(settings, name.lower()) == SecretStr("xoxb-1")
    monkeypatch.delenv("SLACK_APP_TOKEN")
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.setenv(name, "   ")
    assert getattr(Settings(), name.lower()) is None
