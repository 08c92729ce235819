"""What the doctor says of the Slack app."""

import asyncio

import pytest
from pydantic import SecretStr

from bots.doctor.finding import Finding
from bots.doctor.slack import slack
from bots.slack.installations import NOT_TAKEN
from bots.slack.scopes import SCOPES
from bots.slack.sockets import NOT_ON
from core.settings import Settings
from tests.fakes.slack import FakeSlack, Team

pytestmark = pytest.mark.real_time  # the doctor asks from a thread


async def findings(fake: FakeSlack, team: Team, **settings: object) -> list[Finding]:
    given = Settings(
        **{"slack_bot_token": team.bot_token, "slack_app_token": fake.app_token, **settings}  # type: ignore[arg-type]
    )
    return await asyncio.to_thread(lambda: list(slack(given, fake.api)))


async def test_all_is_well_with_the_manifest_and_both_tokens() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        team.scopes = {scope.name for scope in SCOPES}
        found = await findings(fake, team)
        assert {one.state for one in found} == {"good"}
        told = " ".join(one.sentence for one in found)
        assert "the workspace Acme" in told
        assert "Socket Mode is on" in told


async def test_missing_scopes_are_named_with_what_they_are_for() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        team.scopes = {scope.name for scope in SCOPES} - {"canvases:write"}
        lesser = {one.sentence: one.state for one in await findings(fake, team)}
        assert lesser["It works; it lacks canvases:write (the recap as a canvas)."] == "good"
        team.scopes.discard("chat:write")
        (vital,) = [one for one in await findings(fake, team) if one.state == "missing"]
        assert "It lacks chat:write (posting captions), canvases:write" in vital.sentence
        assert "slack-manifest.yaml" in vital.sentence


async def test_wrong_tokens_are_named_and_never_shown() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        found = await findings(fake, team, slack_bot_token="xoxb-wrong", slack_app_token="xapp-wrong")
        wrong = [one.sentence for one in found if one.state == "missing"]
        assert any("SLACK_BOT_TOKEN" in sentence for sentence in wrong)
        assert any("SLACK_APP_TOKEN" in sentence for sentence in wrong)
        assert "-wrong" not in " ".join(wrong)


async def test_a_token_that_slack_takes_and_that_is_no_bots_is_wrong() -> None:
    async with FakeSlack() as fake:
        given = Settings.model_construct(
            slack_bot_token=SecretStr(fake.app_token), slack_app_token=SecretStr(fake.app_token)
        )
        found = await asyncio.to_thread(lambda: list(slack(given, fake.api)))
        assert [(one.state, one.sentence) for one in found if one.what == "Slack"] == [("missing", NOT_TAKEN)]


async def test_socket_mode_that_is_off_is_found_though_slack_calls_the_request_a_success() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        fake.sockets.off = True
        (found,) = [one for one in await findings(fake, team) if one.what == "Slack sockets"]
        assert (found.state, found.sentence) == ("missing", NOT_ON)


async def test_an_outage_of_slack_is_no_verdict_on_the_tokens() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        fake.faults.statuses["auth.test"] = [503]
        fake.faults.statuses["apps.connections.open"] = [503]
        told = [one.sentence for one in await findings(fake, team) if one.state == "missing"]
        assert len(told) == 2
        assert all("Slack can't be reached now" in sentence for sentence in told)


async def test_what_slack_refuses_by_name_is_said_by_name() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        fake.faults.errors["auth.test"] = ["team_is_restricted"]
        told = [one.sentence for one in await findings(fake, team) if one.state == "missing"]
        assert len(told) == 1
        assert "Slack refused that (team_is_restricted)" in told[0]


async def test_a_token_of_a_whole_organisation_is_one_sentence() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        team.whole = True
        told = [one.sentence for one in await findings(fake, team) if one.state == "missing"]
        assert any("not to a whole organisation" in sentence for sentence in told)


async def test_by_http_it_says_where_slack_sends_and_installs() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        many = {
            "slack_bot_token": None,
            "slack_app_token": None,
            "slack_signing_secret": fake.signing_secret,
            "slack_client_id": fake.client_id,
            "slack_client_secret": fake.client_secret,
            "public_url": "https://captions.example",
        }
        told = " ".join(one.sentence for one in await findings(fake, team, **many))
        assert "https://captions.example/slack/install" in told
        assert "https://captions.example/slack/events" in told


async def test_by_http_an_address_of_this_machine_alone_is_wrong() -> None:
    async with FakeSlack() as fake:
        team = fake.team("Acme")
        secret = {"slack_app_token": None, "slack_signing_secret": fake.signing_secret}
        for address in (None, "http://localhost:8097"):
            found = await findings(fake, team, **secret, public_url=address)
            (wrong,) = [one.sentence for one in found if one.state == "missing"]
            assert wrong.startswith("Slack can't reach an address of this machine alone")
        found = await findings(fake, team, **secret, public_url="https://captions.example")
        assert not [one for one in found if one.state == "missing" and one.what == "Slack requests"]


def test_without_tokens_it_is_not_needed() -> None:
    (found,) = slack(Settings())
    assert found.state == "unneeded"
