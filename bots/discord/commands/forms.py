"""Forms that people have open: discord.py knows them only as long as Spokenly runs."""

import secrets
from typing import Any

import discord

from bots.discord.replies import Interaction, answering
from core.errors import UserError

RUN = secrets.token_hex(4)
"""Tells the forms of this start of Spokenly from those of before."""

_FORM = "spokenly:form:"


def form_id(name: str, user: int) -> str:
    """The `custom_id` of somebody's form."""
    return f"{_FORM}{RUN}:{name}:{user}"


async def on_interaction(interaction: Interaction) -> None:
    """Answer whoever sends a form that was opened before Spokenly was started: nobody else would."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return
    data: Any = interaction.data or {}
    form = str(data.get("custom_id", ""))
    if form.startswith(_FORM) and not form.startswith(f"{_FORM}{RUN}:"):
        async with answering(interaction, "form of before"):
            raise UserError("Spokenly was restarted since you opened that form: open it again.")
