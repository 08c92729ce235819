"""What is left of speech when packets are lost: our tap beside aiortc's own jitter buffer and decoder.

    python -m tests.bench.loss [--seconds 90] [--seeds 3] [--senders 20]

The same Opus packets, as a browser makes them (32 kbit/s, 20 ms, with copies against loss as soon as the
network loses any), go into both; what comes out goes into the default engine. Then the cost: the tap alone,
and a WHIP server with FFmpeg's clients sending to it in real time.
"""

import argparse
import asyncio
import multiprocessing
import random
import resource
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import jiwer
import psutil
from aiortc.codecs.opus import OpusDecoder as StockDecoder
from aiortc.jitterbuffer import JitterBuffer as StockBuffer
from aiortc.rtp import RtpPacket
from whisper_normalizer.english import EnglishTextNormalizer

from core.audio.frame import RATE, WIDTH
from core.audio.playout import Playout
from core.engines.local import LocalEngine, open_engine
from core.settings import Settings
from tests.bench.machine import machine
from tests.bench.speech import Utterance, silence, spoken
from tests.bots.meet.ffmpeg_whip import certificate, encode_and_send
from tests.bots.meet.senders import House, Line, serving
from tests.core.audio.tones import encode, tone

STEP = 0.02
"""Seconds of one packet."""

CONDITIONS = ((0, 1), (1, 1), (2, 1), (5, 1), (10, 1), (5, 3), (10, 3))
"""Percent lost, and how many in a row on average."""

normal = EnglishTextNormalizer()


def lost(count: int, percent: float, burst: float, seed: int) -> set[int]:
    """Which of `count` packets are lost: independently, or in bursts of mean length `burst` (Gilbert)."""
    dice = random.Random(seed)
    share, bad, gone = percent / 100, False, set()
    begin = share / burst / (1 - share)
    for number in range(count):
        if burst == 1:
            bad = dice.random() < share
        else:
            bad = dice.random() >= 1 / burst if bad else dice.random() < begin
        if bad:
            gone.add(number)
    return gone


def through_tap(packets: list[bytes], gone: set[int]) -> bytes:
    """What the room hears, with silence where the tap says that something is lost."""
    sound = bytearray()

    def hear(pcm: bytes, at: float) -> None:
        place = round(at * RATE) * WIDTH
        sound.extend(bytes(place - len(sound)))
        sound.extend(pcm)

    playout = Playout(hear, lambda start, end: None)
    for number, packet in enumerate(packets):
        now = number * STEP
        if playout.deadline is not None and playout.deadline <= now:
            playout.tick(playout.deadline)
        if number not in gone:
            playout.receive(1, number, number * 960, packet, now)
    playout.finish()
    return bytes(sound)


def through_stock(packets: list[bytes], gone: set[int]) -> bytes:
    """What `track.recv()` gives of the same packets, resampled."""
    buffer, decoder = StockBuffer(capacity=16, prefetch=4), StockDecoder()
    resampler = av.AudioResampler("s16", "mono", RATE)
    sound = bytearray()
    for number, packet in enumerate(packets):
        if number in gone:
            continue
        rtp = RtpPacket(sequence_number=number, timestamp=number * 960)
        rtp._data = packet  # type: ignore[attr-defined]  # as aiortc's receiver does
        _, frame = buffer.add(rtp)
        if frame is None:
            continue
        for decoded in decoder.decode(frame):
            assert isinstance(decoded, av.AudioFrame)
            for piece in resampler.resample(decoded):
                sound.extend(bytes(piece.planes[0])[: piece.samples * WIDTH])
    return bytes(sound)


def upsampled(pcm: bytes) -> bytes:
    """16 kHz as 48 kHz."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // WIDTH)
    frame.sample_rate = RATE
    frame.planes[0].update(pcm)
    resampler = av.AudioResampler("s16", "mono", 48_000)
    pieces = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(bytes(piece.planes[0])[: piece.samples * WIDTH] for piece in pieces)


async def heard(engine: LocalEngine, pcm: bytes) -> str:
    """What the engine makes of a recording."""
    texts = []
    async with engine.recognize("en", interim=False) as recognition, asyncio.TaskGroup() as tasks:

        async def talk() -> None:
            await recognition.send(silence(0.5) + pcm + silence(1.0))
            await recognition.finish()

        tasks.create_task(talk())
        async for hypothesis in recognition:
            if hypothesis.final and hypothesis.text:
                texts.append(hypothesis.text)
    return " ".join(texts)


def chosen(seconds: float) -> list[Utterance]:
    """Recordings of more than 4 s, up to so many seconds in all."""
    picked: list[Utterance] = []
    for utterance in spoken():
        length = len(utterance.pcm) / WIDTH / RATE
        if length > 4 and sum(len(each.pcm) for each in picked) / WIDTH / RATE < seconds:
            picked.append(utterance)
    return picked


async def quality(seconds: float, seeds: int) -> None:
    """Audio and words kept at each loss, both ways."""
    utterances = chosen(seconds)
    sources = [upsampled(utterance.pcm) for utterance in utterances]
    references = [normal(utterance.text) for utterance in utterances]
    words = sum(len(reference.split()) for reference in references)
    total = sum(len(utterance.pcm) for utterance in utterances) / WIDTH / RATE
    print(f"\n{len(utterances)} recordings, {total:.0f} s, {words} words, {seeds} seeds; engine: default")
    print(f"{'loss':>6} {'burst':>5} | {'':^8}tap{'':^12} | {'':^6}stock aiortc")
    print(f"{'%':>6} {'':>5} | {'audio %':>8} {'errors %':>9} | {'audio %':>8} {'errors %':>9}")
    async with open_engine(Settings()) as engine:
        direct = [normal(await heard(engine, utterance.pcm)) for utterance in utterances]
        print(f"{'no network':>12} | {100:8.1f} {100 * jiwer.wer(references, direct):9.1f} |")
        for percent, burst in CONDITIONS:
            cells = []
            for path in (through_tap, through_stock):
                kept, said, meant = 0.0, [], []
                for seed in range(seeds if percent else 1):
                    for number, source in enumerate(sources):
                        packets = encode(source, loss=percent)
                        pcm = path(packets, lost(len(packets), percent, burst, 1000 * seed + number))
                        kept += len(pcm) / WIDTH / RATE / (len(packets) * STEP)
                        said.append(normal(await heard(engine, pcm)))
                        meant.append(references[number])
                cells.append(f"{100 * kept / len(said):8.1f} {100 * jiwer.wer(meant, said):9.1f}")
            print(f"{percent:6} {burst:5} | " + " | ".join(cells), flush=True)


def cost_alone() -> None:
    """The tap's own work: jitter buffer, decoder, recovery."""
    packets = encode(b"".join(upsampled(each.pcm) for each in chosen(60)), loss=5)
    for percent in (0, 5):
        gone = lost(len(packets), percent, 1, 1)
        began = time.process_time()
        through_tap(packets, gone)
        spent = time.process_time() - began
        audio = len(packets) * STEP
        print(
            f"tap alone, {percent:2} % loss: {1e6 * spent / len(packets):5.0f} us a packet, "
            f"{audio / spent:6.0f} speakers per core"
        )


def an_hour() -> None:
    """What an hour of one speaker leaves in memory."""
    packets = encode(upsampled(chosen(10)[0].pcm), loss=5)
    playout = Playout(lambda pcm, at: None, lambda start, end: None)
    count = round(3600 / STEP)
    gone = lost(count, 5, 1, 1)
    process, before = psutil.Process(), 0
    for number in range(count):
        if number == count // 60:
            before = process.memory_info().rss
        if number not in gone:
            playout.receive(1, number, number * 960, packets[number % len(packets)], number * STEP)
    grown = (process.memory_info().rss - before) / 2**20
    counts = playout.jitter.counts
    print(f"an hour of one speaker, 5 % loss: {counts.lost} packets lost, memory grew by {grown:.1f} MiB")


@asynccontextmanager
async def sending(addresses: list[str], seconds: float) -> AsyncIterator[None]:
    """FFmpeg's clients, five to a process: each one takes a second to connect, and waits for no other."""
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=_send, args=(addresses[n : n + 5], seconds)) for n in range(0, len(addresses), 5)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            await asyncio.to_thread(process.join, 60)


def _send(addresses: list[str], seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        encode_and_send(addresses, tone(seconds), certificate(Path(folder)))


class Passing(Line):
    """Counts what it hears, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def hear(self, pcm: bytes, at: float) -> None:
        self.bytes += len(pcm)

    @property
    def seconds(self) -> float:
        return self.bytes / WIDTH / RATE


class Rooms(House):
    """As many rooms as are asked for, one speaker in each."""

    def admit(self, room: str, token: str) -> Line:
        line = Passing()
        self.lines.append(line)
        return line


async def cost_with_network(senders: int, seconds: float) -> None:
    """A whole WHIP server: sockets, DTLS, SRTP, RTP, tap."""
    house = Rooms()
    process = psutil.Process()
    before = process.memory_info().rss
    async with serving(house) as (address, _):
        addresses = [address.replace("/room", f"/room{number}") for number in range(senders)]

        def watch() -> bool:
            return len(house.lines) == senders and all(line.seconds > 0.5 for line in house.lines)

        async with sending(addresses, seconds + 8):
            while not watch():  # noqa: ASYNC110 - clients of another process tell nothing
                await asyncio.sleep(0.1)
            start, cpu = asyncio.get_running_loop().time(), _cpu()
            heard_before = sum(line.seconds for line in house.lines)
            await asyncio.sleep(seconds)
            spent, wall = _cpu() - cpu, asyncio.get_running_loop().time() - start
            got = sum(line.seconds for line in house.lines) - heard_before
            memory = (process.memory_info().rss - before) / 2**20
            threads = threading.active_count()
    print(
        f"WHIP, {senders} FFmpeg clients, {wall:.0f} s: {got:.0f} of {senders * wall:.0f} s heard, "
        f"{100 * spent / wall:.1f} % of a core, {100 * spent / wall / senders:.2f} % a speaker, "
        f"{wall * senders / spent:.0f} speakers per core, "
        f"{memory / senders:.1f} MiB a speaker, {threads} threads"
    )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=90, help="of speech for the words (default 90)")
    parser.add_argument("--seeds", type=int, default=3, help="random losses for each rate (default 3)")
    parser.add_argument("--senders", type=int, default=20, help="WHIP clients at once (default 20)")
    asked = parser.parse_args()
    print(machine())
    if asked.senders:
        asyncio.run(cost_with_network(asked.senders, 10.0))
    cost_alone()
    an_hour()
    if asked.seeds:
        asyncio.run(quality(asked.seconds, asked.seeds))


if __name__ == "__main__":
    main()
