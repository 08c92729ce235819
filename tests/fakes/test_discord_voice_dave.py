"""The fake call's end-to-end encryption through everything that Discord does with it (ops 21 to 31)."""

import asyncio
from typing import Literal

import pytest

from tests.fakes.discord.voice import Davey, Faults, LibDave, voice
from tests.fakes.discord.voice.client import BOT, LOUNGE, Client, joined
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.encryption import Encryption, Told
from tests.fakes.discord.voice.rtp import SILENCE
from tests.recordings import tone

HALF = tone(0.5, 48_000).tobytes()
SAID = [*frames(HALF), *[SILENCE] * 5]

LIBRARIES = pytest.mark.parametrize("library", [Davey, LibDave])


def ops(client: Client, *wanted: int) -> list[int]:
    return [op for op, _ in client.messages if op in wanted]


async def test_the_external_sender_comes_before_or_after_op_4() -> None:
    for early in (True, False):
        faults = Faults(external_sender="before" if early else "after")
        async with voice(faults) as server, joined(server) as bot:
            await server.person("Ann").join(LOUNGE)
            assert ops(bot, 4, 25) == ([25, 4] if early else [4, 25])
            assert bot.member.ready


@LIBRARIES
async def test_the_last_member_gets_a_new_group_and_is_joined_again(library: type[Davey]) -> None:
    async with voice() as server, joined(server) as bot:
        encryption = server.room(LOUNGE).encryption
        ann = server.person("Ann")
        ann.library = library
        for _ in range(3):
            await ann.join(LOUNGE)
            assert encryption.epoch == 1
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user][-30:] == SAID
            await ann.leave()
            await asyncio.sleep(0.1)
            assert encryption.epoch == 0
        assert ops(bot, 21, 24) == [24, 21] * 3
        assert len(bot.heard[ann.user]) == 90


@pytest.mark.parametrize("alone", ["version 0", "nothing"])
async def test_the_last_member_may_be_told_otherwise(alone: Literal["version 0", "nothing"]) -> None:
    async with voice(Faults(alone=alone)) as server, joined(server) as bot:
        encryption = server.room(LOUNGE).encryption
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        await ann.leave()
        await asyncio.sleep(0.1)
        quiet = alone == "version 0"
        assert ops(bot, 21, 24) == ([21] if quiet else [])
        assert encryption.version == (0 if quiet else 1)
        await ann.join(LOUNGE)
        assert ops(bot, 21, 24) == ([21, 24] if quiet else [])
        assert encryption.version == 1
        assert encryption.epoch == (1 if quiet else 3)
        await ann.say(HALF)
        await asyncio.sleep(0.1)
        assert bot.heard[ann.user] == SAID


@LIBRARIES
async def test_down_to_no_encryption_and_up_again(library: type[Davey]) -> None:
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        ben.library = library
        await ann.join(LOUNGE)
        await ben.join(LOUNGE)
        async with joined(server) as bot:
            encryption = server.room(LOUNGE).encryption
            encryption.downgrade()
            await asyncio.sleep(0.2)
            assert encryption.version == 0
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert [packet.payload for packet in bot.packets] == SAID
            encryption.upgrade()
            await asyncio.sleep(0.5)
            assert encryption.settled
            assert encryption.version == 1
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ben.user] == SAID * 2
            assert bot.packets[30].payload.endswith(b"\xfa\xfa")
            assert not bot.counters


async def test_a_new_group_in_mid_call_is_joined_by_all() -> None:
    async with voice() as server:
        people = [server.person(f"P{number}") for number in range(4)]
        people[1].library = people[2].library = LibDave
        for person in people:
            await person.join(LOUNGE)
        async with joined(server) as bot:
            encryption = server.room(LOUNGE).encryption
            encryption.restart()
            await asyncio.sleep(0.5)
            assert encryption.settled
            for person in people:
                await person.say(HALF)
            await asyncio.sleep(0.1)
            assert all(bot.heard[person.user] == SAID for person in people)


async def test_proposals_of_a_wrong_epoch_change_nothing() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            server.room(LOUNGE).encryption.confuse()
            await asyncio.sleep(0.1)
            assert bot.member.counters["unusable proposals"] == 1
            await server.person("Ben").join(LOUNGE)
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID


@LIBRARIES
async def test_whoever_cannot_follow_a_commit_says_so_and_comes_in_again(library: type[Davey]) -> None:
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        ann.library = library
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            encryption = server.room(LOUNGE).encryption
            encryption.spoil = {BOT}
            await ben.join(LOUNGE)
            await asyncio.sleep(0.5)
            assert encryption.counters["invalid"] == 1
            assert bot.member.counters == {"invalid": 1}
            assert encryption.settled
            await ann.say(HALF)
            await ben.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == bot.heard[ben.user] == SAID
            encryption.spoil = {ann.user}
            await ben.leave()
            await asyncio.sleep(0.5)
            assert encryption.settled
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID * 2


async def test_a_spoiled_welcome_is_recovered_too() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        server.room(LOUNGE).encryption.spoil = {BOT}
        async with joined(server) as bot:
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[ann.user] == SAID


async def test_when_nobody_can_commit_any_more_a_new_group_begins() -> None:
    async with voice() as server:
        ann, ben, cem = (server.person(name) for name in ("Ann", "Ben", "Cem"))
        for person in (ann, ben):
            await person.join(LOUNGE)
        encryption = server.room(LOUNGE).encryption
        encryption.spoil = {ann.user, ben.user, cem.user}
        await cem.join(LOUNGE)
        await asyncio.sleep(0.5)
        assert encryption.settled
        await ann.say(HALF)
        assert list(cem.heard[ann.user]) == list(ben.heard[ann.user]) == SAID


async def test_a_silent_member_holds_a_transition_up_for_two_seconds() -> None:
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            loop = asyncio.get_running_loop()
            server.line(BOT).drop()
            await bot.over.wait()
            before = loop.time()
            await ben.join(LOUNGE)
            assert 1.9 < loop.time() - before < 2.3
            assert server.room(LOUNGE).encryption.counters["transition timeout"] == 1


async def test_the_first_transition_may_be_number_0_which_nobody_confirms() -> None:
    async with voice(Faults(first_transition_zero=True)) as server, joined(server) as bot:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        await asyncio.sleep(0.1)
        assert not ops(bot, 22)
        await ann.say(HALF)
        await asyncio.sleep(0.1)
        assert bot.heard[ann.user] == SAID


async def test_who_is_not_let_in_yet_may_get_proposals_and_is_let_in_all_the_same() -> None:
    async with voice(Faults(proposals_to_pending=True)) as server:
        people = [server.person(f"P{number}") for number in range(3)]
        for person in people:
            await person.join(LOUNGE)
        async with joined(server) as bot:
            assert ops(bot, 27, 30)[:2] == [27, 30]
            await people[2].say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[people[2].user] == SAID


async def test_many_who_come_and_go_at_once_end_in_one_group() -> None:
    async with voice() as server:
        people = [server.person(f"P{number}") for number in range(8)]
        people[3].library = LibDave
        async with joined(server) as bot, asyncio.TaskGroup() as tasks:
            for person in people:
                tasks.create_task(person.join(LOUNGE))
            await asyncio.sleep(1.0)
            encryption = server.room(LOUNGE).encryption
            assert encryption.settled
            for person in people[:4]:
                person.vanish()
            for person in people[:2]:
                tasks.create_task(person.join(LOUNGE))
            await asyncio.sleep(1.0)
            assert encryption.settled
            for person in (people[0], people[7]):
                await person.say(HALF)
            await asyncio.sleep(0.1)
            assert bot.heard[people[0].user] == bot.heard[people[7].user] == SAID


async def test_nobody_hears_what_is_sent_plain_into_an_encrypted_call() -> None:
    async with voice() as server:
        ann = server.person("Ann")
        await ann.join(LOUNGE)
        async with joined(server) as bot:
            ann.plain = True
            await ann.say(HALF)
            await asyncio.sleep(0.1)
            assert [packet.payload for packet in bot.packets] == SAID
            assert bot.heard[ann.user] == [SILENCE] * 5
            assert bot.counters["unopened"] == 25


async def test_whoever_recovers_for_ever_is_left_out() -> None:
    async with voice() as server:
        ann, ben = server.person("Ann"), server.person("Ben")
        await ann.join(LOUNGE)
        encryption = server.room(LOUNGE).encryption
        encryption.spoil_always = {ben.user}
        await ben.join(LOUNGE)
        assert encryption.counters["given up"] == 1
        assert encryption.counters["invalid"] < 30


class Seat:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.binary: list[tuple[int, bytes]] = []

    def tell(self, op: int, data: object) -> None:
        """JSON is of no interest here."""

    def tell_binary(self, op: int, payload: bytes) -> None:
        self.binary.append((op, payload))


async def test_a_founder_who_begins_again_lets_in_who_was_waiting() -> None:
    seats: dict[int, Told] = {1: (one := Seat()), 2: (two := Seat())}
    encryption = Encryption(LOUNGE, seats, Faults(), version=1)
    founder, waiting = Davey(1), Davey(2)
    for seat, crypt in ((one, founder), (two, waiting)):
        encryption.greet(seat)
        crypt.trust(seat.binary[0][1])
    encryption.key_package(1, founder.begin(LOUNGE))
    encryption.key_package(2, waiting.begin(LOUNGE))
    encryption.key_package(1, founder.begin(LOUNGE))
    assert [op for op, _ in one.binary] == [25, 27, 27]
    commit = founder.proposals(one.binary[-1][1], {1, 2})
    assert commit
    encryption.commit(1, commit)
    assert waiting.welcome(two.binary[-1][1][2:], {1, 2})
    encryption.close()
