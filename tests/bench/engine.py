"""How well and how fast the built-in engine hears: `python -m tests.bench.engine [--quick]`.

Quality is measured in virtual time: streams are fed as a live track feeds them, the decoder really runs, and
the CPU time that it takes is charged to a clock of our own, so another program on the machine changes little.
Capacity is measured in real time. Recordings come from ../shared/speech when it is there, else from the
engine's package (without references, so without an error rate).
"""

import argparse
import asyncio
import heapq
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import av
import jiwer
import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray
from whisper_normalizer.english import EnglishTextNormalizer

from core.audio.frame import RATE, WIDTH
from core.engines import models
from core.engines.desk import Decoder, Desk
from core.engines.local import LocalEngine
from core.engines.moonshine import Moonshine
from core.engines.protocol import Hypothesis
from core.engines.recognition import LocalRecognition
from core.engines.segments import Rules
from core.engines.silero import Silero
from core.engines.whisper import Whisper

SPEECH = Path(__file__).parents[3] / "shared" / "speech"
PIECE = RATE // 50 * WIDTH  # 20 ms, as a live track sends it
Sound = NDArray[np.int16]
Heard = list[tuple[float, Hypothesis]]


def load(path: Path) -> Sound:
    """Any recording as mono 16 kHz."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as file:
        parts = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
        parts += resampler.resample(None)
    return np.concatenate([part.to_ndarray()[0] for part in parts]).astype(np.int16)


@dataclass
class Reader:
    """One voice: utterances with what was said."""

    sounds: list[Sound] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def stream(self, gap: float) -> Sound:
        """All of it in one go, with so many seconds of near silence between."""
        rng = np.random.default_rng(1)
        parts: list[Sound] = [np.zeros(RATE // 2, np.int16)]
        for sound in self.sounds:
            parts += [sound, (rng.standard_normal(int(gap * RATE)) * 3).astype(np.int16)]
        return np.concatenate([*parts, np.zeros(RATE, np.int16)])


def readers(kind: str) -> list[Reader]:
    """The voices of one kind of recordings; none when they are not there."""
    manifest = SPEECH / "manifest.json"
    if not manifest.is_file():
        return []
    found: dict[str, Reader] = {}
    for item in json.loads(manifest.read_text()):
        if item["file"].startswith(f"{kind}/") and item["lang"] == "en" and item["transcript"]:
            reader = found.setdefault(item["speaker"], Reader())
            reader.sounds.append(load(SPEECH / item["file"]))
            reader.texts.append(item["transcript"])
    return list(found.values())


class VirtualDesk(Desk):
    """A desk whose threads are a heap of times: work is done at once and its CPU time is charged."""

    def __init__(self, decoder: Decoder, workers: int, clock: "Clock") -> None:
        super().__init__(decoder, workers)
        self._clock = clock
        self._free = workers

    def ask(self, work: object) -> None:
        super().ask(work)  # type: ignore[arg-type]  # a Work
        self._serve()

    def _serve(self) -> None:
        while self._free and (work := self._next()) is not None:
            self._free -= 1
            begun = time.thread_time()
            decoded = self._decode(work)
            spent = time.thread_time() - begun
            self._clock.cpu += spent

            def done(work=work, decoded=decoded) -> None:  # type: ignore[no-untyped-def]  # bound early
                self._free += 1
                work.done(decoded)
                self._serve()

            self._clock.at(self._clock.now + spent, done)


class Clock:
    """Virtual time, and the engine that lives in it."""

    def __init__(self, decoder: Decoder, silero: Silero, workers: int = 2) -> None:
        self.rules = Rules()
        self.decoder = decoder
        self.silero = silero
        self.now = self.cpu = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()
        self.desk: Desk = VirtualDesk(decoder, workers, self)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._count), what))

    def wake(self) -> None:
        """Frames are heard as they are sent."""

    def run(self, sound: Sound) -> Heard:
        """Every hypothesis of one stream with the time it came."""
        heard: Heard = []
        stream = LocalRecognition(self, "en", interim=True)
        stream._put = lambda hypothesis: heard.append((self.now, hypothesis))  # type: ignore[method-assign]
        raw = sound.tobytes()

        def feed(start: int) -> None:
            piece = raw[start : start + PIECE]
            stream._audio += piece
            stream._sent += len(piece) // WIDTH
            while (frame := stream.frame()) is not None:
                begun = time.thread_time()
                (probability,) = self.silero.hear([stream.voice], [frame])
                self.cpu += time.thread_time() - begun
                stream.hear(probability)
            if start + PIECE < len(raw):
                self.at((start + 2 * PIECE) / WIDTH / RATE, lambda: feed(start + PIECE))
            else:
                stream.settle()

        self.at(PIECE / WIDTH / RATE, lambda: feed(0))
        while self._heap:
            self.now, _, what = heapq.heappop(self._heap)
            what()
        return heard


@dataclass
class Score:
    """What readers would have seen. Times in seconds."""

    erased: int = 0
    characters: int = 0
    settled: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    mark: list[float] = field(default_factory=list)

    def add(self, heard: Heard) -> None:
        """Speech ends `quiet` before the end of its final: that is where the pause was noticed."""
        views: Heard = []
        for at, hypothesis in heard:
            before = views[-1][1].text if views else ""
            self.erased += len(before) - len(os.path.commonprefix([before, hypothesis.text]))  # noqa: RUF071 - characters it is
            views.append((at, hypothesis))
            if not hypothesis.final:
                continue
            self.characters += len(hypothesis.text)
            if hypothesis.text:
                ended = hypothesis.end - Rules().quiet
                shown = next(t for t, h in reversed(list(self._tail(views))) if h.text == hypothesis.text)
                self.settled.append(shown - ended)
                self.first.append(views[0][0] - hypothesis.start)
                self.mark.append(at - ended)
            views = []

    @staticmethod
    def _tail(views: Heard) -> Iterator[tuple[float, Hypothesis]]:
        """The last views that are all equal, the first of them last."""
        for view in reversed(views):
            if view[1].text != views[-1][1].text:
                return
            yield view

    def row(self) -> str:
        return (
            f"flicker {self.erased / max(1, self.characters):.3f}"
            f"  settled {spread(self.settled)}  first {spread(self.first)}  final {spread(self.mark)}"
        )


def spread(values: list[float]) -> str:
    """p50/p95 in milliseconds."""
    if not values:
        return "-"
    return f"{np.percentile(values, 50) * 1e3:.0f}/{np.percentile(values, 95) * 1e3:.0f} ms"


normal = EnglishTextNormalizer()


def wer(said: list[str], found: list[str]) -> float:
    """Word error rate in percent."""
    return float(jiwer.wer([normal(text) for text in said], [normal(text) for text in found])) * 100


def quality(decoder: Decoder, silero: Silero, kinds: list[str], gaps: list[float]) -> None:
    for kind in kinds:
        voices = readers(kind)
        if not voices:
            continue
        texts = [text for reader in voices for text in reader.texts]
        begun = time.thread_time()
        whole = [
            decoder.decode((sound / 32768).astype(np.float32)).text for v in voices for sound in v.sounds
        ]
        spent = time.thread_time() - begun
        length = sum(len(sound) for reader in voices for sound in reader.sounds) / RATE
        print(f"{kind:12} whole utterances: WER {wer(texts, whole):5.2f} %  CPU {spent / length:.3f} s/s")
        for gap in gaps:
            score, found, cpu, length = Score(), [], 0.0, 0.0
            for reader in voices:
                clock = Clock(decoder, silero)
                sound = reader.stream(gap)
                heard = clock.run(sound)
                score.add(heard)
                found.append(" ".join(h.text for _, h in heard if h.final))
                cpu, length = cpu + clock.cpu, length + len(sound) / RATE
            rate = wer([" ".join(reader.texts) for reader in voices], found)
            print(
                f"{'':12} live, gaps {gap} s:  WER {rate:5.2f} %  CPU {cpu / length:.3f} s/s  {score.row()}"
            )


def peers(kind: str) -> None:
    """Other engines that need no download, on the same utterances, whole."""
    voices = readers(kind)
    texts = [text for reader in voices for text in reader.texts]
    sounds = [sound for reader in voices for sound in reader.sounds]
    if not sounds:
        return
    length = sum(map(len, sounds)) / RATE
    others: dict[str, Callable[[Sound], str]] = {}
    if directory := os.environ.get("SPOKENLY_MODEL_DIR"):
        whisper = Whisper(Path(directory))
        others[whisper.name] = lambda sound: (
            whisper.decode((sound / 32768).astype(np.float32), fresh=True).text
        )
    try:
        from pocketsphinx import Decoder as Sphinx  # noqa: PLC0415 - optional
    except ImportError:
        print("pocketsphinx is not installed")
    else:
        sphinx = Sphinx(samprate=RATE, loglevel="FATAL")

        def hear(sound: Sound) -> str:
            sphinx.start_utt()
            sphinx.process_raw(sound.tobytes(), full_utt=True)
            sphinx.end_utt()
            found = sphinx.hyp()
            return found.hypstr if found else ""

        others["pocketsphinx"] = hear
    for name, engine in others.items():
        begun = time.process_time()
        rate = wer(texts, [engine(sound) for sound in sounds])
        print(f"{kind:12} {name}: WER {rate:5.2f} %  CPU {(time.process_time() - begun) / length:.3f} s/s")


async def crowd(people: int, sounds: list[Sound], seconds: float) -> None:
    """So many people talk at once, in real time, in one engine with two workers."""
    score = Score()
    bare = psutil.Process().memory_info().rss / 2**20
    async with LocalEngine(workers=2) as engine:
        began = asyncio.get_running_loop().time()
        cpu = time.process_time()

        async def person(index: int) -> None:
            sound = sounds[index % len(sounds)]
            raw = np.roll(sound, -index * RATE)[: int(seconds * RATE)].tobytes()
            offset = index * 0.037
            heard: Heard = []
            async with engine.recognize("en") as stream, asyncio.TaskGroup() as group:

                async def talk() -> None:
                    for start in range(0, len(raw), PIECE):
                        due = began + offset + (start + PIECE) / WIDTH / RATE
                        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                        await stream.send(raw[start : start + PIECE])
                    await stream.finish()

                group.create_task(talk())
                async for hypothesis in stream:
                    heard.append((asyncio.get_running_loop().time() - began - offset, hypothesis))
            score.add(heard[:-1])  # the last final came by finishing, not by silence

        async with asyncio.TaskGroup() as group:
            for index in range(people):
                group.create_task(person(index))
        cores = (time.process_time() - cpu) / (asyncio.get_running_loop().time() - began)
        memory = psutil.Process().memory_info().rss / 2**20
    print(
        f"{people:3} people: {score.row()}  {cores:.2f} cores  {memory:.0f} MB, {bare:.0f} without the engine"
    )


async def start() -> None:
    """From nothing loaded to the first caption, interpreter and imports left out."""
    with av.open(str(models.sample())) as _:
        pass
    sample = load(models.sample() or Path())[: 3 * RATE].tobytes()
    began = time.perf_counter()
    async with LocalEngine() as engine, engine.recognize("en") as stream:
        loaded = time.perf_counter() - began
        await stream.send(sample)
        async for _ in stream:
            break
    print(f"load {loaded:.2f} s, first caption of 3 s of sound after {time.perf_counter() - began:.2f} s")


def main() -> None:
    """Print everything, with the machine it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything, some minutes in all")
    parser.add_argument("--crowd", type=int, help="only so many people at once, in real time")
    options = parser.parse_args()
    quick = options.quick
    if options.crowd:
        sounds = [v.stream(1.0) for v in readers("libri_other")] or [load(models.sample() or Path())]
        asyncio.run(crowd(options.crowd, sounds, 15 if quick else 30))
        return
    load1 = os.getloadavg()[0]
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {load1:.1f}, Python {platform.python_version()},"
        f" onnxruntime {onnxruntime.__version__}"
    )
    asyncio.run(start())
    for people in (1, 4, 12) if quick else (1, 2, 4, 8, 12, 16):
        # Each in a process of its own, so that its memory is its own.
        only = ["--crowd", str(people), *(["--quick"] if quick else [])]
        subprocess.run([sys.executable, "-m", "tests.bench.engine", *only], check=True)
    kinds = ["libri_clean"] if quick else ["libri_other", "libri_clean", "librivox", "misc"]
    quality(Moonshine(), Silero(), kinds, [1.0] if quick else [1.0, 1.6])
    peers("libri_clean" if quick else "libri_other")


if __name__ == "__main__":
    main()
