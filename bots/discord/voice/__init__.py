"""How Spokenly hears a voice channel of Discord's: a connection of its own, from the socket to sound."""
