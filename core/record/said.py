"""Everything somebody said that is kept, as files for them."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal, cast

from core.record.database.store import Store
from core.record.kept import Call, Line
from core.record.written import escaped, line

SaidForm = Literal["json", "md"]


async def said(
    store: Store, identity: str, form: SaidForm, *, each: int, together: int, files: int
) -> dict[str, bytes] | None:
    """By their names: files of at most `each` bytes, `together` in all; None where `files` can't hold it.

    Raises `RecordAway`.
    """
    write = _as_markdown if form == "md" else _as_json
    head, between, foot = (b"", b"", b"") if form == "md" else (b'{"said": [\n', b",\n", b"\n]}\n")
    parts = [bytearray(head)]
    lines = cast(AsyncGenerator[tuple[Call, Line]], store.said_by(identity))
    async with aclosing(lines):
        before: Call | None = None
        async for call, one in lines:
            piece = write(call, one, begins=before is None or before.id != call.id)
            if len(parts[-1]) + len(between) + len(piece) + len(foot) > each:
                parts[-1] += foot
                parts.append(bytearray(head))
                if len(parts) > files or sum(map(len, parts)) > together:
                    return None
            elif len(parts[-1]) > len(head):
                parts[-1] += between
            parts[-1] += piece
            before = call
    parts[-1] += foot
    if sum(map(len, parts)) > together:
        return None
    numbered = len(parts) > 1
    return {
        f"said{f'-{number}' if numbered else ''}.{form}": bytes(part) for number, part in enumerate(parts, 1)
    }


def _as_json(call: Call, each: Line, *, begins: bool) -> bytes:
    fact: dict[str, object] = {
        "call": call.title,
        "began": call.began.isoformat(),
        "as": each.speaker.name,
        "start": round(each.start, 3),
        "end": round(each.end, 3),
        "text": each.text,
    }
    if each.corrected is not None:
        fact["heard"] = each.heard
    return json.dumps(fact, ensure_ascii=False).encode(errors="replace")


def _as_markdown(call: Call, each: Line, *, begins: bool) -> bytes:
    title = f"\n# {escaped(line(call.title))}, {call.began:%Y-%m-%d %H:%M}\n\n" if begins else ""
    clock = f"{int(each.start) // 3600:02}:{int(each.start) // 60 % 60:02}:{int(each.start) % 60:02}"
    return f"{title}- {clock} {escaped(line(each.text))}\n".encode(errors="replace")
