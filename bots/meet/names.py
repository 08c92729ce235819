"""Who is called what in a room: nobody looks like anybody else, and a proven name is its owner's."""

from collections.abc import Collection
from dataclasses import replace

from bots.meet.person import NAME, Person
from core.captions.names import apart, skeleton


def named(comes: Person, there: Collection[Person]) -> tuple[str, Person] | None:
    """Call whoever comes what they asked for, or so with a number, where somebody looks the same.

    Who is proven to be who they are is told apart from such others alone: a guest who looks like them gets
    the number, whoever came first. Returns what that guest was called, and the guest.
    """
    proven = comes.known is not None
    taken = {skeleton(one.speaker.name) for one in there if one.known is not None or not proven}
    _call(comes, taken)
    theirs = skeleton(comes.speaker.name)
    for guest in there:
        if skeleton(before := guest.speaker.name) == theirs:
            _call(guest, {theirs, *(skeleton(one.speaker.name) for one in there)})
            return before, guest
    return None


def _call(person: Person, taken: Collection[str]) -> None:
    person.speaker = replace(person.speaker, name=apart(person.asked, taken, NAME))
