"""Search finds the same on both databases, newest calls first, whatever is typed."""

import random
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from core.captions.caption import Gap
from core.errors import RecordAway, UserError
from core.record.database.query import marks, matches, parse
from core.record.database.store import Store
from core.record.kept import Hit, Line, Numbered
from tests.fakes.record import ANN, BEGAN, BOB, kept, numbered, opening, said

pytestmark = pytest.mark.real_time


def texts(hits: list[Hit]) -> list[str]:
    return [hit.line.text for hit in hits]


async def test_a_hit_tells_its_call_its_line_and_what_matches(store: Store) -> None:
    call = await kept(store, (ANN, "Nothing."), (BOB, "The budget is due on Friday."))
    (hit,) = await store.search("friday budget")
    assert hit.call == call
    assert hit.line == await store.line(call, 1)
    assert hit.line.speaker.identity == BOB.identity
    assert [hit.line.text[start:end] for start, end in hit.marks] == ["budget", "Friday"]


async def test_hits_of_the_newest_call_come_first_and_in_it_from_the_beginning(store: Store) -> None:
    for day in range(3):
        lines = [(ANN, f"budget {day}.{n}") for n in range(3)]
        await kept(store, *lines, began=BEGAN + timedelta(days=day))
    found = texts(await store.search("budget"))
    assert found == [f"budget {day}.{n}" for day in (2, 1, 0) for n in range(3)]
    pages = [texts(await store.search("budget", limit=2, skip=skip)) for skip in range(0, 10, 2)]
    assert [text for page in pages for text in page] == found


async def test_calls_that_go_on_together_are_told_apart(store: Store) -> None:
    first, second = await store.begin(opening("first")), await store.begin(opening("second"))
    for turn in range(3):
        for call in (first, second):
            await store.write(call, numbered(said((ANN, f"budget {call.key} {turn}")), turn))
    assert texts(await store.search("budget")) == [
        f"budget {key} {turn}" for key in ("second", "first") for turn in range(3)
    ]


async def test_a_search_can_be_of_one_call_or_of_one_space(store: Store) -> None:
    here = await kept(store, (ANN, "budget here"), space="here")
    await kept(store, (ANN, "budget there"), (ANN, "there again: budget"), space="there")
    assert texts(await store.search("budget", call=here)) == ["budget here"]
    assert texts(await store.search("budget", space="here")) == ["budget here"]
    assert texts(await store.search("budget", space="there", limit=1, skip=1)) == ["there again: budget"]
    assert await store.search("budget", space="nowhere") == []
    assert await store.search("budget", call=here, space="there") == []


@pytest.mark.parametrize(
    "words",
    [
        '"',
        '""',
        "*",
        "-x",
        "\0",
        "()",
        "",
        "OR",
        "x " * 65,
        '"' + "a " * 5_000,
        "-" * 10_000,
        "' OR 1=1 --"[:1],
    ],
)
async def test_what_has_nothing_to_look_for_is_told(store: Store, words: str) -> None:
    with pytest.raises(UserError):
        await store.search(words)


@pytest.mark.parametrize(
    "words",
    [
        "NEAR(budget", 'bud"get', "budget:", "words:budget", "{words}: budget", "^budget", "budget AND",
        "NOT budget", "budget' OR '1'='1", "budget & !x", "budget <-> x", "budget\0", "budget\\", "%budget%",
        "budget " + "x" * 10_000, "budget:*", "budget)", "'budget", "budget;--", "budget -", "budget OR",
        "budget* *", "\ud800budget",
    ],
)  # fmt: skip
async def test_hostile_words_are_words(store: Store, words: str) -> None:
    await kept(store, (ANN, "The budget."), (BOB, "Near words: the budget, or x1 and not 1."))
    for hit in await store.search(words):
        assert matches(parse(words), hit.line.text)
        assert hit.marks


async def test_gaps_are_not_found_and_do_no_harm(store: Store) -> None:
    call = await store.begin(opening())
    await store.write(call, [Numbered(0, Gap(ANN, 0, 1)), *numbered(said((ANN, "Ann.")), 1)])
    assert texts(await store.search("ann")) == ["Ann."]


VOCABULARY = [
    "budget",
    "Büdget",
    "friday",
    "fri",
    "会議",
    "会",
    "don't",
    "a",
    "A",
    "b",
    "ﬁ",
    "fi",
    "٣",
    "3",
    "👍",
    "が",
    "か",
    "x" * 70,
]


def sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(VOCABULARY, k=dice.randint(0, 7)))


def question(dice: random.Random) -> str:
    parts = []
    for _ in range(dice.randint(1, 4)):
        words = " ".join(dice.choices(VOCABULARY, k=dice.choice((1, 1, 2))))
        quoted = f'"{words}"' if dice.random() < 0.4 else words
        parts.append(dice.choice(("", "", "", "-")) + quoted + dice.choice(("", "", "*", " OR")))
    return " ".join(parts)


async def test_both_databases_find_exactly_the_lines_that_match(store: Store) -> None:
    dice = random.Random(7)
    lines = [sentence(dice) for _ in range(150)]
    call = await kept(store, *[(ANN, line) for line in lines])
    found = 0
    for _ in range(400):
        words = question(dice)
        try:
            query = parse(words)
        except UserError:
            continue
        hits = await store.search(words, limit=1_000)
        assert [hit.line.number for hit in hits] == [
            number for number, line in enumerate(lines) if matches(query, line)
        ], words
        assert all(hit.marks == marks(query, hit.line.text) for hit in hits)
        found += len(hits)
    assert found > 400
    assert (await store.call(call.key)).lines == 150


async def test_what_was_corrected_twice_is_found_once(store: Store) -> None:
    call = await kept(store, (ANN, "alpha"))
    for text in ("beta", "gamma beta", None, "gamma"):
        await store.correct(call, 0, text)
    for words, count in (("alpha", 0), ("beta", 0), ("gamma", 1)):
        assert len(await store.search(words)) == count


async def test_a_word_of_a_very_long_line_is_found(store: Store) -> None:
    line = Line(0, ANN, 0, 1, " ".join(f"w{n}" for n in range(4_000)) + " budget " + "ü" * 3_000)
    call = await store.begin(opening())
    await store.write(call, [Numbered(0, line)])
    assert len(await store.search("budget")) == 1
    assert len(await store.search('"w10 w11"')) == 1


async def test_calls_are_written_however_many_read(store: Store) -> None:
    call = await store.begin(opening())
    async with AsyncExitStack() as readers:
        for _ in range(10):
            connection = await readers.enter_async_context(store._transactions.reading())
            await connection.exec_driver_sql("SELECT 1")
        await store.write(call, numbered(said((ANN, "Hello."))))
    assert (await store.call(call.key)).lines == 1


async def test_few_search_at_once_and_the_others_read_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.record.database.transactions._TURN", 0.1)
    call = await kept(store, (ANN, "Hello."))
    async with store._transactions.searching(), store._transactions.searching():
        with pytest.raises(RecordAway, match="others are searching"):
            await store.search("hello")
        assert await store.line(call, 0)
    assert len(await store.search("hello")) == 1
