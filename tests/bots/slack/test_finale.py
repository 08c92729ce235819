"""What people get when a call in Slack is over: once, harmless, as much as plan and scopes allow."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from bots.slack.finale import DELETED, NO_RECORD, PUT_OUT, RECORD_AWAY, UNSURE, finale
from bots.slack.house import Ended
from bots.slack.thread import Thread
from core.audio.frame import Speaker
from core.errors import OutletBusy, RecordAway
from core.record.kept import Call, Removed
from tests.bots.slack.office import Office, office
from tests.fakes.record import kept, opening
from tests.fakes.slack import Message

pytestmark = pytest.mark.real_time

ANN = Speaker("p1", "Ann", "slack:T1:U1")
MEETING = (
    (ANN, "We agreed to ship the release on Friday."),
    (Speaker("p2", "Bob"), "I will write the announcement by Thursday."),
    (ANN, "All right."),
)
HOSTILE = "<!channel> <@U1> *b* https://evil.example `c` :smile: <https://evil.example|x>"


@asynccontextmanager
async def ending(folder: Path, call: Call | None = None) -> AsyncIterator[tuple[Office, Message, Ended]]:
    """A call that is over, its card, and the place of its thread."""
    async with office(folder, kept=True) as here:
        found = await here.bot.desk.workspaces.find(here.team.id)
        assert found is not None
        posted = await found[0].client.chat_postMessage(channel=here.general.id, text="card")
        thread = Thread(here.team.id, here.general.id, posted["ts"], here.ann.id)
        began = datetime.now(UTC) - timedelta(minutes=12)
        yield here, here.card, Ended(found[0], thread, "Weekly", "Ann ended captions.", None, began)


async def recorded(here: Office, ended: Ended, *what: tuple[Speaker, str], title: str = "Weekly") -> Ended:
    secretary = here.bot.calls.house.secretary
    assert secretary is not None
    call = await kept(secretary.store, *(what or MEETING), space=f"slack:{here.team.id}", title=title)
    return replace(ended, record=call.key, title=title)


def answers(here: Office, card: Message) -> list[str]:
    return [message.text for message in here.general.thread(card)]


async def test_a_call_without_a_record_is_only_over_and_so_long(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        await finale(here.bot.calls.house, ended)
        assert answers(here, card) == [f"*Weekly*: Ann ended captions. It lasted 12 min. {NO_RECORD}"]


async def test_a_kept_call_ends_with_its_recap_its_files_and_a_canvas(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        await finale(here.bot.calls.house, await recorded(here, ended))
        recap, files = here.general.thread(card)
        assert recap.text.startswith("*Weekly*: Ann ended captions.\n\n")
        assert "3 lines: Ann, Bob" in recap.text
        assert "*Decisions*\n• “We agreed to ship the release on Friday.” (Ann)" in recap.text
        assert "*Action items*\n• “I will write the announcement by Thursday.” (Bob)" in recap.text
        (canvas,) = here.slack.world.canvases.values()
        link = f"<https://acme.slack.com/docs/{here.team.id}/{canvas.id}|The recap as a canvas>"
        assert recap.text.endswith(link)
        assert canvas.readers == [here.general.id]
        assert "We agreed to ship the release on Friday" in canvas.markdown
        assert files.text == "The transcript of Weekly:", "who can't see the files hears what they are"
        names = [here.slack.world.files[one].name for one in files.files]
        assert [name.rpartition(".")[2] for name in names] == ["md", "vtt"]
        assert b"WEBVTT" in here.slack.world.files[files.files[1]].content


async def test_nothing_that_was_said_or_named_is_alive(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        eve = Speaker("p9", HOSTILE)
        said = tuple((eve, f"We decided {number} {HOSTILE}") for number in range(3))
        hostile = await recorded(here, ended, *said, title=HOSTILE)
        await finale(here.bot.calls.house, replace(hostile, why=f"{HOSTILE} ended captions."))
        text = answers(here, card)[0].rpartition("\n<")[0]
        assert "We decided" in text
        assert not re.search(r"<|\*b\*|`c`|https://|:smile:", text)
        (canvas,) = here.slack.world.canvases.values()
        assert not re.search(r"(?<!\\)<|(?<!\\)\*b|https://|:smile:|(?<!\\)`", canvas.markdown)


async def test_where_there_can_be_no_canvas_there_is_none_and_nobody_minds(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.team.free_plan = True
        await finale(here.bot.calls.house, await recorded(here, ended))
        recap, files = here.general.thread(card)
        assert "canvas" not in recap.text
        assert len(files.files) == 2


async def test_a_canvas_that_nobody_could_open_is_taken_away_again(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.slack.faults.errors["canvases.access.set"] = ["restricted_action"]
        await finale(here.bot.calls.house, await recorded(here, ended))
        assert here.slack.world.canvases == {}
        assert "canvas" not in answers(here, card)[0]


async def test_a_canvas_that_slack_shares_with_nobody_without_a_word_is_taken_away_again(
    tmp_path: Path,
) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.slack.faults.unshared = True
        await finale(here.bot.calls.house, await recorded(here, ended))
        assert here.slack.world.canvases == {}
        assert "canvas" not in answers(here, card)[0]


async def test_without_the_scope_for_files_the_recap_is_there_and_the_scope_is_named(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.team.scopes -= {"files:write", "canvases:write"}
        await finale(here.bot.calls.house, await recorded(here, ended))
        recap, told = answers(here, card)
        assert "*Decisions*" in recap
        assert "lacks the scope files:write" in told


async def test_slacks_pace_is_waited_for_and_nothing_is_posted_twice(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        for method in ("chat.postMessage", "files.completeUploadExternal", "canvases.create"):
            here.slack.faults.errors[method] = ["ratelimited"]
        await finale(here.bot.calls.house, await recorded(here, ended))
        recap, files = here.general.thread(card)
        assert "The recap as a canvas" in recap.text
        assert len(files.files) == 2
        assert len(here.slack.world.canvases) == 1


async def test_a_post_that_may_have_landed_is_not_repeated(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.slack.faults.landed["chat.postMessage"] = 1
        await finale(here.bot.calls.house, ended)
        once, told = answers(here, card)
        assert NO_RECORD in once
        assert told == UNSURE


async def test_a_recap_that_slack_does_not_take_is_tried_again_and_leaves_no_canvas_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_given: object) -> str:
        raise SlackApiError("it fails", {})  # type: ignore[no-untyped-call]  # the SDK's own

    async with ending(tmp_path) as (here, card, ended):
        over = await recorded(here, ended)
        with monkeypatch.context() as patched:
            patched.setattr("bots.slack.finale.post", fails)
            with pytest.raises(OutletBusy):
                await finale(here.bot.calls.house, over)
        assert here.slack.world.canvases == {}
        await finale(here.bot.calls.house, over)
        assert len(here.slack.world.canvases) == 1
        assert len(answers(here, card)) == 2


async def test_a_channel_that_is_gone_is_left(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        here.general.state.archived = True
        await finale(here.bot.calls.house, await recorded(here, ended))
        assert answers(here, card) == []


async def test_a_record_that_is_away_or_deleted_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ending(tmp_path) as (here, card, ended):
        over = await recorded(here, ended)
        secretary = here.bot.calls.house.secretary
        assert secretary is not None
        assert await secretary.store.delete(await secretary.store.call(over.record or "")) != Removed()
        await finale(here.bot.calls.house, over)

        async def away(_key: str) -> Call:
            raise RecordAway("The database is locked by another program.")

        monkeypatch.setattr(secretary.store, "call", away)
        await finale(here.bot.calls.house, over)
        assert answers(here, card) == [
            f"*Weekly*: Ann ended captions. {DELETED}",
            f"*Weekly*: Ann ended captions. {RECORD_AWAY}",
        ]


async def test_a_call_in_which_nobody_spoke_says_so(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        secretary = here.bot.calls.house.secretary
        assert secretary is not None
        call = await kept(secretary.store, space=f"slack:{here.team.id}")
        await finale(here.bot.calls.house, replace(ended, record=call.key))
        assert "Nothing was said that could be understood." in answers(here, card)[0]
        assert here.slack.world.canvases == {}
        assert len(answers(here, card)) == 1


async def test_from_the_command_to_the_files(tmp_path: Path) -> None:
    async with office(tmp_path, kept=True) as here:
        calls = here.bot.calls
        calls.house = replace(calls.house, finale=finale)
        secretary = calls.house.secretary
        assert secretary is not None
        await here.start("start Weekly keep=transcript")
        (room,) = here.rooms.opened
        room.joins("Ann")
        begun = opening(room.key, space=room.space, title=room.title, began=room.began)
        journal = secretary.keep(begun, room.board)
        room.says("Ann", "We agreed to ship the release on Friday.")
        await here.until(lambda: "ship the release" in here.general.text())
        await secretary.finish(journal, 5.0)
        card = here.card
        await here.ann.command("/captions", "stop", channel=here.general)
        await here.until(lambda: any(message.files for message in here.general.thread(card)))
        captions, recap, files = here.general.thread(card)
        assert captions.text == "Ann: We agreed to ship the release on Friday."
        assert recap.text.startswith("*Weekly*: Ann ended captions.\n\nless than a minute, 1 line: Ann")
        assert len(files.files) == 2
        await here.until(lambda: not calls.running())


async def test_a_call_that_was_cut_off_gets_its_recap_later(tmp_path: Path) -> None:
    async with ending(tmp_path) as (here, card, ended):
        over = replace(await recorded(here, ended), interrupted=True, why="Spokenly was restarted.")
        await finale(here.bot.calls.house, over)
        assert "*Decisions*" in answers(here, card)[0]
        await finale(here.bot.calls.house, replace(over, record=None))
        assert answers(here, card)[2] == f"*Weekly*: Spokenly was restarted. {NO_RECORD}"


@pytest.mark.parametrize("silent", [False, True])
async def test_whoever_is_not_in_the_channel_any_more_is_not_sent_what_was_said_there(
    tmp_path: Path, silent: bool
) -> None:
    async with ending(tmp_path) as (here, _, ended):
        here.general.state.members.discard(here.ann.id)
        here.slack.faults.errors["chat.postMessage"] = ["restricted_action_thread_locked"]
        if silent:
            here.slack.faults.errors["conversations.members"] = ["internal_error"]
        await finale(here.bot.calls.house, await recorded(here, ended))
        (told,) = [message.text for message in here.ann.sees()]
        assert "ship the release" not in told
        assert PUT_OUT in told
