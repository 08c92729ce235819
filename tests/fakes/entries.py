"""What readers are sent, as docs/room-protocol.md has it."""

from typing import Any


def caption(speaker: str, start: float, text: str, name: str | None = None) -> dict[str, Any]:
    return {
        "kind": "caption",
        "speaker": speaker,
        "name": name or {"p1": "Ann", "p2": "Bob"}.get(speaker, speaker),
        "start": start,
        "end": start + 1.5,
        "text": text,
    }


def partial(speaker: str, start: float, text: str, stable: int) -> dict[str, Any]:
    entry = caption(speaker, start, text)
    del entry["kind"]
    return {**entry, "stable": stable}


def gap(speaker: str, start: float, end: float) -> dict[str, Any]:
    return {**caption(speaker, start, ""), "kind": "gap", "end": end}
