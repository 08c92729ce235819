"""Why a voice channel could not be joined, in one sentence for whoever asked for it."""

from bots.discord.voice.listener import Reason

SENTENCES = {
    Reason.LEFT: "The captions were stopped before I could join the voice channel.",
    Reason.KICKED: "Somebody disconnected me from the voice channel while I was joining it.",
    Reason.DELETED: "The voice channel was deleted while I was joining it.",
    Reason.NO_ANSWER: "Discord doesn't let me into the voice channel: it may be full, or I may lack the "
    "permission to connect to it.",
    Reason.UNREACHABLE: "I can't reach Discord's voice server: whoever runs Spokenly should look whether a "
    "firewall keeps UDP from going out; otherwise try again in a minute.",
    Reason.REFUSED: "Discord's voice server doesn't take me at the moment; try again in a few minutes.",
}
