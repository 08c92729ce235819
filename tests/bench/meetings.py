"""What recorded meetings would cost over Deepgram: streams that follow speech, against streaming everybody.

The AMI excerpts of the speech set are one channel; who speaks when stands beside them. Each speaker gets a
track of their own: the recording while they speak, the faint noise of a microphone in a quiet room else.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH, Frame, Lost, Speaker
from core.audio.media import read
from core.captions.board import Board
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.gate import Gate, MakeGate, SileroEar
from core.engines.pool import Pool
from core.engines.silero import Silero
from core.metrics import Metrics
from core.session import Session
from tests.bench.speech import SET, silence
from tests.fakes import deepgram as fakes

FOLDER = SET / "ami"
STEP = 0.02
FADE = 80
"""Samples over which a turn begins and ends (5 ms), so that no click tells it from the room."""

Turns = Mapping[str, list[tuple[float, float]]]
"""By speaker: (from, until) in seconds, in order, never two at once."""


@dataclass(frozen=True, slots=True)
class Meeting:
    name: str
    seconds: float
    turns: Turns
    tracks: Mapping[str, bytes]
    """By speaker; "mixed" is the recording as it is."""


def turns(rttm: str) -> dict[str, list[tuple[float, float]]]:
    """Who speaks when, by the lines of a RTTM file."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in sorted(rttm.splitlines(), key=lambda line: float(line.split()[3])):
        parts = line.split()
        begin, end = float(parts[3]), float(parts[3]) + float(parts[4])
        row = found[parts[7]]
        if row and begin <= row[-1][1]:
            row[-1] = (row[-1][0], max(row[-1][1], end))
        else:
            row.append((begin, end))
    return dict(found)


def meetings() -> list[Meeting]:
    """All excerpts that have their turns beside them."""
    found = []
    for path in sorted(FOLDER.glob("*.rttm")):
        mixed = np.frombuffer(b"".join(read(path.with_suffix(".flac"))), "<i2")
        said = turns(path.read_text(encoding="utf-8"))
        tracks = {"mixed": mixed.tobytes()}
        for speaker, row in said.items():
            own = np.zeros(len(mixed))
            for begin, end in row:
                own[round(begin * RATE) : round(end * RATE)] = 1.0
            own = np.convolve(own, np.ones(FADE) / FADE, mode="same")
            room = np.frombuffer(silence(len(mixed) / RATE), "<i2")[: len(mixed)]
            tracks[speaker] = (mixed * own + room * (1 - own)).astype("<i2").tobytes()
        found.append(Meeting(path.stem, len(mixed) / RATE, said, tracks))
    return found


@dataclass(slots=True)
class Bill:
    """Seconds: of sound, of speech in it by the RTTM, what Deepgram was sent, and speech that it was not."""

    sound: float = 0.0
    spoken: float = 0.0
    streamed: float = 0.0
    kept_back: float = 0.0
    connections: int = 0
    connected: float = 0.0


class Counting:
    """A gate that knows which of what it keeps back was speech."""

    def __init__(self, gate: Gate, row: list[tuple[float, float]]) -> None:
        self._gate = gate
        self._row = row
        self.through: list[Frame] = []

    def hear(self, item: Frame | Lost) -> list[Frame | Lost]:
        through = self._gate.hear(item)
        self.through += [one for one in through if isinstance(one, Frame)]
        return through

    def end(self) -> list[Lost]:
        return self._gate.end()

    @property
    def kept_back(self) -> float:
        """Seconds of speech that did not go through."""
        went = sum(
            max(0.0, min(frame.end, end) - max(frame.at, begin))
            for frame in self.through
            for begin, end in self._row
        )
        return sum(end - begin for begin, end in self._row) - went


async def streamed(meeting: Meeting, speakers: Mapping[str, list[tuple[float, float]]], bill: Bill) -> None:
    """One call on the virtual clock: these people, each with a microphone that is always open."""
    silero = Silero()
    gates: list[Counting] = []
    rows = iter(speakers.values())

    def gate() -> Gate:
        gates.append(Counting(Gate(SileroEar(silero)), next(rows)))
        return gates[-1]  # type: ignore[return-value]  # it does what a gate does

    make: MakeGate = gate
    async with (
        fakes.deepgram() as fake,
        Deepgram(SecretStr(fakes.KEY), DeepgramOptions(url=fake.ws, multilingual=False)) as far,
    ):
        began = asyncio.get_running_loop().time()
        session = Session(
            Board(), Pool(far, far=True), began=began, language="en", metrics=Metrics(), gate=make
        )
        size = round(STEP * RATE) * WIDTH
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run())
            for number in range(len(meeting.tracks["mixed"]) // size):
                for speaker in speakers:
                    piece = meeting.tracks[speaker][number * size : (number + 1) * size]
                    session.hear(Frame(Speaker(speaker, speaker), number * STEP, piece))
                await asyncio.sleep(STEP)
            session.close()
    bill.sound += meeting.seconds * len(speakers)
    bill.spoken += sum(end - begin for row in speakers.values() for begin, end in row)
    bill.streamed += fake.ledger.audio
    bill.kept_back += sum(one.kept_back for one in gates)
    bill.connections += fake.ledger.connections
    bill.connected += fake.ledger.lifetime


def together(said: Turns) -> list[tuple[float, float]]:
    """When anybody speaks."""
    row: list[tuple[float, float]] = []
    for begin, end in sorted(turn for turns in said.values() for turn in turns):
        if row and begin <= row[-1][1]:
            row[-1] = (row[-1][0], max(row[-1][1], end))
        else:
            row.append((begin, end))
    return row


async def costs(most: int | None = None) -> tuple[Bill, Bill, int]:
    """Of all meetings, or `most`: a track for each speaker, and one microphone for everybody; how many."""
    each, mixed = Bill(), Bill()
    everyone = meetings()[:most]
    for meeting in everyone:
        await streamed(meeting, meeting.turns, each)
        await streamed(meeting, {"mixed": together(meeting.turns)}, mixed)
    return each, mixed, len(everyone)
