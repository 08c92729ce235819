"""Spokenly's receive path in the packet benchmark, in a process of its own like the others.

    python -m tests.bench.peers.spokenly_packets PLAN.json

`mode`: the encryption of the transport. `dave`: people's sound is end-to-end encrypted as well; it is then
sealed here, before the clock starts, because its keys can't be handed from one process to another.
"""

import asyncio
import time
from typing import Any

from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import Hearing
from bots.discord.voice.sealed import MODES
from bots.discord.voice.udp import Datagrams
from tests.bench.packets_sealed import seal
from tests.bench.peers import packets_plan


class Ears:
    """A listener that counts."""

    def __init__(self) -> None:
        self.heard = 0

    def welcome(self, _user: int | None, _packets: int = 0) -> bool:
        return True

    def hear(self, _user: int, _pcm: bytes, _at: float, _late: float = 0.0) -> None:
        self.heard += 1

    def lost(self, _user: int, _start: float, _end: float) -> None:
        """Nothing gets lost here."""

    def left(self, _user: int) -> None:
        """Nobody leaves."""

    def deaf(self, _user: int | None, _deaf: bool) -> None:
        """Nobody watches."""

    def standing(self, _standing: object) -> None:
        """It stands."""


def prepared(plan: dict[str, Any], ears: Ears) -> Hearing:
    hearing = Hearing(ears, Dave(1, 2))
    hearing.seal = MODES[plan["mode"]](bytes.fromhex(plan["key"]))
    for user, ssrc in plan["speakers"]:
        hearing.met(user, ssrc, time.monotonic())
    return hearing


async def encrypted(plan: dict[str, Any], hearing: Hearing, packets: list[bytes]) -> list[bytes]:
    """The packets with people's sound end-to-end encrypted, if that is asked for."""
    if plan["dave"]:
        hearing.dave, packets = await seal(plan, packets)
    return packets


async def straight(plan: dict[str, Any]) -> None:
    ears = Ears()
    hearing = prepared(plan, ears)
    packets = await encrypted(plan, hearing, packets_plan.datagrams(plan["packets"]))
    packets_plan.straight(packets, lambda data: hearing.receive(data, time.monotonic()), lambda: ears.heard)


async def by_socket(plan: dict[str, Any]) -> None:
    ears = Ears()
    hearing = prepared(plan, ears)
    # The sender reads the file when it is asked to begin.
    packets = packets_plan.datagrams(plan["packets"])
    packets_plan.write(plan["packets"], await encrypted(plan, hearing, packets))
    meter = packets_plan.Meter(plan["count"], lambda: ears.heard)

    def take(data: bytes, now: float) -> None:
        meter.tick()
        hearing.receive(data, now)

    datagrams = await Datagrams.open("127.0.0.1", plan["port"], take)
    datagrams.send(b"begin")
    while not meter.done:  # noqa: ASYNC110 - it looks at the machine's clock
        await asyncio.sleep(0.1)
    meter.report()
    datagrams.close()


if __name__ == "__main__":
    given = packets_plan.plan()
    asyncio.run(by_socket(given) if given["port"] else straight(given))
