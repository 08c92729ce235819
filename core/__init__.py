"""Spokenly's core: from a frame of somebody's voice to a caption that everybody reads.

The straight line: a source hears a `Frame` → `Session.hear` → the speaker's `Track` (Inbox → Tape →
Recognition, lent by the Pool) ⇢ engine ⇢ `Hypothesis` → `Caption` → `Board` → `Publisher` → `Outlet`.

Nothing in here knows a chat platform.
"""
