"""Settings that are wrong are told in plain sentences, and never show what might be secret."""

import pytest
from pydantic import ValidationError

from core.settings import Settings, complaints


def complaints_of(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[str]:
    for name, value in values.items():
        monkeypatch.setenv(f"SPOKENLY_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    return complaints(refused.value)


def test_each_mistake_is_one_sentence_that_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert complaints_of(
        monkeypatch, PORT="eighty", LANGUAGE="x", WORKERS="100", LOG_FORMAT="xml", PUBLIC_URL="captions"
    ) == [
        "SPOKENLY_PORT should be a valid integer, unable to parse string as an integer.",
        "SPOKENLY_PUBLIC_URL should be a valid URL, relative URL without a base.",
        "SPOKENLY_LANGUAGE should have at least 2 characters.",
        "SPOKENLY_WORKERS should be less than or equal to 64.",
        "SPOKENLY_LOG_FORMAT should be 'people' or 'json'.",
    ]


@pytest.mark.parametrize("key", ["schlüssel", "a\tb", "a\nb", "🔑"])
def test_a_key_that_browsers_can_not_send_is_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    (sentence,) = complaints_of(monkeypatch, RECORDS_KEY=key)
    assert sentence.startswith("SPOKENLY_RECORDS_KEY can't be sent by browsers")
    assert key not in sentence


def test_a_mistake_made_in_code_reads_the_same() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(port=-1)
    assert complaints(refused.value) == ["SPOKENLY_PORT should be greater than or equal to 0."]


def test_a_wrong_value_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for complaint in complaints_of(monkeypatch, PORT="hunter2", PUBLIC_URL="hunter2", METRICS="hunter2"):
        assert "hunter2" not in complaint


def test_addresses_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKENLY_ICE_SERVERS", "stun:a.example:3478, turn:b.example?user=u&password=p,")
    assert Settings().ice_servers == ("stun:a.example:3478", "turn:b.example?user=u&password=p")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"slack_bot_token": "xoxb-1"}, "Slack can't be reached: set SLACK_APP_TOKEN"),
        ({"slack_app_token": "xapp-1"}, "Slack has no workspace: set SLACK_BOT_TOKEN"),
        ({"slack_signing_secret": "s"}, "Slack has no workspace: set SLACK_BOT_TOKEN"),
        ({"slack_client_id": "1.2"}, "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET go together"),
        (
            {"slack_client_id": "1.2", "slack_client_secret": "s", "slack_signing_secret": "s"},
            "SLACK_CLIENT_ID needs SPOKENLY_PUBLIC_URL",
        ),
    ],
)
def test_half_a_slack_app_is_told_what_is_missing(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**given)  # type: ignore[arg-type]  # by each case
    (told,) = complaints(refused.value)
    assert told.startswith(sentence)
    assert "xoxb" not in told


def test_slacks_own_names_of_its_tokens_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    settings = Settings()
    assert settings.slack
    assert "xoxb-1" not in repr(settings)
    assert not Settings(slack_bot_token=None, slack_app_token=None).slack
