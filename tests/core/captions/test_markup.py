"""Markup: speech is only ever text to Discord's own rules, names are names, and every script reads well."""

import re
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Gap
from core.captions.markup import FSI, MARKDOWN, PDI, called, close, isolated, leftward, utf16, words
from core.captions.pages import PARAGRAPH, Pages
from tests.properties import patient

ANN, BEN = Speaker("u1", "Ann"), Speaker("u2", "Ben")

HOSTILE = [
    *("@everyone", "@here", "<@123456>", "<@!123456>", "<@&42>", "<#99>", "<id:customize>", "<id:browse>"),
    *("</ban:1>", "</a b:1>", "<t:1:R>", "<t:1618953630>", "<:e:1>", "<a:e:1>", "<sound:1:2>", ":smile:"),
    *("`code`", "```", "``", "**b**", "***", "__u__", "_i_", "*i*", "~~s~~", "||spoiler||", "|", "\\", "\\*"),
    *(
        "[click](https://evil.example)",
        "[a](<https://evil.example>)",
        "<https://evil.example>",
        "<mailto:a@b.co>",
    ),
    *("https://evil.example/x", "HTTP://EVIL.EXAMPLE", "discord://x/y", "steam://run/1", "evil.example"),
    *("discord.gg/abc", "discord.com/invite/abc", "www.evil.example", "ann@evil.example", "1.1.1.1"),
    *("#", "##", "###", "-#", "-", "*", "+", "1.", "1)", ">", ">>>", "---", "===", "#general", "<", ">x"),
    *("@\u200beveryone", "@\u2060everyone", "<\u200b@1>", "\u202e@everyone", "https:\u200b//evil.example"),
    *(
        "¯\\_(ツ)_/¯",
        "&lt;@1&gt;",
        "(https://evil.example)",
        "```py",
        "```x```",
        "$x$",
        "\u00ad@here",
        "@\ufeffhere",
    ),
]


@dataclass(frozen=True)
class Rule:
    """Something that Discord makes of text: where it may begin, and its pattern."""

    what: str
    pattern: re.Pattern[str]
    line: bool = False


RULES = [
    Rule("a heading", re.compile(r" *#{1,3}\s+\S"), line=True),
    Rule("small text", re.compile(r" *-#\s+\S"), line=True),
    Rule("a list", re.compile(r" *(?:[-*+]|\d+[.)])\s+\S"), line=True),
    Rule("a quote", re.compile(r" *>(?:>>)?\s"), line=True),
    Rule("a code block", re.compile(r"```[\s\S]*?```")),
    Rule("code", re.compile(r"(`+)[\s\S]*?[^`]\1(?!`)")),
    Rule("a link behind words", re.compile(r"\[[^\]\n]*\]\([^)\n]*\)")),
    Rule("an address", re.compile(r"(?i)<?(?:https?|discord|steam|mailto|tel|sms)://?[^\s<]+")),
    Rule("an invitation", re.compile(r"(?i)(?:discord\.gg|discord(?:app)?\.com/invite)/\w")),
    Rule("a mention", re.compile(r"<(?:@[!&]?|#)\d+>")),
    Rule("a mention of all", re.compile(r"@(?:everyone|here)")),
    Rule("a place of the server", re.compile(r"<id:\w+>")),
    Rule("a command", re.compile(r"</[^>]+:\d+>")),
    Rule("a time", re.compile(r"<t:-?\d+(?::\w)?>")),
    Rule("an emoji", re.compile(r"<a?:\w+:\d+>|:[a-z0-9_+-]+:")),
    Rule("a sound", re.compile(r"<sound:\d+:\d+>")),
    Rule("a spoiler", re.compile(r"\|\|[\s\S]+?\|\|")),
    Rule("struck out", re.compile(r"~~[\s\S]+?~~")),
    Rule("underlined", re.compile(r"__(?:\\[\s\S]|[^\\])+?__(?!_)")),
    Rule("bold", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    Rule("italic", re.compile(r"\b_(?:\\[\s\S]|[^\\_])+?_\b")),
    Rule("italic", re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)")),
]
"""As Discord's clients read them (https://support.discord.com/hc/en-us/articles/210298617), each on the wide
side: what a client may take for something counts as that."""


def read(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What a reader sees of a message, and everything that is more than text: what it is, and of what."""
    seen, found, at = "", list[tuple[str, str]](), 0
    while at < len(text):
        if escaped := re.compile(r"\\([^0-9A-Za-z\s])").match(text, at):
            seen += escaped[1]
            at = escaped.end()
            continue
        begins = at == 0 or text[at - 1] == "\n"
        for rule in RULES:
            if (match := rule.pattern.match(text, at)) and (begins or not rule.line):
                inner = match[1] if rule.what in ("bold", "italic") and match.re.groups else match[0]
                shown, more = read(inner) if inner != match[0] else (inner, [])
                found += [(rule.what, shown), *more]
                seen += shown
                at = match.end()
                break
        else:
            seen += text[at]
            at += 1
    return seen, found


def page_of(*entries: Caption | Gap, limit: int = 2000) -> list[str]:
    board = Board()
    for entry in entries:
        board.mark(entry) if isinstance(entry, Gap) else board.show(entry)
    return [page.text for page in Pages(limit, MARKDOWN).update(board, 0)]


def said(text: str, speaker: Speaker = ANN, *, final: bool = True) -> Caption:
    return Caption(speaker, 0, 1, text, final)


def test_the_reading_finds_what_it_looks_for() -> None:
    assert read("**Ann:** *hm* x") == ("Ann: hm x", [("bold", "Ann:"), ("italic", "hm")])
    assert read("\\*a\\*") == ("*a*", [])
    whats = {what for text in HOSTILE for what, _ in read(f"{text} x")[1]}
    assert whats >= {rule.what for rule in RULES} - {"struck out", "underlined"}


speech = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text("@<>#!&*_~`|[]()\\:/.-+ ahe1\u200b\n", max_size=12)),
    min_size=1,
)


@patient
@given(
    st.lists(st.tuples(speech, st.sampled_from([" ", "", "\n"]), st.booleans()), min_size=1, max_size=5),
    st.sampled_from([*HOSTILE, "Ann", "**", "a\nb", "# x", "> x", "- x", "1. x"]),
)
def test_whatever_is_said_by_whomever_only_names_are_bold_and_only_interim_words_and_gaps_italic(
    lines: list[tuple[list[str], str, bool]], name: str
) -> None:
    who = Speaker("x", name)
    entries: list[Caption | Gap] = [said(glue.join(parts), who, final=final) for parts, glue, final in lines]
    for text in page_of(*entries, Gap(who, 0, 2), limit=400):
        seen, found = read(text)
        for what, inner in found:
            assert what in ("bold", "italic"), (what, inner, text)
            if what == "bold":
                assert inner.endswith(":")
        plain = seen.replace("\u200b", "")
        for line in plain.splitlines():
            assert line.startswith(f"{called(name, 50)}:") or "could not be heard" in line


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_speech_reads_as_it_was_said(text: str) -> None:
    (page,) = page_of(said(f"so {text} then"))
    seen, found = read(page)
    assert [what for what, _ in found] == ["bold"]
    assert seen.replace("\u200b", "").split() == ["Ann:", "so", *words(text), "then"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_interim_words_stay_interim_words(text: str) -> None:
    (page,) = page_of(said(f"{text} and {text}", final=False))
    seen, found = read(page)
    assert [what for what, _ in found] == ["bold", "italic"]
    assert seen.replace("\u200b", "").split() == ["Ann:", *words(text), "and", *words(text)]


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u3164", "\u2800\u2800", "\U000e0041", "\x07", "\u0301"]
)
def test_a_name_of_which_nothing_can_be_seen_is_a_question_mark(name: str) -> None:
    assert page_of(said("hi", Speaker("x", name))) == ["**?:** hi"]


def test_marks_that_pile_up_on_a_letter_of_a_name_are_cut() -> None:
    assert len(called("Z" + "\u0310" * 60 + "oe", 50)) == 6


def test_names_of_every_script_stay_whole() -> None:
    for name in ("Ἀρχιμήδης", "नरेन्द्र", "ศักดิ์", "김철수", "佐藤", "Zoë", "👩🏽‍💻", "Nguyễn"):
        assert called(name, 50) == name


@patient
@given(st.text(max_size=80))
def test_a_name_is_always_one_line_that_can_be_seen(name: str) -> None:
    shown = called(name, 40)
    assert 0 < len(shown) <= 40
    assert shown == "".join(shown.splitlines())
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI") for c in shown)


def test_what_runs_from_right_to_left_does_so_to_the_end_of_its_line() -> None:
    (page,) = page_of(said("שלום לכולם."), said("מה שלומכם?"), said("hello", BEN))
    assert page == f"**Ann:** {FSI}שלום לכולם. מה שלומכם?\n**Ben:** hello"


def test_a_speaker_who_changes_direction_begins_a_line() -> None:
    (page,) = page_of(said("hello"), said("مرحبا."), said("bye"))
    assert page == f"**Ann:** hello\n**Ann:** {FSI}مرحبا.\n**Ann:** bye"


def test_a_name_from_right_to_left_does_not_turn_its_line() -> None:
    (page,) = page_of(said("hello", Speaker("x", "עדי")), Gap(Speaker("x", "עדי"), 0, 3))
    assert page == f"**{FSI}עדי{PDI}:** hello\n*3 s of {FSI}עדי{PDI} could not be heard*"


def test_the_first_letter_with_a_direction_decides() -> None:
    assert leftward("123 שלום abc")
    assert not leftward("abc שלום")
    assert not leftward("123 …")
    assert isolated("Ann") == "Ann"


def test_chinese_and_japanese_are_written_without_spaces_between_sentences_and_korean_with() -> None:
    assert page_of(said("今日は。"), said("はい、元気です。")) == ["**Ann:** 今日は。はい、元気です。"]
    assert page_of(said("你好！"), said("OK"), said("好")) == ["**Ann:** 你好！ OK 好"]
    assert page_of(said("안녕."), said("네")) == ["**Ann:** 안녕. 네"]
    assert not close("😀", "😀")
    assert not close("", "日")


def test_a_long_monologue_begins_a_new_line_now_and_then() -> None:
    (page,) = page_of(*[said("A sentence of some words.") for _ in range(40)])
    lines = page.splitlines()
    assert len(lines) >= 3
    assert all(line.startswith("**Ann:** ") and len(line) <= PARAGRAPH + 60 for line in lines)


@patient
@given(st.lists(st.sampled_from(["日本語", "שלום", "😀", "a" * 50, "&" * 90, "e\u0301"]), max_size=80))
def test_every_script_stays_within_the_limit_and_whole(parts: list[str]) -> None:
    text = " ".join(parts)
    pages = page_of(said(text), limit=200)
    assert all(utf16(page) <= 200 for page in pages)
    shown = "".join(page.removeprefix("**Ann:** ") for page in pages)
    assert "".join(words(shown)) == "".join(words(text))
