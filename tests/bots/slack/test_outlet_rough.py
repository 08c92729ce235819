"""Captions in a Slack thread while Slack fails, refuses and forgets to answer."""

import asyncio
import random
import re

import pytest

from bots.slack.posts import AGAIN
from core.captions.publisher import Publisher
from core.errors import OutletGone
from tests.bots.slack.threadroom import threadroom
from tests.fakes.slack.limits import Rate


async def test_an_append_whose_answer_is_lost_is_not_repeated_and_no_word_is_lost() -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        room.slack.faults.landed["chat.appendStream"] = 1
        room.say("two")
        await room.show()
        room.say("three")
        await room.show()
        assert room.texts == ["Ann: one two", "Ann: three"]
        room.slack.faults.statuses["chat.appendStream"] = [503]
        room.say("four")
        await room.show()
        assert room.texts == ["Ann: one two", "Ann: three four"]


async def test_a_stream_that_died_is_followed_by_another() -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        stream = room.messages[0].stream
        assert stream is not None
        stream.open = False
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two"]


async def test_a_stream_that_somebody_stopped_goes_on_as_a_message_that_is_rewritten() -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        room.slack.faults.errors["chat.appendStream"] = ["stopped_by_user"]
        room.say("two")
        await room.show()
        room.saying("three four", stable="three")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two three four"]
        assert room.messages[1].text.endswith("two three *four*")
        assert room.methods.count("startStream ok") == 1


@pytest.mark.parametrize(
    "error", ["message_not_found", "message_not_in_streaming_state", "streaming_state_conflict"]
)
async def test_what_an_append_is_refused_with_loses_no_word(error: str) -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        room.slack.faults.errors["chat.appendStream"] = [error]
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: one", "Ann: two"]


async def test_a_message_that_somebody_deleted_stays_away_and_captions_go_on() -> None:
    async with threadroom() as room:
        room.say("one")
        await room.show()
        room.messages[0].deleted = True
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: two"]


@pytest.mark.parametrize("what", ["landed", "not landed"])
@pytest.mark.parametrize("scopes", [set(), {"channels:history"}])
async def test_a_post_whose_answer_is_lost_is_looked_for(what: str, scopes: set[str]) -> None:
    async with threadroom(calls=50) as room:
        room.governor.refused("chat.update", 600)  # so each has to come by a post
        room.team.scopes -= {"im:history"}
        room.team.scopes |= scopes
        room.say("one")
        await room.show()
        if what == "landed":
            room.slack.faults.landed["chat.postMessage"] = 1
        else:
            room.slack.faults.statuses["chat.postMessage"] = [500]
        room.say("two, <!here> *x*")
        await room.show()
        room.say("three")
        await room.show()
        once = ["Ann: one", "Ann: two, <!here> *x*".replace("*", ""), "Ann: three"]
        if scopes:
            assert room.texts == once
        else:
            doubt = f"{AGAIN}\n\n{once[1]}"
            assert room.texts == [*(once[:2] if what == "landed" else once[:1]), doubt, once[2]]


@pytest.mark.parametrize("landed", [True, False])
async def test_a_start_whose_answer_is_lost_leaves_an_empty_message_at_most(landed: bool) -> None:
    async with threadroom(streams=True) as room:
        if landed:
            room.slack.faults.landed["chat.startStream"] = 1
        else:
            room.slack.faults.statuses["chat.startStream"] = [502]
        room.say("one")
        await room.show()
        assert [text for text in room.texts if text] == ["Ann: one"]


async def test_a_rewritten_message_that_is_deleted_loses_nothing_that_was_not_shown() -> None:
    async with threadroom() as room:
        room.say("one")
        await room.show()
        room.messages[0].deleted = True
        room.say("two")
        await room.show()
        assert room.texts == ["Ann: two"]


async def test_a_refusal_for_sending_too_much_is_waited_for_and_not_repeated() -> None:
    async with threadroom(streams=True) as room:
        room.say("one")
        await room.show()
        room.slack.limits.methods["chat.appendStream"] = Rate(2, 1)
        for word in ("two", "three", "four"):
            room.say(word)
            await room.show()
        assert room.texts == ["Ann: one two three four"]
        assert room.methods.count("appendStream ratelimited") == room.governor.refusals <= 3


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("archived", "archived"),
        ("kicked", "invite"),
        ("thread", "was deleted"),
        ("revoked", "not installed"),
        ("uninstalled", "not installed"),
        ("scope", "scope chat:write"),
    ],
)
@pytest.mark.parametrize("calls", [1, 50])
async def test_a_place_that_is_gone_is_told_in_one_sentence(fault: str, sentence: str, calls: int) -> None:
    async with threadroom(calls=calls) as room:
        room.say("one")
        await room.show()
        match fault:
            case "archived":
                room.place.state.archived = True
            case "kicked":
                room.place.state.members.discard(room.team.bot)
                room.place.state.private = True
            case "thread":
                for message in [room.card, *room.messages]:
                    message.deleted = True
            case "revoked":
                room.slack.faults.revoked.add(room.team.bot_token)
            case "uninstalled":
                room.team.installed = False
            case "scope":
                room.team.scopes.discard("chat:write")
        room.say("two")
        with pytest.raises(OutletGone, match=sentence) as gone:
            await room.show()
        assert str(gone.value).endswith(".")


async def test_what_slack_calls_by_an_unknown_name_leads_down_the_ladder_and_in_the_end_out() -> None:
    async with threadroom(streams=True) as room:
        faults = room.slack.faults.errors
        faults["chat.startStream"] = faults["chat.postMessage"] = ["brand_new_refusal"] * 9
        room.say("one")
        with pytest.raises(OutletGone, match="brand_new_refusal"):
            await room.show()


async def test_slack_that_does_not_answer_at_all_is_asked_less_and_less() -> None:
    async with threadroom(streams=True) as room:
        room.slack.faults.slow = dict.fromkeys(["chat.startStream", "chat.postMessage", "chat.update"], 100.0)
        room.say("one")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(600):
                await room.show()
        await asyncio.sleep(100)
        assert 5 < len(room.slack.calls) < 15


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("streams", [True, False])
async def test_whatever_fails_and_however_the_way_changes_each_word_stands_there_once(
    seed: int, streams: bool
) -> None:
    dice = random.Random(seed)
    async with threadroom(streams=streams) as room:
        room.team.scopes.add("channels:history")
        faults, publisher = room.slack.faults, Publisher(room.board, room.captions)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(300):
                room.saying(f"w{number} maybe", stable=f"w{number}")
                await asyncio.sleep(dice.uniform(0, 2))
                room.say(f"w{number}")
                method = dice.choice(
                    ["chat.appendStream", "chat.startStream", "chat.update", "chat.postMessage"]
                )
                match dice.randrange(12):
                    case 0:
                        faults.landed[method] = 1
                    case 1:
                        faults.statuses[method] = [503]
                    case 2:
                        faults.errors[method] = [dice.choice(["internal_error", "ratelimited"])]
                    case 3:
                        for message in room.messages:
                            if message.stream is not None:
                                message.stream.open = False
                    case 4:
                        room.calls = dice.choice([1, 1, 3, 20])
            await asyncio.sleep(120)
            publisher.close()
        words = [word for text in room.texts for word in text.split() if re.fullmatch(r"w\d+", word)]
        assert sorted(words, key=lambda word: int(word[1:])) == [f"w{number}" for number in range(300)]
