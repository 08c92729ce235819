"""Discord: the bot in a server's voice channels, what it hears there and where its captions go."""
