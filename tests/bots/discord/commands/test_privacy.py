"""`/privacy`: what people are promised is what happens, in their own language, and nobody else sees it."""

import json
from pathlib import Path

import pytest

from core.audio.frame import Speaker
from core.errors import RecordAway
from core.record.database.opening import open_store
from core.record.kept import Line
from core.settings import Settings
from tests.bots.discord.commands.slow import SlowSecretary
from tests.bots.discord.commands.world import World, keeping, world
from tests.fakes.discord import Answer, FakeDiscord, Member
from tests.fakes.record import kept


async def privately(by: Member, here: World, name: str, **options: str) -> Answer:
    answer = await by.command(f"privacy {name}", options, channel=here.general)
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    assert not answer.thinking
    return answer


def speaker(somebody: Member, name: str | None = None) -> Speaker:
    return Speaker(f"u{somebody.id}", name or somebody.name, f"discord:{somebody.id}")


@pytest.mark.parametrize(
    ("locale", "sentence", "optin"),
    [
        ("en-US", "From this moment on you are not captioned in this server", "`/privacy optin`"),
        ("de", "Ab jetzt wirst du auf diesem Server nicht untertitelt", "`/privatsphäre wieder-untertiteln`"),
        ("fr", "tu n'es plus sous-titré sur ce serveur", "`/confidentialité sous-titrer-à-nouveau`"),
        ("es-ES", "no se te subtitula en este servidor", "`/privacidad volver-a-subtitularme`"),
        ("es-419", "no se te subtitula en este servidor", "`/privacidad volver-a-subtitularme`"),
        ("ja", "このサーバーであなたに字幕は付きません", "`/プライバシー 字幕を許可`"),
        ("pl", "From this moment on you are not captioned in this server", "`/privacy optin`"),
        ("tlh", "From this moment on you are not captioned in this server", "`/privacy optin`"),
    ],
)
async def test_opting_out_holds_at_once_and_is_told_in_the_persons_language(
    locale: str, sentence: str, optin: str
) -> None:
    async with world() as here:
        ann = await here.ann(locale=locale)
        call = await here.start(ann)
        assert call.welcome(ann.id)
        answer = await privately(ann, here, "optout")
        assert sentence in answer.text
        assert optin in answer.text
        assert not call.welcome(ann.id)
        assert here.calls.opted_out(here.guild.id) == {ann.id}


async def test_opting_out_holds_for_later_calls_and_after_a_restart() -> None:
    async with world() as here:
        ann = await here.ann()
        await privately(ann, here, "optout")
        call = await here.start(ann)
        assert not call.welcome(ann.id)
        shelf = here.shelf
    async with world(shelf=shelf, fake=None) as again:
        assert again.calls.book.left_out(here.guild.id) == {ann.id}


async def test_opting_out_holds_before_a_slow_database_has_written_it() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        here.shelf.slow = 20.0
        answer = await ann.command("privacy optout", channel=here.general, patience=0.0)
        assert answer.late is not None
        assert answer.late < 3
        assert answer.thinking
        assert not call.welcome(ann.id)
        await answer.settle()
        assert "From this moment on" in answer.text


async def test_an_opt_out_that_cant_be_written_says_so_and_holds_all_the_same() -> None:
    async with world() as here:
        ann = await here.ann(locale="fr")
        here.shelf.away = True
        answer = await privately(ann, here, "optout")
        assert "tu n'es plus sous-titré" in answer.text
        assert "n'a pas pu être enregistré" in answer.text
        assert ann.id in here.calls.opted_out(here.guild.id)


async def test_asking_twice_is_told_so() -> None:
    async with world() as here:
        ann = await here.ann()
        assert "captioned in this server already" in (await privately(ann, here, "optin")).text
        await privately(ann, here, "optout")
        assert "not captioned in this server already" in (await privately(ann, here, "optout")).text


async def test_opting_in_takes_it_back() -> None:
    async with world() as here:
        ann = await here.ann()
        await privately(ann, here, "optout")
        assert "captioned in this server again" in (await privately(ann, here, "optin")).text
        assert here.calls.opted_out(here.guild.id) == frozenset()


async def test_opting_in_while_the_database_is_away_changes_nothing() -> None:
    async with world() as here:
        ann = await here.ann()
        await privately(ann, here, "optout")
        here.shelf.away = True
        assert "try again in a minute" in (await privately(ann, here, "optin")).text
        assert ann.id in here.calls.opted_out(here.guild.id)


async def test_without_a_record_there_is_nothing_to_export() -> None:
    async with world() as here:
        text = (await privately(await here.ann(locale="de"), here, "export")).text
        assert text == "Von dir sind keine Worte aufbewahrt, also gibt es nichts zu exportieren."


@pytest.mark.parametrize("name", ["export", "forget", "what-is-kept"])
async def test_a_slow_database_never_makes_an_answer_late(name: str) -> None:
    async with world(secretary=SlowSecretary(10.0)) as here:
        await privately(await here.ann(), here, name)


@pytest.mark.parametrize("name", ["export", "forget", "what-is-kept"])
async def test_a_database_that_is_away_is_one_private_sentence(name: str) -> None:
    async with world(secretary=SlowSecretary(5.0, RecordAway("The disk at /secret/path is full."))) as here:
        answer = await privately(await here.ann(), here, name)
        assert answer.text == "The record can't be reached now. Try again in a minute."


async def test_what_is_kept_where_nothing_ever_is() -> None:
    async with world(settings=Settings(keep="never")) as here:
        text = (await privately(await here.ann(), here, "what-is-kept")).text
        assert "**Sound** is never kept. Scripted hears it, and then it is gone." in text
        assert "this Spokenly keeps nothing of any call" in text
        assert "messages there" in text


@pytest.mark.real_time
async def test_what_is_kept_tells_of_the_server_the_call_and_the_person(tmp_path: Path) -> None:
    async with keeping(tmp_path, days=7) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        assert "**Of you**: no words." in (await privately(ann, here, "what-is-kept")).text
        await kept(secretary.store, (speaker(ann), "Hello."), (speaker(ann), "Bye."))
        await privately(ann, here, "optout")
        await here.start(ann, {"where": "here", "keep": "transcript"})
        text = (await privately(ann, here, "what-is-kept")).text
        assert "nothing is kept, unless whoever starts the captions asks for a transcript" in text
        assert "Days until a transcript is deleted: 7." in text
        assert f"The call in <#{here.lounge.id}> is being kept now." in text
        assert "**Of you**, in all servers: lines: 2, calls: 1." in text
        assert "You are not captioned in this server." in text


@pytest.mark.real_time
async def test_the_export_holds_everything_a_person_said_and_nothing_of_others(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann, ben = await here.ann(), await here.person("Ben")
        await kept(
            secretary.store, (speaker(ann), "One *two*."), (speaker(ben), "Secret."), space="discord:9"
        )
        await kept(secretary.store, (speaker(ann, "Annie"), "Three."), title="Second")
        answer = await privately(ann, here, "export")
        assert "Lines: 2, calls: 2." in answer.text
        found = json.loads(answer.message.files["said.json"])["said"]
        assert {(one["as"], one["text"]) for one in found} == {("Ann", "One *two*."), ("Annie", "Three.")}
        markdown = (await privately(ann, here, "export", format="md")).message.files["said.md"].decode()
        assert "One \\*two\\*." in markdown
        assert "# Second" in markdown
        assert "Secret" not in markdown


@pytest.mark.real_time
async def test_an_export_that_is_too_large_comes_in_parts_or_is_refused(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann = await here.ann()
        said = [(speaker(ann), f"Sentence number {number}, which is long enough.") for number in range(20)]
        await kept(secretary.store, *said)
        here.fake.limits.file = 1000
        files = (await privately(ann, here, "export")).message.files
        assert list(files) == [f"said-{number}.json" for number in range(1, len(files) + 1)]
        assert len(files) > 1
        assert max(map(len, files.values())) <= 1000
        whole = [one["text"] for part in files.values() for one in json.loads(part)["said"]]
        assert whole == [words for _, words in said]
        here.fake.limits.file = 250
        assert "more than Discord takes" in (await privately(ann, here, "export")).text


@pytest.mark.real_time
async def test_forgetting_asks_first_and_then_deletes_everywhere(tmp_path: Path) -> None:
    async with keeping(tmp_path) as secretary, world(secretary=secretary) as here:
        ann, ben = await here.ann(), await here.person("Ben")
        before = await kept(secretary.store, (speaker(ann), "Old."), (speaker(ben), "Stays."))
        await here.start(ann)
        here.say(ann, "Live words.")
        here.say(ben, "Ben's words.", 2)
        answer = await privately(ann, here, "forget")
        assert "Lines: 1, calls: 1." in answer.text
        assert "Nobody can undo it." in answer.text
        assert await secretary.store.person(f"discord:{ann.id}") is not None
        done = await ann.press(answer.message, "Delete it all")
        assert done.ephemeral
        assert "Deleted. Lines: 1, calls: 1." in done.text
        assert await secretary.store.person(f"discord:{ann.id}") is None
        left = [entry async for entry in secretary.store.entries(before)]
        assert [entry.text for entry in left if isinstance(entry, Line)] == ["Stays."]
        assert [entry.text for entry in here.call.board.entries] == ["", "Ben's words."]  # type: ignore[union-attr]  # likewise
        await here.until(lambda: "Live words" not in here.page_of(here.general).content)


@pytest.mark.real_time
async def test_what_was_kept_before_nothing_was_any_more_is_told_and_can_be_deleted(tmp_path: Path) -> None:
    never = Settings(keep="never", data_dir=tmp_path)
    async with open_store(never) as store, world(settings=never, store=store) as here:
        ann = await here.ann()
        await kept(store, (speaker(ann), "From before."))
        text = (await privately(ann, here, "what-is-kept")).text
        assert "this Spokenly keeps nothing of any call" in text
        assert "lines: 1, calls: 1" in text
        assert "said.json" in (await privately(ann, here, "export")).message.files
        asked = await privately(ann, here, "forget")
        assert "Lines: 1, calls: 1." in asked.text
        assert "Deleted. Lines: 1" in (await ann.press(asked.message, "Delete it all")).text
        assert await store.person(f"discord:{ann.id}") is None
        assert "was taken back" in (await ann.press(asked.message, "Delete it all")).text


async def test_where_nothing_is_kept_forgetting_takes_back_what_stands_on_the_page() -> None:
    async with world() as here:
        ann = await here.ann(locale="es-ES")
        await here.start(ann)
        here.say(ann, "Words.")
        answer = await privately(ann, here, "forget")
        done = await ann.press(answer.message, "Borrarlo todo")
        assert "se ha retirado" in done.text
        assert here.call.board.since(0)[0].text == ""  # type: ignore[union-attr]  # it is a caption


async def test_the_button_that_forgets_works_after_a_restart() -> None:
    async with FakeDiscord() as fake:
        async with world(fake=fake) as here:
            ann = await here.ann()
            asked = await privately(ann, here, "forget")
        async with world(fake=fake, guild=here.guild) as again:
            done = await ann.press(asked.message, "Delete it all")
            assert "was taken back" in done.text
            assert again.calls is not here.calls


async def test_a_deletion_that_fails_says_so() -> None:
    secretary = SlowSecretary(0.0)
    async with world(secretary=secretary) as here:
        ann = await here.ann()
        asked = await privately(ann, here, "forget")
        secretary.trouble = RecordAway("away")
        done = await ann.press(asked.message, "Delete it all")
        assert done.text == "The record can't be reached now. Try again in a minute."


async def test_a_button_made_for_another_person_does_nothing() -> None:
    secretary = SlowSecretary(0.0)
    async with world(secretary=secretary) as here:
        ann, ben = await here.ann(), await here.person("Ben", locale="de")
        asked = await privately(ann, here, "forget")
        control = next(iter(asked.message.controls))
        assert control.endswith(str(ann.id))
        # Nobody but Ann sees it; who forges the press is refused all the same.
        forged = asked.message._kept
        forged.flags &= ~64
        done = await ben.press(asked.message, control)
        assert done.text == "Dieser Knopf gehört jemand anderem."
        assert secretary.forgotten == []
