"""Clients of Deepgram side by side, in real time: each a process of its own, before the same servers.

A round gives every client the same sound and the same faults. Each stream has a fake Deepgram to itself, so
that one's connections never take another's fault. Peers live in environments of their own, made once below
the user's cache.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.deepgram import KEY, FakeDeepgram, Manner, Script, deepgram
from tests.fakes.engine import speak

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

MANNER = Manner(lag=0.3, pace=1.25, varied=True)
"""As fast as Deepgram says it is, and 0.3 s behind."""

WORD = 0.2
"""Seconds of a word."""


@dataclass(frozen=True, slots=True)
class Client:
    """A program that captions over Deepgram: what starts it, and whether something stands in."""

    name: str
    command: tuple[str, ...]
    stand_in: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said on one stream: words in a row, and where each begins (seconds)."""

    pcm: bytes
    begins: dict[int, float]

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 32_000


def said(parts: Sequence[tuple[int, float]], first: int = 100) -> Speech:
    """Parts of (words, seconds of silence after them)."""
    pcm = b""
    begins: dict[int, float] = {}
    for count, after in parts:
        numbers = range(first, first + count)
        begins |= {number: len(pcm) / 32_000 + n * WORD for n, number in enumerate(numbers)}
        pcm += speak(numbers, after=after)
        first += count
    return Speech(pcm, begins)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that a reader saw: when (seconds after the first sample), and the words of it."""

    at: float
    final: bool
    words: tuple[int, ...]
    start: float | None


@dataclass(slots=True)
class Told:
    """What became of one stream of one client."""

    script: Speech
    shown: list[Shown]
    gave_up: str | None
    began: float
    """The loop's time of the first sample."""
    fault: str = ""
    struck: float | None = None
    """When the fault struck, seconds after the first sample, where that is known."""
    back: float | None = None
    """When Deepgram was there again, likewise."""

    @property
    def kept(self) -> Counter[int]:
        return Counter(word for one in self.shown if one.final for word in one.words)

    @property
    def lost(self) -> int:
        return sum(word not in self.kept for word in self.script.begins)

    @property
    def doubled(self) -> int:
        return sum(count - 1 for count in self.kept.values())

    @property
    def strange(self) -> int:
        """Words that nobody said."""
        return sum(word not in self.script.begins for word in self.kept)

    @property
    def errors(self) -> list[float]:
        """Seconds by which each final's start is off its first word's."""
        return [
            one.start - self.script.begins[one.words[0]]
            for one in self.shown
            if one.final and one.words and one.start is not None and one.words[0] in self.script.begins
        ]

    @property
    def new_after(self) -> float | None:
        """Seconds from the fault to the first caption with a word later than all shown before."""
        if self.struck is None:
            return None
        newest = max((max(one.words) for one in self.shown if one.words and one.at <= self.struck), default=0)
        later = [
            one.at for one in self.shown if one.words and one.at > self.struck and max(one.words) > newest
        ]
        return min(later) - self.struck if later else float("inf")

    def behind(self, at: float) -> tuple[float, int]:
        """At this moment: seconds from the end of the newest word shown to that of the newest said, and words
        said and not shown yet."""
        spoken = {word: start + WORD for word, start in self.script.begins.items() if start + WORD <= at}
        seen = {word for one in self.shown if one.at <= at for word in one.words}
        newest = max((spoken[word] for word in seen if word in spoken), default=0.0)
        return max(spoken.values()) - newest, len(spoken.keys() - seen)


def spokenly(*, stand_in: bool) -> Client:
    name = "Spokenly, a stand-in here" if stand_in else "Spokenly, nobody stands in"
    return Client(name, (sys.executable, "-m", "tests.bench.peers.spokenly_client"), stand_in)


PEERS = {
    "livekit-plugins-deepgram 1.8.9": ("livekit-plugins-deepgram==1.8.9", "livekit_client.py"),
    "pipecat-ai 1.14.0": ("pipecat-ai[deepgram]==1.14.0", "pipecat_client.py"),
}
"""By their names: what is installed, and the script that drives it."""


def peers() -> list[Client]:
    """Those that are installed or can be; the others are named aloud."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spokenly-bench"
    found = []
    for name, (requirement, script) in PEERS.items():
        python = cache / name.replace(" ", "-") / "bin" / "python"
        if problem := install(python, requirement):
            print(f"!!! {name} IS NOT MEASURED: it can't be installed ({problem}).", flush=True)
            continue
        found.append(Client(name, (str(python), str(HERE / "peers" / script))))
    return found


def install(python: Path, *requirements: str) -> str | None:
    """Makes the environment, once; says in a few words why it can't."""
    ready = python.parents[1] / ".ready"
    if ready.exists():
        return None
    print(f"Installing {' '.join(requirements)} into {python.parents[1]} …", flush=True)
    venv.create(python.parents[1], clear=True, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", *requirements]
    try:
        done = subprocess.run(pip, check=False, capture_output=True, text=True, timeout=900)
    except subprocess.TimeoutExpired:
        return "it took 15 minutes"
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return lines[-1][:200] if lines else f"pip ended with {done.returncode}"
    ready.touch()
    return None


@dataclass(slots=True)
class Process:
    """A client that runs. `streams`: one for each, in order, once it has ended."""

    pid: int
    streams: list[dict[str, Any]] = field(default_factory=list)


@asynccontextmanager
async def running(
    client: Client, urls: Sequence[str], scripts: Sequence[Speech], streams: int, apart: float
) -> AsyncIterator[Process]:
    """The client at work; leaving the context waits for its end."""
    with tempfile.TemporaryDirectory() as folder:
        sounds: list[str] = []
        for script in dict.fromkeys(map(id, scripts)):
            path = Path(folder) / f"{len(sounds)}.pcm"
            path.write_bytes(next(one.pcm for one in scripts if id(one) == script))
            sounds.append(str(path))
        plan = {
            "key": KEY,
            "urls": list(urls),
            "pcm": sounds,
            "streams": streams,
            "apart": apart,
            "stand_in": client.stand_in,
        }
        written = Path(folder) / "plan.json"
        written.write_text(json.dumps(plan))
        process = await asyncio.create_subprocess_exec(
            *client.command,
            str(written),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        run = Process(process.pid)
        try:
            yield run
            longest = max(script.seconds for script in scripts) + streams * apart
            async with asyncio.timeout(longest + 120):
                out, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise RuntimeError(f"{client.name} ended with {process.returncode}: {errors.decode()[-2000:]}")
        run.streams = json.loads(out.splitlines()[-1])


Trouble = Callable[[FakeDeepgram], Coroutine[Any, Any, tuple[float, float | None]]]
"""Something that befalls one server during a stream; tells when it began and ended (the loop's clock)."""


async def compare(
    client: Client,
    scripts: Sequence[Speech],
    faults: Sequence[Script],
    trouble: Trouble | None = None,
    apart: float = 0.11,
) -> list[Told]:
    """One client, one stream for each of `faults`, all at once."""
    async with AsyncExitStack() as servers:
        fakes = [await servers.enter_async_context(deepgram([fault], manner=MANNER)) for fault in faults]
        urls = [fake.url for fake in fakes]
        async with asyncio.TaskGroup() as tasks:
            async with running(client, urls, scripts, len(faults), apart) as process:
                troubles = [tasks.create_task(trouble(fake)) for fake in fakes] if trouble else []
            for task, fake in zip(troubles, fakes, strict=False):
                if not fake.ledger.visits:
                    task.cancel()  # this client never connected
        told = []
        for which, one in enumerate(process.streams):
            shown = [_shown(*each, began=one["began"]) for each in one["shown"]]
            told.append(Told(scripts[which % len(scripts)], shown, one["gave_up"], one["began"]))
            visits = fakes[which].ledger.visits
            if visits and visits[0].ended in ("Cut", "Reset") and visits[0].closed is not None:
                told[-1].struck = visits[0].closed - one["began"]
            if troubles and not troubles[which].cancelled():
                struck, back = troubles[which].result()
                told[-1].struck = struck - one["began"]
                told[-1].back = None if back is None else back - one["began"]
        return told


async def side_by_side(
    clients: Sequence[Client],
    scripts: Sequence[Speech],
    faults: Sequence[Script],
    trouble: Trouble | None = None,
) -> list[list[Told]]:
    """All clients at the same time, each before servers of its own."""
    async with asyncio.TaskGroup() as tasks:
        doing = [tasks.create_task(compare(client, scripts, faults, trouble)) for client in clients]
    return [each.result() for each in doing]


def _shown(at: float, final: bool, text: str, start: float | None, *, began: float) -> Shown:
    return Shown(at - began, final, tuple(int(number) for number in re.findall(r"\d+", text)), start)


async def connected(fake: FakeDeepgram, streams: int) -> None:
    """Returns once so many streams have been opened."""
    while len(fake.ledger.visits) < streams:  # noqa: ASYNC110 - the fake tells nobody, it keeps a ledger
        await asyncio.sleep(0.02)


async def away(fake: FakeDeepgram, after: float = 10.0, seconds: float = 30.0) -> tuple[float, float | None]:
    """Deepgram goes some seconds after the first connection, and comes back."""
    loop = asyncio.get_running_loop()
    await connected(fake, 1)
    await asyncio.sleep(max(0.0, fake.ledger.visits[0].opened + after - loop.time()))
    struck = loop.time()
    await fake.unplug()
    await asyncio.sleep(seconds)
    await fake.back()
    return struck, loop.time()
