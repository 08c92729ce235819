"""What Spokenly holds in memory, counted in things, so that a test sees what does not come back."""

import asyncio
import gc
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Set
from typing import Any

OURS = ("core.", "bots.")


def holdings() -> Counter[str]:
    """Our tasks; our objects by their class; the entries of the containers that these hold.

    Only what is reachable counts: garbage is collected first.
    """
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = type(one)
        if not _ours(kind):
            continue
        name = f"{kind.__module__}.{kind.__qualname__}"
        found[name] += 1
        for attribute, value in _attributes(one):
            if isinstance(value, Mapping | Set | list | deque):
                found[f"{name}.{attribute}"] += len(value)
    return found + _tasks()


def grown(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Of what there is more than before, and by how much."""
    return {name: after[name] - before[name] for name in sorted(after) if after[name] > before[name]}


def _tasks() -> Counter[str]:
    """Our tasks; there are others', of a fake's servers."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    frames = [frame for one in coroutines if (frame := getattr(one, "cr_frame", None)) is not None]
    names = [f"{frame.f_globals['__name__']}.{frame.f_code.co_name}" for frame in frames]
    return Counter(f"task {name}" for name in names if name.startswith(OURS))


def _ours(kind: type) -> bool:
    module = vars(kind).get("__module__")
    return isinstance(module, str) and module.startswith(OURS)


def _attributes(one: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(one, "__dict__", {}).items()
    for kind in type(one).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
                try:
                    yield name, getattr(one, mangled)
                except AttributeError:
                    continue
