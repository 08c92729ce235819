"""Questions in English talk that a reader may want to know of, by plain rules."""

import re

_ASKS = re.compile(
    r"(?:^|[,;:–—]\s*|\b(?:and|but|so|or|then|well)\s+)(?:"
    r"(?:what|who|when|where|why|how|which|whose)(?:'(?:s|re|ll|d)\b|(?: \w+){0,2} (?:is|are|was|were|"
    r"do|does|did|can|"
    r"could|should|would|will|shall|have|has)\b| (?:many|much|long|often|about|else)\b)"
    r"|(?:is|are|was|were|do|does|did|can|could|should|would|will|shall|have|has|isn't|aren't|don't|"
    r"doesn't|didn't|"
    r"can't|couldn't|shouldn't|wouldn't|won't|haven't|hasn't) (?:we|you|they|i|he|she|it|there|the|this|"
    r"that|these|"
    r"those|any|anyone|anybody|somebody|someone|everybody|everyone|our|your|my|their|\w+ (?:have|know|"
    r"want|need))\b)",
    re.IGNORECASE,
)

_WORD = re.compile(r"(?:what|who|when|where|why|how|which|whose)\b", re.IGNORECASE)

_TAG = re.compile(
    r"[,\s]+(?:right|okay|ok|yeah|yes|no|huh|eh|you know|alright|all right|or what|or not|or something|"
    r"(?:is|isn't|are|aren't|do|don't|does|doesn't|did|didn't|was|wasn't|can|can't|will|won't) (?:it|"
    r"they|you|we|he|she))\s*\?$",
    re.IGNORECASE,
)

_PHATIC = re.compile(
    r"\b(?:can (?:you|everybody|everyone|anybody|people) (?:all )?(?:hear|see) (?:me|my|it|this)|"
    r"how (?:are|is) (?:you|everyone|"
    r"everybody|it going)|any (?:other |more |further )?questions|make sense|are (?:you|"
    r"we) (?:all )?ready|you know what i mean|"
    r"shall (?:we|i) (?:start|begin|go|move)|(?:is|are) (?:everyone|everybody|we all) (?:here|ready)|"
    r"what's up|what do you mean|"
    r"do you (?:mean|want me to)|does that|is (?:that|this) (?:okay|ok|all right|alright|right|fine|"
    r"clear|it)|sorry|pardon|"
    r"what (?:did|do) you (?:say|call)|what was (?:that|it|i)|is (?:it|this) (?:on|working)|"
    r"where (?:was|were) (?:i|we)|"
    r"can i (?:just )?(?:ask|say|interrupt|welcome|thank|propose|invite|start|begin|move)|"
    r"what's (?:that|it|this) called|who's (?:next|first)|"
    r"anything else)\b",
    re.IGNORECASE,
)


def question(text: str, *, whole: bool) -> bool:
    """Whether a sentence asks something that a reader may want to know. `whole`: its end was heard."""
    plain = text.replace("’", "'").strip()
    if _PHATIC.search(plain):
        return False
    if not plain.endswith("?"):
        return not whole and _ASKS.match(plain) is not None
    untagged = _TAG.sub("", plain)
    return _ASKS.search(untagged) is not None or (untagged == plain and _WORD.match(plain) is not None)
