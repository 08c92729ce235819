"""How late captions are on the page, with 1 to 12 people talking at once, through the whole program.

    python -m tests.bench.room [--quick]

Each person's recorded speech goes in real time over the page's own WebSocket into `spokenly run`, a process
of its own; a reader's socket takes what a page would show. All clocks are this process's. Lateness counts
from the end of the voice in the recording (as Silero marks it) to what the reader got.
"""

import argparse
import asyncio
from dataclasses import dataclass, field

import psutil

from core.audio.frame import RATE, WIDTH
from tests.bench.machine import machine, percentile
from tests.bench.speech import Utterance, silence, spoken
from tests.bots.meet.house import STEP, Reader
from tests.e2e.spoken import Server, spokenly

GAP = 1.4
"""Seconds of silence between two utterances of one person."""


@dataclass(slots=True)
class Said:
    """One utterance as it was spoken: when its voice began and ended (the loop's clock)."""

    speaker: str
    begins: float
    ends: float


@dataclass(slots=True)
class Seen:
    """Everything the reader got, with the time it came."""

    partials: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    finals: dict[str, list[tuple[float, float, float, str]]] = field(default_factory=dict)


class Watching(Reader):
    """A reader that notes when it saw what."""

    seen: Seen

    def take(self, news: dict[str, object]) -> None:
        super().take(news)
        now = asyncio.get_running_loop().time()
        if news["type"] != "board":
            return
        for partial in self.partials:
            shown = self.seen.partials.setdefault(partial["name"], [])
            if not shown or shown[-1][1] != partial["text"]:
                shown.append((now, partial["text"]))
        for entry in self.entries[int(str(news["first"])) :]:
            if entry["kind"] == "caption":
                finals = self.seen.finals.setdefault(entry["name"], [])
                finals.append((now, entry["start"], entry["end"], entry["text"]))


async def talk(server: Server, room: str, name: str, script: list[Utterance], said: list[Said]) -> None:
    """One person's speech, utterance after utterance, at the pace of a sound card."""
    loop = asyncio.get_running_loop()
    token = (await server.join(room, name))["token"]
    sound = silence(0.5)
    marks = []
    for utterance in script:
        begin = len(sound) / WIDTH / RATE
        marks.append((begin + utterance.begins, begin + utterance.ends))
        sound += utterance.pcm + silence(GAP)
    async with server.microphone(room, token) as microphone:
        start = loop.time()
        said += [Said(name, start + begins, start + ends) for begins, ends in marks]
        size = STEP * WIDTH
        for number in range(len(sound) // size):
            # A sound card hands a frame over when its last sample was heard.
            await asyncio.sleep(max(0.0, start + (number + 1) * STEP / RATE - loop.time()))
            await microphone.frame(number, sound[number * size : (number + 1) * size])
        await asyncio.sleep(1.5)
        await microphone.say("bye")


@dataclass(slots=True)
class Figures:
    """Lateness in seconds."""

    first: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    missed: int = 0


def judge(said: list[Said], seen: Seen) -> Figures:
    """Compares what was spoken with what was seen."""
    figures = Figures()
    for one in said:
        finals = [f for f in seen.finals.get(one.speaker, []) if one.ends - 0.3 <= f[0] <= one.ends + GAP + 3]
        shows = [p for p in seen.partials.get(one.speaker, []) if one.begins <= p[0] <= one.ends + GAP]
        if shows:
            figures.first.append(shows[0][0] - one.begins)
        if not finals:
            figures.missed += 1
            continue
        at, _, _, text = finals[0]
        figures.final.append(at - one.ends)
        # The first moment after which the text shown was the coming final and stayed it.
        settled = at
        for moment, shown in reversed([p for p in shows if p[0] <= at]):
            if shown != text:
                break
            settled = moment
        figures.settled.append(settled - one.ends)
    return figures


async def measure(people: int, script: list[Utterance]) -> str:
    """One row: so many people talk at once."""
    said: list[Said] = []
    async with spokenly(rooms_per_minute="1000") as server:
        process = psutil.Process(server.process.pid)
        room = await server.room()
        url = f"{server.url}/api/rooms/{room}/captions?after=0"
        async with server.client.ws_connect(url) as socket, asyncio.TaskGroup() as tasks:
            reader = Watching(socket)
            reader.seen = Seen()
            following = tasks.create_task(reader.follow())
            before = process.cpu_times()
            began = asyncio.get_running_loop().time()
            async with asyncio.TaskGroup() as talking:
                for number in range(people):
                    # Everybody begins elsewhere in the script, so that nobody is in step.
                    turn = number * 7 % len(script)
                    own = (script[turn:] + script[:turn])[: max(3, len(script) // people)]
                    talking.create_task(talk(server, room, f"P{number}", own, said))
                    await asyncio.sleep(0.37)
            took = asyncio.get_running_loop().time() - began
            after = process.cpu_times()
            memory = process.memory_info().rss / 2**20
            await asyncio.sleep(1)
            following.cancel()
    figures = judge(said, reader.seen)
    cores = (after.user + after.system - before.user - before.system) / took
    cells = [f"{people:>3}", f"{len(said):>5}"]
    for values in (figures.first, figures.settled, figures.final):
        cells += [f"{percentile(values, 0.5) * 1000:>6.0f} {percentile(values, 0.95) * 1000:>6.0f}"]
    return "  ".join([*cells, f"{figures.missed:>4}", f"{cores:>5.2f}", f"{memory:>5.0f}"])


async def start_to_first_caption(utterance: Utterance) -> float:
    """Seconds from starting the program to the first text, for somebody who talks at once."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    said: list[Said] = []
    async with spokenly() as server:
        ready = loop.time() - began
        room = await server.room()
        async with server.reader(room) as reader, asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk(server, room, "P", [utterance], said))
            await reader.until(lambda r: r.partials or r.entries)
            first = loop.time() - began
            talking.cancel()
    spoke = said[0].begins - began
    print(
        f"  ready to open after {ready:.1f} s; first text {first:.1f} s after the start, "
        f"{first - spoke:.2f} s after the first sound"
    )
    return first


async def figures(*, quick: bool) -> None:
    """Prints the table."""
    script = [u for u in spoken() if 2.0 < u.ends - u.begins < 15.0]
    script = script[:: max(1, len(script) // (6 if quick else 12))]
    print(f"Lateness on the page. {machine()}")
    await start_to_first_caption(script[0])
    print(
        "  people   said   first text (ms)  settled (ms)  final (ms)    missed  cores  MiB   (p50 p95 each)"
    )
    for people in (1, 4) if quick else (1, 2, 4, 8, 12):
        print("  " + await measure(people, script), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer utterances, fewer people")
    asyncio.run(figures(quick=options.parse_args().quick))


if __name__ == "__main__":
    main()
