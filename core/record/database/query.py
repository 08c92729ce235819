"""What people type to search the record, for both databases: one language, read once, compiled twice.

    budget friday        both words, anywhere in a line
    "next friday"        these words in a row
    budg*                a word that begins so
    -friday              not in the line
    budget OR money      one of the two at least

Everything else is text: no input is an error of the database, whatever its quotes and brackets.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import UserError
from core.record.database.folding import folded, words

MOST = 64
"""Words that one search may have."""

TERMS, PREFIXES = 16, 4
"""Words and phrases that it may have, and those of which only the beginning is known: they cost most."""

_PIECE = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))(?P<prefix>\*?)')
_QUOTES = str.maketrans("“”„‟«»＂", '"""""""')


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words in a row, one at least; `prefix`: of the last one only the beginning is known."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A line is found when of each of `wanted` one at least is in it, and none of `unwanted` is."""

    wanted: tuple[tuple[Term, ...], ...]
    unwanted: tuple[Term, ...] = ()


def parse(text: str) -> Query:
    """Read a query. Raises `UserError` when there is nothing to look for, or too much."""
    wanted: list[tuple[Term, ...]] = []
    unwanted: list[Term] = []
    either = False
    for found in _PIECE.finditer(text.translate(_QUOTES)):
        if found["word"] == "OR" and not found["not"]:
            either = bool(wanted)
            continue
        term = _term(found)
        if term is None:
            continue
        if found["not"]:
            unwanted.append(term)
        elif either:
            wanted[-1] = (*wanted[-1], term)
        else:
            wanted.append((term,))
        either = False
    if not wanted and unwanted:
        raise UserError("Say what to look for as well, not only what to leave out.")
    if not wanted:
        raise UserError("There is nothing to look for: type a word or two.")
    _check(unwanted + [term for terms in wanted for term in terms])
    return Query(tuple(wanted), tuple(unwanted))


def _check(terms: Sequence[Term]) -> None:
    """Raises `UserError` where it would take the database long."""
    if sum(len(term.words) for term in terms) > MOST:
        raise UserError(f"That is too much to look for at once: {MOST} words at most.")
    if len(terms) > TERMS:
        raise UserError(f"That is too much to look for at once: {TERMS} words and phrases at most.")
    if sum(term.prefix for term in terms) > PREFIXES:
        raise UserError(f"That is too much to look for at once: {PREFIXES} words with a * at most.")


def _term(found: re.Match[str]) -> Term | None:
    text = found["word"] if found["phrase"] is None else found["phrase"]
    prefix = bool(found["prefix"]) or text.endswith("*")
    tokens = tuple(folded(text).split())
    return Term(tokens, prefix) if tokens else None


def fts5(query: Query) -> str:
    """The query for SQLite's FTS5 (sqlite.org/fts5.html#full_text_query_syntax): every word quoted."""
    wanted = " AND ".join(f"({' OR '.join(map(_fts5, terms))})" for terms in query.wanted)
    if not query.unwanted:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(map(_fts5, query.unwanted))})"


def _fts5(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" * term.prefix}'


def tsquery(query: Query) -> str:
    """The query as PostgreSQL's `tsquery` (datatype-textsearch.html): every word quoted."""
    wanted = [f"({' | '.join(map(_tsquery, terms))})" for terms in query.wanted]
    return " & ".join([*wanted, *(f"!({_tsquery(term)})" for term in query.unwanted)])


def _tsquery(term: Term) -> str:
    return " <-> ".join(f"'{word}'" for word in term.words) + ":*" * term.prefix


def tsvector(text: str) -> str:
    """Folded words as PostgreSQL's `tsvector`, each with its place."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(text.split(), 1):
        places.setdefault(word, []).append(place)
    # The database keeps 256 places of a word; more would only cost.
    return " ".join(f"'{word}':{','.join(map(str, at[:255]))}" for word, at in places.items())


def matches(query: Query, text: str) -> bool:
    """Whether a line of `text` is found: what both databases are held to."""
    line = folded(text).split()

    def has(term: Term) -> bool:
        return next(_places(term, line), None) is not None

    return all(any(map(has, terms)) for terms in query.wanted) and not any(map(has, query.unwanted))


def marks(query: Query, text: str) -> tuple[tuple[int, int], ...]:
    """What of `text` was looked for, as first and after last character: sorted, none touches another."""
    line = [*words(text)]
    tokens = [word.text for word in line]
    spans = sorted(
        (line[place].start, line[place + len(term.words) - 1].end)
        for terms in query.wanted
        for term in terms
        for place in _places(term, tokens)
    )
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _places(term: Term, line: Sequence[str]) -> Iterator[int]:
    """Where in a line of folded words the words of `term` stand."""
    *first, last = term.words
    for place in range(len(line) - len(first)):
        end = line[place + len(first)]
        if (end.startswith(last) if term.prefix else end == last) and [
            *line[place : place + len(first)]
        ] == first:
            yield place
