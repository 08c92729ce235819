"""A record in memory that fails as it is told: what a `Journal` writes to."""

from collections.abc import Sequence
from dataclasses import replace

from core.captions.caption import Gap
from core.errors import NoSuchRecord, RecordAway
from core.record.kept import Call, Line, Numbered, Opening, Unkept


class FakeKeeper:
    """`away`: every call fails until it is False. `lost_answer`: the next write works, and seems to fail."""

    def __init__(self) -> None:
        self.away = False
        self.lost_answer = False
        self.deleted = False
        self.calls: dict[str, Call] = {}
        self.kept: dict[int, Line | Gap | Unkept] = {}
        self.writes: list[int] = []

    async def begin(self, opening: Opening) -> Call:
        self._fail()
        call = self.calls.get(opening.key) or Call(
            id=len(self.calls) + 1,
            key=opening.key,
            space=opening.space,
            title=opening.title,
            began=opening.began,
            ended=None,
            state="live",
            language=opening.language,
            engine=opening.engine,
            lines=0,
            speakers=(),
        )
        self.calls[opening.key] = replace(call, state="live", ended=None)
        return self.calls[opening.key]

    async def write(self, call: Call, entries: Sequence[Numbered]) -> None:
        self._fail()
        if self.deleted:
            raise NoSuchRecord("There is no such call.")
        for one in entries:
            self.kept.setdefault(one.number, one.entry)
        self.writes.append(len(entries))
        if self.lost_answer:
            self.lost_answer = False
            raise RecordAway("the answer was lost.")

    async def end(self, call: Call) -> None:
        self._fail()
        self.calls[call.key] = replace(call, state="ended")

    def _fail(self) -> None:
        if self.away:
            raise RecordAway("the disk is full.")

    @property
    def text(self) -> str:
        lines = (entry for _, entry in sorted(self.kept.items()))
        return " ".join(line.heard for line in lines if isinstance(line, Line))
