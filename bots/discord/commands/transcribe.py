"""Right-click a voice message, or a message with a recording, → Apps → Transcribe: its words, privately.

The answer holds all that the button under it posts, so nothing of it is kept here.
"""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Self

import discord
from discord import Locale, app_commands, ui

from bots.discord.brief import called, harmless
from bots.discord.calls import Calls
from bots.discord.house import TROUBLE
from bots.discord.place import LONGEST
from bots.discord.replies import Interaction, answering, buttons, later, reply
from bots.discord.rights import may_write, person
from bots.discord.translations import en
from bots.discord.wish import Chat
from bots.discord.words import say
from core.captions.caption import Caption
from core.captions.markup import MARKDOWN, utf16
from core.errors import EngineError, UserError
from core.record.files.dictated import about, paragraphs, sounds
from core.record.files.formats import SUFFIXES, write
from core.record.files.heading import Heading
from core.record.files.recording import LONGEST as LONGEST_SOUND
from core.record.files.recording import Dictation, Heard

LARGEST = 100_000_000
"""Bytes of a recording that are fetched: they are in memory while it is heard."""

PACE = 5.0
"""Seconds between two words on how far it is."""


class Transcribe:
    """The menu's command: one recording a person at a time."""

    def __init__(self, calls: Calls, dictation: Dictation) -> None:
        self._calls = calls
        self._dictation = dictation
        self._busy: set[int] = set()  # people whose recording is being heard

    def command(self) -> app_commands.ContextMenu:
        """What the tree takes."""

        @app_commands.guild_only()
        async def transcribe(interaction: Interaction, message: discord.Message) -> None:
            await self.run(interaction, message)

        return app_commands.ContextMenu(name="Transcribe", callback=transcribe)

    async def run(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer with what is said in the recording of a message. Raises `UserError`."""
        await later(interaction)
        me = person(interaction)
        recording = _recording(message)
        if message.author.id != me.id and message.author.id in self._calls.opted_out(me.guild.id):
            raise UserError(
                f"{called(message.author.display_name)} does not want to be captioned in this server, so "
                "what they recorded is not transcribed either."
            )
        if me.id in self._busy:
            raise UserError("One recording of yours is being transcribed: wait until it is done.")
        self._busy.add(me.id)
        try:
            async with self._dictation.turn():
                heard = await self._hear(interaction, recording, me.guild.id)
        finally:
            self._busy.discard(me.id)
        await _answer(interaction, message, heard)

    async def _hear(self, interaction: Interaction, recording: discord.Attachment, guild: int) -> Heard:
        language = self._calls.setup(guild).language or self._calls.house.settings.language
        sound = io.BytesIO(await _fetched(recording))
        async with _telling(interaction) as progress:
            try:
                return await self._dictation.hear(sound, language, progress)
            except UserError as error:
                raise UserError(about(str(error))) from error
            except EngineError as error:
                raise UserError("Nobody can hear that now: try again in a few minutes.") from error


def _recording(message: discord.Message) -> discord.Attachment:
    """The recording of a message, or of one that it forwards. Raises `UserError`."""
    forwarded = [each for snapshot in message.message_snapshots for each in snapshot.attachments]
    attached = [*message.attachments, *forwarded]
    if not attached:
        raise UserError("That message has no recording: choose a voice message, or one with audio or video.")
    found = [each for each in attached if sounds(each.filename, each.content_type)]
    if not found:
        raise UserError("What is attached there is no audio or video.")
    if len(found) > 1:
        raise UserError(
            f"That message has {len(found)} recordings: Transcribe takes messages with a single one."
        )
    if found[0].size > LARGEST:
        raise UserError(f"That file is too large: up to {LARGEST // 1_000_000} MB can be transcribed here.")
    if (found[0].duration or 0.0) > LONGEST_SOUND:
        raise UserError(f"That recording is too long: up to {_long(LONGEST_SOUND)} can be transcribed here.")
    return found[0]


async def _fetched(recording: discord.Attachment) -> bytes:
    """The file. Raises `UserError` where Discord does not have it any more."""
    try:
        return await recording.read()
    except (discord.NotFound, discord.Forbidden) as error:
        raise UserError(
            "Discord gives that file no more: its link has expired, or it was deleted."
        ) from error
    except TROUBLE as error:
        raise UserError("Discord did not give me that file now: try again in a minute.") from error


@asynccontextmanager
async def _telling(interaction: Interaction) -> AsyncIterator[Callable[[float], None]]:
    """Tell the person how far it is, as long as they wait; nothing of that stays where it fails."""
    heard, over, told = 0.0, asyncio.Event(), False

    def progress(seconds: float) -> None:
        nonlocal heard
        heard = seconds

    async def tell() -> None:
        nonlocal told
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PACE):
                    await over.wait()
                return
            with suppress(*TROUBLE):
                await interaction.edit_original_response(content=f"Listening: {_long(heard)} so far …")
                told = True

    # A failure of the body leaves as itself, not in a group.
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(tell(), name="discord progress")
            try:
                yield progress
            finally:
                # What is being sent is let through: it must not come after the words.
                over.set()
    except ExceptionGroup as error:
        if told:
            with suppress(*TROUBLE):
                await interaction.delete_original_response()
        raise error.exceptions[0] from None


async def _answer(interaction: Interaction, message: discord.Message, heard: Heard) -> None:
    """The words as a message, or as a file where they are too many; with a button to post them."""
    if not heard.captions:
        raise UserError(f"No speech was heard in it. {about(heard.cut or '')}".rstrip())
    own = any(sounds(each.filename, each.content_type) for each in message.attachments)
    # Discord does not say who recorded what somebody forwards.
    title = f"What {called(message.author.display_name)} {'recorded' if own else 'forwarded'}:"
    cut = about(heard.cut) if heard.cut else None
    foot = f"-# {MARKDOWN.escape(cut)}" if cut else ""
    view = buttons(Post(interaction.locale))
    text = "\n".join(part for part in (title, _shown(heard.captions), foot) if part)
    if utf16(text) <= LONGEST:
        await _settle(interaction, text, None, view)
        return
    heading = Heading("Transcript of a recording", engine=heard.engine, named=False, note=cut)
    file = bytearray()
    async with aclosing(write(SUFFIXES["txt"], heading, _each(heard.captions))) as pieces:
        async for piece in pieces:
            file += piece
    await _settle(interaction, "\n".join(filter(None, (title, foot))), bytes(file), view)


async def _settle(interaction: Interaction, text: str, file: bytes | None, view: ui.View) -> None:
    """In the place of the words on how far it is."""
    files = [] if file is None else [discord.File(io.BytesIO(file), "transcript.txt")]
    await interaction.edit_original_response(
        content=text, attachments=files, view=view, allowed_mentions=discord.AllowedMentions.none()
    )


async def _each(captions: Sequence[Caption]) -> AsyncIterator[Caption]:
    for caption in captions:
        yield caption


def _shown(captions: Sequence[Caption]) -> str:
    """The words as paragraphs, as they may stand in a message."""
    return "\n".join(map(harmless, paragraphs(captions)))


class Post(ui.DynamicItem[ui.Button[Any]], template="spokenly:post"):
    """Posts what stands above it for everybody in the channel."""

    def __init__(self, to: Locale | None = None) -> None:
        super().__init__(
            ui.Button(
                label=say(to, "Post it here"),
                style=discord.ButtonStyle.secondary,
                custom_id="spokenly:post",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        async with answering(interaction, "button post"):
            place, shown = interaction.channel, interaction.message
            if not (isinstance(place, Chat) and may_write(person(interaction), place)):
                raise UserError(say(interaction.locale, en.MAY_NOT_WRITE))
            assert shown is not None, "a button stands under a message"
            await interaction.response.edit_message(view=None)  # once is enough
            try:
                await _post(place, shown)
            except (UserError, *TROUBLE):
                await interaction.edit_original_response(view=buttons(Post(interaction.locale)))
                raise
            await reply(interaction, say(interaction.locale, en.POSTED))


async def _post(place: Chat, shown: discord.Message) -> None:
    """Raises `UserError` where Spokenly may not, or the file is gone."""
    files = {each.filename: await _fetched(each) for each in shown.attachments}
    try:
        await place.send(
            shown.content,
            files=[discord.File(io.BytesIO(data), name) for name, data in files.items()],
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
    except discord.Forbidden as error:
        raise UserError(
            f"I may not write in {place.mention}: give me **Send Messages** there, or copy the text."
        ) from error


def _long(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds))).removeprefix("0:")
