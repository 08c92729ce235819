"""A recap by a language model, each sentence of which rests on lines that were said."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from core.errors import RecapFailed
from core.record.recaps import prompt
from core.record.recaps.answer import Answer, Nonsense, Said, Todo, schema
from core.record.recaps.chat import Chat, TooMuch
from core.record.recaps.evidence import Evidence, cut, talk
from core.record.recaps.mood import Feeling, mood_of
from core.record.recaps.prompt import Row
from core.record.recaps.recap import Claim, Conversation, Mood, Recap

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

T = TypeVar("T")

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Questions that are asked at the same time about one call."""

MOST_PARTS: Final = 64
"""Parts of a call; with more, the model takes too little at once to sum it up."""

DEPTH: Final = 4
"""How often a part is halved because it was too much, and how often recaps are brought together."""

PATIENCE: Final = 5
"""Times of one answer's time in which the whole recap must be made."""

MOST: Final = 20
"""Claims of a kind in one recap."""


class LanguageModel:
    """A Summariser over any endpoint that speaks OpenAI's chat completions.

    `context`: tokens that the model takes at once. `timeout`: seconds that one answer may take; a whole recap
    may take five times that. `mood`: what tells how an English line sounds, where the mood is wanted. To be
    made in a thread (it reads certificates), and closed at the end.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None,
        *,
        context: int,
        timeout: float,
        mood: Feeling | None = None,
        http: "DefaultAsyncHttpxClient | None" = None,
    ) -> None:
        self.name = model
        self._feeling = mood
        self._chat = Chat(url, model, key, timeout, http)
        self._patience = PATIENCE * timeout
        form = prompt.tokens(str(schema()))
        rules = max(prompt.tokens(prompt.WHOLE), prompt.tokens(prompt.PARTS))
        # The rest is for the answer.
        self._budget = max(256, context - rules - form - min(4096, context // 4))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        await self._chat.close()

    async def summarise(self, conversation: Conversation) -> Recap:
        """See `Summariser`. What the model says that no line supports is left out; the note tells so."""
        rows = await asyncio.to_thread(prompt.rows, conversation.lines, self._budget // 2)
        if not rows:
            return Recap("llm", self.name)
        evidence = await asyncio.to_thread(Evidence, conversation.lines, conversation.language)
        deadline = asyncio.get_running_loop().time() + self._patience
        work = _Work(self._chat, evidence, self._budget, deadline)
        try:
            async with asyncio.timeout_at(deadline):
                recap = await work.whole(rows)
        except TimeoutError as error:
            raise RecapFailed(
                f"The language model did not finish the recap in {self._patience:g} seconds."
            ) from error
        log.info("recap.made", extra={"parts": work.parts, "dropped": evidence.dropped})
        return replace(
            recap,
            name=self.name,
            talk=await asyncio.to_thread(talk, conversation.lines),
            mood=await asyncio.to_thread(self._mood, conversation),
            note=_note(work.parts, evidence.dropped),
        )

    def _mood(self, conversation: Conversation) -> Mood | None:
        """The mood by the words alone: what a model feels, no line can be held against."""
        if self._feeling is None or not conversation.language.lower().startswith("en"):
            return None
        return mood_of(
            [(line.text, Claim(cut(line.text), (line.number,))) for line in conversation.lines], self._feeling
        )


def _note(parts: int, dropped: int) -> str:
    told = ["Written by a language model, which can be wrong: see the lines that it cites."]
    if parts > 1:
        told.append(f"The call was too long to be read at once; it was summed up in {parts} parts.")
    if dropped:
        told.append("What no line supports was left out.")
    return " ".join(told)


class _Work:
    """One recap in the making."""

    def __init__(self, chat: Chat, evidence: Evidence, budget: int, deadline: float) -> None:
        self._chat = chat
        self._evidence = evidence
        self._budget = budget
        self._deadline = deadline
        self._seats = asyncio.Semaphore(AT_ONCE)
        self.parts = 0

    async def whole(self, rows: Sequence[Row]) -> Recap:
        parts = await asyncio.to_thread(prompt.parts, rows, self._budget)
        if len(parts) > MOST_PARTS:
            raise RecapFailed(
                "The call is too long for a model that takes so little at once: raise SPOKENLY_LLM_CONTEXT, "
                "or set SPOKENLY_LLM_MODEL to one that takes more."
            )
        return await self._joined(await self._all(self._part, parts))

    async def _all(self, make: Callable[[T], Awaitable[Recap]], parts: Sequence[T]) -> list[Recap]:
        """What `make` makes of each part, in their order; the first failure ends the others."""
        failed: list[RecapFailed] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                making = [tasks.create_task(self._made(make, part)) for part in parts]
        except* RecapFailed as group:
            failed = [error for error in group.exceptions if isinstance(error, RecapFailed)]
        if failed:
            raise failed[0]
        return [task.result() for task in making]

    async def _made(self, make: Callable[[T], Awaitable[Recap]], part: T) -> Recap:
        return await make(part)

    async def _part(self, rows: Sequence[Row], depth: int = 0) -> Recap:
        """The recap of some lines; in halves where the model finds them too much."""
        try:
            recap = await self._ask(prompt.WHOLE, prompt.transcript(rows), rows)
        except TooMuch:
            if depth == DEPTH or len(rows) < 2:
                raise
        else:
            self.parts += 1
            return recap
        middle = len(rows) // 2
        return await self._joined(
            [await self._part(half, depth + 1) for half in (rows[:middle], rows[middle:])]
        )

    async def _joined(self, recaps: Sequence[Recap]) -> Recap:
        """One recap of several; by way of recaps of some of them where they don't all fit."""
        while len(recaps) > 1:
            # Two always fit, so there are fewer each time.
            share = self._budget // 2
            written = [prompt.claim_rows(part, recap, share) for part, recap in enumerate(recaps, 1)]
            recaps = await self._all(self._join, prompt.groups(written, self._budget))
        return recaps[0]

    async def _join(self, written: Sequence[Sequence[Row]], depth: int = 0) -> Recap:
        """One recap of what the recaps of parts say; of half of what each says where that is too much."""
        rows = [row for part in written for row in part]
        try:
            return await self._ask(prompt.PARTS, prompt.claims(rows), rows)
        except TooMuch:
            if depth == DEPTH or len(rows) < 2:
                raise
        return await self._join([part[: (len(part) + 1) // 2] for part in written], depth + 1)

    async def _ask(self, orders: str, data: str, rows: Sequence[Row]) -> Recap:
        shown = frozenset(number for row in rows for number in row.lines)
        async with self._seats:
            return await self._chat.ask(
                orders, data, lambda answer: self._checked(answer, shown), self._deadline
            )

    def _checked(self, answer: Answer, shown: frozenset[int]) -> Recap:
        """What of an answer stands. `shown`: the lines that the model was told of."""
        before = self._evidence.dropped
        recap = Recap(
            "llm",
            "",
            summary=self._claims(answer.summary, shown),
            decisions=self._claims(answer.decisions, shown),
            actions=self._claims(answer.actions, shown),
            questions=self._claims(answer.questions, shown),
            phrases=self._evidence.phrases(answer.topics[:MOST]),
        )
        if not recap.claims:
            self._evidence.dropped = before
            raise Nonsense("No item cited the id of a line that supports it.")
        return recap

    def _claims(self, said: Sequence[Said], shown: frozenset[int]) -> tuple[Claim, ...]:
        found = (
            self._evidence.claim(
                item.text,
                (number for number in item.lines if number in shown),
                who=item.who if isinstance(item, Todo) else None,
                when=item.when if isinstance(item, Todo) else None,
            )
            for item in said[:MOST]
        )
        return tuple(dict.fromkeys(claim for claim in found if claim is not None))
