"""What it costs to hear somebody on Discord: from the datagram to 16 kHz mono, beside other libraries.

    python -m tests.bench.discord_packets [--quick]

The same packets for everybody: read speech as Discord's clients send it (Opus, 48 kHz, 20 ms, 64 kbit/s),
sealed as a voice server does. Processor time of the whole process, the best of several rounds;
"speakers" are people who never stop talking, 50 packets a second each, on one core.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.bench import lines
from tests.bench.machine import machine
from tests.bench.peers import packets_plan
from tests.bench.speech import spoken
from tests.fakes.discord.voice.encoder import frames
from tests.fakes.discord.voice.rtp import GCM, XCHACHA, Rtp, Seal

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
SPEAKERS = 25
STEP = 0.02


@dataclass(frozen=True, slots=True)
class Client:
    """A program that hears. `shape`: how packets must look for it to read them."""

    name: str
    command: tuple[str, ...]
    mode: str
    shape: str = "usual"
    dave: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """One measurement: microseconds of processor time a packet, and how many of the packets were heard."""

    micros: float
    packets: int
    heard: int

    @property
    def speakers(self) -> float:
        return 1e6 / 50 / self.micros


SPOKENLY = (sys.executable, "-m", "tests.bench.peers.spokenly_packets")

PEERS = {
    "discord-ext-voice-recv 0.5.2a179": (
        ("discord-ext-voice-recv==0.5.2a179", "discord.py==2.7.1", "PyNaCl"),
        "voice_recv_packets.py",
        "usual",
    ),
    "py-cord 2.8.1": (("py-cord[voice]==2.8.1",), "py_cord_packets.py", "eight bytes"),
}  # fmt: skip
"""By their names: what is installed, the script that drives it, and the shape of packets that it can read."""


def clients() -> list[Client]:
    """Ourselves, and those that are installed or can be; the others are named aloud."""
    found = [
        Client("Spokenly, AES-GCM + end-to-end", SPOKENLY, GCM, dave=True),
        Client("Spokenly, XChaCha + end-to-end", SPOKENLY, XCHACHA, dave=True),
        Client("Spokenly, XChaCha alone", SPOKENLY, XCHACHA),
    ]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spokenly-bench"
    for name, (requirements, script, shape) in PEERS.items():
        python = cache / name.replace(" ", "-") / "bin" / "python"
        if problem := lines.install(python, *requirements):
            print(f"!!! {name} IS NOT MEASURED: it can't be installed ({problem}).", flush=True)
            continue
        found.append(Client(name, (str(python), str(ROOT / "tests/bench/peers" / script)), XCHACHA, shape))
    return found


def people() -> list[tuple[int, int]]:
    return [(100 + number, 5000 + number) for number in range(SPEAKERS)]


@cache
def speech() -> tuple[bytes, ...]:
    """A minute of it at most, as Opus."""
    pcm = b"".join(utterance.pcm for utterance in spoken(("librivox",)))
    return frames(pcm[: 60 * 32_000], 16_000)


def packets(seconds: float, mode: str, shape: str) -> list[bytes]:
    """Everybody speaks for so long, each from another place in the same recordings."""
    sound = speech()
    server, found = Seal(mode, KEY), []
    for step in range(round(seconds / STEP)):
        for number, (_, ssrc) in enumerate(people()):
            opus = sound[(step + number * 97) % len(sound)]
            if shape == "usual":
                packet = Rtp(ssrc, step, step * 960, opus, extension=b"\x10\xff\x90\x00" * 2)
            else:
                packet = Rtp(ssrc, step, step * 960, bytes(8) + opus)
            found.append(server.close(packet.head(), packet.body()))
    return found


def measure(client: Client, seconds: float, *, by_socket: bool) -> Cost:
    made = packets(seconds, client.mode, client.shape)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        file = str(Path(folder) / "packets")
        packets_plan.write(file, made)
        plan: dict[str, Any] = {
            "key": KEY.hex(), "speakers": people(), "packets": file, "mode": client.mode,
            "dave": client.dave, "count": len(made),
            "port": line.getsockname()[1] if by_socket else 0,
        }  # fmt: skip
        written = Path(folder) / "plan.json"
        written.write_text(json.dumps(plan))
        process = subprocess.Popen(
            [*client.command, str(written)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        if by_socket:
            threading.Thread(target=send, args=(line, file), daemon=True).start()
        out, errors = process.communicate(timeout=seconds * 4 + 120)
    if process.returncode or not out.strip():
        raise SystemExit(f"{client.name} failed: {errors.decode()[-2000:]}")
    return Cost(**json.loads(out.splitlines()[-1]))


def send(line: socket.socket, file: str) -> None:
    """At the pace of speech, from the moment that somebody asks for it."""
    _, client = line.recvfrom(2048)
    made, began = packets_plan.datagrams(file), time.monotonic()
    for step in range(0, len(made), SPEAKERS):
        time.sleep(max(0.0, began + step / SPEAKERS * STEP - time.monotonic()))
        for datagram in made[step : step + SPEAKERS]:
            try:
                line.sendto(datagram, client)
            except OSError:
                return  # the client is done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    asked = parser.parse_args()
    rounds, seconds = (1, 5.0) if asked.quick else (5, 15.0)
    print(machine())
    everybody = clients()
    for by_socket in (False, True):
        how = f"from a socket, {SPEAKERS} people at once" if by_socket else "from memory"
        print(f"\n{how}\n{'':<34} {'µs a packet':>12} {'speakers a core':>16} {'heard':>7}")
        costs: dict[str, list[Cost]] = {client.name: [] for client in everybody}
        for _ in range(rounds):
            for client in everybody:
                costs[client.name].append(measure(client, seconds, by_socket=by_socket))
        for name, measured in costs.items():
            if measured:
                best = min(measured, key=lambda cost: cost.micros)
                share = best.heard / max(best.packets, 1)
                print(f"{name:<34} {best.micros:>12.1f} {best.speakers:>16.0f} {share:>7.1%}", flush=True)


if __name__ == "__main__":
    main()
