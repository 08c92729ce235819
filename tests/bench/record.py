"""The record: how long a search takes in 10 thousand to a million lines, on SQLite and on PostgreSQL.

    python -m tests.bench.record [--lines 1000000] [--queries 200]

Lines of a dozen words are drawn from a vocabulary with the frequencies of speech (Zipf): the commonest
word is in every second line, the rarest in one of thirty thousand.
"""

import argparse
import asyncio
import random
import tempfile
import time
from bisect import bisect
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import accumulate
from pathlib import Path

from core.audio.frame import Speaker
from core.record.database.opening import open_store
from core.record.database.store import Store
from core.record.kept import Line, Numbered
from core.settings import Settings
from tests.bench.machine import machine, percentile
from tests.fakes.postgres import Postgres, postgres
from tests.fakes.record import BEGAN, opening

CALL = 500
"""Lines of one call."""

VOCABULARY = 30_000
SPEAKERS = [Speaker(f"p{n}", f"Speaker {n}", f"bench:{n}") for n in range(8)]

Draw = Callable[[], int]


def zipf(dice: random.Random) -> Draw:
    """The rank of a word, as often as speech uses it."""
    edges = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    return lambda: bisect(edges, dice.random() * edges[-1])


def queries(dice: random.Random, low: int, high: int, count: int) -> list[str]:
    """Two words each, of ranks from `low` to `high`."""
    return [f"w{dice.randrange(low, high)} w{dice.randrange(low, high)}" for _ in range(count)]


async def fill(store: Store, lines: int, dice: random.Random, first: int) -> float:
    """Lines a second."""
    draw, words = zipf(dice), [f"w{rank}" for rank in range(VOCABULARY)]
    spent = 0.0
    for number in range(first, first + lines // CALL):
        began = BEGAN + timedelta(hours=number)
        call = await store.begin(opening(f"call {number}", began=began, space=f"machine {number % 2}"))
        said = [
            Line(n, dice.choice(SPEAKERS), 4.0 * n, 4.0 * n + 3, " ".join(words[draw()] for _ in range(12)))
            for n in range(CALL)
        ]
        start = time.perf_counter()
        await store.write(call, [Numbered(line.number, line) for line in said])
        spent += time.perf_counter() - start
        await store.end(call)
    return lines / spent


async def measured(store: Store, asked: Sequence[str], **where: str) -> str:
    """Milliseconds of a search, in the middle and at worst but for one in twenty, and the hits of a page."""
    times, hits = [], 0
    for words in asked:
        start = time.perf_counter()
        hits += len(await store.search(words, **where))  # type: ignore[arg-type]  # a space
        times.append((time.perf_counter() - start) * 1_000)
    return (
        f"p50 {percentile(times, 0.5):6.1f} ms   p95 {percentile(times, 0.95):6.1f} ms   "
        f"worst {max(times):6.1f} ms   {hits / len(times):.0f} hits a page"
    )


async def searched(store: Store, dice: random.Random, count: int) -> None:
    for name, asked in {
        "very common words": queries(dice, 0, 20, count),
        "common words": queries(dice, 20, 500, count),
        "rare words": queries(dice, 500, VOCABULARY, count),
        "one common, one rare": [
            f"w{dice.randrange(20)} w{dice.randrange(5_000, VOCABULARY)}" for _ in range(count)
        ],
        "a phrase": [f'"w{dice.randrange(20)} w{dice.randrange(20)}"' for _ in range(count)],
        "a beginning": [f"w{dice.randrange(10, 99)}* w{dice.randrange(500)}" for _ in range(count)],
        "without a common word": [f"w{dice.randrange(500)} -w{dice.randrange(5)}" for _ in range(count)],
        "nothing there": [f"w{dice.randrange(20)} nothing" for _ in range(count)],
    }.items():
        print(f"  {name:22} {await measured(store, asked)}", flush=True)
    here = queries(dice, 0, 500, count)
    print(f"  {'in one space of two':22} {await measured(store, here, space='machine 1')}")
    start = time.perf_counter()
    await store.calls()
    print(f"  the list of 50 calls took {(time.perf_counter() - start) * 1_000:.1f} ms")


async def taken_out(store: Store) -> None:
    """How long a correction and a deletion take, with the cleaning of the index."""
    call = (await store.calls(limit=1))[0]
    start = time.perf_counter()
    await store.correct(call, 0, "something else")
    corrected = time.perf_counter()
    await store.delete(call)
    deleted = time.perf_counter()
    print(f"  a correction took {corrected - start:.2f} s, deleting a call {deleted - corrected:.2f} s")


async def search(settings: Settings, sizes: Sequence[int], count: int, ready: Callable[[], object]) -> None:
    """Fill a record step by step to each of `sizes`, and search it at each."""
    dice = random.Random(1)
    async with open_store(settings) as store:
        print(store.name.partition(",")[0].partition(" at")[0])
        filled = 0
        for size in sizes:
            pace = await fill(store, size - filled, dice, filled // CALL)
            filled = size
            await asyncio.to_thread(ready)
            print(f" {size:,} lines (written at {pace:,.0f} a second, {CALL} in a transaction)")
            await searched(store, dice, count)
        await taken_out(store)


def analysed(server: Postgres, name: str) -> None:
    server.run("VACUUM (ANALYZE)", name)  # what autovacuum does in its own time


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--queries", type=int, default=200)
    options.add_argument("--only", choices=["sqlite", "postgresql"])
    chosen = options.parse_args()
    print(machine())
    sizes = [size for size in (10_000, 100_000, 1_000_000) if size < chosen.lines] + [chosen.lines]
    if chosen.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(data_dir=Path(folder))
            asyncio.run(search(settings, sizes, chosen.queries, lambda: None))
            size = (Path(folder) / "spokenly.db").stat().st_size
            print(f" the file has {size / 2**20:,.0f} MiB, {size / chosen.lines:,.0f} bytes a line")
    if chosen.only != "sqlite":
        with postgres(durable=True) as server:
            name = server.migrated()
            asyncio.run(search(server.settings(name), sizes, chosen.queries, lambda: analysed(server, name)))


if __name__ == "__main__":
    main()
