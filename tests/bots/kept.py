"""Records to try `spokenly records` on, and ways to try it."""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner, Result

from bots.cli import app
from core.audio.frame import Speaker
from core.record.database.opening import open_store
from core.record.kept import Call, Kept, Line, Numbered, Opening
from core.settings import Settings

ROOT = Path(__file__).parent.parent.parent
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PIPED = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}
SHOWN = {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}

ANN = Speaker("p1", "Ann", "discord:1")
BEN = Speaker("p2", "Ben")
OTHER_ANN = Speaker("p3", "Ann")
ESCAPES = "\x1b]0;owned\x07 \x1b[2J\x9b31m [bold]loud[/bold] [link=http://evil]x[/link] \u202eback :boom:"


def said(*lines: tuple[Speaker, str], begins: int = 0) -> list[Kept]:
    return [
        Line(number, speaker, number * 5.0, number * 5.0 + 4, text, language="en")
        for number, (speaker, text) in enumerate(lines, begins)
    ]


PLANNING = said(
    (ANN, "Let us ship the release on Friday."),
    (BEN, "Only if the budget holds."),
    (ANN, "I will ask about the budget tomorrow."),
)


def keep(
    key: str, entries: Sequence[Kept], *, title: str = "Planning", space: str = "here", days: float = 0.0
) -> Call:
    """A call in the record, that began so many days after `BEGAN` and took an hour."""

    began = BEGAN + timedelta(days=days)

    async def write() -> Call:
        async with open_store(Settings()) as store:
            call = await store.begin(Opening(key, space, title, began, "en", "A scripted engine"))
            numbered = [
                Numbered(entry.number if isinstance(entry, Line) else number, entry)
                for number, entry in enumerate(entries)
            ]
            await store.write(call, numbered)
            await store.end(call)
            return await store.call(key)

    with patch("core.record.database.store._now", lambda: began + timedelta(hours=1, seconds=2)):
        return asyncio.run(write())


def records(*arguments: str, terminal: bool = False, typed: str | None = None) -> Result:
    runner = CliRunner(env=SHOWN if terminal else PIPED)
    return runner.invoke(app, ["records", *arguments], input=typed)


def plain(output: str) -> str:
    """What a terminal shows, without the styles that Spokenly itself gives."""
    return re.sub(r"\x1b\[[0-9;]*m", "", output)


def spokenly(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bots", "records", *arguments]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "TERM": "xterm", "COLUMNS": "80"}
