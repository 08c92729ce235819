"""Whatever is said, Slack makes nothing of it: held against a small, strict model of what Slack reads."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.slack.markup import markdown, mrkdwn, name, plain
from bots.slack.sheet import Sheet
from bots.slack.stream import Script
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.markup import words

patient = settings(max_examples=120, deadline=None)

HOSTILE = [
    *("<!channel>", "<!here>", "<!everyone>", "<!subteam^S1>", "<!subteam^S1|@ops>", "@channel", "@here"),
    *("<@U123ABC>", "<@W123>", "<@U123|ann>", "@ann", "<#C123>", "<#C123|general>", "#general"),
    *(
        "<!date^1392734382^{date}|soon>",
        "<!date^1^{time}^https://evil.example|x>",
        "&lt;!channel&gt;",
        "&lt;@U1&gt;",
    ),
    *(
        "https://evil.example/x",
        "HTTP://EVIL.EXAMPLE",
        "<https://evil.example|bank>",
        "slack://open",
        "evil.example",
    ),
    *(
        "www.evil.example",
        "ann@evil.example",
        "mailto:ann@evil.example",
        "<mailto:a@b.co>",
        "пример.рф",
        "a.b.co/x",
    ),
    *(
        "evil。com",
        "evil．com",
        "evil｡com",
        "例え.テスト",
        "ex.भारत",
        "cafe\u0301.com",
        "x.c\u0301om",
        "(a).co",
    ),
    *(
        "www.9gag",
        "WWW.9",
        "tel:+4930123",
        "mailto:x",
        "javascript:alert",
        "sms:1",
        "xmpp:a",
        "data:text/html,x",
    ),
    *(
        "＠here",
        "﹫here",
        "＃general",
        ":नमस्ते:",
        ":+1::skin-tone-2:",
        ":tada:",
        "[^1]",
        "[^1]: note",
        "$$x$$",
    ),
    *("<!date^1^{date}|x", "\u2028- x", "\u0085# x", "\x0b> x", "\u00a0- x", "\u3000# x", "\t- x", "    x"),
    *(
        "[bank](https://evil.example)",
        "![x](https://evil.example/i.png)",
        "[a]: https://evil.example",
        "[x][y]",
    ),
    *(
        "`code`",
        "```",
        "```py",
        "``",
        "*b*",
        "**b**",
        "***",
        "_i_",
        "__u__",
        "~s~",
        "~~s~~",
        "\\",
        "\\*",
        "*a _b_*",
    ),
    *(":smile:", ":+1:", "::", ":a:b:", "-", "*", "+", "•", "1.", "1)", "a.", ">", ">>>", "&gt;", "#", "##"),
    *(
        "|",
        "| a | b |",
        "|---|",
        "---",
        "***",
        "===",
        "- [ ]",
        "&",
        "&amp;",
        "&#60;!here&#62;",
        "<br>",
        "<",
        ">x",
    ),
    *(
        "@\u200bhere",
        "<\u200b!here>",
        "\u202e@here",
        "https:\u200b//evil.example",
        "a\u2060.co",
        "<!here",
        "!here>",
    ),
]


@dataclass(frozen=True)
class Rule:
    """Something that Slack makes of text: its pattern, and whether only at the beginning of a line."""

    what: str
    pattern: re.Pattern[str]
    line: bool = False


EITHER = [
    Rule("a tag", re.compile(r"<[@#!a-zA-Z/][^<>\n]*>")),
    Rule("an address", re.compile(r"(?i)[a-z][a-z0-9+.-]*://[^\s<]+")),
    Rule("an address", re.compile(r"(?i)[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?=\W|$)")),
    Rule("an address", re.compile(r"[\w.+-]+@[\w-]+\.\w+")),
    # Whatever looks like a name of a computer, in any script and with any of the four dots.
    Rule("an address", re.compile(r"[^\s.]+\.[^\W\d_][A-Za-z\u0300-\u036f\u0900-\u097f]")),
    Rule("an address", re.compile(r"[^\s。．｡]+[。．｡][A-Za-z]{2}")),
    Rule("an address", re.compile(r"(?i)www\.[^\s\u200b]")),
    Rule(
        "a scheme",
        re.compile(r"(?i)(?:mailto|tel|sms|xmpp|javascript|data|slack|https?|ftp|file):[^\s\u200b]"),
    ),
    Rule("a mention", re.compile(r"[@＠﹫]\w+")),
    Rule("a channel", re.compile(r"[#＃]\w+")),
    Rule("an emoji", re.compile(r":[^\s:\u200b]+:")),
]
MRKDWN = [
    *EITHER,
    Rule("a quote", re.compile(r"\s*(?:>|&gt;)"), line=True),
    Rule("a list", re.compile(r"\s*(?:[-*+•◦▪]|\d+[.)])\s"), line=True),
    Rule("code", re.compile(r"`[^\n]*?`|```")),
    Rule("bold", re.compile(r"\*[^\n*]+\*")),
    Rule("italic", re.compile(r"_[^\n_]+_")),
    Rule("struck out", re.compile(r"~[^\n~]+~")),
]
MARKDOWN = [
    *EITHER,
    Rule("an entity", re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);")),
    Rule("a heading", re.compile(r" {0,3}#{1,6}(?:\s|$)"), line=True),
    Rule("a quote", re.compile(r" {0,3}>"), line=True),
    Rule("a list", re.compile(r"\s*(?:[-*+]|\d+[.)])(?:\s|$)"), line=True),
    Rule("a rule", re.compile(r" {0,3}(?:(?:-\s*){3,}|(?:\*\s*){3,}|(?:_\s*){3,}|=+\s*)$", re.M), line=True),
    Rule("a table", re.compile(r"\|")),
    Rule("code", re.compile(r"`")),
    Rule("a link behind words", re.compile(r"!?\[[^\]\n]*\](?:\(|\[|:)")),
    Rule("bold", re.compile(r"\*\*[^\n]+?\*\*|__[^\n]+?__")),
    Rule("italic", re.compile(r"\*[^\s*][^\n*]*\*|_[^\s_][^\n_]*_")),
    Rule("struck out", re.compile(r"~{1,2}[^\n~]+~{1,2}")),
]


def read(text: str, rules: list[Rule], *, escapes: bool) -> tuple[str, list[str]]:
    """What a reader sees, and everything that is more than text."""
    seen, found, at = "", list[str](), 0
    while at < len(text):
        begins = at == 0 or text[at - 1] == "\n"
        if escapes and (escaped := re.compile(r"\\([^0-9A-Za-z\s])").match(text, at)):
            seen, at = seen + escaped[1], escaped.end()
            continue
        for rule in rules:
            before = text[at - 1] if at else " "
            if rule.what in ("a mention", "an address") and (before.isalnum()):
                continue
            if (match := rule.pattern.match(text, at)) and (begins or not rule.line):
                found.append(f"{rule.what}: {match[0]}")
                break
        seen, at = seen + text[at], at + 1
    return seen, found


TWINS = str.maketrans("∗ˍ∼ˋ‹›", "*_~`<>")


def shown(text: str) -> list[str]:
    """Words as they are read, without what can't be seen."""
    return text.replace("\u200b", "").translate(TWINS).split()


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


speech = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(HOSTILE),
            st.text("@<>#!&;*_~`|[]()\\:/.-+= ^ahe1\u200b\n", max_size=12),
            st.text(max_size=8),
        ),
        st.sampled_from([" ", "", "\n"]),
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: "".join(text + glue for text, glue in parts))


def test_the_model_finds_what_it_looks_for() -> None:
    for rules in (MRKDWN, MARKDOWN):
        found = {
            one.split(":")[0]
            for text in HOSTILE
            for more in (" x", "")
            for one in read(text + more, rules, escapes=False)[1]
        }
        assert found >= {rule.what for rule in rules}


@patient
@given(speech)
def test_nothing_in_mrkdwn_is_more_than_text(text: str) -> None:
    assert read(mrkdwn(text), MRKDWN, escapes=False)[1] == []
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", mrkdwn(text))


@patient
@given(speech)
def test_nothing_in_markdown_is_more_than_text(text: str) -> None:
    assert read(markdown(text), MARKDOWN, escapes=True)[1] == []


@patient
@given(speech)
def test_plain_text_is_one_line_that_no_dialect_reads_anything_into(text: str) -> None:
    assert "\n" not in plain(text)
    assert read(f"x {plain(text)}", MRKDWN, escapes=False)[1] == []
    assert not set(plain(text)) & set("<>")


@patient
@given(speech)
def test_people_read_what_was_said(text: str) -> None:
    lines = [words(line) for line in text.splitlines()]
    said = [word.translate(TWINS) for line in lines for word in line]
    assert shown(unescaped(mrkdwn(text)).replace("›", ">")) == [word.replace("›", ">") for word in said]
    assert shown(read(markdown(text), [], escapes=True)[0]) == said
    assert shown(plain(text)) == [word.translate(TWINS) for word in words(text)]


@pytest.mark.parametrize(
    "text", ["It is 10:30.", "Dr. Who, e.g. 3.5 or 1,000.", "終わり。次に。", "+49 30 1234-567"]
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert mrkdwn(text) == markdown(text) == plain(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_speech_reads_as_it_was_said(text: str) -> None:
    said = f"so {text} then"
    assert shown(unescaped(mrkdwn(said))) == " ".join(words(said)).translate(TWINS).split()
    assert shown(read(markdown(said), [], escapes=True)[0]) == words(said)
    assert shown(plain(said)) == words(said)


@patient
@given(
    st.lists(
        st.tuples(speech, st.booleans(), st.sampled_from(["Ann", "**", "<!here>", "- x", "a\nb", ""])),
        max_size=5,
    )
)
def test_in_a_thread_only_names_are_bold_and_nothing_else_is_anything(
    said: list[tuple[str, bool, str]],
) -> None:
    board, script = Board(), Script()
    for at, (text, final, who) in enumerate(said):
        board.show(Caption(Speaker(who, who), at, at + 0.5, text, final, stable=len(text)))
        script.update(board, at, eager=True)
    sheet = Sheet()
    while script.pending:
        before = len(sheet.text)
        sheet.add(script.pending.popleft())
        # Slack may read what comes in one append alone, too.
        for text in (sheet.text, sheet.text[before:].strip("\n")):
            bare = re.sub(r"^\*\*[^\n]*?:\*\*(?= |$)", "", text, flags=re.M)
            assert read(bare, MARKDOWN, escapes=True)[1] == []


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u3164", "\x07"])
def test_a_name_of_which_nothing_can_be_seen_is_a_question_mark(text: str) -> None:
    assert name(text) == "?"


def test_names_are_cut_where_they_get_too_long() -> None:
    assert len(name("x" * 500)) == 80
