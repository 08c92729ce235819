"""How long a call takes to become a file, and how much memory: `python -m tests.bench.exports [--hours 6]`.

Each format is written in a process of its own, from entries that come as a store gives them, in pages, and
into nothing. Memory is what the process grew by at its peak, with everything loaded and a short call written
before. The loop's longest wait is what another task sees that only wants its turn.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.record.files.formats import FORMATS, Format, write
from core.record.files.heading import Heading
from core.record.kept import Kept, Line
from tests.bench.machine import machine

PAGE = 500
TURNS = 1000
"""Turns of an hour, of ten words on average: 167 words a minute."""

HEADING = Heading(
    "A long call", datetime(2026, 11, 22, 9, tzinfo=UTC), "en", "Moonshine tiny, on this machine"
)
WORDS = """
the of and to we it is that in for this have on be are with as you not was but so if they can will meeting
budget question release customer number because should really people decision tomorrow draft yes, okay. right,
think know going something Friday. report, please? today. together difference
"""


def call(hours: float) -> Iterator[Kept]:
    """Four people take turns, and one time in ten before the other has finished."""
    chance = random.Random(1)
    vocabulary = WORDS.split()
    people = [Speaker(f"p{number}", name) for number, name in enumerate(("Ann", "Ben", "Cem", "Noa"))]
    at, step = 0.0, 3600 / TURNS
    for number in range(int(hours * TURNS)):
        speaker = people[(number + chance.randrange(3)) % 4]
        count = chance.randint(2, 18)
        words = " ".join(chance.choices(vocabulary, k=count)).capitalize() + "."
        length = step * chance.uniform(0.7, 0.95) * count / 10
        yield Line(number, speaker, at, at + length, words, language="en", confidence=0.9)
        if chance.random() < 0.005:
            yield Gap(speaker, at + length, at + length + 1)
        at += step * count / 10 * (0.6 if chance.random() < 0.1 else 1.04)


async def pages(hours: float) -> AsyncIterator[Kept]:
    """The call as a store gives it."""
    for number, entry in enumerate(call(hours)):
        if number % PAGE == 0:
            await asyncio.sleep(0)
        yield entry


def memory(field: str) -> int:
    """Bytes of this process by /proc: VmRSS is now, VmHWM the most it ever was."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(f"{field}:"))


def forget_peak() -> None:
    """From now on VmHWM tells of what comes."""
    Path("/proc/self/clear_refs").write_text("5")


async def measure(form: Format, hours: float) -> dict[str, float]:
    """One format, in this process."""
    async for _ in write(form, HEADING, pages(0.1)):
        pass
    size, longest, last = 0, 0.0, time.perf_counter()

    async def other() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    forget_peak()
    before, began, busy = memory("VmRSS"), time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(other())
        async for piece in write(form, HEADING, pages(hours)):
            size += len(piece)
        waiting.cancel()
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - busy,
        "peak": memory("VmHWM") - before,
        "longest": longest,
        "size": size,
    }


def report(hours: float) -> None:
    """Print a line for each format, and one for what making up the call costs."""
    print(machine())
    began = time.perf_counter()
    entries = list(call(hours))
    words = sum(len(entry.text.split()) for entry in entries if isinstance(entry, Line))
    print(
        f"a call of {hours:g} h: {len(entries):,} entries, {words:,} words "
        f"({time.perf_counter() - began:.2f} s of each figure make it up)"
    )
    print(f"{'format':10}{'s':>8}{'CPU s':>8}{'peak MiB':>10}{'loop ms':>9}{'file KiB':>10}")
    for name in FORMATS:
        command = [sys.executable, "-m", "tests.bench.exports", "--hours", str(hours), "--form", name]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        print(
            f"{name:10}{found['seconds']:8.2f}{found['cpu']:8.2f}{found['peak'] / 2**20:10.1f}"
            f"{found['longest'] * 1000:9.1f}{found['size'] / 1024:10.0f}",
            flush=True,
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hours", type=float, default=6.0)
    options.add_argument("--form", choices=[*FORMATS], help="measure this one in this process, as JSON")
    chosen = options.parse_args()
    if not Path("/proc/self/clear_refs").exists():
        options.error("memory is measured by /proc, which only Linux has")
    if chosen.form:
        print(json.dumps(asyncio.run(measure(FORMATS[chosen.form], chosen.hours))))
    else:
        report(chosen.hours)


if __name__ == "__main__":
    main()
