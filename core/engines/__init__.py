"""Who listens: the Transcriber protocol and its implementations."""
