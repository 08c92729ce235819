"""Deepgram as an engine: live streams over its WebSocket, recordings over its REST API."""
