"""What the doctor and `spokenly invite` say of the Discord bot."""

import asyncio
from importlib import metadata
from urllib.parse import parse_qs, urlparse

import discord as library
import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.discord.invite import ask, invitation
from bots.discord.permissions import NEEDS, STATUS, missing, refusal, wanted
from bots.doctor.discord import discord
from bots.doctor.finding import Finding
from bots.doctor.report import look
from core.errors import UserError
from core.settings import Settings
from tests.fakes.discord import FakeDiscord

run = CliRunner(env={"COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb"}).invoke


async def findings(fake: FakeDiscord, **settings: object) -> list[Finding]:
    given = Settings(**{"discord_token": fake.token, **settings})  # type: ignore[arg-type]  # by each test
    return await asyncio.to_thread(lambda: list(discord(given, fake.connector)))


@pytest.mark.real_time
async def test_all_is_well_where_the_bot_was_invited_with_the_link() -> None:
    async with FakeDiscord() as fake:
        fake.guild("Home").only(wanted().value)
        found = await findings(fake)
        assert {one.state for one in found} == {"good"}
        sentences = "\n".join(one.sentence for one in found)
        assert "The token is that of Spokenly." in sentences
        assert "Home: it may do all that it needs." in sentences
        assert "no privileged intent" in sentences
        assert f"davey {metadata.version('davey')}" in sentences


@pytest.mark.real_time
async def test_what_is_missing_is_named_for_each_server() -> None:
    async with FakeDiscord() as fake:
        home, other = fake.guild("Home"), fake.guild("Other")
        home.everyone("connect", "send_messages", allow=False)
        home.bot("connect", "send_messages", allow=False)
        other.only(wanted().value & ~library.Permissions(set_voice_channel_status=True).value)
        other.everyone("set_voice_channel_status", allow=False)
        found = {one.sentence: one.state for one in await findings(fake, discord_guild=1)}
        lacking = "Home: it lacks Connect, Send Messages. Invite it again with spokenly invite."
        assert found[lacking] == "missing"
        assert found["Other: it works; without Set Voice Channel Status it does a little less."] == "good"
        assert any("not in the server of SPOKENLY_DISCORD_GUILD" in sentence for sentence in found)


@pytest.mark.parametrize("token", ["a\nb", "a b", "…", ""])
async def test_a_token_that_can_be_none_is_called_wrong_before_anybody_is_asked(token: str) -> None:
    async with FakeDiscord() as fake:
        with pytest.raises(UserError, match="does not take the bot's token"):
            await ask(token, "/users/@me", fake.connector())
        assert not fake.rest.asked or token == ""


@pytest.mark.real_time
async def test_a_bot_that_is_nowhere_is_told_how_to_be_invited() -> None:
    async with FakeDiscord() as fake:
        assert any("spokenly invite" in one.sentence for one in await findings(fake))


@pytest.mark.real_time
async def test_a_wrong_token_is_one_sentence_that_does_not_show_it() -> None:
    async with FakeDiscord() as fake:
        (*_, last) = await findings(fake, discord_token="wrong.token.really")
        assert last.state == "missing"
        assert "DISCORD_TOKEN" in last.sentence
        assert "really" not in last.sentence


def test_without_a_token_there_is_no_bot() -> None:
    (one,) = discord(Settings())
    assert one.state == "unneeded"


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("number", "state"), [("0.1.4", "missing"), ("0.1.7", "good"), ("0.2.0b1", "missing")]
)
async def test_a_davey_that_hears_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, number: str, state: str
) -> None:
    monkeypatch.setattr("bots.doctor.discord.version", lambda _: number)
    async with FakeDiscord() as fake:
        (found,) = [one for one in await findings(fake) if one.what == "Discord encryption"]
        assert found.state == state


async def test_the_invitation_asks_for_what_is_needed_and_nothing_else() -> None:
    async with FakeDiscord() as fake:
        address = urlparse(await invitation(fake.token, fake.connector()))
        asked = parse_qs(address.query)
        assert (address.netloc, address.path) == ("discord.com", "/oauth2/authorize")
        assert asked["scope"] == ["bot applications.commands"]
        permissions = library.Permissions(int(asked["permissions"][0]))
        assert all(getattr(permissions, need.flag) for need in NEEDS)
        assert permissions.value.bit_count() == len(NEEDS)
        assert not permissions.administrator


async def test_an_outage_of_discord_is_one_sentence() -> None:
    async with FakeDiscord() as fake:
        connector = fake.connector()
    with pytest.raises(UserError, match="does not answer"):
        await ask(fake.token, "/users/@me", connector)


def test_invite_without_a_token_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    result = run(app, ["invite"])
    assert result.exit_code == 1
    assert "DISCORD_TOKEN" in result.stderr


def test_who_administrates_lacks_nothing() -> None:
    assert missing(library.Permissions(administrator=True)) == ()
    assert missing(library.Permissions.none()) == NEEDS


def test_a_missing_permission_is_named_with_its_reason() -> None:
    sentence = refusal("<#1>", [STATUS])
    assert "**Set Voice Channel Status**" in sentence
    assert STATUS.why in sentence


def test_a_bot_has_a_database_though_nothing_said_is_ever_kept() -> None:
    found = list(look(Settings(keep="never", discord_token="x"), "Record"))
    assert any("set-ups, opt-outs" in one.sentence for one in found)
    (alone,) = look(Settings(keep="never"), "Record")
    assert "no database is opened" in alone.sentence
