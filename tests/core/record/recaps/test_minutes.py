"""A recap as people and pages read it: every claim with who said it when, and words that stay words."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.audio.frame import Speaker
from core.record.files.heading import Heading
from core.record.kept import Line
from core.record.recaps.minutes import as_json, markdown, text
from core.record.recaps.recap import Claim, Mood, Recap, Talk
from tests.properties import patient

ANN = Speaker("p1", "Ann")
BEN = Speaker("p2", "Ben", identity="discord:42")
LINES = [
    Line(3, ANN, 61.0, 63.0, "We decided to go."),
    Line(4, BEN, 64.5, 66.0, "I'll drive on Friday."),
    Line(8, ANN, 70.0, 72.0, "Fine.", corrected="Lovely."),
]
WRITTEN = Recap(
    "llm",
    "small at api.example.org",
    summary=(Claim("They go.", (3, 4)),),
    decisions=(Claim("To go.", (3,)),),
    actions=(Claim("Drive.", (4,), who="Ben", when="on Friday"),),
    questions=(Claim("Who pays?", (3, 4, 8, 9)),),
    phrases=("long drive", "Friday"),
    talk=(Talk("Ann", 4.0, 1), Talk("Ben", 3661.5, 1204), Talk("", 61.0, 2)),
    mood=Mood(0.25, brightest=Claim("Lovely.", (8,))),
    note="Read it with care.",
)
HEADING = Heading(
    "Trip", began=datetime(2026, 11, 22, 10, tzinfo=UTC), language="en", engine="Moonshine tiny"
)


def test_text_reads_like_minutes() -> None:
    assert "".join(text(HEADING, WRITTEN, LINES)) == (
        "Trip\nBegan 2026-11-22 10:00 UTC\nLanguage: en\nCaptions by Moonshine tiny\n"
        "Recap: small at api.example.org\n\nRead it with care.\n"
        "\nSUMMARY\n  They go. (Ann, 10:01:01, Ben, 10:01:04)\n"
        "\nDECISIONS\n  To go. (Ann, 10:01:01)\n"
        "\nACTION ITEMS\n  Ben, on Friday: Drive. (Ben, 10:01:04)\n"
        "\nQUESTIONS\n  Who pays? (Ann, 10:01:01, Ben, 10:01:04, Ann, 10:01:10)\n"
        "\nKEY PHRASES\n  long drive, Friday\n"
        "\nWHO SPOKE\n  Ann: 4 s, 1 word\n  Ben: 1 h 1 min, 1,204 words\n  Somebody: 1 min 1 s, 2 words\n"
        "\nMOOD\n  +0.25, from -1 (all bad) to 1 (all good), by the words alone\n"
        "  Brightest: Lovely. (Ann, 10:01:10)\n"
    )


def test_markdown_says_the_same() -> None:
    page = "".join(markdown(HEADING, WRITTEN, LINES))
    assert page.startswith("# Trip\n\n- Began 2026-11-22 10:00 UTC\n")
    assert "\n*Read it with care.*\n" in page
    assert "\n## Action items\n\n- **Ben, on Friday**: Drive. (Ben, 10:01:04)\n" in page


def test_a_quote_is_marked_as_one_and_cited_once() -> None:
    recap = Recap("quotes", "Quotes", summary=(Claim("We decided to go", (3, 4)),), quoted=True)
    assert "  “We decided to go” (Ann, 10:01:01)\n" in "".join(text(HEADING, recap, LINES))


def test_what_has_nothing_under_it_is_left_out() -> None:
    assert "".join(text(Heading("Trip"), Recap("quotes", "Quotes"), [])) == "Trip\nRecap: Quotes\n"


def test_a_line_that_is_gone_is_not_named() -> None:
    assert "  They go. (Ben, 10:01:04)\n" in "".join(text(HEADING, WRITTEN, LINES[1:]))
    assert as_json(WRITTEN, [])["summary"][0]["said"] == []


def test_more_than_three_lines_are_counted() -> None:
    many = [Line(n, ANN, n, n + 1, "So.") for n in range(5)]
    recap = Recap("llm", "small", summary=(Claim("Much.", (0, 1, 2, 3, 4)),))
    assert "00:00:02, and 2 more)" in "".join(text(Heading("Trip"), recap, many))


def test_the_page_gets_what_the_protocol_says() -> None:
    fact = json.loads(json.dumps(as_json(WRITTEN, LINES)))
    assert {key: fact[key] for key in ("by", "name", "quoted", "note", "phrases")} == {
        "by": "llm",
        "name": "small at api.example.org",
        "quoted": False,
        "note": "Read it with care.",
        "phrases": ["long drive", "Friday"],
    }
    assert fact["actions"] == [
        {
            "text": "Drive.",
            "lines": [4],
            "who": "Ben",
            "when": "on Friday",
            "said": [{"number": 4, "name": "Ben", "start": 64.5, "text": "I'll drive on Friday."}],
        }
    ]
    assert fact["talk"][0] == {"name": "Ann", "seconds": 4.0, "words": 1}
    assert fact["mood"]["score"] == 0.25
    assert fact["mood"]["brightest"]["said"][0]["text"] == "Lovely."
    assert fact["mood"]["darkest"] is None
    assert as_json(Recap("quotes", "Quotes"), [])["mood"] is None


def test_who_somebody_is_elsewhere_is_never_shown() -> None:
    pages = [
        *text(HEADING, WRITTEN, LINES),
        *markdown(HEADING, WRITTEN, LINES),
        json.dumps(as_json(WRITTEN, LINES)),
    ]
    assert "discord:42" not in "".join(pages)


HOSTILE = st.text() | st.sampled_from(
    [
        "# a",
        "- b",
        "1. c",
        "<script>d</script>",
        "[e](https://f)",
        "![g](h)",
        "**i**",
        "`j`",
        "~~k~~",
        "@everyone",
        "https://l.example",
        "www.m.example",
        "\n\n# n",
        "> o",
        "---",
        "| p | q |",
        "&lt;r",
        "s\u202et",
        "u\\",
        "*",
        "_",
    ]
)


@patient
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_word_becomes_more_than_a_word(words: str, name: str, when: str) -> None:
    said = [Line(1, Speaker("p", name), 0.0, 1.0, words)]
    claim = Claim(words, (1,), who=name, when=when)
    recap = Recap(
        "llm", words, (claim,), (claim,), (claim,), (claim,), (words,), (Talk(name, 1.0, 2),), None, words
    )
    page = "".join(markdown(Heading(words), recap, said))
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable(["table", "strikethrough"]).parse(page)
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or []
    }
    blocks = {"heading", "paragraph", "bullet_list", "list_item", "strong", "em"}
    assert kinds <= {f"{block}_{end}" for block in blocks for end in ("open", "close")} | {
        "inline",
        "text",
        "text_special",
    }
    titles = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert titles[1:5] == ["Summary", "Decisions", "Action items", "Questions"]
    assert len(titles) == 7
    plain = "".join(text(Heading(words), recap, said))
    assert len(plain.splitlines()) == len("".join(text(Heading("a"), recap, said)).splitlines())
