"""The journal: lines a second, how late a line is on disk, and what the path of the captions pays for it.

    python -m tests.bench.journal [--quick]

The caption path is `Board.show` with its watchers; "locked" means that another program holds the database.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.database.store import Store
from core.record.kept import Line, Opening
from core.record.recaps.quotes import Quotes
from core.record.secretary import Secretary
from core.settings import Settings
from tests.bench.machine import machine, percentile
from tests.fakes.postgres import postgres

ANN = Speaker("p1", "Ann", "web:ann")


def opening(key: str) -> Opening:
    return Opening(key, "here", "Bench", datetime.now(UTC), "en", "Scripted")


def say(board: Board, number: int) -> float:
    """One final; the seconds that showing it took."""
    words = f"line number {number} about the plan for the launch and the budget of the second quarter"
    began = time.perf_counter()
    board.show(Caption(ANN, number, number + 0.9, words, final=True))
    return time.perf_counter() - began


async def throughput(secretary: Secretary, lines: int) -> float:
    """Lines a second, from the first to all on disk, when they come as fast as they can."""
    board = Board(limit=lines + 1)
    journal = secretary.keep(opening(f"throughput-{lines}"), board)
    began = time.perf_counter()
    for number in range(lines):
        say(board, number)
    while journal.written < lines:  # noqa: ASYNC110 - a journal tells nobody how far it is
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - began
    secretary.close(journal)
    return lines / seconds


async def lateness(secretary: Secretary, store: Store, lines: int) -> list[float]:
    """Seconds from a final to its being readable from the database, by another connection."""
    board = Board()
    journal = secretary.keep(opening("lateness"), board)
    late = []
    for number in range(lines):
        await asyncio.sleep(0.137)
        say(board, number)
        began = time.perf_counter()
        while True:
            if journal.call is not None:
                kept = [e async for e in store.entries(journal.call, after=number - 0.5)]
                if any(isinstance(entry, Line) and entry.number == number for entry in kept):
                    break
            await asyncio.sleep(0.005)
        late.append(time.perf_counter() - began)
    secretary.close(journal)
    return late


async def path(secretary: Secretary | None, lines: int, key: str) -> list[float]:
    """Seconds that showing one final takes, with a record (or none) behind it."""
    board = Board()
    journal = secretary.keep(opening(key), board) if secretary else None
    costs = []
    for number in range(lines):
        costs.append(say(board, number))
        await asyncio.sleep(0.001)
    if secretary and journal:
        secretary.close(journal)
    return costs


def micro(values: list[float]) -> str:
    return f"p50 {percentile(values, 0.5) * 1e6:5.1f} µs, p99 {percentile(values, 0.99) * 1e6:6.1f} µs"


async def measure(settings: Settings, lines: int, lock: Path | None) -> None:
    async with (
        open_store(settings) as store,
        Secretary(store, Quotes(), days=0, patience=0.0, metrics=Metrics()) as secretary,
    ):
        print(store.name.split(",")[0].split(" at ")[0])
        print(f"  sustained: {await throughput(secretary, lines):,.0f} lines/s ({lines:,} lines)")
        late = await lateness(secretary, store, max(20, lines // 500))
        print(
            f"  on disk after: p50 {percentile(late, 0.5) * 1e3:.0f} ms, "
            f"p95 {percentile(late, 0.95) * 1e3:.0f} ms, worst {max(late) * 1e3:.0f} ms ({len(late)} lines)"
        )
        print(f"  a caption costs without a record: {micro(await path(None, 2_000, ''))}")
        print(f"  a caption costs with one:         {micro(await path(secretary, 2_000, 'path'))}")
        if lock is not None:
            other = sqlite3.connect(lock, timeout=60, isolation_level=None, check_same_thread=False)
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            print(f"  … while the database is locked:   {micro(await path(secretary, 2_000, 'locked'))}")
            other.execute("ROLLBACK")
            other.close()


async def main(quick: bool) -> None:
    lines = 5_000 if quick else 50_000
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        await measure(Settings(_env_file=None, data_dir=place), lines, place / "spokenly.db")
    with postgres(durable=True) as server:
        await measure(server.settings(server.migrated()), lines, None)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    print(machine())
    asyncio.run(main(options.parse_args().quick))
    sys.exit(0)
