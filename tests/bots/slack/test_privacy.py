"""Who asks to be forgotten in Slack is, also in what is just over, and in what is just being posted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bots.slack import finale as finales
from bots.slack import home, places, privacy
from bots.slack.canvas import canvas
from bots.slack.finale import finale
from bots.slack.replies import Asker
from core.audio.frame import Speaker
from core.captions.caption import Caption
from core.errors import UserError
from tests.bots.slack.office import Office
from tests.bots.slack.test_connect import shared
from tests.bots.slack.test_finale import answers, ending, recorded
from tests.bots.slack.test_tab import lobby
from tests.fakes.record import kept
from tests.fakes.slack import Message

SECRET = "We agreed that my password is pineapple."


@pytest.mark.real_time
async def test_forgetting_takes_words_back_in_rooms_of_calls_that_are_over(tmp_path: Path) -> None:
    async with lobby(tmp_path) as there:
        here = there.here
        await here.start()
        room = here.rooms.opened[0]
        room.joins("Ann")
        room.board.show(Caption(there.speaker(here.ann), 0, 1, SECRET, final=True), 0.5)
        await here.ann.command("/captions", "stop", channel=here.general)
        await here.until(lambda: not here.bot.calls.running())
        await there.shown(here.ann)
        await here.ann.press_home(home.FORGET)
        await there.told(here.ann, "taken back")
        assert SECRET not in str(room.board.entries)


def me(here: Office) -> Speaker:
    return Speaker("p1", "Ann", f"slack:{here.team.id}:{here.ann.id}")


async def forget(here: Office) -> None:
    found = await here.bot.desk.workspaces.find(here.team.id)
    assert found is not None
    await privacy.forget(here.bot.calls, Asker(found[0], here.ann.id))


def posted(here: Office, card: Message) -> str:
    """All that a finale left in Slack."""
    world = here.slack.world
    files = [
        world.files[one].content.decode() for message in here.general.thread(card) for one in message.files
    ]
    return "\n".join([*answers(here, card), *files, *(one.markdown for one in world.canvases.values())])


def just_before(real: Callable[..., Any], what: Callable[[], Any]) -> Callable[..., Any]:
    """`real`, and once `what` before it."""
    done = False

    async def first(*given: Any, **more: Any) -> Any:
        nonlocal done
        if not done:
            done = True
            await what()
        return await real(*given, **more)

    return first


@pytest.mark.real_time
@pytest.mark.parametrize("step", ["recap_of", "canvas", "post", "upload"])
async def test_nobodys_words_are_posted_once_they_are_told_that_they_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async with ending(tmp_path) as (here, card, ended):
        bob = Speaker("p2", "Bob")
        over = await recorded(here, ended, (me(here), SECRET), (bob, "I will write it down by Friday."))

        async def forgotten() -> None:
            await forget(here)

        with monkeypatch.context() as patched:
            patched.setattr(finales, step, just_before(getattr(finales, step), forgotten))
            await finale(here.bot.calls.house, over)
        if step == "canvas":
            assert [call.method for call in here.slack.calls].count("canvases.create") == 1
        recap, files = here.general.thread(card)
        assert "I will write it down by Friday." in recap.text
        if step != "upload":  # what was posted before stays
            assert "pineapple" not in posted(here, card)
        assert len(files.files) == 2
        assert not any(b"pineapple" in here.slack.world.files[one].content for one in files.files)


@pytest.mark.real_time
async def test_a_canvas_that_slack_just_made_of_words_that_were_taken_back_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ending(tmp_path) as (here, card, ended):
        bob = Speaker("p2", "Bob")
        over = await recorded(here, ended, (me(here), SECRET), (bob, "I will go by Friday."))
        real = canvas

        async def late(*given: Any) -> str | None:
            made = await real(*given)
            if any("pineapple" in one.markdown for one in here.slack.world.canvases.values()):
                await forget(here)
            return made

        monkeypatch.setattr(finales, "canvas", late)
        await finale(here.bot.calls.house, over)
        assert "pineapple" not in posted(here, card)
        assert len(here.slack.world.canvases) == 1


@pytest.mark.real_time
async def test_who_slack_took_for_one_of_ours_is_given_and_forgotten_under_both_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared(tmp_path, kept=True) as there:
        acme, zoe = there.acme, there.zoe
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        asker, store = Asker(found[0], zoe.id, there.general.id), acme.bot.calls.house.store
        for number, team in enumerate((zoe.team.id, acme.team.id)):
            await kept(store, (Speaker("p1", "Zoe", f"slack:{team}:{zoe.id}"), f"Word {number}."))
        told = [line async for line in privacy.kept(acme.bot.calls, asker)]
        assert "*Of you*: lines: 2, calls: 2." in told
        sent: list[dict[str, bytes]] = []

        async def send(_workspace: object, _user: str, _comment: str, found: dict[str, bytes]) -> None:
            sent.append(found)

        with monkeypatch.context() as patched:
            patched.setattr("bots.slack.files.send", send)
            await privacy.export(acme.bot.calls, asker)
        said = [one["text"] for file in sent[0].values() for one in json.loads(file)["said"]]
        assert said == ["Word 0.", "Word 1."]
        await privacy.forget(acme.bot.calls, asker)
        assert "Deleted: lines: 2, calls they were in: 2." in acme.told(zoe)
        for identity in await places.identities(found[0], zoe.id):
            assert await store.person(identity) is None


@pytest.mark.real_time
async def test_nobody_is_told_that_they_are_deleted_while_slack_does_not_say_who_they_are(
    tmp_path: Path,
) -> None:
    async with shared(tmp_path, kept=True) as there:
        acme, zoe = there.acme, there.zoe
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        asker, store = Asker(found[0], zoe.id, there.general.id), acme.bot.calls.house.store
        await kept(store, (Speaker("p1", "Zoe", f"slack:{zoe.team.id}:{zoe.id}"), "Word."))
        for ask in (privacy.export, privacy.forget):
            acme.slack.faults.errors["users.info"] = ["ratelimited"]
            with pytest.raises(UserError, match="Slack does not tell now"):
                await ask(acme.bot.calls, asker)
        acme.slack.faults.errors["users.info"] = ["ratelimited"]
        told = [line async for line in privacy.kept(acme.bot.calls, asker)]
        assert "*Of you*: no words." not in told
