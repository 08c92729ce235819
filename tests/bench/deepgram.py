"""Deepgram with nothing lost: words, delays, cost and load, with the peers beside it.

    python -m tests.bench.deepgram [--quick]

Everything runs against the fake Deepgram of tests/fakes/deepgram, in this run. Peers are installed once, into
environments of their own below the user's cache; where that can't be done they are left out, aloud.
"""

import argparse
import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import psutil

from tests.bench import calls, lines, meetings
from tests.bench.lines import Client, Told
from tests.bench.machine import machine, percentile
from tests.clock import VirtualLoop
from tests.fakes import deepgram as fakes

KINDS: dict[str, Callable[[fakes.Moment], fakes.Breaking]] = {
    "reset": fakes.Reset,
    "cut": fakes.Cut,
    "close 1000": lambda at: fakes.Close(1000, at=at),
    "close 1011": lambda at: fakes.Close(1011, "NET-0000", at=at),
    "stall": fakes.Stall,
    "half-open": fakes.HalfOpen,
    "late 1.5 s": lambda at: fakes.Late(1.5, at),
    "unknown message": lambda at: fakes.Say(at=at),
    "half a message": lambda at: fakes.Say(fakes.BROKEN, at=at),
}

MOMENTS: dict[str, fakes.Moment] = {
    "first word": fakes.Words(1),
    "mid-sentence": fakes.Words(14),
    "in silence": fakes.Silence(0.3),
    "late in the call": fakes.Words(26),
}

UPGRADES: dict[str, fakes.Refusing] = {
    "429": fakes.Http(429),
    "503": fakes.Http(503),
    "hang": fakes.Hang(),
    "drop": fakes.Drop(),
}


def virtually(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


async def many(faults: int, *, stand_in: bool, well: float) -> calls.Outcome:
    """Calls until so many faults have struck."""
    outcome = calls.Outcome()
    while outcome.faults < faults:
        await calls.faulty(outcome.calls, outcome, stand_in=stand_in, well=well)
    return outcome


def words(faults: int) -> bool:
    """Says whether nothing was lost or doubled.

    Where nobody stands in and no connection lives, sound is given up after some tries: that must be marked.
    """
    print("\n1. Words lost and doubled (Spokenly alone, virtual clock, three people at once)")
    print("   faults   words  a fault  lost  of it     doubled  never  out of  gap    by the")
    print("                     every        unmarked           said   order   marks  stand-in")
    good = True
    for name, stand_in, well in (
        ("with a stand-in, every connection faulty", True, 0.0),
        ("with a stand-in, half of them", True, 0.5),
        ("nobody stands in, half of them", False, 0.5),
        ("nobody stands in, every connection faulty", False, 0.0),
    ):
        began = time.perf_counter()
        one = virtually(many(faults, stand_in=stand_in, well=well))
        print(
            f"   {one.faults:>6}  {one.words:>6}  {one.words / one.faults:>7.1f}  {one.lost:>4}  "
            f"{one.unmarked:>8}  {one.doubled:>7}  {one.strange:>5}  {one.disorder:>6}  {one.gaps:>5}  "
            f"{one.near / one.captions:>8.0%}  {name} ({time.perf_counter() - began:.0f} s)"
        )
        print(
            "           " + ", ".join(f"{kind} {count}" for kind, count in one.struck.most_common() if count)
        )
        off = sorted(map(abs, one.errors))
        print(
            f"           captions' starts off: median {percentile(off, 0.5) * 1000:.0f} ms, "
            f"p95 {percentile(off, 0.95) * 1000:.0f}, worst {off[-1] * 1000:.0f} ({len(off)} captions)",
            flush=True,
        )
        for line in one.guilty[:10]:
            print(f"           !!! {line[:600]}")
        hopeless = well == 0.0 and not stand_in  # what nobody could hear must be marked
        good = good and not (one.unmarked if hopeless else one.lost)
        good = good and not (one.doubled or one.strange or one.disorder)
    return good


async def beside(clients: Sequence[Client], *, quick: bool, at_once: int = 16) -> None:
    """Every client through every kind and moment, one fault in 30 words; all clients at the same time."""
    script = lines.said([(10, 0.5), (10, 1.2), (10, 14.0)])
    faults: list[tuple[str, fakes.Script]] = [
        (kind, make(moment)) for kind, make in KINDS.items() for moment in MOMENTS.values()
    ]
    faults += [(f"upgrade: {name}", fault) for name, fault in UPGRADES.items() for _ in range(2)]
    if quick:
        faults = faults[::3]
    print(f"\n2. Beside the peers, in real time: {len(faults)} streams of 30 words, one fault each")
    found: dict[str, list[Told]] = {client.name: [] for client in clients}
    for first in range(0, len(faults), at_once):
        part = faults[first : first + at_once]
        everyone = await lines.side_by_side(clients, [script], [fault for _, fault in part])
        for client, told in zip(clients, everyone, strict=True):
            for one, (kind, _) in zip(told, part, strict=True):
                one.fault = kind
            found[client.name] += told
    print("   lost  doubled  never said   per fault   starts off (ms): median   p95  worst")
    for name, told in found.items():
        off = sorted(abs(error) for one in told for error in one.errors)
        lost, doubled = sum(one.lost for one in told), sum(one.doubled for one in told)
        print(
            f"   {lost:>4}  {doubled:>7}  {sum(one.strange for one in told):>10}  {lost / len(told):>10.1f}  "
            f"{percentile(off, 0.5) * 1000:>24.0f} {percentile(off, 0.95) * 1000:>6.0f} "
            f"{off[-1] * 1000 if off else float('nan'):>6.0f}  {name}"
        )
        by_kind: Counter[str] = Counter()
        for one in told:
            by_kind[one.fault] += one.lost
        gave_up = sum(one.gave_up is not None for one in told)
        print(
            "         lost by kind: "
            + (", ".join(f"{kind} {count}" for kind, count in by_kind.items() if count) or "none")
            + (f"; {gave_up} streams gave up" if gave_up else ""),
            flush=True,
        )


async def delays(clients: Sequence[Client], *, quick: bool) -> None:
    """After a drop with Deepgram there, and through an outage of 30 s."""
    count = 6 if quick else 16
    dice = random.Random(3)
    script = lines.said([(8, 0.4), (8, 0.4), (8, 1.0)] * 3 + [(1, 2.0)])
    drops = [fakes.Reset(at=fakes.Seconds(dice.uniform(4.0, 9.0))) for _ in range(count)]
    print(f"\n3. After a drop, Deepgram back at once ({count} resets each, in real time)")
    print("   first new caption after: median    p95   never")
    for client, told in zip(clients, await lines.side_by_side(clients, [script], drops), strict=True):
        _after(told, client.name)
    count = 2 if quick else 6
    parts, rest = (9, 6.0) if quick else (10, 25.0)
    long = lines.said([(8, 0.4), (8, 0.4), (8, 1.0)] * parts + [(1, rest)])
    print(f"   Deepgram away for 30 s, connections refused ({count} streams each, speech all the time)")
    print(
        "   first new caption after: median    p95   never;  behind (worst), words missing 10 s after its"
        " end;  20 s;  in the end lost, doubled"
    )
    everyone = await lines.side_by_side(clients, [long], [None] * count, lines.away)
    for client, told in zip(clients, everyone, strict=True):
        tail = ""
        for after in (10.0, 20.0):
            behind = [one.behind(one.back + after) for one in told if one.back is not None]
            lags = [lag for lag, _ in behind]
            tail += f";  {percentile(lags, 0.5):.1f} s ({percentile(lags, 1.0):.1f}), "
            tail += f"{percentile([float(missing) for _, missing in behind], 0.5):.0f} words"
        tail += f";  {sum(one.lost for one in told)}, {sum(one.doubled for one in told)}"
        _after(told, client.name, tail)


def _after(told: Sequence[Told], name: str, tail: str = "") -> None:
    times = [one.new_after for one in told if one.new_after is not None]
    found = [one for one in times if one < float("inf")]
    print(
        f"   {percentile(found, 0.5):>25.2f} s {percentile(found, 0.95):>5.2f} s  {len(told) - len(found):>4}"
        f"{tail}   {name}",
        flush=True,
    )


async def load(clients: Sequence[Client], *, quick: bool) -> None:
    """CPU and memory of a client's process: what a stream adds, from 1 to many of them."""
    most, seconds, ready = (10, 4.0, 2.0) if quick else (50, 20.0, 4.0)
    settle = ready + most * 0.05
    count = int((settle + seconds + 6) / 2.4)
    script = lines.said([(8, 0.8)] * count)
    print(f"\n4. What a live stream costs the client ({most} streams of 20 ms frames; the servers elsewhere)")
    print("   CPU a stream   streams a core   MiB of one stream   KiB each further")
    for client in clients:
        used: dict[int, tuple[float, float]] = {}
        for streams in (1, most):
            async with fakes.deepgram(manner=lines.MANNER, limit=1000) as fake:
                async with lines.running(client, [fake.url], [script], streams, 0.05) as run:
                    await lines.connected(fake, streams)
                    await asyncio.sleep(ready)
                    process = psutil.Process(run.pid)
                    before, start = process.cpu_times(), time.perf_counter()
                    await asyncio.sleep(seconds)
                    after, took = process.cpu_times(), time.perf_counter() - start
                    memory = process.memory_info().rss
                share = (after.user + after.system - before.user - before.system) / took
                used[streams] = share, memory
        each = (used[most][0] - used[1][0]) / (most - 1)
        print(
            f"   {each * 100:>10.2f} %   {1 / each:>14.0f}   {used[1][1] / 2**20:>17.0f}   "
            f"{(used[most][1] - used[1][1]) / 1024 / (most - 1):>16.0f}   {client.name}",
            flush=True,
        )


def hour(*, quick: bool) -> None:
    people, minutes = 150, 10 if quick else 60
    print(f"\n   {minutes} simulated minutes of {people} people on {people} streams (virtual clock):")
    began = time.perf_counter()
    rows, ledger, captions = virtually(calls.hour(people, minutes, every=5 if quick else 10))
    print("   MiB after minute " + ", ".join(f"{minute}: {memory:.1f}" for minute, memory in rows))
    print(
        f"   {ledger.most} streams at most, {ledger.connections} connections, {captions} captions, "
        f"{ledger.audio:.0f} s of sound ({time.perf_counter() - began:.0f} s)",
        flush=True,
    )


def cost(*, quick: bool) -> None:
    print("\n5. Seconds streamed (recorded meetings, AMI; virtual clock)")
    if not meetings.FOLDER.is_dir():
        print(f"!!! NOT MEASURED: there are no recordings at {meetings.FOLDER}.")
        return
    each, mixed, count = virtually(meetings.costs(3 if quick else None))
    for name, bill in (("a track for each speaker", each), ("one microphone for all", mixed)):
        print(
            f"   {name}: {bill.sound:.1f} s of sound, {bill.spoken:.1f} s spoken; "
            f"streamed {bill.streamed:.1f} s = {bill.streamed / bill.spoken:.2f} a second spoken, "
            f"everybody all the time {bill.sound / bill.spoken:.2f}; {bill.streamed / bill.sound:.0%} of it; "
            f"{bill.connections} connections, open for {bill.connected:.0f} s; "
            f"speech that was not streamed {bill.kept_back:.2f} s"
        )
    print(f"   ({count} excerpts)", flush=True)


PARTS = ("words", "beside", "delays", "load", "hour", "cost")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer faults and streams")
    options.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART", help=f"of {', '.join(PARTS)}")
    chosen = options.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        options.error(f"there is no part {', '.join(sorted(unknown))}")
    logging.disable(logging.CRITICAL)  # every fault would be logged
    began = time.perf_counter()
    print(f"Deepgram, by its fake. {machine()}")
    clients = [lines.spokenly(stand_in=True), lines.spokenly(stand_in=False)]
    if {"beside", "delays", "load"} & set(chosen.parts):
        clients += lines.peers()
    good = True
    if "words" in chosen.parts:
        good = words(50 if chosen.quick else 1000)
    if "beside" in chosen.parts:
        asyncio.run(beside(clients, quick=chosen.quick))
    if "delays" in chosen.parts:
        asyncio.run(delays(clients, quick=chosen.quick))
    if "load" in chosen.parts:
        asyncio.run(load([client for client in clients if not client.stand_in], quick=chosen.quick))
    if "hour" in chosen.parts:
        hour(quick=chosen.quick)
    if "cost" in chosen.parts:
        cost(quick=chosen.quick)
    print(f"\nAll of it took {time.perf_counter() - began:.0f} s. {machine().rpartition('; ')[2]} (now)")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
