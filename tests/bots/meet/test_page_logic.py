"""The page's pure modules, run where they live: in Chromium."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.browser import chromium, needs_browser, visiting
from tests.fakes.room import serve

pytestmark = needs_browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Any]:
    async with chromium() as browser, serve() as fake, visiting(browser, fake) as visit:
        yield await visit(fake.base)


async def run(page: Any, module: str, body: str) -> Any:
    return await page.evaluate(f"async () => {{ const m = await import('/page/{module}'); {body} }}")


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000, 44056])
async def test_any_rate_becomes_16_khz_without_echoes_of_what_is_above(page: Any, rate: int) -> None:
    heard = """
      const level = (hertz, chunk) => {
        const resampler = new m.Resampler(RATE);
        const sine = (n, rate) => Math.sin((2 * Math.PI * hertz * n) / rate);
        const input = Float32Array.from({ length: RATE / 2 }, (_, n) => sine(n, RATE));
        const output = [];
        for (let i = 0; i < input.length; i += chunk) {
          output.push(...resampler.push(input.subarray(i, i + chunk)));
        }
        const middle = output.slice(500, -100);
        const wrong = middle.map((x, n) => x - sine(n + 500, 16000));
        const power = (list) => 10 * Math.log10(list.reduce((sum, x) => sum + x * x, 1e-20) / list.length);
        return { count: output.length, loud: power(middle), wrong: power(wrong) };
      };
      return [level(440, 128), level(440, 1000), level(3000, 128), level(9000, 128)];
    """.replace("RATE", str(rate))
    low, chunked, middle, high = await run(page, "worklet.js", heard)
    assert low["count"] == pytest.approx(8000, abs=80)
    assert low["wrong"] < -60
    assert middle["wrong"] < -60
    assert chunked["wrong"] == pytest.approx(low["wrong"], abs=0.1)
    if rate > 18000:
        assert high["loud"] < -70


async def test_frames_count_every_sample_and_what_was_slept_through(page: Any) -> None:
    frames = await run(
        page,
        "worklet.js",
        """const framer = new m.Framer();
        const fill = (length, value) => new Float32Array(length).fill(value);
        const found = [...framer.push(fill(1000, 0.5)), ...framer.push(fill(300, 2))];
        framer.skip(16000);
        found.push(...framer.push(fill(640, NaN)));
        return found.map(({ at, pcm, peak }) => [at, pcm[0], pcm[639], pcm.length, peak]);""",
    )
    assert frames == [[0, 16384, 16384, 640, 0.5], [0.04, 16384, 32767, 640, 1], [1.08, 32767, 0, 640, 1]]


async def test_the_ring_keeps_what_is_not_acknowledged_up_to_its_limit(page: Any) -> None:
    told = await run(
        page,
        "ring.js",
        """const ring = new m.Ring(5);
        const state = () => [ring.oldest, ring.next, ring.from(3)?.sequence ?? null, ring.missing(0)];
        const states = [state()];
        for (let i = 0; i < 4; i += 1) ring.push(i * 0.04, new Int16Array([i]));
        states.push(state());
        ring.acknowledge(2); states.push(state());
        ring.acknowledge(1); states.push(state());
        for (let i = 4; i < 9; i += 1) ring.push(i * 0.04, new Int16Array([i]));
        states.push(state());
        ring.acknowledge(4000); states.push(state());
        return states;""",
    )
    assert told == [
        [0, 0, None, 0],
        [0, 4, 3, 0],
        [2, 4, 3, 0],
        [2, 4, 3, 0],
        [4, 9, 4, 2],
        [9, 9, None, 0],
    ]


async def test_a_frame_on_the_line_is_little_endian(page: Any) -> None:
    packed = await run(
        page, "ring.js", "return [...new Uint8Array(m.packet(258, 1.5, new Int16Array([1, -2])))];"
    )
    assert packed == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 248, 63, 1, 0, 254, 255]


async def test_added_words_never_move_the_lines_above(page: Any) -> None:
    moved = await run(
        page,
        "lines.js",
        """const words = ("So, if we move the date: then (as Ann said) nobody at all will come twice, and " +
          "the internationalisationalisations, donaudampfschifffahrtsgesellschaftskapitänsmützen; are gone. ")
          .repeat(3).trim().split(" ");
        let before = [];
        let wrong = 0;
        for (const width of [32, 40, 42]) {
          before = [];
          for (let count = 1; count <= words.length; count += 1) {
            const now = m.lines(words.slice(0, count).join(" "), width);
            if (now.some((line) => line.length > width || !line)) wrong += 1;
            if (before.slice(0, -1).some((line, place) => line !== now[place])) wrong += 1;
            if (now.join("").replaceAll(" ", "") !== words.slice(0, count).join("")) wrong += 1;
            before = now;
          }
        }
        return wrong;""",
    )
    assert moved == 0


async def test_lines_break_at_natural_points(page: Any) -> None:
    text = "It was the best of times, it was the age of foolishness and nobody knew what to do about it."
    assert await run(page, "lines.js", f"return m.lines('{text}', 38);") == [
        "It was the best of times,",
        "it was the age of foolishness",
        "and nobody knew what to do about it.",
    ]
    assert await run(page, "lines.js", "return m.lines('  ', 38);") == []
    shown = await run(
        page,
        "lines.js",
        """const said = (speaker, text, stable) => ({ speaker, name: speaker, text, stable });
        return m.lastLines([said("p1", "First.", 6), said("p2", `One. ${"x".repeat(40)} three`, 10)], 40, 3)
          .map((line) => [line.speaker, line.text.length, line.dim]);""",
    )
    assert shown == [["p2", 4, 4], ["p2", 40, 5], ["p2", 5, 0]]


async def test_silence_is_worth_a_word_only_when_it_may_be_a_mistake(page: Any) -> None:
    opinions = await run(
        page,
        "hearing.js",
        """const hear = (...spans) => { const hearing = new m.Hearing();
          return spans.map(([peak, seconds]) => { let last;
            for (let i = 0; i < seconds * 25; i += 1) last = hearing.push(peak, 0.04);
            return last; }); };
        const later = hear([0.1, 1], [0.001, 60], [0, 5.1], [0.001, 1]);
        return [hear([0.001, 4.9], [0.001, 0.2]), later, hear([0, 5.1])];""",
    )
    assert opinions == [["heard", "nothing"], ["heard", "heard", "zeros", "heard"], ["zeros"]]


async def test_new_tries_come_soon_and_never_later_than_eight_seconds(page: Any) -> None:
    waits = await run(
        page,
        "backoff.js",
        "return [0, 1, 2, 9, 9999].map((n) => [m.backoff(n, () => 0), m.backoff(n, () => 1)]);",
    )
    assert waits == [[100, 400], [100, 800], [100, 1600], [100, 8000], [100, 8000]]


async def test_rows_that_overlap_are_taken_once_and_rows_that_are_forgotten_are_counted(page: Any) -> None:
    told = await run(
        page,
        "rows.js",
        """const rows = new m.Rows(5);
        const entries = (first, past) => Array.from({ length: past - first }, (_, n) => (
          { kind: "caption", speaker: "p1", name: "Ann", start: first + n, end: first + n + 1, text: "x" }));
        const take = (first, past) => {
          const { added, removed } = rows.take(first, entries(first, past));
          return [added.map((row) => row.index), removed.length, rows.count, rows.forgotten];
        };
        return [take(3, 5), take(1, 4), take(4, 7), take(9, 9), take(9, 11)];""",
    )
    assert told == [
        [[3, 4], 0, 5, 3],
        [[], 0, 5, 3],
        [[5, 6], 0, 7, 3],
        [[], 0, 9, 5],
        [[9, 10], 1, 11, 6],
    ]


async def test_a_row_is_named_where_the_speaker_changes_or_is_called_otherwise(page: Any) -> None:
    told = await run(
        page,
        "rows.js",
        """const row = (speaker, name) => ({ kind: "caption", speaker, name, start: 0, end: 1, text: "x" });
        const rows = [row("p1", "Ann"), row("p1", "Ann"), row("p1", "Ann (2)"), row("p2", "Ann")];
        return rows.map((one, n) => m.margin(rows[n - 1], one, null).name);""",
    )
    assert told == [True, False, True, True]


async def test_colours_differ_for_the_first_eight_people(page: Any) -> None:
    ids = [f"p{n}" for n in range(1, 9)]
    assert await run(page, "rows.js", f"return {ids}.map(m.colour);") == list(range(8))
    assert await run(page, "rows.js", "return m.colour('Ωmega')") in range(8)


@pytest.mark.parametrize(
    ("text", "marks", "pieces"),
    [
        ("a word here", [[2, 6]], ["a ", "*word", " here"]),
        ("all", [[0, 3]], ["*all"]),
        ("none", [], ["none"]),
        ("", [[0, 4]], []),
        ("😀 yes 😀", [[3, 6]], ["😀 ", "*yes", " 😀"]),
        ("שלום לכולם", [[5, 10]], ["שלום ", "*לכולם"]),
        ("late, early", [[6, 11], [0, 4]], ["*late", ", ", "*early"]),
        ("overlapping", [[0, 5], [3, 7], [4, 6]], ["*overl", "*ap", "ping"]),
        ("beside", [[-3, 2], [4, 99], [50, 60], [3, 3]], ["*be", "si", "*de"]),
    ],
)
async def test_what_was_found_is_marked_and_no_letter_is_lost(
    page: Any, text: str, marks: list[list[int]], pieces: list[str]
) -> None:
    found = await page.evaluate(
        """async ([text, marks]) => (await import("/page/marks.js")).pieces(text, marks)
          .map((piece) => `${piece.marked ? "*" : ""}${piece.text}`)""",
        [text, marks],
    )
    assert found == pieces


async def test_lengths_are_told_as_people_tell_them(page: Any) -> None:
    told = await run(page, "words.js", "return [4, 29, 60, 2880, 3600, 3900, 21590].map(m.duration);")
    assert told == ["4 s", "29 s", "1 min", "48 min", "1 h", "1 h 5 min", "6 h"]


async def test_a_browser_keeps_its_own_secret_and_forgives_a_spoilt_storage(page: Any) -> None:
    kept = await run(
        page,
        "keys.js",
        """localStorage.clear();
        const none = [m.me(), m.knownRooms().size, m.recordsKey()];
        const secret = m.mySecret();
        const same = [secret.length, m.mySecret() === secret, m.me() === secret];
        localStorage.setItem("spokenly.me", "too short");
        localStorage.setItem("spokenly.rooms", '{"a": null, "b": 3, "c": {"opened": "2026"}} ');
        const odd = [m.me(), [...m.knownRooms().keys()]];
        localStorage.setItem("spokenly.rooms", "{");
        const broken = m.knownRooms().size;
        m.knowRoom("x", { owner: "o", title: "T" });
        m.knowRoom("x", {});
        for (let n = 0; n < 400; n += 1) m.knowRoom(`r${n}`, { opened: `2020-${n}` });
        const many = [m.knownRooms().size, m.ownerOf("x"), m.ownerOf("nothing")];
        localStorage.clear();
        return [none, same, odd, broken, many];""",
    )
    assert kept == [["", 0, ""], [22, True, True], ["", ["c"]], 0, [300, "o", ""]]


async def test_what_somebody_took_back_leaves_the_page_and_what_they_say_later_stays(page: Any) -> None:
    kept = await run(
        page,
        "rows.js",
        """const rows = new m.Rows();
        const entry = (speaker, start, text) => (
          { kind: "caption", speaker, name: speaker, start, end: start, text });
        rows.take(0, [entry("p1", 0, "a"), entry("p2", 1, "b"), entry("p1", 2, "c")]);
        const gone = rows.erase({ p1: 3 }).map((row) => row.text);
        rows.take(3, [entry("p1", 3, "d"), entry("p2", 4, ""), entry("p2", 5, "e")]);
        const again = rows.erase({ p1: 3 }).length;
        return [gone, again, rows.items.map((row) => row.text), rows.count];""",
    )
    assert kept == [["a", "c"], 0, ["b", "d", "e"], 6]
