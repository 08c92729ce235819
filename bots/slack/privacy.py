"""What Spokenly keeps of somebody in Slack: told, given to them, and deleted."""

from collections.abc import AsyncIterator, Mapping

from bots.slack import files, places
from bots.slack.calls import Calls
from bots.slack.markup import mrkdwn
from bots.slack.replies import Asker, tell
from core.errors import UserError
from core.record.kept import Person, Removed
from core.record.said import said

EACH, TOGETHER, FILES = 20_000_000, 60_000_000, 10
"""Bytes of one file, of all files, and how many files, that somebody is sent."""

NOTHING_SAID = "Nothing you said is kept, so there is nothing to export."
TOO_MUCH = "You said more than fits into the files that Slack takes: ask whoever runs this Spokenly for it."


async def _of(calls: Calls, asker: Asker) -> dict[str, Person]:
    """What is kept of somebody, by all that they may be called in it. Raises `UserError` or `RecordAway`."""
    found = {}
    for identity in await places.identities(asker.workspace, asker.user):
        known = await calls.house.store.person(identity)
        if known is not None and known.lines:
            found[identity] = known
    return found


async def kept(calls: Calls, asker: Asker) -> AsyncIterator[str]:
    """What is kept, one sentence after the other (mrkdwn). Raises `RecordAway`."""
    house = calls.house
    yield f"*Sound* is never kept. {mrkdwn(house.engine)} hears it, and then it is gone."
    if house.secretary is None:
        yield "*Words*: this Spokenly keeps nothing of any call."
    else:
        setup = calls.setup(asker.workspace.team, "")
        whether = (
            "a transcript is kept"
            if (setup.keep or house.settings.keep) == "transcript"
            else "nothing is kept"
        )
        yield f"*Words*: of a call here {whether}, unless its channel or whoever starts it says else."
        days = house.secretary.days if setup.retention_days is None else setup.retention_days
        yield (
            f"Transcripts are deleted after {days} days."
            if days
            else "Transcripts stay until somebody deletes them."
        )
    try:
        known = await _of(calls, asker)
    except UserError as error:
        yield f"*Of you*: {error}"
    else:
        yield f"*Of you*: {_counted(known)}." if known else "*Of you*: no words."
    yield "What was posted in Slack (captions, recaps, files) stays there until somebody deletes it."


def _counted(known: Mapping[str, Person]) -> str:
    lines = sum(person.lines for person in known.values())
    return f"lines: {lines}, calls: {sum(person.calls for person in known.values())}"


async def export(calls: Calls, asker: Asker) -> None:
    """Everything somebody said that is kept, as a file for them alone. Raises `UserError` or `RecordAway`."""
    known = await _of(calls, asker)
    if not known:
        raise UserError(NOTHING_SAID)
    together: dict[str, bytes] = {}
    for number, identity in enumerate(known):
        found = await said(calls.house.store, identity, "json", each=EACH, together=TOGETHER, files=FILES)
        if found is None:
            raise UserError(TOO_MUCH)
        together |= {f"{'more-' * number}{name}": file for name, file in found.items()}
    comment = f"Everything you said that is kept: {_counted(known)}."
    await files.send(asker.workspace, asker.user, comment, together)


async def forget(calls: Calls, asker: Asker) -> None:
    """Delete everything somebody said that is kept, and tell them.

    Raises `UserError` or `RecordAway`: then they are told that not everything is deleted, and ask again.
    """
    house, removed = calls.house, Removed()
    for identity in await places.identities(asker.workspace, asker.user):
        if house.secretary is not None:
            gone = await house.secretary.forget(identity)
        else:
            gone = await house.store.forget(identity=identity)
        removed = Removed(
            removed.calls + gone.calls, removed.lines + gone.lines, removed.recaps + gone.recaps
        )
        house.opener.erase(identity)
    if removed == Removed():
        await tell(asker, "Nothing of you was kept. What you said in calls that run was taken back.")
        return
    await tell(
        asker,
        f"Deleted: lines: {removed.lines}, calls they were in: {removed.calls}. In calls that run, your "
        "captions were taken back, and nothing more of you is kept. What was posted in Slack stays there.",
    )
