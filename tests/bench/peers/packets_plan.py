"""What every client of the packet benchmark is given, and what it prints. Nothing but Python's own library.

The plan: `key` (hex), `speakers` ([user, SSRC] each), `packets` (a file of datagrams, each after two bytes of
its length, in the order of their arrival), `port` (0: they are given straight from memory; else they are
taken from a socket, `count` of them, once the client has sent one datagram to that port of loopback).
"""

import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 3.0
"""Seconds without a datagram after which the sender must be done."""


def plan() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    return read


def datagrams(path: str) -> list[bytes]:
    data, found, at = Path(path).read_bytes(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def write(path: str, packets: list[bytes]) -> None:
    Path(path).write_bytes(b"".join(len(one).to_bytes(2, "big") + one for one in packets))


def straight(packets: list[bytes], take: Callable[[bytes], None], heard: Callable[[], int]) -> None:
    """Give them from memory, and print what it cost: microseconds of processor time a packet.

    The first tenth is not measured: libraries are loaded and decoders made then.
    """
    first = len(packets) // 10
    for packet in packets[:first]:
        take(packet)
    before, began = heard(), time.process_time()
    for packet in packets[first:]:
        take(packet)
    spent = time.process_time() - began
    report(spent, len(packets) - first, heard() - before)


def report(spent: float, packets: int, heard: int) -> None:
    """`spent`: seconds of processor time."""
    print(json.dumps({"micros": spent / max(packets, 1) * 1e6, "packets": packets, "heard": heard}))


def dial(port: int) -> socket.socket:
    """A socket to the sender; it begins when it is sent something."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    line.connect(("127.0.0.1", port))
    line.setblocking(False)
    return line


class Meter:
    """What it costs to take `count` packets as they come; the first tenth is not measured here either."""

    def __init__(self, count: int, heard: Callable[[], int]) -> None:
        self.came = 0
        self._count = count
        self._first = count // 10
        self._heard = heard
        self._before = 0
        self._began = 0.0
        self._at = time.monotonic()

    def tick(self) -> None:
        """A packet came, and is about to be taken."""
        self.came += 1
        self._at = time.monotonic()
        if self.came == self._first:
            self._before, self._began = self._heard(), time.process_time()

    @property
    def done(self) -> bool:
        """Everything came, or nothing comes any more."""
        return self.came >= self._count or time.monotonic() - self._at > PATIENCE

    def report(self) -> None:
        spent = time.process_time() - self._began
        report(spent, self.came - self._first, self._heard() - self._before)
