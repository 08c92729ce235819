"""What people can ask of Spokenly in Discord: slash commands, a menu's command, buttons of answers."""

from typing import Any

from discord import app_commands

from bots.discord.buttons import Control
from bots.discord.calls import Calls
from bots.discord.commands.captions import Captions
from bots.discord.commands.forms import on_interaction
from bots.discord.commands.privacy import Forget, Privacy
from bots.discord.commands.recap import recap
from bots.discord.commands.setup import Choose, Setup
from bots.discord.commands.share import Unshare, sharing
from bots.discord.commands.transcribe import Post, Transcribe
from bots.discord.commands.transcript import transcript
from bots.discord.replies import command_failed
from core.record.files.recording import Dictation


def add_commands(tree: app_commands.CommandTree[Any], calls: Calls, dictation: Dictation) -> None:
    """Give a bot its commands, and have its buttons work, those too that were posted before it started.

    The client must have `calls` as its attribute of that name (`bots.discord.buttons.Bot`). For the names in
    other languages the tree is given `bots.discord.words.Translations`, before it is synced.
    """
    captions = Captions(calls)
    for command in sharing(calls):
        captions.add_command(command)
    tree.add_command(captions)
    tree.add_command(Privacy(calls))
    tree.add_command(Setup(calls))
    tree.add_command(recap(calls))
    tree.add_command(transcript(calls))
    tree.add_command(Transcribe(calls, dictation).command())
    tree.error(command_failed)
    tree.client.event(on_interaction)
    tree.client.add_dynamic_items(Control, Forget, Post, Choose, Unshare)
