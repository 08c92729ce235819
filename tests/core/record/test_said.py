"""What somebody said, as files: whole, theirs alone, and never larger than where they go takes."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.audio.frame import Speaker
from core.record.kept import Call, Line
from core.record.said import SaidForm, said

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALL = Call(1, "k", "s", "*Weekly*", BEGAN, BEGAN + timedelta(hours=1), "ended", "en", "Ears", 12, ("Ann",))


class Shelf:
    """Has twelve lines of somebody's."""

    async def said_by(self, _identity: str) -> AsyncIterator[tuple[Call, Line]]:
        for number in range(12):
            yield CALL, Line(number, Speaker("u1", "Ann"), number, number + 1, "word " * (number % 4))


SHELF: Any = Shelf()


async def test_more_than_there_is_room_for_is_no_export() -> None:
    files = await said(SHELF, "a", "json", each=400, together=10_000, files=10)
    whole = sum(map(len, (files or {}).values()))
    assert await said(SHELF, "a", "json", each=400, together=whole, files=10) is not None
    assert await said(SHELF, "a", "json", each=400, together=whole - 1, files=10) is None
    assert await said(SHELF, "a", "json", each=400, together=whole, files=2) is None


@pytest.mark.parametrize("form", ["json", "md"])
async def test_no_part_is_larger_than_it_may_be_and_nothing_is_missing(form: SaidForm) -> None:
    for each in range(330, 480):
        files = await said(SHELF, "a", form, each=each, together=10_000, files=10)
        assert files is not None
        assert max(map(len, files.values())) <= each, each
        if form == "json":
            assert sum(len(json.loads(part)["said"]) for part in files.values()) == 12


async def test_titles_and_words_are_only_text_in_markdown() -> None:
    files = await said(SHELF, "a", "md", each=10_000, together=10_000, files=1)
    assert files is not None
    assert "\n# \\*Weekly\\*, 2026-03-02 09:00" in files["said.md"].decode()
