"""Deepgram's servers over real sockets on loopback, with numbered words, faults as data, and a ledger.

    async with deepgram([Reset(at=Words(5)), Http(503), None]) as fake:
        ...  # connect to fake.ws with the key KEY
        assert fake.ledger.connections == 2

It follows the loop's clock, virtual or not.
"""

from tests.fakes.deepgram.faults import (
    BROKEN,
    UNKNOWN,
    Breaking,
    Clock,
    Close,
    Cut,
    Drain,
    Drop,
    Fault,
    Finals,
    Gap,
    HalfOpen,
    Hang,
    Http,
    Late,
    Moment,
    NoPong,
    Opening,
    Pace,
    Refusing,
    Reset,
    Say,
    Script,
    Seconds,
    Silence,
    Stall,
    Words,
)
from tests.fakes.deepgram.keys import Key
from tests.fakes.deepgram.ledger import Ledger, Visit
from tests.fakes.deepgram.manner import Manner
from tests.fakes.deepgram.messages import Style
from tests.fakes.deepgram.server import KEY, FakeDeepgram, deepgram

__all__ = [
    "BROKEN",
    "KEY",
    "UNKNOWN",
    "Breaking",
    "Clock",
    "Close",
    "Cut",
    "Drain",
    "Drop",
    "FakeDeepgram",
    "Fault",
    "Finals",
    "Gap",
    "HalfOpen",
    "Hang",
    "Http",
    "Key",
    "Late",
    "Ledger",
    "Manner",
    "Moment",
    "NoPong",
    "Opening",
    "Pace",
    "Refusing",
    "Reset",
    "Say",
    "Script",
    "Seconds",
    "Silence",
    "Stall",
    "Style",
    "Visit",
    "Words",
    "deepgram",
]
