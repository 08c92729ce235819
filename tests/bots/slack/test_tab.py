"""App Home: everybody sees the calls of their own channels, and their own words are given and deleted."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bots.slack import archive, filing, forms, home
from bots.slack.features import features
from bots.slack.setup import Setup
from core.audio.frame import Speaker
from core.errors import RecordAway
from core.record.database.store import Store
from core.record.files.recording import Dictation
from core.record.kept import Call
from tests.bots.slack.office import Office, office
from tests.fakes.record import kept
from tests.fakes.slack import Person, Place
from tests.fakes.slack.people import _texts

pytestmark = pytest.mark.real_time

HOSTILE = "<!channel> *b* https://evil.example <@U1> :smile:"


@dataclass
class Lobby:
    """An office with records."""

    here: Office
    store: Store

    def speaker(self, person: Person) -> Speaker:
        return Speaker(person.id, person.name, f"slack:{self.here.team.id}:{person.id}")

    async def kept(self, place: Place, *said: tuple[Person, str], title: str = "Weekly") -> Call:
        space = f"slack:{self.here.team.id}"
        what = [(self.speaker(person), text) for person, text in said]
        call = await kept(self.store, *what, space=space, title=title)
        await filing.file(self.store, self.here.team.id, call.key, place.id)
        return call

    async def shown(self, person: Person) -> str:
        """Everything that somebody's App Home shows, when they open it now."""
        person.state.home = None
        await person.open_home()
        await self.here.until(lambda: person.state.home)
        return text(person.state.home)

    async def modal(self, person: Person) -> str:
        """What opens on somebody's screen, when it is complete."""
        await self.here.until(lambda: person.state.modals and "One moment" not in text(person.modal))
        return text(person.modal)

    async def told(self, person: Person, words: str) -> str:
        await self.here.until(lambda: words in self.here.told(person))
        return self.here.told(person)


def text(view: Any) -> str:
    return "\n".join(_texts(view))


@asynccontextmanager
async def lobby(folder: Path, **changed: Any) -> AsyncIterator[Lobby]:
    more = features(Dictation(lambda: []))
    async with office(folder, more, kept=True, **changed) as here:
        yield Lobby(here, here.bot.calls.house.store)


async def test_people_see_the_calls_of_their_channels_and_no_others(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        private = here.slack.channel(here.team, "board", here.bob, private=True)
        await there.kept(here.general, (here.ann, "Hello."), title="Weekly")
        await there.kept(private, (here.bob, "We sell."), title="Secret plans")
        shown = await there.shown(here.ann)
        assert "*Weekly*" in shown
        assert f"<#{here.general.id}>" in shown
        assert "Secret" not in shown
        assert "Secret plans" in await there.shown(here.bob)
        here.general.state.members.discard(here.ann.id)
        assert "No call was kept in a channel that you are in." in await there.shown(here.ann)


async def test_a_call_that_runs_is_there_already(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await here.start("start Sprint keep=transcript")
        room = here.rooms.opened[0]
        room.joins("Ann")
        await kept(
            there.store,
            (there.speaker(here.ann), "Hi."),
            live=True,
            key=room.key,
            space=f"slack:{here.team.id}",
            title="Sprint",
        )
        assert "*Sprint*" in await there.shown(here.ann)


async def test_recaps_and_transcripts_come_in_direct_messages(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await there.kept(here.general, (here.ann, "We agreed to ship the release on Friday."))
        await there.shown(here.ann)
        assert not (await here.ann.press_home(home.RECAP)).failed
        assert f"*Weekly*, <#{here.general.id}>" in await there.told(here.ann, "*Decisions*")
        await here.ann.press_home(home.TRANSCRIPT)
        await here.until(lambda: any(message.files for message in here.ann.sees()))
        files = [here.slack.world.files[one] for message in here.ann.sees() for one in message.files]
        assert [file.name for file in files] == ["transcript.md", "transcript.vtt"]
        assert here.bob.sees() == []


@pytest.mark.parametrize("action", [home.RECAP, home.TRANSCRIPT])
async def test_a_record_that_was_deleted_meanwhile_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        call = await there.kept(here.general, (here.ann, "Hello."))
        await there.shown(here.ann)
        found = archive.one

        async def deleted(*given: Any) -> archive.Filed:
            filed = await found(*given)
            await there.store.delete(call)
            return filed

        monkeypatch.setattr(archive, "one", deleted)
        await here.ann.press_home(action)
        await here.until(lambda: here.told(here.ann))
        assert here.told(here.ann) == archive.UNKNOWN


async def test_a_key_alone_opens_nothing(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        private = here.slack.channel(here.team, "board", here.bob, private=True)
        secret = await there.kept(private, (here.bob, "We sell."))
        elsewhere = await kept(there.store, (Speaker("x", "X"), "Far."), space="slack:T_OTHER")
        await filing.file(there.store, here.team.id, elsewhere.key, here.general.id)
        await there.kept(here.general, (here.ann, "Hello."))
        await there.shown(here.ann)
        for number, key in enumerate((secret.key, elsewhere.key, "guess"), 1):
            await here.ann.press_home(home.RECAP, value=key)
            await here.until(lambda number=number: len(here.ann.sees()) == number)  # type: ignore[misc]  # bound
        assert {message.text for message in here.ann.sees()} == {archive.UNKNOWN}
        assert "We sell" not in here.told(here.ann)


async def test_a_search_finds_in_ones_own_channels_only(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        private = here.slack.channel(here.team, "board", here.bob, private=True)
        await there.kept(private, *((here.bob, f"The budget is secret {number}.") for number in range(60)))
        await there.kept(here.general, (here.ann, "The budget is fine."))
        await there.shown(here.ann)
        await here.ann.press_home(home.SEARCH, value="budget")
        found = await there.modal(here.ann)
        assert "*Ann* at 0:00:00: The budget is fine." in found
        assert "secret" not in found


async def test_a_search_for_nothing_and_for_what_nobody_said_is_a_sentence(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await there.kept(here.general, (here.ann, "Hello."))
        await there.shown(here.ann)
        await here.ann.press_home(home.SEARCH, value="<!here> *zebra*")
        found = await there.modal(here.ann)
        assert "Nobody said" in found
        assert "<" not in found
        assert "*zebra*" not in found
        here.ann.state.modals.clear()
        await here.ann.press_home(home.SEARCH, value="-")
        assert "One moment" not in await there.modal(here.ann)


async def test_nothing_that_was_said_or_named_is_alive(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        eve = here.slack.person(here.team, HOSTILE)
        await there.kept(here.general, (eve, f"zebra {HOSTILE}"), title=HOSTILE)
        shown = await there.shown(here.ann)
        await here.ann.press_home(home.SEARCH, value="zebra")
        shown += await there.modal(here.ann)
        for ours in (r"<#C\d+>", r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d: -]+UTC>"):
            shown = re.sub(ours, "", shown)
        assert not re.search(r"<|\*b\*|https://|:smile:", shown)


@pytest.mark.parametrize("trouble", ["away", "slack"])
async def test_what_can_not_be_shown_now_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        if trouble == "slack":
            here.slack.faults.errors["users.conversations"] = ["internal_error"]
        else:

            async def away(**_: object) -> list[Call]:
                raise RecordAway("The database is locked by another program.")

            monkeypatch.setattr(there.store, "calls", away)
        assert "Your calls can't be shown now" in await there.shown(here.ann)


# Settings


async def test_who_made_a_channel_sets_it_up(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here, calls = there.here, there.here.bot.calls
        assert "The whole workspace" not in await there.shown(here.ann)
        await here.ann.press_home(home.CHANNEL, selected_conversation=here.general.id)
        assert f"For <#{here.general.id}>" in await there.modal(here.ann)
        chosen: dict[str, dict[str, dict[str, Any]]] = {
            "language": {"language": {"value": "de"}},
            "keep": {"keep": {"selected_option": {"value": "transcript"}}},
            "private": {"private": {"selected_option": {"value": "yes"}}},
            "guests": {"guests": {"selected_option": {"value": "default"}}},
            "huddles": {"huddles": {"selected_option": {"value": "yes"}}},
        }
        assert not (await here.ann.submit(chosen)).failed
        await here.until(lambda: calls.setup(here.team.id, here.general.id).language == "de")
        assert calls.book.own(here.team.id, here.general.id) == Setup(
            "de", "transcript", huddles=True, private=True
        )
        await here.ann.press_home(home.CHANNEL, selected_conversation=here.general.id)
        await there.modal(here.ann)
        elements = {block["block_id"]: block["element"] for block in here.ann.modal["blocks"][1:]}
        assert elements["language"]["initial_value"] == "de"
        assert elements["keep"]["initial_option"]["value"] == "transcript"
        assert elements["private"]["initial_option"]["value"] == "yes"
        assert elements["huddles"]["initial_option"]["value"] == "yes"


async def test_nobody_else_does_whatever_they_send(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here, calls = there.here, there.here.bot.calls
        await there.shown(here.bob)
        await here.bob.press_home(home.CHANNEL, selected_conversation=here.general.id)
        assert "Only whoever made the channel and workspace admins" in await there.modal(here.bob)
        for channel in (here.general.id, ""):
            here.bob.state.modals.append({**forms.form(channel, Setup()), "id": "V1"})
            await here.bob.submit({"language": {"language": {"value": "de"}}})
            await there.told(here.bob, "Only whoever made the channel")
            assert calls.setup(here.team.id, here.general.id) == Setup()


async def test_an_admin_sets_up_the_workspace_and_how_long_transcripts_stay(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        boss = here.slack.person(here.team, "Boss", admin=True)
        assert "The whole workspace" in await there.shown(boss)
        await here.bot.calls.change_setup(here.team.id, None, Setup(huddles=True))
        await boss.press_home(home.WORKSPACE)
        await there.modal(boss)
        await boss.submit({"days": {"days": {"value": "7"}}})
        assert "deleted after 7 days" in await _reshown(there, boss, "after 7 days")
        assert await there.store.retention(f"slack:{here.team.id}") == 7


async def _reshown(there: Lobby, person: Person, words: str) -> str:
    await there.here.until(lambda: words in text(person.state.home))
    return text(person.state.home)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"days": {"days": {"value": "soon"}}}, "Say a number from 0 to 36,500"),
        ({"days": {"days": {"value": "99999"}}}, "Say a number from 0 to 36,500"),
        ({"days": {"days": {"value": "٣"}}}, "Say a number from 0 to 36,500"),
        ({"language": {"language": {"value": "<!here>"}}}, "Nothing here hears that language"),
    ],
)
async def test_the_form_stays_open_and_says_what_can_not_be(
    tmp_path: Path, values: dict[str, dict[str, dict[str, Any]]], sentence: str
) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        boss = here.slack.person(here.team, "Boss", admin=True)
        await there.shown(boss)
        await boss.press_home(home.WORKSPACE)
        await there.modal(boss)
        wrong = await boss.submit(values)
        assert [name for name in wrong.errors] == list(values)
        assert "".join(wrong.errors.values()).startswith(sentence)
        assert boss.state.modals, "what else was chosen is there still"
        assert here.bot.calls.book.own(here.team.id, None) == Setup()
        # It is put right in the same form, and nothing else was said of it.
        assert not (await boss.submit({"days": {"days": {"value": "7"}}})).errors
        assert "after 7 days" in await _reshown(there, boss, "after 7 days")
        assert not boss.state.modals
        assert not here.told(boss)


def test_a_transcript_can_not_be_chosen_where_none_is_kept() -> None:
    sent = {"state": {"values": {"keep": {"keep": {"selected_option": {"value": "transcript"}}}}}}
    assert forms.mistakes(sent, lambda _: True, keeps=True) == {}
    assert "keeps no records" in forms.mistakes(sent, lambda _: True, keeps=False)["keep"]


async def test_a_trigger_that_has_expired_is_one_private_sentence(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await there.shown(here.ann)
        here.slack.faults.expired_trigger = True
        await here.ann.press_home(home.CHANNEL, selected_conversation=here.general.id)
        await there.told(here.ann, "Slack was too slow: try again.")


# Privacy


async def test_what_is_kept_of_somebody_is_told_given_and_deleted(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await there.kept(here.general, (here.ann, "Mine."), (here.bob, "His."), (here.ann, "Mine too."))
        shown = await there.shown(here.ann)
        assert "*Sound* is never kept." in shown
        assert "*Of you*: lines: 2, calls: 1." in shown
        await here.ann.press_home(home.EXPORT)
        await here.until(lambda: any(message.files for message in here.ann.sees()))
        (file,) = [here.slack.world.files[one] for message in here.ann.sees() for one in message.files]
        assert [one["text"] for one in json.loads(file.content)["said"]] == ["Mine.", "Mine too."]
        await here.ann.press_home(home.FORGET)
        await there.told(here.ann, "Deleted: lines: 2, calls they were in: 1.")
        assert "*Of you*: no words." in await _reshown(there, here.ann, "no words")
        assert "lines: 1, calls: 1." in await there.shown(here.bob)


async def test_a_call_of_which_no_word_is_left_offers_none(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.kept(there.here.general, (there.here.ann, "Mine."))
        assert "Send me the recap" in await there.shown(there.here.ann)
        await there.here.ann.press_home(home.FORGET)
        shown = await _reshown(there, there.here.ann, "no words are kept")
        assert "Send me the" not in shown


async def test_forgetting_takes_back_what_was_said_in_a_call_that_runs(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await here.start()
        room = here.rooms.opened[0]
        room.joins("Ann")
        room.talking["Ann"] = there.speaker(here.ann)
        room.says("Ann", "Take this back.")
        await there.shown(here.ann)
        await here.ann.press_home(home.FORGET)
        await there.told(here.ann, "taken back")
        assert "Take this back." not in str(room.board.entries)


async def test_who_said_nothing_has_nothing_to_be_given(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.shown(there.here.ann)
        await there.here.ann.press_home(home.EXPORT)
        await there.told(there.here.ann, "Nothing you said is kept")


async def test_it_is_asked_before_anything_is_forgotten(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        await there.shown(there.here.ann)
        view = there.here.ann.state.home
        assert view is not None
        (button,) = [
            element
            for block in view["blocks"]
            for element in block.get("elements", ())
            if element.get("action_id") == home.FORGET
        ]
        assert "Nobody can undo it." in button["confirm"]["text"]["text"]


async def test_where_a_record_was_is_forgotten_with_it(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here, space = there.here, f"slack:{there.here.team.id}"
        first = await there.kept(here.general, (here.ann, "One."))
        await there.store.delete(first)
        second = await there.kept(here.general, (here.ann, "Two."))
        await filing.tidy(there.store, here.team.id)
        found = [key for key in await there.store.preferences(space) if key.startswith("record:")]
        assert found == [f"record:{second.key}"]
