"""Captions as people on Slack start, follow, share and stop them."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bots.slack import places, workspace
from bots.slack.call import SlackCall
from bots.slack.calls import ENDING
from bots.slack.card import DETACH, OPEN, RECAP, STOP, TRANSCRIPT
from bots.slack.commands import ELSEWHERE, NO_CARD
from bots.slack.installations import client_of
from bots.slack.starting import FORM
from core.address import ONLY_HERE
from tests.bots.slack.office import Office, Shelf, office, words
from tests.fakes.slack import FakeSlack


async def test_a_command_posts_a_card_and_gives_whoever_asked_their_own_link(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        assert "Weekly" in words(acme.card)
        (room,) = acme.rooms.opened
        assert (room.title, room.space) == ("Weekly", f"slack:{acme.team.id}")
        assert room.passes == [("Ann", f"slack:{acme.team.id}:{acme.ann.id}", 3600.0)]
        assert "pass=" not in acme.general.text(), "the link is nobody else's"


async def test_each_person_gets_a_link_of_their_own_from_the_card(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.bob.press(acme.card, OPEN)
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        assert [name for name, *_ in acme.rooms.opened[0].passes] == ["Ann", "Bob"]


async def test_what_is_said_is_read_in_the_thread_and_the_card_shows_who_is_heard(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        room.says("Ann", "Good morning.")
        await acme.until(lambda: "Ann: Good morning." in "".join(map(words, acme.general.thread(acme.card))))
        await acme.until(lambda: "Heard: Ann" in words(acme.card))
        edits = len(acme.card.edits)
        for second in range(20):
            room.says("Ann", f"Sentence {second}.", second + 1.0)
        await acme.until(lambda: "Sentence 19." in "".join(map(words, acme.general.thread(acme.card))))
        await asyncio.sleep(10)
        assert len(acme.card.edits) == edits, "words alone change nothing on the card"


async def test_the_starter_stops_and_the_card_says_who_did(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        acme.rooms.opened[0].joins("Ann")
        await acme.ann.press(acme.card, STOP)
        await acme.until(lambda: acme.finales)
        assert acme.rooms.opened[0].closed == "Ann ended captions."
        assert "Ann ended captions." in words(acme.card)
        assert OPEN not in str(acme.card.blocks), "there is nothing left to press"
        (ended,) = acme.finales
        assert (ended.title, ended.why, ended.record) == ("Weekly", "Ann ended captions.", None)
        await acme.start()
        assert len(acme.rooms.opened) == 2, "another call may begin"


async def test_somebody_else_may_not_stop_while_people_speak_but_an_admin_may(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        room.joins("Ann")
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: "can stop them while people speak" in acme.told(acme.bob))
        assert not acme.finales
        acme.bot.calls.running()[0].workspace.members.clear()
        acme.bob.state.admin = True
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: acme.finales)
        assert room.closed == "Bob ended captions."


@pytest.mark.parametrize("gone", ["nobody speaks", "the starter left the channel"])
async def test_anyone_may_stop_what_nobody_needs(tmp_path: Path, gone: str) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        if gone != "nobody speaks":
            acme.rooms.opened[0].joins("Cy")
            acme.general.state.members.discard(acme.ann.id)
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: acme.finales)


async def test_two_calls_do_not_run_in_one_channel_but_in_two(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "run in this channel already" in acme.told(acme.bob))
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", "start", channel=other)
        await acme.until(lambda: other.messages)
        assert len(acme.rooms.opened) == 2
        assert [room.title for room in acme.rooms.opened] == ["#general", "#random"]


async def test_two_commands_at_once_open_one_room(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.slack.faults.slow["conversations.info"] = 1.0
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "are just being started" in acme.told(acme.bob))
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        assert len(acme.rooms.opened) == 1


async def test_options_choose_language_and_record_and_others_are_told_what_there_is(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly language=de")
        assert acme.rooms.opened[0].language == "de"
        assert acme.rooms.opened[0].title == "Weekly"
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", "start language=xx", channel=other)
        await acme.until(lambda: "hears the language xx" in acme.told(acme.bob))
        await acme.bob.command("/captions", "start keep=transcript", channel=other)
        await acme.until(lambda: "No transcripts are kept here" in acme.told(acme.bob))
        await acme.bob.command("/captions", "begin", channel=other)
        await acme.until(lambda: "no such command" in acme.told(acme.bob))
        assert not other.messages


async def test_mentions_in_threads_do_the_same(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        acme.rooms.opened[0].joins("Ann")
        await acme.bob.say(f"<@{acme.team.bot}> status", channel=acme.general, thread=acme.card)
        await acme.until(lambda: "Heard: Ann" in acme.told(acme.bob))
        (told,) = acme.bob.sees(acme.general)
        assert told.thread_ts == acme.general.messages[0].ts
        await acme.ann.say(f"<@{acme.team.bot}> stop", channel=acme.general, thread=acme.general.messages[0])
        await acme.until(lambda: acme.finales)


async def test_the_shortcut_asks_for_a_channel(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.ann.shortcut(FORM)
        await acme.until(lambda: acme.ann.state.modals)
        chosen = {"type": "conversations_select", "selected_conversation": acme.general.id}
        written = {"type": "plain_text_input", "value": "Weekly"}
        await acme.ann.submit({"channel": {"channel": chosen}, "title": {"title": written}})
        await acme.until(lambda: "Go to the room" in acme.told(acme.ann))
        assert acme.rooms.opened[0].title == "Weekly"


@pytest.mark.parametrize("silent", [False, True])
async def test_the_form_starts_nothing_where_its_sender_is_not(tmp_path: Path, silent: bool) -> None:
    async with office(tmp_path) as acme:
        eve = acme.slack.person(acme.team, "Eve")
        board = acme.slack.channel(acme.team, "board", acme.bob, private=True)
        board.state.members.add(acme.team.bot)
        if silent:
            board.state.members.add(eve.id)
            acme.slack.faults.errors["conversations.members"] = ["internal_error"]
        await eve.shortcut(FORM)
        await acme.until(lambda: eve.state.modals)
        await eve.submit({"channel": {"channel": {"selected_conversation": board.id}}})
        told = "try again" if silent else "Only people in a channel can start captions there"
        await acme.until(lambda: told in acme.told(eve))
        assert not acme.rooms.opened
        assert not board.messages


async def test_a_call_in_a_private_channel_is_not_called_after_it(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        board = acme.slack.channel(acme.team, "layoffs", acme.ann, private=True)
        board.state.members.add(acme.team.bot)
        await acme.ann.command("/captions", "start", channel=board)
        await acme.until(lambda: acme.rooms.opened)
        assert acme.rooms.opened[0].title == "A private channel"
        await acme.until(lambda: board.messages)


async def test_buttons_of_a_card_act_on_its_own_call_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start First")
        old, live = acme.card, [dict(block) for block in acme.card.blocks]
        await acme.ann.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: not acme.bot.calls.running())
        old.blocks = live  # as where Slack took no rewriting
        await acme.bob.command("/captions", "start Second", channel=acme.general)
        await acme.until(lambda: acme.bot.calls.running() and "Go to the room" in acme.told(acme.bob))
        for number, action in enumerate((STOP, RECAP, TRANSCRIPT, OPEN), 1):
            await acme.ann.press(old, action)
            await acme.until(partial(times, acme, NO_CARD, number))
        await acme.ann.press(acme.card, STOP)
        await acme.until(lambda: not acme.bot.calls.running())


async def test_somebody_late_is_caught_up_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        (room,) = acme.rooms.opened
        await acme.bob.press(acme.card, RECAP)
        await acme.until(lambda: "Nobody has said anything yet." in acme.told(acme.bob))
        room.joins("Ann")
        room.says("Ann", "We decided to ship <!channel> the release on Friday.")
        await acme.bob.press(acme.card, RECAP)
        await acme.until(lambda: "release on Friday" in acme.told(acme.bob))
        assert "<!channel>" not in acme.told(acme.bob)
        assert "Decisions" not in acme.general.text()


async def test_the_transcript_comes_as_files_in_a_direct_message(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        acme.rooms.opened[0].joins("Ann")
        acme.rooms.opened[0].says("Ann", "Good morning.")
        await acme.bob.press(acme.card, TRANSCRIPT)
        await acme.until(lambda: "in our direct messages" in acme.told(acme.bob))
        sent = [acme.slack.world.files[one] for message in acme.bob.sees() for one in message.files]
        assert sorted(file.name.rpartition(".")[2] for file in sent) == ["md", "vtt"]
        assert all(b"Good morning." in file.content for file in sent)


async def code_of(acme: Office) -> str:
    await acme.ann.command("/captions", "share", channel=acme.general)
    await acme.until(lambda: "The code is" in acme.told(acme.ann))
    return acme.told(acme.ann).rpartition("The code is *")[2].partition("*")[0]


async def test_whoever_starts_or_attaches_while_the_last_call_ends_is_told_to_wait_a_moment(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as acme:
        other = acme.slack.channel(acme.team, "random", acme.ann)
        await acme.start()
        await acme.ann.command("/captions", "start", channel=other)
        await acme.until(lambda: other.messages)
        code = acme.bridge.share(acme.rooms.opened[1]).text
        acme.slack.faults.slow["chat.update"] = 20.0
        await acme.bob.command("/captions", "stop", channel=acme.general)
        await acme.until(lambda: acme.rooms.opened[0].closed)
        for order in ("start", f"attach {code}"):
            before = acme.told(acme.bob).count(ENDING)
            await acme.bob.command("/captions", order, channel=acme.general)
            await acme.until(partial(lambda count: acme.told(acme.bob).count(ENDING) > count, before), 10)
        acme.slack.faults.slow.clear()
        await acme.until(lambda: not acme.bot.calls.of(acme.team.id, acme.general.id))
        await acme.bob.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: len(acme.rooms.opened) == 3)


@pytest.mark.parametrize(
    ("address", "told"), [("http://localhost:8080", True), ("https://captions.example", False)]
)
async def test_who_gets_a_link_that_no_other_machine_opens_is_told_so(
    tmp_path: Path, address: str, told: bool
) -> None:
    async with office(tmp_path) as acme:
        acme.bridge.address = address
        await acme.start()
        acme.rooms.opened[0].address = f"{address}/room/x"
        assert ONLY_HERE not in acme.told(acme.ann), "where others can open it there is nothing to say"
        await acme.bob.press(acme.card, OPEN)
        await acme.until(lambda: "Go to the room" in acme.told(acme.bob))
        await code_of(acme)
        assert (ONLY_HERE in acme.told(acme.bob)) == told
        assert (ONLY_HERE in acme.told(acme.ann)) == told


async def test_a_call_is_shown_in_another_channel_by_its_code(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        (room,) = acme.rooms.opened
        code = await code_of(acme)
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: other.messages)
        assert room.shown[-1] == ["#random in Acme on Slack"]
        room.joins("Ann")
        room.says("Ann", "Good morning.")
        (card,) = other.messages
        await acme.until(lambda: "Good morning." in "".join(map(words, other.thread(card))))
        cy = acme.slack.person(acme.team, "Cy")
        other.state.members.add(cy.id)
        await cy.press(card, DETACH)
        await acme.until(lambda: "Only who attached it" in acme.told(cy))
        await acme.bob.press(card, DETACH)
        await acme.until(lambda: "Bob ended showing this call here." in words(card))
        assert room.shown[-1] == []
        assert not room.closed


async def test_what_belongs_to_the_call_itself_is_not_done_where_it_is_only_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        code = await code_of(acme)
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: other.messages)
        orders = ["stop", "transcript", "share", "unshare"]
        for order in orders:
            await acme.bob.command("/captions", order, channel=other)
        await acme.until(lambda: [words(one) for one in acme.bob.sees(other)] == [ELSEWHERE] * len(orders))


async def test_where_a_call_is_attached_only_what_is_said_from_then_on_is_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        (room,) = acme.rooms.opened
        code = await code_of(acme)
        room.joins("Ann")
        room.says("Ann", "Nobody else may know of the merger in spring.")
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: acme.bot.calls.guests.of(acme.team.id, other.id))
        await acme.bob.command("/captions", "recap", channel=other)
        await acme.until(lambda: "Nobody has said anything yet." in acme.told(acme.bob))
        room.says("Ann", "Welcome to all who read along from now on.", start=20)
        await acme.until(lambda: "Welcome" in other.text())
        await acme.bob.command("/captions", "recap", channel=other)
        await acme.until(lambda: "Welcome" in acme.told(acme.bob))
        assert "merger" not in other.text() + acme.told(acme.bob)
        acme.bridge.revoke(room)
        await acme.until(lambda: "was ended where it takes place" in words(other.messages[0]))


async def test_a_shared_call_that_ends_says_so_where_it_is_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        code = await code_of(acme)
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: other.messages)
        acme.bridge.ended(acme.rooms.opened[0])
        await acme.until(lambda: "The call is over." in words(other.messages[0]))


async def test_who_may_not_manage_a_call_gets_no_code_and_a_wrong_code_shows_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.bob.command("/captions", "share", channel=acme.general)
        await acme.until(lambda: "can show the call elsewhere" in acme.told(acme.bob))
        other = acme.slack.channel(acme.team, "random", acme.bob)
        await acme.bob.command("/captions", "attach ABCD-EFGH", channel=other)
        await acme.until(lambda: "This code shows no call" in acme.told(acme.bob))
        code = await code_of(acme)
        await acme.bob.command("/captions", f"attach {code}", channel=acme.general)
        await acme.until(lambda: "takes place here already" in acme.told(acme.bob))
        await acme.ann.command("/captions", "unshare", channel=acme.general)
        await acme.until(lambda: "The code has ended" in acme.told(acme.ann))
        await acme.bob.command("/captions", f"attach {code}", channel=other)
        await acme.until(lambda: acme.told(acme.bob).count("This code shows no call") == 2)
        assert not other.messages


async def test_a_channel_is_set_up_by_who_manages_it_and_the_next_call_follows(tmp_path: Path) -> None:
    shelf = Shelf()
    async with office(tmp_path, shelf=shelf) as acme:
        await acme.bob.command("/captions", "setup language=de", channel=acme.general)
        await acme.until(lambda: "can change that" in acme.told(acme.bob))
        acme.ann.state.admin = True
        await acme.ann.command("/captions", "setup language=de guests=yes", channel=acme.general)
        await acme.until(lambda: "Language: de" in acme.told(acme.ann))
        await acme.start()
        (room,) = acme.rooms.opened
        assert (room.language, room.guests) == ("de", True)
        shelf.away = True
        await acme.ann.command("/captions", "setup language=en", channel=acme.general)
        await acme.until(lambda: "can't be kept now" in acme.told(acme.ann))
        shelf.away = False
    assert shelf.spaces[f"slack:{acme.team.id}"] == {
        f"channel:{acme.general.id}": {"language": "de", "guests": True}
    }


async def test_a_full_house_says_so_and_leaves_no_card(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        acme.rooms.full = True
        await acme.ann.command("/captions", "start", channel=acme.general)
        await acme.until(lambda: "which is all that fit" in acme.told(acme.ann))
        assert not acme.general.messages


async def test_a_call_in_which_nobody_shares_sound_ends_by_itself(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start()
        await acme.slack.until(lambda: acme.finales, 2000)
        assert "Nobody shared sound for half an hour" in words(acme.card)
        await acme.start()
        room = acme.rooms.opened[1]
        room.joins("Ann")
        room.leaves("Ann")
        await acme.slack.until(lambda: len(acme.finales) == 2, 700)
        assert room.closed.startswith("Nobody has shared sound for ten minutes")


async def test_people_beyond_those_remembered_are_asked_about_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "NAMES", 2)
    async with FakeSlack() as slack:
        team = slack.team("Acme")
        people = [slack.person(team, name) for name in ("Ann", "Bob", "Cy")]
        client = client_of(team.bot_token, None, slack.api)
        acme = workspace.Workspace(team.id, team.bot, client)
        for one in (*people, people[2], people[0]):
            assert (await places.member(acme, one.id)).name == one.name
        assert [call.method for call in slack.calls].count("users.info") == 4


async def test_who_is_no_admin_any_more_has_the_powers_of_one_for_a_minute_at_most(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        boss = acme.slack.person(acme.team, "Boss", admin=True)
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        assert await places.administers(found[0], boss.id)
        boss_there = acme.slack.world.users[boss.id]
        boss_there.admin = False
        await asyncio.sleep(60)
        assert not await places.administers(found[0], boss.id)
        boss_there.admin = True
        await asyncio.sleep(60)
        assert await places.administers(found[0], boss.id)


async def test_names_are_asked_for_once_an_hour(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        found = await acme.bot.desk.workspaces.find(acme.team.id)
        assert found is not None
        for wait in (0, 1800, 1700, 200):
            await asyncio.sleep(wait)
            assert (await places.member(found[0], acme.ann.id)).name == "Ann"
        assert [call.method for call in acme.slack.calls].count("users.info") == 2


async def test_a_channel_of_many_is_read_page_by_page(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        call = await started(acme)
        assert await places.present(call.workspace, acme.general.id, acme.bob.id)
        assert not await places.present(call.workspace, acme.general.id, "U404")


async def started(acme: Office) -> SlackCall:
    await acme.start()
    return acme.bot.calls.running()[0]


async def test_a_channel_shows_one_call_however_close_together_two_are_asked_for(tmp_path: Path) -> None:
    async with office(tmp_path) as acme:
        await acme.start("start Weekly")
        code = await code_of(acme)
        for number in range(2):
            other = acme.slack.channel(acme.team, f"other{number}", acme.ann, acme.bob)
            asked = [
                acme.bob.command("/captions", f"attach {code}", channel=other),
                acme.ann.command("/captions", "start", channel=other),
            ]
            async with asyncio.TaskGroup() as tasks:
                for one in reversed(asked) if number else asked:
                    tasks.create_task(one)
            await asyncio.sleep(5)
            calls = acme.bot.calls
            there = [calls.of(acme.team.id, other.id), calls.guests.of(acme.team.id, other.id)]
            assert [one is None for one in there].count(False) == 1
            assert len(other.messages) == 1
        assert "just being started here" in acme.told(acme.ann) + acme.told(acme.bob)
        acme.bridge.revoke(acme.rooms.opened[0])
        await acme.until(lambda: not acme.bot.calls.guests.running(acme.team.id))
        await asyncio.sleep(5)


def times(acme: Office, sentence: str, number: int) -> bool:
    """Whether Ann was told something so often."""
    return acme.told(acme.ann).count(sentence) == number
