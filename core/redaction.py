"""What may be told of a failure or an event without telling what people said, or who they are.

The rule is to let through what is known to be safe, not to search for what is not: an exception's own
words may quote speech, a name or a token, so only its type and its place are told, unless it is one
whose words are written by Spokenly, or the operating system's word for an error number.
"""

import errno
import hashlib
import os
import re
import traceback
from collections.abc import Iterator

from core.errors import EngineMissing, OutletBusy

SAFE_WORDS: tuple[type[BaseException], ...] = (EngineMissing, OutletBusy)
"""Errors whose sentences speak of this machine alone. A UserError may quote its user, and an engine's
or an outlet's refusal may quote whoever refused."""

WITHHELD = "[withheld]"

_PERSONAL = frozenset(
    {"body", "caption", "captions", "data", "names", "pcm", "people", "person", "query", "sdp", "sentence"}
    | {"speaker", "speakers", "text", "token", "tokens", "transcript", "url", "words"}
)
"""Names of log fields that are never shown, unless they only count."""

# Rooms and tokens are 16 or more random bytes in URL-safe base 64: 22 characters or more.
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(?=[a-z_-]*[A-Z0-9])[A-Za-z0-9_-]{22,}(?![A-Za-z0-9_-])")


def fingerprint(secret: str) -> str:
    """Eight hex digits that tell one room or token from another in the logs, and don't lead back to it.

    Only for secrets of 128 random bits: the fingerprint of a name could be found by trying names.
    """
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def without_tokens(text: str) -> str:
    """`text` with whatever looks like a room's address or a token withheld. A belt, never the braces."""
    return _TOKEN.sub(WITHHELD, text)


def field(key: str, value: object) -> object:
    """The value of a log field as it may be shown: numbers and short static strings, nothing else."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if key.lower() in _PERSONAL:
        return WITHHELD
    if isinstance(value, str):
        # Line breaks and the like would let whoever chose the value write lines of their own.
        return without_tokens("".join(one if one.isprintable() else "?" for one in value[:200]))
    return type(value).__name__


def words(error: BaseException) -> str | None:
    """What `error` says, if that is sure to hold nothing of people; else None."""
    if isinstance(error, SAFE_WORDS):
        return without_tokens(str(error))
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno in errno.errorcode:
        return f"[Errno {error.errno}] {os.strerror(error.errno)}"
    return None


def describe(error: BaseException) -> str:
    """The traceback of `error`, its causes and its group, with every message that isn't safe left out."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "which led to:" if error.__cause__ is not None else "and while that was handled:"
    for line in traceback.format_tb(error.__traceback__):
        yield line.rstrip("\n")
    kind = type(error)
    said = words(error)
    yield f"{kind.__module__}.{kind.__qualname__}" + (f": {said}" if said else "")
    if isinstance(error, BaseExceptionGroup):
        for number, inner in enumerate(error.exceptions, 1):
            if id(inner) not in seen:
                yield f"  {number} of {len(error.exceptions)}:"
                yield from (f"    {line}" for line in _lines(inner, seen))
