"""What people get when a call is over: the recap, the transcript as files, a canvas where there can be one.

Speech and names can't ping, link or format anywhere in it.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from slack_sdk.errors import SlackApiError

from bots.slack import filing, places
from bots.slack.canvas import canvas
from bots.slack.files import upload
from bots.slack.house import Ended, House
from bots.slack.markup import mrkdwn
from bots.slack.missed import STYLE
from bots.slack.patience import patiently, post, undone
from bots.slack.trouble import FOREIGN, REMOVED, code, failed, retry_after, scope
from core.errors import NoSuchRecord, OutletBusy, RecordAway, UserError
from core.record.ended import recap_of, transcripts
from core.record.kept import Call, Line
from core.record.recaps.closing import closing, lasted
from core.record.recaps.recap import Recap
from core.record.secretary import Secretary

log = logging.getLogger(__name__)

LIMIT = 3_000
"""Characters of the recap: more of a message is hidden behind "See more", or cut."""

LARGEST = 20_000_000
"""Bytes of a transcript that is posted as a file."""

NO_RECORD = "No record was kept besides this thread."
RECORD_AWAY = "Its record can't be read now, so there is no recap here; App Home has it later."
DELETED = "Nothing of it is kept besides this thread."
UNSURE = (
    "Slack did not say whether the end of this call was posted here. App Home has the call if it was kept."
)


PUT_OUT = "What was said is for people in that channel. App Home shows you the call if you are in it."

Check = Callable[[], None]
"""Raises `_TakenBack` once somebody took back what they said."""


class _TakenBack(Exception):
    """Somebody took back what they said while Slack was waited for: what was made before has it still."""


async def finale(house: House, ended: Ended) -> None:
    """Post it all into the thread of a call that is over. Raises `OutletBusy`: Slack takes nothing now."""
    over = f"*{mrkdwn(ended.title) or 'The call'}*: {mrkdwn(ended.why)}"
    if ended.record is None or house.secretary is None:
        long = "" if ended.interrupted else f"It lasted {lasted(datetime.now(UTC) - ended.began)}. "
        await _say(ended, f"{over} {long}{NO_RECORD}")
        return
    store, team = house.secretary.store, ended.workspace.team
    await filing.file(store, team, ended.record, ended.thread.channel)
    try:
        call = await store.call(ended.record)
        await filing.tidy(store, team)
    except NoSuchRecord:
        await _say(ended, f"{over} {DELETED}")
        return
    except RecordAway:
        await _say(ended, f"{over} {RECORD_AWAY}")
        return
    await _sum_up(house.secretary, ended, over, call)


async def _sum_up(secretary: Secretary, ended: Ended, over: str, call: Call) -> None:
    """Everything is made anew when somebody takes back what they said before it is posted."""
    told = False
    while True:
        check = _check(secretary)
        try:
            call = await secretary.store.call(call.key)
            recap, cited = await recap_of(secretary, call)
            files = await transcripts(secretary, call, LARGEST) if call.lines else {}
        except (RecordAway, NoSuchRecord) as error:
            log.warning("slack.no_recap")
            if not told:
                await _say(ended, f"{over} {DELETED if isinstance(error, NoSuchRecord) else RECORD_AWAY}")
            elif isinstance(error, RecordAway):
                await _no_files(ended, "its record can't be read now")
            return
        with suppress(_TakenBack):
            if not told:
                await _recap(ended, over, call, recap, cited, check)
                told = True
            if files:
                await _attach(ended, files, check)
            return


def _check(secretary: Secretary) -> Check:
    before = secretary.forgets

    def check() -> None:
        if secretary.forgets != before:
            raise _TakenBack

    return check


async def _recap(
    ended: Ended, over: str, call: Call, recap: Recap | None, cited: list[Line], check: Check
) -> None:
    """The message that ends the thread, and its canvas. Raises `OutletBusy` and what `check` does."""
    page = None
    if recap is not None and call.lines:
        page = await canvas(ended.workspace, ended.thread, call, recap, cited, check)
    foot = "" if page is None else f"\n<{page}|The recap as a canvas>"
    text = closing(
        over,
        call,
        recap,
        cited,
        room=LIMIT - len(foot),
        style=STYLE,
        small=lambda words: f"_{words}_",
    )
    try:
        await _say(ended, text + foot, check, privately=f"{over} {PUT_OUT}")
    except (OutletBusy, _TakenBack):
        if page is not None:
            with suppress(*FOREIGN):  # the next try makes another
                await ended.workspace.client.canvases_delete(canvas_id=page.rpartition("/")[2])
        raise


async def _attach(ended: Ended, files: dict[str, bytes], check: Check) -> None:
    """The transcript, into the thread; whoever can't be given it is told why. Raises what `check` does."""
    day = f"{ended.began:%Y-%m-%d-%H%M}"
    try:
        named = {name.replace("transcript", f"transcript-{day}"): file for name, file in files.items()}
        said = f"The transcript of {mrkdwn(ended.title) or 'the call'}:"
        await upload(ended.workspace, ended.thread.channel, said, named, ended.thread.ts, check)
    except FOREIGN as error:
        log.warning("slack.no_transcript", extra={"reason": code(error) or type(error).__name__})
        why = "Slack does not take them now"
        if code(error) == "missing_scope":
            why = f"Spokenly lacks the scope {scope(error)} in this workspace"
        await _no_files(ended, why)


async def _no_files(ended: Ended, why: str) -> None:
    with suppress(OutletBusy):  # the recap stands there already, and must not come again
        await _say(ended, f"The transcript can't be posted as files: {why}. App Home sends it.")


async def _say(ended: Ended, text: str, check: Check = lambda: None, *, privately: str | None = None) -> None:
    """Where the thread takes it no more, it goes to whoever started the call, or as much of it to them as
    may be read outside of the channel (`privately`). Raises `OutletBusy` and what `check` does.
    """
    try:
        await post(ended.workspace, ended.thread, text, check)
    except FOREIGN as error:
        log.warning("slack.finale_not_told", extra={"reason": code(error) or type(error).__name__})
        if undone(error) or failed(error):
            raise OutletBusy(retry_after(error)) from error
        if not isinstance(error, SlackApiError):
            await _doubt(ended)
        elif code(error) not in REMOVED:
            if privately is not None and not await _inside(ended):
                text = privately
            check()
            await _write(ended, f"{text}\n_It could not be posted in <#{ended.thread.channel}>._")


async def _inside(ended: Ended) -> bool:
    """Whether whoever started the call surely is in its channel still."""
    try:
        return await places.inside(ended.workspace, ended.thread.channel, ended.thread.recipient)
    except UserError:
        return False


async def _doubt(ended: Ended) -> None:
    """Nobody knows whether it was posted."""
    try:
        await post(ended.workspace, ended.thread, UNSURE)
    except FOREIGN as error:
        raise OutletBusy(retry_after(error)) from error


async def _write(ended: Ended, text: str) -> None:
    """To whoever started the call."""
    client, to = ended.workspace.client, ended.thread.recipient
    try:
        await patiently(partial(client.chat_postMessage, channel=to, text=text, unfurl_links=False))
    except FOREIGN as error:
        log.warning("slack.starter_not_told", extra={"reason": code(error) or type(error).__name__})
