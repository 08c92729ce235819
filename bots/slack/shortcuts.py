"""Recordings in messages: the shortcut "Transcribe" and a mention put their words into the thread."""

import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, get_args

from slack_bolt.async_app import AsyncApp

from bots.slack import files, places, rights
from bots.slack.desk import Body, Desk
from bots.slack.files import File
from bots.slack.markup import mrkdwn
from bots.slack.orders import Verb
from bots.slack.patience import post
from bots.slack.replies import Asker, tell
from bots.slack.thread import Thread
from bots.slack.trouble import FOREIGN, user_error
from core.captions.caption import Caption
from core.errors import EngineError, UserError
from core.record.files.dictated import about, paragraphs, sounds
from core.record.files.formats import SUFFIXES, write
from core.record.files.heading import Heading
from core.record.files.recording import LONGEST as LONGEST_SOUND
from core.record.files.recording import Dictation, Heard

TRANSCRIBE = "transcribe"
"""The shortcut's callback_id, and the word for a mention."""

LONGEST = 3_000
"""Characters of words in a message; more come as a file."""

LISTENING = "Listening: the words will be in the thread in a moment."
NO_RECORDING = (
    "That message has no recording. Choose “Transcribe” in the menu (⋮) of a message with a clip, or with an "
    "audio or video file, or mention Spokenly in the message that you upload one with."
)
"""A mention in a thread does not bring the thread's files with it, and the app reads no messages."""


class Transcribe:
    """One recording a person at a time."""

    def __init__(self, desk: Desk, dictation: Dictation) -> None:
        self._calls = desk.calls
        self._dictation = dictation
        self._busy: set[tuple[str, str]] = set()  # people whose recording is being heard

    async def message(self, asker: Asker, body: Body) -> None:
        """The shortcut of a message. Raises `UserError`."""
        await self._run(asker, body.get("message") or {})

    async def mention(self, asker: Asker, body: Body) -> None:
        """A mention of the bot in a message with a recording. Raises `UserError`."""
        await self._run(asker, body["event"])

    async def _run(self, asker: Asker, message: Mapping[str, Any]) -> None:
        recording = chosen(message)
        who = asker.workspace.team, asker.user
        if who in self._busy:
            raise UserError("One recording of yours is being transcribed: wait until it is done.")
        self._busy.add(who)
        try:
            if not asker.channel.startswith("D"):
                await places.enter(asker.workspace, asker.channel)
                await rights.allow_transcribe(asker.workspace, asker.channel, asker.user)
            recording = await files.known(asker.workspace, recording)
            allowed(recording)
            await tell(asker, LISTENING)
            async with self._dictation.turn():
                heard = await self._hear(asker, recording)
        finally:
            self._busy.discard(who)
        await self._answer(asker, message, heard)

    async def _hear(self, asker: Asker, recording: File) -> Heard:
        house = self._calls.house
        setup = self._calls.setup(asker.workspace.team, asker.channel)
        sound = io.BytesIO(await files.fetched(asker.workspace, recording))
        try:
            return await self._dictation.hear(sound, setup.language or house.settings.language)
        except UserError as error:
            raise UserError(mrkdwn(about(str(error)))) from error
        except EngineError as error:
            raise UserError("Nobody can hear that now: try again in a few minutes.") from error

    async def _answer(self, asker: Asker, message: Mapping[str, Any], heard: Heard) -> None:
        """The words into the thread, or a file where they are too many. Raises `UserError`."""
        cut = about(heard.cut) if heard.cut else ""
        if not heard.captions:
            raise UserError(f"No speech was heard in it. {mrkdwn(cut)}".rstrip())
        workspace, thread = asker.workspace, _thread(asker, message)
        author = str(message.get("user") or "")
        name = (await places.member(workspace, author)).name if author else "Somebody"
        head = f"*What {mrkdwn(name)} recorded:*"
        foot = [f"_{mrkdwn(cut)}_"] if cut else []
        text = "\n".join([head, *map(mrkdwn, paragraphs(heard.captions)), *foot])
        try:
            if len(text) <= LONGEST:
                await post(workspace, thread, text)
            else:
                file = {"transcript.txt": await _written(heard, cut)}
                await files.upload(workspace, thread.channel, "\n".join([head, *foot]), file, thread.ts)
        except FOREIGN as error:
            raise user_error(error) from error


def chosen(message: Mapping[str, Any]) -> File:
    """The recording of a message, or of one that it shares. Raises `UserError`."""
    shared = [file for one in message.get("attachments") or () for file in one.get("files") or ()]
    attached: list[File] = [*(message.get("files") or ()), *shared]
    if not attached:
        raise UserError(NO_RECORDING)
    found = [file for file in attached if _may_sound(file)]
    if not found:
        lost = [sentence for file in attached if (sentence := files.gone(file))]
        if lost:
            raise UserError(lost[0])
        raise UserError("What is attached there is no audio or video.")
    if len(found) > 1:
        raise UserError(
            f"That message has {len(found)} recordings: Transcribe takes messages with a single one."
        )
    return found[0]


def allowed(file: File) -> None:
    """Raises `UserError` for what can't be transcribed, as far as its description says."""
    if not sounds(str(file.get("name") or ""), file.get("mimetype")):
        raise UserError("What is attached there is no audio or video.")
    if int(file.get("size") or 0) > files.LARGEST:
        raise UserError(files.TOO_LARGE)
    if float(file.get("duration_ms") or 0) > LONGEST_SOUND * 1000:
        longest = str(timedelta(seconds=round(LONGEST_SOUND))).removeprefix("0:")
        raise UserError(f"That recording is too long: up to {longest} can be transcribed here.")


def concerns(event: Mapping[str, Any]) -> bool:
    """Whether a mention is about a recording, and not a command."""
    rest = re.sub(r"<@[^>]*>", " ", str(event.get("text") or "")).split()
    first = rest[0].lower().rstrip(".!?") if rest else ""
    return first == TRANSCRIBE or (bool(event.get("files")) and first not in get_args(Verb))


def _may_sound(file: File) -> bool:
    """A file of another organisation tells nothing of itself in a message."""
    if file.get("file_access") == "check_file_info":
        return True
    return sounds(str(file.get("name") or ""), file.get("mimetype"))


def _thread(asker: Asker, message: Mapping[str, Any]) -> Thread:
    ts = str(message.get("thread_ts") or message.get("ts") or asker.thread or "")
    return Thread(asker.workspace.team, asker.channel, ts, asker.user)


async def _written(heard: Heard, cut: str) -> bytes:
    heading = Heading("Transcript of a recording", engine=heard.engine, named=False, note=cut or None)
    async with aclosing(write(SUFFIXES["txt"], heading, _each(heard.captions))) as pieces:
        return b"".join([piece async for piece in pieces])


async def _each(captions: Sequence[Caption]) -> AsyncIterator[Caption]:
    for caption in captions:
        yield caption


def listen(app: AsyncApp, desk: Desk, dictation: Dictation) -> None:
    """Add the shortcut, and mentions that are about recordings: before those that are commands."""
    transcribe = Transcribe(desk, dictation)

    async def about_recordings(event: dict[str, Any]) -> bool:
        return concerns(event)

    app.shortcut({"callback_id": TRANSCRIBE, "type": "message_action"})(desk.does(transcribe.message))
    app.event("app_mention", matchers=[about_recordings])(desk.does(transcribe.mention))
