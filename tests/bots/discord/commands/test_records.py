"""`/recap` and `/transcript`: who may see what was kept, and what they get."""

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from bots.discord.book import Book
from bots.discord.commands import kept as records
from core.audio.frame import Speaker
from core.errors import RecordAway
from core.record.kept import Call
from core.record.secretary import Secretary
from tests.bots.discord.commands.slow import SlowSecretary, a_call
from tests.bots.discord.commands.world import World, keeping, world
from tests.fakes.discord import Answer, Channel, Member
from tests.fakes.record import kept

ANN, BEN = Speaker("u1", "Ann", "discord:1"), Speaker("u2", "Ben [x](y) @everyone", "discord:2")

TALK = (
    (ANN, "We decided to ship the release on Friday, after the last review is done."),
    (BEN, "I will ask the finance team about the budget for the new servers tomorrow."),
    (ANN, "Does anybody know when the office in Lisbon opens for visitors again?"),
    (BEN, "Visit https://evil.example/now and ping @everyone with **bold** words, he said to me."),
    (ANN, "The weather in the mountains was good enough for a long walk last weekend."),
    (BEN, "Our customers keep asking for captions in their own language, above all in Japan."),
)


async def told(by: Member, here: World, name: str, options: dict[str, object] | None = None) -> Answer:
    answer = await by.command(name, options or {}, channel=here.general)
    assert answer.late is not None
    assert answer.late < 3
    assert not answer.thinking
    return answer


async def a_talk(
    here: World, secretary: Secretary, channel: Channel, title: str = "Home: Lounge", number: int = 1
) -> Call:
    """A call in a channel that was kept."""
    return await kept(
        secretary.store,
        *TALK,
        key=f"{channel.id}-{number:022}",
        space=f"discord:{here.guild.id}",
        title=title,
    )


@pytest.mark.real_time
async def test_the_last_call_is_summed_up_and_nothing_in_it_is_alive(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        await a_talk(here, secretary, here.lounge)
        answer = await told(ann, here, "recap")
        assert answer.ephemeral
        assert "**Recap of Home: Lounge**, 02 Mar 2026 09:30 UTC" in answer.text
        assert "ship the release on Friday" in answer.text
        assert "@everyone" not in answer.text
        assert "https://" not in answer.text
        assert not answer.message.pinged
        assert answer.message.flags.suppress_embeds
        assert "## Decisions" in answer.message.files["recap.md"].decode()


@pytest.mark.real_time
async def test_a_recap_is_shown_to_everybody_only_where_the_person_may_write(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        await a_talk(here, secretary, here.lounge)
        answer = await told(ann, here, "recap", {"public": True})
        await here.until(lambda: len(answer.messages) == 2)
        first, shown = answer.messages
        assert (first.content, first.ephemeral) == ("It is posted.", True)
        assert shown.content.startswith("**Recap of Home: Lounge**")
        assert not shown.ephemeral
        assert not shown.pinged
        answer = await told(ann, here, "recap", {"public": True, "call": "nonsense"})
        assert answer.ephemeral
        here.general.deny(ann, "send_messages")
        answer = await told(ann, here, "recap", {"public": True})
        assert answer.ephemeral
        assert answer.text == "You may not write in this channel, so you can't show a recap here."


@pytest.mark.real_time
async def test_only_calls_of_channels_that_a_person_may_enter_are_shown(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        board = here.guild.voice("Board")
        ann, boss = await here.ann(), await here.person("Boss")
        board.deny(ann, "connect")
        await a_talk(here, secretary, here.lounge, number=1)
        secret = await a_talk(here, secretary, board, "Home: Board", 2)
        elsewhere = await kept(secretary.store, *TALK, key="77-0000000000000000000009", space="discord:77")
        offered = await ann.complete("recap", "call", "", channel=here.general)
        assert [one["name"] for one in offered] == ["02 Mar 2026 09:30 UTC, Home: Lounge"]
        assert "Lounge" in (await told(ann, here, "recap")).text
        for key in (secret.key, elsewhere.key, "nonsense"):
            for name in ("recap", "transcript"):
                answer = await told(ann, here, name, {"call": key})
                assert answer.text == (
                    "There is no such call: choose one of those that the option `call` offers."
                )
        offered = await boss.complete("transcript", "call", "board", channel=here.general)
        assert [one["value"] for one in offered] == [secret.key]
        assert "Board" in (await told(boss, here, "recap", {"call": secret.key})).text
        assert "no such call" in (await told(boss, here, "recap", {"call": elsewhere.key})).text


@pytest.mark.real_time
async def test_who_manages_the_server_reads_of_a_channel_they_may_enter_or_that_is_gone(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        board = here.guild.voice("Board")
        boss, ann = await here.person("Boss", "manage_guild"), await here.ann()
        board.deny(boss, "view_channel")
        await a_talk(here, secretary, board, "Home: Board")
        assert "No call of this server" in (await told(boss, here, "transcript")).text
        here.guild.delete(board)
        await here.until(lambda: here.bot.get_channel(board.id) is None)
        assert "Home: Board" in (await told(boss, here, "transcript")).text
        assert "No call of this server" in (await told(ann, here, "transcript")).text


@pytest.mark.real_time
async def test_the_record_of_a_call_that_was_moved_takes_the_right_to_enter_all_its_channels(
    tmp_path: Path,
) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        staff, ann, eve = here.guild.voice("Staff"), await here.ann(), await here.person("Eve")
        staff.deny(eve, "view_channel", "connect")
        call = await here.start(ann, {"where": "here", "keep": "transcript"})
        here.say(ann, "Hello everybody in the lounge.")
        there = here.bot.get_channel(staff.id)
        here.calls.moved(call, there)  # type: ignore[arg-type]  # a voice channel
        here.say(ann, "We will dismiss Carl on Friday.", at=30)
        await call.stop("Ann")
        assert "No call of this server" in (await told(eve, here, "transcript")).text
        assert "Lounge" in (await told(ann, here, "transcript")).text
        book = Book(here.shelf)
        await book.read()
        assert book.heard_in(call.record or "") == (here.lounge.id, staff.id)


@pytest.mark.real_time
@pytest.mark.parametrize("form", ["txt", "md", "vtt", "srt", "json", "docx"])
async def test_a_transcript_is_a_private_file(form: str, tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        await a_talk(here, secretary, here.lounge)
        answer = await told(ann, here, "transcript", {"format": form})
        assert answer.ephemeral
        assert answer.text == "Home: Lounge, 02 Mar 2026 09:30 UTC"
        file = answer.message.files[f"transcript.{form}"]
        if form == "docx":
            file = zipfile.ZipFile(BytesIO(file)).read("word/document.xml")
        assert b"Lisbon" in file
        here.fake.limits.file = 100
        too_large = await told(ann, here, "transcript", {"format": form})
        assert "larger than" in too_large.text
        assert not too_large.message.files


@pytest.mark.real_time
async def test_a_call_of_ones_own_is_found_behind_many_that_one_may_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_LOOKED_AT", 3)
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann, board = await here.ann(), here.guild.voice("Board")
        board.deny(ann, "view_channel", "connect")
        await a_talk(here, secretary, here.lounge)
        for number in range(7):
            await kept(
                secretary.store,
                key=f"{board.id}-{number}",
                space=f"discord:{here.guild.id}",
                began=datetime.now(UTC) + timedelta(hours=number),
            )
        assert (await told(ann, here, "transcript")).text.startswith("Home: Lounge, ")


@pytest.mark.real_time
async def test_a_call_without_words_has_no_recap(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        answer = await told(ann, here, "recap")
        assert "No call of this server was kept that you may see" in answer.text
        await kept(secretary.store, key=f"{here.lounge.id}-1", space=f"discord:{here.guild.id}")
        answer = await told(ann, here, "recap", {"call": f"{here.lounge.id}-1"})
        assert answer.text == "Nothing was said in that call."


@pytest.mark.parametrize("name", ["recap", "transcript"])
async def test_where_nothing_is_kept_that_is_said(name: str) -> None:
    async with world() as here:
        ann = await here.ann()
        answer = await told(ann, here, name)
        assert answer.ephemeral
        assert "This Spokenly keeps no records" in answer.text
        assert await ann.complete(name, "call", "", channel=here.general) == []


@pytest.mark.parametrize("name", ["recap", "transcript"])
async def test_a_slow_record_never_makes_an_answer_late(name: str) -> None:
    secretary = SlowSecretary(8.0)
    async with world(secretary=secretary) as here:
        ann = await here.ann()
        secretary.call = a_call(here.guild.id, here.lounge.id)
        answer = await told(ann, here, name)
        assert answer.text
        # A list of choices can't be put off: it is empty rather than late.
        assert await ann.complete(name, "call", "", channel=here.general) == []
        secretary.delay = 0.5
        assert len(await ann.complete(name, "call", "lounge", channel=here.general)) == 1


@pytest.mark.parametrize("name", ["recap", "transcript"])
async def test_a_record_that_is_away_is_one_private_sentence(name: str) -> None:
    async with world(secretary=SlowSecretary(0.1, RecordAway("Host db.internal is gone."))) as here:
        ann = await here.ann(locale="de")
        answer = await told(ann, here, name)
        assert answer.ephemeral
        assert answer.text.startswith("Die Mitschriften sind gerade nicht erreichbar.")
        assert await ann.complete(name, "call", "", channel=here.general) == []


async def test_a_title_of_any_length_fits_into_a_list_of_choices() -> None:
    secretary = SlowSecretary(0.0)
    async with world(secretary=secretary) as here:
        ann = await here.ann()
        secretary.call = a_call(here.guild.id, here.lounge.id, "Home: " + "x" * 200)
        (one,) = await ann.complete("recap", "call", "", channel=here.general)
        assert len(one["name"]) == 100
        assert one["name"].endswith("…")


@pytest.mark.real_time
async def test_the_record_of_a_call_that_starts_here_can_be_found_by_it(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        call = await here.start(ann, {"where": "here", "keep": "transcript"})
        here.say(ann, "Something that is kept.")
        await ann.command("captions stop", channel=here.general)
        assert call.record is not None
        answer = await told(ann, here, "transcript", {"format": "txt"})
        assert "Something that is kept." in answer.message.files["transcript.txt"].decode()
