"""Slack: captions in a thread, of calls that are spoken in a room in the browser or on another platform."""
