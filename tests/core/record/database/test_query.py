"""What people type is read as they mean it, and nothing they type is anything else than words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UserError
from core.record.database.folding import LONGEST, MOST, folded, words
from core.record.database.query import Query, Term, fts5, marks, matches, parse, tsquery, tsvector


def word(text: str) -> Term:
    return Term((text,))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("budget", Query(((word("budget"),),))),
        ("  Budget   FRIDAY ", Query(((word("budget"),), (word("friday"),)))),
        ('"next friday"', Query(((Term(("next", "friday")),),))),
        ("“next friday”", Query(((Term(("next", "friday")),),))),
        ("budg*", Query(((Term(("budg",), True),),))),
        ('"next fri"*', Query(((Term(("next", "fri"), True),),))),
        ("budget -friday", Query(((word("budget"),),), (word("friday"),))),
        ('budget -"next friday"', Query(((word("budget"),),), (Term(("next", "friday")),))),
        ("budget OR money friday", Query(((word("budget"), word("money")), (word("friday"),)))),
        ("a OR b OR c", Query(((word("a"), word("b"), word("c")),))),
        ("OR budget OR", Query(((word("budget"),),))),
        ("budget OR -friday", Query(((word("budget"),),), (word("friday"),))),
        ("budget or money", Query(((word("budget"),), (word("or"),), (word("money"),)))),
        ('"OR"', Query(((word("or"),),))),
        ("don't", Query(((Term(("don", "t")),),))),
        ("e-mail", Query(((Term(("e", "mail")),),))),
        ("Zoë", Query(((word("zoe"),),))),
        ("会議", Query(((Term(("会", "議")),),))),
        ('"unbalanced words', Query(((Term(("unbalanced", "words")),),))),
        ("NEAR(a b)", Query(((Term(("near", "a")),), (word("b"),)))),
        ("words:secret", Query(((Term(("words", "secret")),),))),
        ("* a ( ) { } ^ ~ + : ! & | <-> '", Query(((word("a"),),))),
        ("--a b", Query(((word("b"),),), (word("a"),))),
    ],
)
def test_a_query_is_read(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize("text", ["", "   ", '"', '""', "*", "\0", "-", "OR", "()", "👍", "'\"*-"])
def test_nothing_to_look_for_is_told(text: str) -> None:
    with pytest.raises(UserError, match="nothing to look for"):
        parse(text)


@pytest.mark.parametrize("text", ["-x", '-"a b" -c', "OR -x"])
def test_only_what_to_leave_out_is_told(text: str) -> None:
    with pytest.raises(UserError, match="leave out"):
        parse(text)


@pytest.mark.parametrize("text", ["x " * 65, "-y " * 64 + "x", "会" * 65, '"' + "a " * 5_000, "a-" * 5_000])
def test_too_much_is_told(text: str) -> None:
    with pytest.raises(UserError, match="64 words"):
        parse(text)


@pytest.mark.parametrize("text", ["x " * 17, "x OR " * 17, "-y " * 16 + "x", '"a b" ' * 17])
def test_too_many_words_and_phrases_are_told(text: str) -> None:
    with pytest.raises(UserError, match="16 words and phrases"):
        parse(text)
    assert parse("x " * 16).wanted


@pytest.mark.parametrize(
    "text", ["a* b* c* d* e*", "a* OR b* OR c* OR d* OR e*", 'x -a* -b* -c* -d* -"e f"*']
)
def test_too_many_beginnings_of_words_are_told(text: str) -> None:
    with pytest.raises(UserError, match=r"4 words with a \* at most"):
        parse(text)
    assert parse("a* b* c* -d* e").wanted


def test_a_very_long_word_counts_by_its_beginning() -> None:
    query = parse("x" * 10_000)
    assert query == Query(((word("x" * LONGEST),),))
    assert matches(query, "so " + "x" * 9_000)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Straße", "strasse"),
        ("ÉCOLE école", "ecole ecole"),
        ("e\u0301cole", "ecole"),
        ("ﬁnance", "finance"),
        ("½ cup", "1 2 cup"),
        ("x²", "x2"),
        ("٣ ３", "3 3"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"),
        ("Ёлка", "елка"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("हिन्दी", "हिन्दी"),
        ("한국어", "한국어".encode().decode()),
        ("が か", "か\u3099 か"),
        ("ｶﾞ", "カ\u3099"),
        ("会議は10時", "会 議 は 10 時"),
        ("ขอบคุณ", "ข อ บ คุ ณ"),
        ("don’t", "don t"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\u200db", "ab"),
        ("👍🏽 ok ❤️", "ok"),
        ("__init__.py", "init py"),
        ("", ""),
    ],
)
def test_text_is_folded(text: str, form: str) -> None:
    import unicodedata  # noqa: PLC0415 - to write down what decomposes

    assert folded(text) == unicodedata.normalize("NFKD", form) or folded(text) == form


def marked(query: str, text: str) -> str:
    """`text` with brackets around what was looked for."""
    for start, end in reversed(marks(parse(query), text)):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("budget", "The [budget]; the [Budget]!"),
        ("zoe", "[Zoë], [ZOE\u0308] and zo"),
        ("finance", "[ﬁnance] team"),
        ("strasse", "die [Straße]"),
        ("friday", "👍🏽👩‍👩‍👧 on [Friday] 🎉"),
        ("会議", "明日の[会議]は、会は議"),
        ("か", "[か]が"),
        ("คุ", "ขอบ[คุ]ณ"),
        ('"next friday"', "Next week, [next Friday]; next, [next — Friday]"),
        ("fri*", "[Friday], [fried] fish, a fr-i"),
        ('"next fri"*', "[next Friday] next"),
        ("a OR b -c", "[a] x [b]"),
        ("2", "[½] or 12"),
        ("don't", "I [don’t], don said"),
        ('"a b" "b c"', "x [a b c] x"),
    ],
)
def test_what_was_looked_for_is_marked_in_the_text_as_it_was_said(query: str, shown: str) -> None:
    text = shown.replace("[", "").replace("]", "")
    assert marked(query, text) == shown
    assert matches(parse(query), text)


SPEECH = st.text(
    st.one_of(st.sampled_from("abcÀéßﬁ½İ 会議がｶﾞคุ👍🏽\u0301\u200d'\"*-:()\0"), st.characters()), max_size=60
)


@given(SPEECH)
def test_nothing_people_type_is_an_error_other_than_ours(text: str) -> None:
    try:
        query = parse(text)
    except UserError:
        return
    assert query.wanted
    assert "\0" not in fts5(query) + tsquery(query)


@given(SPEECH)
def test_folded_words_hold_letters_and_digits_alone(text: str) -> None:
    for found in words(text):
        assert found.text
        assert not set(found.text) & set(" '\"\\*:&|!<>()\0")
        assert found.start < found.end <= len(text)
    assert folded(text) == " ".join(found.text for found in words(text))
    assert folded(folded(text)) == folded(text)


@given(SPEECH, SPEECH)
def test_a_line_is_found_by_any_word_of_it_and_its_marks_are_in_it(before: str, after: str) -> None:
    text = f"{before} {after}"
    for found in words(text):
        query = Query(((Term((found.text,)),),))
        assert matches(query, text)
        assert any(start <= found.start and found.end <= end for start, end in marks(query, text))
    spans = [edge for span in marks(Query(((Term(("a",), True),),)), text) for edge in span]
    assert spans == sorted(set(spans))


def test_a_line_has_so_many_words_and_no_more() -> None:
    assert len(folded("word " * 2 * MOST).split()) == MOST
    assert len(folded("wörd " * 2 * MOST).split()) == MOST


def test_a_tsvector_has_no_more_places_of_a_word_than_the_database_takes() -> None:
    assert tsvector("a b a") == "'a':1,3 'b':2"
    assert tsvector(folded("so " * MOST)).count(",") == 254
    assert tsvector("") == ""
