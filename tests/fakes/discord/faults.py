"""Discord's bad days, as data."""

import re
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Http:
    """The request is refused with this status. A body of None is one of Discord's own for that status."""

    status: int
    code: int = 0
    sentence: str | None = None
    retry_after: float | None = None
    """Seconds; for 429."""
    everything: bool = False
    """For 429: the limit of the whole bot ("global")."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The request is served after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hang:
    """The request is never answered; its connection stays open."""


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset. With `after`, the request was carried out and only its answer is lost."""

    after: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """The request is carried out at once and answered after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Banned:
    """Cloudflare's own 429, for an address with 10,000 invalid requests in 10 minutes: no JSON."""

    seconds: float = 600.0


Fault = Http | Slow | Hang | Reset | Late | Banned


@dataclass(slots=True)
class Plan:
    """A fault for the next `times` requests that fit (None: for ever)."""

    fault: Fault
    door: re.Pattern[str]
    times: int | None
    hits: int = field(default=0)


class Plans:
    """What befalls the next requests. A door is a method and a path: "POST /channels/*/messages"."""

    def __init__(self) -> None:
        self._plans: deque[Plan] = deque()

    def add(self, fault: Fault, door: str = "* *", times: int | None = 1) -> Plan:
        """`door`: `*` stands for one part of the path, `**` for the rest of it; "* **" is every request."""
        method, _, path = door.partition(" ")
        verb = r"[A-Z]+" if method == "*" else re.escape(method)
        words = re.escape(path).replace(r"\*\*", ".*").replace(r"\*", "[^/]+" if path != "*" else ".*")
        plan = Plan(fault, re.compile(f"{verb} {words}"), times)
        self._plans.append(plan)
        return plan

    def clear(self) -> None:
        """All is well again."""
        self._plans.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault of this request, if it has one; it counts as one time."""
        for plan in self._plans:
            if plan.door.fullmatch(f"{method} {path}"):
                plan.hits += 1
                if plan.times is not None and plan.hits >= plan.times:
                    self._plans.remove(plan)
                return plan.fault
        return None
