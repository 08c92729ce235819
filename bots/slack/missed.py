"""What somebody missed of a call, and the call as files; both for them alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

from bots.slack.call import SlackCall
from bots.slack.markup import mrkdwn
from bots.slack.replies import LONGEST, Asker, tell
from bots.slack.trouble import FOREIGN, user_error
from core.captions.board import Board
from core.captions.caption import Caption, Entry
from core.errors import UserError
from core.record.files.formats import SUFFIXES, write
from core.record.files.heading import Heading
from core.record.recaps.brief import MINUTES, Style, brief, last_words, lately
from core.record.recaps.quotes import Quotes
from core.record.recaps.recap import Conversation

FILES = ("md", "vtt")

STYLE = Style(escape=mrkdwn, bold=lambda text: f"*{text}*", point="• ")
"""How Slack's mrkdwn is written."""

QUIET = "Nobody has said anything yet."


async def recap(asker: Asker, title: str, language: str, board: Board, first: int = 0) -> None:
    """Tell somebody what was said lately, from the board's entry `first` on. Raises `UserError`."""
    lines = [line for line in lately(board) if line.number >= first]
    if not lines:
        raise UserError(QUIET)
    found = await Quotes().summarise(Conversation(title, language, lines))
    head = f"The last {MINUTES} minutes of talk:"
    room = LONGEST - len(head) - 1
    text, _ = brief(found, lines, room, STYLE)
    # Talk of nothing but scraps has no recap; its last words tell more than nothing.
    await tell(asker, f"{head}\n{text or last_words(lines, room, STYLE)}")


async def transcript(asker: Asker, call: SlackCall, engine: str) -> None:
    """Send somebody a call as files, in a direct message, as far as it has come. Raises `UserError`."""
    if not any(isinstance(entry, Caption) and entry.text for entry in call.board.entries):
        raise UserError(QUIET)
    heading = Heading(call.title, began=call.began, language=call.room.language, engine=engine)
    files = [(suffix, await _file(heading, suffix, call.board.entries)) for suffix in FILES]
    client = asker.workspace.client
    try:
        direct = (await client.conversations_open(users=asker.user))["channel"]["id"]
        await client.files_upload_v2(
            channel=direct,
            initial_comment=f"{mrkdwn(call.title)}, as far as it has come:",
            file_uploads=[
                {"content": content.decode(), "filename": _name(call.began, suffix)}
                for suffix, content in files
            ],
        )
    except FOREIGN as error:
        raise user_error(error) from error
    await tell(asker, "The transcript is in our direct messages.")


async def _file(heading: Heading, suffix: str, entries: Sequence[Entry]) -> bytes:
    pieces = write(SUFFIXES[suffix], heading, _sorted(entries))
    async with aclosing(pieces):
        return b"".join([piece async for piece in pieces])


async def _sorted(entries: Sequence[Entry]) -> AsyncIterator[Entry]:
    for entry in sorted(entries, key=lambda one: one.start):
        yield entry


def _name(began: datetime, suffix: str) -> str:
    return f"transcript-{began:%Y-%m-%d-%H%M}.{suffix}"
