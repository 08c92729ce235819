"""Likely commitments and decisions in English talk, by plain rules.

They would rather miss one than invent one: a sentence counts only where its words alone make it plain, and
never under a condition, a denial or a question. What a rule finds is always the sentence itself.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from core.record.recaps.words import content

_TASK = (
    r"(?:arrange|assemble|back up|book|buy|check|circulate|clean up|collect|come back to you|compile|contact|"
    r"coordinate|deliver|deploy|draft|draw up|e-?mail|fetch|figure out|file|fill (?:in|out)|find out|"
    r"fix|"
    r"follow up|forward|get back to|get in touch|get (?:it|that|this|them) (?:out|done|ready)|"
    r"give (?:\w+ ){1,2}(?:a call|a ring|access)|hand in|install|investigate|let (?:\w+ ){1,3}know|"
    r"look (?:into|up|after)|mail|make sure|measure|merge|message|migrate|negotiate|notify|order|"
    r"organi[sz]e|phone|"
    r"ping|post|prepare|print|publish|push|put (?:\w+ ){0,4}(?:together|online)|reach out|release|"
    r"repair|request|"
    r"research|rewrite|roll (?:out|back)|schedule|send|set up|ship|"
    r"speak (?:to|with) (?!you\b)|submit|"
    r"summari[sz]e|take care of|talk (?:to|with) (?!you\b)|test|tidy up|translate|try (?:it |that |"
    r"this )?out|"
    r"type (?:it |that |this )?up|update|upgrade|upload|verify|be working on|work on|"
    r"write (?!down|criteria))"
)
"""What people promise to do after a meeting, and seldom do in one."""

_MAYBE = (
    r"(?:add|announce|ask|assign|bring|call|confirm|do|finish|get|have|invite|make|remind|remove|review|run|share|"
    r"take|try)"
)
"""What counts as a task only with a time by which it is to be done."""

_WORK = rf"(?:{_TASK}|add|bring|do|finish|remove|review|run|share)"
"""What others may be asked for, or everybody has to do, by a time."""

_OWED = (
    r"(?:arrange|book|contact|e-?mail|follow up|get in touch|hire|order|organi[sz]e|reach out|schedule|"
    r"send|set up (?:a|another) (?:call|meeting)|speak (?:to|with)|talk to)"
)
"""What counts as a task even where nobody in particular takes it on."""

_AFTER = (
    r"(?:tomorrow(?: (?:morning|afternoon|evening|night))?|tonight|eod|end of (?:the )?(?:day|week|"
    r"month|quarter|"
    r"year|sprint)|(?:this|next|the next|the following) (?:\w+ )?(?:week|month|quarter|sprint)|"
    r"(?:the )?next (?:meeting|call|release|session|time)|(?:this|next|on|by|before|until|till|for|due|"
    r"coming|the) (?:next |this )?"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day(?: (?:morning|afternoon|evening|night))?|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day(?: (?:morning|afternoon|evening|night))|"
    r"this (?:afternoon|evening|morning)|(?:in|within) (?:a|an|one|two|three|four|five|six|ten|\d+|"
    r"the next|a few|"
    r"a couple of) (?:\w+ )?(?:hours?|days?|weeks?|months?))"
)

_DATE = (
    r"(?:(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:january|february|march|april|may|june|july|august|"
    r"september|"
    r"october|november|december)|(?:january|february|march|april|may|june|july|august|september|october|"
    r"november|"
    r"december) (?:the )?\d{1,2}(?:st|nd|rd|th)?|the \d{1,2}(?:st|nd|rd|th)|\d{1,2}(?::\d\d)? ?(?:am|pm|"
    r"a\.m\.|p\.m\.|"
    r"o'clock)|noon|midnight|lunch(?:time)?|close of business)"
)

_WHEN = re.compile(
    rf"\b(?:(?:no later than|by|before|until|till|on|for|at)\s+(?:the\s+)?(?:{_AFTER}|{_DATE}|"
    rf"(?:mon|tues|wednes|thurs|fri|satur|sun)day|the (?:deadline|demo|release|launch|weekend))|"
    rf"{_AFTER})(?![\w'])",
    re.IGNORECASE,
)

_LATER = re.compile(
    r"\b(?:after (?:the|this) (?:call|meeting)|afterwards|later(?: today| on)?|as soon as|straight away|"
    r"asap|right after)\b",
    re.IGNORECASE,
)

_NOT_YET = re.compile(
    r"\b(?:if|unless|whether|suppose|imagine|would have|might|could have|should have|not|never|nobody|"
    r"nothing|none|wish|maybe|"
    r"perhaps|used to|said|says|say|\w+n't|don't|before|until|once|when|whenever|like)\b",
    re.IGNORECASE,
)
"""Before a promise or a decision, these take it back."""

_HERE = re.compile(
    r"\b(?:now|right here|on the (?:board|screen|slide)|this slide|the (?:next|previous) slide|"
    r"a (?:second|moment|minute)|"
    r"real quick|quickly|very briefly|my screen|agenda|minutes of the last|first of all|to the next|"
    r"move on)\b",
    re.IGNORECASE,
)
"""What is done in the meeting itself is no task."""

_PROMISE = re.compile(
    rf"\b(?:I'll|I will|I'm going to|I am going to|I'm gonna|I can|let me)\s+"
    rf"(?:(?:also|then|just|definitely|certainly|try (?:to|and)|go (?:and|ahead and)|happily|"
    rf"make an effort to)\s+)*{_TASK}\b",
    re.IGNORECASE,
)
_PROMISE_DUE = re.compile(_PROMISE.pattern.replace("|I can|let me", "").replace(_TASK, _MAYBE), re.IGNORECASE)
_WEAK = re.compile(r"\b(?:I can|let me)\s", re.IGNORECASE)

_REQUEST = re.compile(
    rf"\b(?:can|could|will|would) you\s+(?:(?:please|also|maybe|just|then|kindly)\s+)*{_WORK}\b"
    rf"|\byou(?:'ll| will| need to| have to| should|'re going to| are going to)\s+(?:(?:also|then|"
    rf"please)\s+)*{_WORK}\b"
    rf"|\b(?:please)\s+{_WORK}\b",
    re.IGNORECASE,
)

_DUTY = re.compile(
    rf"\b(?:we|somebody|someone)(?:'ll| will| need to| needs to| have to| has to| must|'ve got to| should)\s+"
    rf"(?:(?:also|then|all|still|really)\s+)*{_WORK}\b",
    re.IGNORECASE,
)

_OWING = re.compile(
    _DUTY.pattern.replace("'ll| will|", "").replace("| should", "").replace(_WORK, _OWED), re.IGNORECASE
)

_ASSIGNED = re.compile(
    rf"(?<=\w)(?:'ll| will| needs to| has to| is going to| is gonna)\s+(?:also\s+)?{_TASK}\b", re.IGNORECASE
)

_ITEM = re.compile(
    r"\b(?:action (?:item|point)s?|to-?dos?)\b(?:\s*:|\s+(?:for|is|are)\b)"
    r"|\b(?:take|taking) (?:that|this|it) as an action\b|\bI'll take (?:that|this) (?:on|one)\b",
    re.IGNORECASE,
)

_DECISION = re.compile(
    r"(?<!what )(?<!which )(?<!that )(?<!why )(?<!as )(?<!how )(?<!are )"
    r"\bwe(?:'ve| have)?(?: (?:all|now|already|finally|just|then|kind of|also|actually))*"
    r" (?:decided|agreed|settled on|resolved to|concluded|opted|voted|chosen|approved)\b"
    r"|\b(?:let's|we'll|we will|we're going to|we're gonna|we should just)(?: (?:just|all|then|definitely))*"
    r" (?:go (?:with|for|ahead with)|stick with|settle (?:on|for)|postpone|drop|cancel|adopt)\b"
    r"|\bwe're (?:going with|sticking with|dropping|launching|shipping|cancell?ing|postponing)\b"
    r"|\b(?:(?:it|that|this|everything)(?:'s| is)|is|are)(?: (?:all|now|then))? (?:settled|decided)\b"
    r"|\bthe (?:final )?decision (?:is|was)\b|\bfinal answer\b|\bdecision:"
    r"|\b(?:motion|amendment|bill|proposal|budget|resolution|recommendation)s?(?: \w+){0,3}"
    r" (?:is|are|was|has been|have been)(?: therefore| hereby)? (?:not )?(?:agreed|carried|adopted|"
    r"approved|accepted|"
    r"passed|rejected|defeated)\b",
    re.IGNORECASE,
)

_DECIDING = frozenset(["agreed", "approved", "chosen", "decided", "decision", "final", "resolved", "settled"])
"""Alone, they do not say what was decided."""

_EARLIER = re.compile(
    r"\b(?:last (?:time|meeting|week|month|year)|(?:previous|earlier) (?:meeting|call)|yesterday|"
    r"long ago|earlier on)\b"
    r"|\bgo for (?:\w+ ){0,4}(?:meeting|presentations?|agenda|lunch|coffee|tea|break)\b",
    re.IGNORECASE,
)
"""What was decided in another meeting, and what a meeting decides about itself."""


@dataclass(frozen=True, slots=True)
class Task:
    """A likely commitment: who does it and when it is due, where that was said, and how sure it looks."""

    who: str | None
    when: str | None
    sure: float


def task(text: str, speaker: str, others: Collection[str]) -> Task | None:
    """What somebody takes on or is asked to do by this sentence. `others`: who else speaks in the call."""
    plain = text.replace("’", "'")
    due = due_by(text)
    asks = plain.rstrip().endswith("?")
    if not asks and (found := _first(_PROMISE, plain) or (_first(_PROMISE_DUE, plain) if due else None)):
        later = bool(due or _LATER.search(plain))
        if not later and (_HERE.search(plain) or _WEAK.match(found[0])):
            return None
        return Task(speaker, due, 1.0 + later)
    named = addressed(plain, others)
    if _first(_REQUEST, plain) and (due or named):
        return Task(
            named or (next(iter(others)) if len(others) == 1 else None), due, 0.5 + bool(due) + bool(named)
        )
    if not asks and _first(_ITEM, plain):
        return Task(named or _meant(plain, others), due, 2.0)
    if not asks and (_first(_OWING, plain) or (due and _first(_DUTY, plain))):
        return Task(None, due, 0.5 + bool(due))
    return _assigned(plain, due, others)


def _assigned(plain: str, due: str | None, others: Collection[str]) -> Task | None:
    """ "Ben will send the figures", of a Ben who is there."""
    found = _first(_ASSIGNED, plain)
    before = plain[: found.start()] if found else ""
    for name in others:
        if any(re.search(rf"(?<!\w){re.escape(called)}$", before) for called in _called(name)):
            return Task(name, due, 1.5 + bool(due))
    return None


def _first(pattern: re.Pattern[str], plain: str) -> re.Match[str] | None:
    """The first place where the pattern stands and nothing before it in its clause takes it back."""
    for match in pattern.finditer(plain):
        clause = re.split(r"[,;:–—]| and | but | so ", plain[: match.start()])[-1]
        conditional = re.search(
            r"\b(?:if|whether|unless|when|suppose)\b", plain[: match.start()], re.IGNORECASE
        )
        if not conditional and not _NOT_YET.search(clause):
            return match
    return None


def due_by(text: str) -> str | None:
    """When something is due, as it was said: "by Friday", "tomorrow morning"."""
    match = _WHEN.search(text)
    return match[0] if match else None


def addressed(text: str, names: Collection[str]) -> str | None:
    """Who of `names` a sentence speaks to: one name, at its beginning or its end, written as it is."""
    found = {
        name
        for name in names
        for called in _called(name)
        if re.search(
            rf"^(?:\w+[\s,]+){{0,2}}{re.escape(called)}(?!['’]?\w)|,\s*{re.escape(called)}\W*$", text
        )
    }
    return found.pop() if len(found) == 1 else None


def _meant(text: str, names: Collection[str]) -> str | None:
    """Whose action item it is: "an action item for Ben"."""
    found = [
        name
        for name in names
        for called in _called(name)
        if re.search(rf"\bfor {re.escape(called)}(?!\w)", text)
    ]
    return found[0] if found else None


def _called(name: str) -> set[str]:
    return {called for called in (name, *name.split()[:1]) if len(called) > 1}


def decision(text: str) -> bool:
    """Whether a sentence says that something is decided."""
    plain = text.replace("’", "'")
    if plain.rstrip().endswith("?") or _EARLIER.search(plain):
        return False
    return _first(_DECISION, plain) is not None and len({*content(plain)} - _DECIDING) > 1
