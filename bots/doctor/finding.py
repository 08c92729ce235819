"""What the doctor says of one thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from core.settings import Settings

State = Literal["good", "missing", "unneeded"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `missing`: Spokenly can't do without; `unneeded`: it can."""

    what: str
    state: State
    sentence: str


Check = Callable[[Settings], Iterator[Finding]]
