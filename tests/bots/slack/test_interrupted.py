"""Calls that a stop, a kill or an outage cuts off are told of in the end, and their records are found."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bots.slack import archive
from bots.slack.book import Book
from bots.slack.finale import finale
from bots.slack.house import Ended, House
from core.errors import RecordAway
from tests.bots.slack.office import Shelf, office, running, settings_for, words
from tests.bots.slack.test_finale import ending, recorded
from tests.fakes.slack import FakeSlack


async def test_a_call_that_is_cut_off_while_it_is_summed_up_is_summed_up_at_the_next_start(
    tmp_path: Path,
) -> None:
    shelf, began = Shelf(), asyncio.Event()

    async def held(house: House, ended: Ended) -> None:
        began.set()
        await asyncio.Event().wait()

    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (bot, _rooms, _bridge, _finales):
            await slack.until(lambda: slack.sockets.connected == 2)
            bot.calls.house = replace(bot.calls.house, finale=held)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            bot.calls.running()[0].end("Ann ended captions.")
            await began.wait()
        assert shelf.spaces[f"slack:{team.id}"]
        async with running(slack, settings, shelf=shelf) as (_bot, _rooms, _bridge, finales):
            await slack.until(lambda: finales)
            assert (finales[0].title, finales[0].why) == ("Weekly", "Ann ended captions.")
            assert "Ann ended captions." in words(general.messages[0])
            await slack.until(lambda: not shelf.spaces[f"slack:{team.id}"])


async def test_a_call_that_was_cut_off_is_told_of_when_slack_is_there_again(tmp_path: Path) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = json.loads(json.dumps(shelf.spaces))
        again = Shelf()
        again.spaces = left
        slack.faults.statuses["chat.update"] = [503] * 12
        async with running(slack, settings, shelf=again) as (_bot, _rooms, _bridge, finales):
            await asyncio.sleep(60)
            assert not finales
            assert again.spaces[f"slack:{team.id}"]
            await asyncio.sleep(600)
            assert "Spokenly was restarted" in words(general.messages[0])
            assert len(finales) == 1
            assert not again.spaces[f"slack:{team.id}"]


async def test_a_call_of_another_spokenly_with_the_same_database_is_its_own_while_it_lives(
    tmp_path: Path,
) -> None:
    shelf, second = Shelf(), Shelf()
    second.spaces = shelf.spaces
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general, other = slack.channel(team, "general", ann), slack.channel(team, "other", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf):
            await slack.until(lambda: slack.sockets.connected == 2)
            for place in (general, other):
                await ann.command("/captions", "start Weekly", channel=place)
            await slack.until(lambda: general.messages and other.messages)
            await slack.until(lambda: len(shelf.spaces.get(f"slack:{team.id}", {})) == 2)
            kept = json.loads(json.dumps(shelf.spaces))
        shelf.spaces.update(kept)  # as it was before it stopped
        second.living.add(shelf.process.name)
        async with running(slack, settings, shelf=second) as (_bot, _rooms, _bridge, finales):
            slack.calls.clear()
            await asyncio.sleep(600)
            assert not finales
            assert not [call for call in slack.calls if call.method.startswith("chat.")]
            assert shelf.spaces == kept
            # The one in #other ends as it should; then the first is killed.
            await second.prefer(
                f"slack:{team.id}", next(key for key in kept[f"slack:{team.id}"] if other.id in key), None
            )
            second.living.clear()
            await slack.until(lambda: finales, 300)
            assert "Spokenly was restarted" in words(general.messages[0])
            await asyncio.sleep(600)
            assert [ended.thread.channel for ended in finales] == [general.id]
            assert not shelf.spaces[f"slack:{team.id}"]


@pytest.mark.parametrize(
    ("record", "told"), [("key", "a transcript is kept"), (None, "no record besides this thread")]
)
async def test_the_card_of_a_call_that_was_cut_off_says_whether_it_was_kept(
    tmp_path: Path, record: str | None, told: str
) -> None:
    shelf = Shelf()
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        ann = slack.person(team, "Ann")
        general = slack.channel(team, "general", ann)
        settings = settings_for(slack, team, tmp_path)
        async with running(slack, settings, shelf=shelf) as (bot, *_):
            await slack.until(lambda: slack.sockets.connected == 2)
            await ann.command("/captions", "start Weekly", channel=general)
            await slack.until(lambda: shelf.spaces.get(f"slack:{team.id}"))
            left = json.loads(json.dumps(shelf.spaces))
            (mark,) = bot.calls.book.marks.values()
            for kept in left.values():
                kept.update(dict.fromkeys(kept, replace(mark, record=record).to_json()))
        again = Shelf()
        again.spaces = left
        async with running(slack, settings, shelf=again):
            await slack.until(lambda: "Spokenly was restarted" in words(general.messages[0]))
            assert told in words(general.messages[0])


async def test_what_was_left_of_a_workspace_without_the_app_is_forgotten(tmp_path: Path) -> None:
    shelf = Shelf()
    mark = {
        "ts": "1.1",
        "title": "Weekly",
        "began": "2026-01-01T00:00:00+00:00",
        "started_by": "U1",
        "record": None,
    }
    shelf.spaces = {"slack:TGONE": {"call:C1:1.1": mark}}
    async with office(tmp_path, shelf=shelf) as acme:
        await acme.until(lambda: not shelf.spaces["slack:TGONE"])


@pytest.mark.real_time
async def test_a_record_that_is_away_at_the_end_is_found_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ending(tmp_path) as (here, _card, over):
        ended = await recorded(here, over)
        store = here.bot.calls.house.store

        async def away(_key: str) -> None:
            raise RecordAway("The database is locked by another program.")

        with monkeypatch.context() as patched:
            patched.setattr(store, "call", away)
            await finale(here.bot.calls.house, ended)
        assert await archive.filed(here.bot.calls, here.team.id, {here.general.id})


async def test_a_call_whose_mark_could_not_be_deleted_is_not_told_of_again(tmp_path: Path) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf) as acme:
        await acme.start()
        await acme.until(lambda: shelf.spaces.get(f"slack:{acme.team.id}"))
        shelf.away = True
        acme.bot.calls.running()[0].end("Ann ended captions.")
        await asyncio.sleep(600)
        assert shelf.spaces[f"slack:{acme.team.id}"]
        shelf.away = False
        await acme.until(lambda: not shelf.spaces[f"slack:{acme.team.id}"], 90)


async def test_a_call_that_another_spokenly_began_after_our_start_is_told_of_once_that_one_is_killed(
    tmp_path: Path,
) -> None:
    shelf, other = Shelf(), Shelf()
    other.spaces = shelf.spaces
    shelf.living = {other.process.name}
    async with office(tmp_path, shelf=shelf) as acme:
        await acme.start("start Weekly")
        await acme.until(lambda: shelf.spaces.get(f"slack:{acme.team.id}"))
        (mark,) = acme.bot.calls.book.marks.values()
        acme.bot.calls.running()[0].end("Ann ended captions.")
        await acme.until(lambda: not shelf.spaces[f"slack:{acme.team.id}"])
        told = len(acme.finales)
        await asyncio.sleep(300)
        await Book(other).mark(mark.team, mark.key, mark)
        await asyncio.sleep(300)
        assert len(acme.finales) == told
        shelf.living.clear()
        await acme.until(lambda: len(acme.finales) > told, 90)
        await asyncio.sleep(300)
        assert [ended.interrupted for ended in acme.finales[told:]] == [True]
